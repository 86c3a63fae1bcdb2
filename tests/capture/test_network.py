"""Pre-processing is exact, and networks and their files behave as the contract says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from facert_blender.capture import contract
from facert_blender.capture.errors import WeightsError
from facert_blender.capture.network import (
    GREY,
    MultiFaceNetwork,
    SingleFaceNetwork,
    crop,
    fit,
    overlaps,
)

from .conftest import BLUE, RED, multi_network, paint


def centroid(picture: np.ndarray) -> np.ndarray:
    """Brightness-weighted x, y of a picture on black."""
    light = picture.sum(axis=2, dtype=float)
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize("side", [30.0, 98.4, 150.0, 333.3, 600.0])
def test_crop_puts_every_point_where_its_docstring_says(side: float) -> None:
    spot = np.array([460.0, 430.0])
    rows, columns = np.indices((900, 900))
    distance = ((columns - spot[0]) ** 2 + (rows - spot[1]) ** 2) / (side / 15) ** 2
    picture = np.repeat((255 * np.exp(-distance)).astype(np.uint8)[..., None], 3, axis=2)
    centre = np.array([450.3, 441.8])
    expected = (spot - centre) / (contract.CROP_MARGIN * side) * 128 + 63.5
    assert centroid(crop(picture, centre, side)) == pytest.approx(expected, abs=0.06)


def test_crop_goes_on_with_the_edge_outside_the_picture() -> None:
    ramp = np.repeat(np.arange(100, 150, dtype=np.uint8)[None, :, None], 50, axis=0).repeat(3, axis=2)
    view = crop(ramp, (0, 25), 40)
    assert view.shape == (128, 128, 3)
    assert (view[:, :60] == 100).all()
    assert (np.diff(view[64, 66:, 0].astype(int)) >= 0).all() and view[64, -1, 0] > 120
    assert (crop(ramp, (-500, 2000), 40) == GREY).all()


@pytest.mark.parametrize("size", [(64, 64), (640, 360), (333, 501), (3840, 2160)])
def test_fit_scales_to_fit_and_pads_right_or_below(size: tuple[int, int]) -> None:
    view, scale = fit(np.full((size[1], size[0], 3), 255, np.uint8))
    assert view.shape == (288, 288, 3)
    inside = (int(size[0] * scale) - 2, int(size[1] * scale) - 2)
    assert (view[2 : inside[1], 2 : inside[0]] == 255).all()
    assert (view[inside[1] + 5 :] == GREY).all()
    assert (view[:, inside[0] + 5 :] == GREY).all()


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


@pytest.mark.parametrize("enlarged", [1, 6])
def test_multi_face_network_finds_everybody_once(weights: Path, enlarged: int) -> None:
    picture = paint((640, 360), [(RED, (160, 100), 80), (BLUE, (500, 250), 60)])
    picture = np.kron(picture, np.ones((enlarged, enlarged, 1), np.uint8))
    faces = MultiFaceNetwork(weights / "multi.onnx").read(picture)
    assert len(faces) == 2
    red, blue = sorted(faces, key=lambda face: face.box[0])
    assert red.box / enlarged == pytest.approx([119.5, 59.5, 199.5, 139.5], abs=3)
    assert blue.box / enlarged == pytest.approx([469.5, 219.5, 529.5, 279.5], abs=3)
    assert red.confidence == pytest.approx(0.9)
    assert red.landmarks.mean(axis=0) / enlarged == pytest.approx([159.5, 99.5], abs=3)


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


def test_missing_face_model_says_so(tmp_path: Path, weights: Path) -> None:
    shutil.copy(weights / "multi.onnx", tmp_path)
    with pytest.raises(WeightsError, match=r"face_shape\.npz"):
        MultiFaceNetwork(tmp_path / "multi.onnx")


def test_weights_of_another_contract_say_so(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(WeightsError, match="does not belong"):
        SingleFaceNetwork(weights / "multi.onnx")
    older = multi_network()
    helper.set_model_props(older, contract.stamp("multi") | {"facert_contract": "0"})
    onnx.save(older, tmp_path / "multi.onnx")
    with pytest.raises(WeightsError, match="contract differs"):
        MultiFaceNetwork(tmp_path / "multi.onnx")
