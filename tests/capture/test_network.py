"""Networks and their files behave as the contract says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from facert_blender.capture import contract
from facert_blender.capture.errors import WeightsError
from facert_blender.capture.footage import Frame
from facert_blender.capture.network import Face, MultiFaceNetwork, SingleFaceNetwork, overlaps
from facert_blender.capture.reader import readers
from facert_blender.capture.view import View, turn

from .conftest import BLUE, GREEN, RED, WHITE, paint


def test_overlap_of_boxes() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    assert overlaps(boxes, boxes)[0] == pytest.approx([1, 1 / 3, 0])
    assert overlaps(boxes[0], np.zeros((0, 4))).shape == (1, 0)


def test_single_face_network_reads_each_box_in_pixels(weights: Path) -> None:
    picture = paint((320, 240), [(RED, (80, 100), 60), (BLUE, (240, 120), 40)])
    network = SingleFaceNetwork(weights / "single.onnx")
    blue, red = network.read(picture, np.array([[215, 95, 262, 140], [45, 68, 112, 128]]))
    assert red.box == pytest.approx([49.5, 69.5, 109.5, 129.5], abs=1.5)
    assert blue.box == pytest.approx([219.5, 99.5, 259.5, 139.5], abs=1.5)
    assert red.identity[1] == pytest.approx(1) and blue.identity[3] == pytest.approx(1)
    assert red.weights[contract.EXPRESSIONS.index("jawOpen")] == 0.25
    assert red.weights.shape == (46,) and red.landmarks.shape == (68, 2)
    assert red.rotation.tolist() == [1, 0, 0, 0]
    assert network.read(picture, np.empty((0, 4))) == []


def test_single_face_network_reads_a_tilted_face_upright(weights: Path) -> None:
    # The network itself always says "straight": whatever roll comes out is that of the view.
    picture = paint((320, 240), [(RED, (80, 100), 60)])
    network = SingleFaceNetwork(weights / "single.onnx")
    (straight,) = network.read(picture, np.array([[45, 68, 112, 128]]))
    tilted = replace(straight, rotation=np.array([0.9689124, 0, 0, 0.2474040], np.float32))
    (face,) = network.follow(picture, [tilted])
    assert face.rotation == pytest.approx(tilted.rotation, abs=1e-6)
    assert face.box == pytest.approx(straight.box, abs=5)
    # The first of the 68 points is on one side of the round face, and turns with it.
    turned = face.landmarks[17] - face.landmarks.mean(axis=0)
    before = straight.landmarks[17] - straight.landmarks.mean(axis=0)
    angle = np.arctan2(-turned[1], turned[0]) - np.arctan2(-before[1], before[0])
    assert np.degrees(angle) == pytest.approx(28.65, abs=2)


def test_reading_in_a_mirror_too_sees_left_and_right_alike() -> None:
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 255, (25, 30, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    opposite = np.ascontiguousarray(picture[:, ::-1])
    network, roll = SingleFaceNetwork(), 0.1
    view = View(np.array([110.0, 90.0]), 100.0, roll)
    in_mirror = View(np.array([239 - 110.0, 90.0]), 100.0, -roll)

    def both(*, mirrored: bool) -> list[Face]:
        return [
            *network.look(picture, [view], mirrored=mirrored),
            *network.look(opposite, [in_mirror], mirrored=mirrored),
        ]

    one, other = both(mirrored=True)
    assert other.weights[list(contract.MIRROR)] == pytest.approx(one.weights, abs=0.02)
    assert other.identity * contract.MIRROR_IDENTITY == pytest.approx(one.identity, abs=0.05)
    assert other.rotation * [1, 1, -1, -1] == pytest.approx(one.rotation, abs=0.01)
    assert np.linalg.norm(one.rotation) == pytest.approx(1, abs=1e-5)
    here = one.landmarks - one.landmarks.mean(axis=0)
    there = (other.landmarks - other.landmarks.mean(axis=0))[list(contract.MIRROR_LANDMARKS)]
    assert there * [-1, 1] == pytest.approx(here, abs=0.5)
    once, otherwise = both(mirrored=False)
    assert np.abs(otherwise.weights[list(contract.MIRROR)] - once.weights).max() > 0.05
    # Where the face is across the view is as without the mirror.
    apart = (one.landmarks - once.landmarks).mean(axis=0)
    assert apart @ turn(roll)[:, 0] == pytest.approx(0, abs=1e-3)


def test_a_face_that_moves_is_read_closely_where_it_is(weights: Path) -> None:
    before = paint((320, 240), [(RED, (80, 100), 60)])
    moved = paint((320, 240), [(RED, (94, 100), 60)])
    boxes = []
    for closely in (True, False):
        network = SingleFaceNetwork(weights / "single.onnx", closely=closely)
        (face,) = network.follow(moved, network.read(before, np.array([[45, 68, 112, 128]])))
        boxes.append(face.box)
    where_it_is, where_it_was = boxes
    assert where_it_is == pytest.approx([63.5, 69.5, 123.5, 129.5], abs=1)
    assert where_it_was[2] < where_it_is[2] - 3


@pytest.mark.parametrize("enlarged", [1, 6])
def test_multi_face_network_finds_everybody_once(weights: Path, enlarged: int) -> None:
    picture = paint((640, 360), [(RED, (160, 100), 80), (BLUE, (500, 250), 60)])
    picture = np.kron(picture, np.ones((enlarged, enlarged, 1), np.uint8))
    faces = MultiFaceNetwork(weights / "multi.onnx").read(picture)
    assert len(faces) == 2
    red, blue = sorted(faces, key=lambda face: face.box[0])
    assert red.box / enlarged == pytest.approx([119.5, 59.5, 199.5, 139.5], abs=3)
    assert blue.box / enlarged == pytest.approx([469.5, 219.5, 529.5, 279.5], abs=3)
    assert red.confidence == pytest.approx(0.95)
    # Pixels' centres lie at whole numbers, in small pictures and in large ones.
    for found in ((red.box[:2] + red.box[2:]) / 2, red.landmarks.mean(axis=0)):
        assert (found + 0.5) / enlarged == pytest.approx([160, 100], abs=0.3)


def test_multi_face_network_finds_whom_it_reads(weights: Path) -> None:
    # The made network sees the red square twice and reads three predictions: red, green and blue.
    squares = [(RED, (160.0, 100.0), 80.0), (GREEN, (330.0, 100.0), 80.0), (BLUE, (500.0, 250.0), 60.0)]
    network = MultiFaceNetwork(weights / "multi.onnx")
    found, read = network.find(paint((640, 360), squares)), network.read(paint((640, 360), squares))
    assert len(found) == len(read) == 3
    for place, face in zip(found, read, strict=True):
        assert place.box == pytest.approx(face.box) and place.confidence == face.confidence
    assert network.find(paint((64, 64), [])) == []


def test_what_does_not_look_like_a_face_is_found_and_not_read(weights: Path) -> None:
    coloured, white = (paint((640, 360), [(colour, (200.0, 150.0), 90.0)]) for colour in (RED, WHITE))
    multi, single = MultiFaceNetwork(weights / "multi.onnx"), SingleFaceNetwork(weights / "single.onnx")
    (face,) = multi.read(coloured)
    assert face.likeness == pytest.approx(1)
    assert len(multi.find(white)) == 1 and multi.read(white) == []
    like, unlike = (single.read(picture, face.box)[0].likeness for picture in (coloured, white))
    assert like == pytest.approx(1) and unlike == pytest.approx(0, abs=0.01)
    reader = readers("best", weights=weights)
    assert reader().read(Frame(0, 0.0, coloured)) and not reader().read(Frame(0, 0.0, white))


def test_multi_face_network_finds_nobody_on_an_empty_picture(weights: Path) -> None:
    assert MultiFaceNetwork(weights / "multi.onnx").read(paint((64, 64), [])) == []


def test_missing_weights_say_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"single\.onnx is missing"):
        SingleFaceNetwork(tmp_path / "single.onnx")


@pytest.mark.parametrize("content", [b"", b"not a network at all", None])
def test_damaged_weights_say_so(tmp_path: Path, weights: Path, content: bytes | None) -> None:
    whole = (weights / "single.onnx").read_bytes()
    (tmp_path / "single.onnx").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(WeightsError, match="damaged"):
        SingleFaceNetwork(tmp_path / "single.onnx")


def test_weights_of_another_contract_say_so(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(WeightsError, match="does not belong"):
        SingleFaceNetwork(weights / "multi.onnx")
    older = onnx.load(weights / "multi.onnx")
    helper.set_model_props(older, contract.stamp("multi") | {"facert_contract": "0"})
    onnx.save(older, tmp_path / "multi.onnx")
    with pytest.raises(WeightsError, match="contract differs"):
        MultiFaceNetwork(tmp_path / "multi.onnx")
