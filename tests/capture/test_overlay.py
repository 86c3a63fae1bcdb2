"""Pictures that show what was captured."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import OutputError
from facert_blender.capture.face_shape import FaceShape
from facert_blender.capture.footage import open_footage
from facert_blender.capture.network import SingleFaceNetwork
from facert_blender.capture.overlay import (
    BACKGROUND,
    COLOURS,
    beside,
    colour_of,
    contact_sheet,
    draw,
    performer_landmarks,
    write_movie,
    write_picture,
)
from facert_blender.capture.take import Performer

from .conftest import RED, paint


def test_draw_marks_boxes_and_points_on_a_copy() -> None:
    picture = paint((320, 240), [])
    before = picture.copy()
    points = np.full((1, 68, 2), (150.0, 120.0))
    drawn = draw(picture, np.array([[100.0, 80, 200, 180]]), points, ["Jürgen"], [COLOURS[0]])
    assert (picture == before).all()
    assert np.abs(drawn[130, 100].astype(int) - COLOURS[0]).max() < 40
    assert np.abs(drawn[120, 150].astype(int) - COLOURS[0]).max() < 40
    assert (drawn[60:76, 100:160] != picture[60:76, 100:160]).any()


def test_landmarks_made_from_a_take_are_those_the_network_saw(weights: Path) -> None:
    network = SingleFaceNetwork(weights / "single.onnx")
    face = network.read(paint((320, 240), [(RED, (140, 110), 70)]), np.array([[100, 70, 180, 150]]))[0]
    performer = Performer(
        id=1,
        frames=np.array([0], np.int32),
        times=np.zeros(1),
        weights=face.weights[None],
        rotation=face.rotation[None],
        boxes=face.box[None],
        confidence=np.ones(1, np.float32),
        identity=face.identity,
    )
    assert performer.weights.shape == (1, len(EXPRESSIONS))
    points = performer_landmarks(performer, FaceShape.load(weights / "face_shape.npz"))
    assert points[0] == pytest.approx(face.landmarks, abs=0.5)


def test_the_chosen_face_stands_out() -> None:
    picture = np.zeros((360, 640, 3), np.uint8)
    boxes = np.array([[100.0, 80, 200, 180], [300, 80, 400, 180]])
    points = np.tile(boxes.reshape(2, 2, 2).mean(axis=1)[:, None], (1, 68, 1))
    plain = draw(picture, boxes, points, ["", ""], COLOURS[:2])
    chosen = draw(picture, boxes, points, ["", ""], COLOURS[:2], chosen=1)
    assert (chosen[:, :250] == plain[:, :250]).all()
    assert chosen[130, 297].min() > 200 > plain[130, 297].max()


def test_colours_differ_and_repeat() -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert colour_of(1) == COLOURS[0] == colour_of(1 + len(COLOURS))


def test_beside_is_as_high_as_the_picture() -> None:
    picture = np.full((120, 160, 3), 50, np.uint8)
    render = np.full((256, 256, 3), 90, np.uint8)
    row = beside(picture, [("Fern", render), ("Slate", render[:128])])
    assert row.shape == (120, 160 + 120 + 240, 3)
    assert (row[:, :160] == 50).all() and row[60, 220].tolist() == [90, 90, 90]
    assert (render == 90).all()


def test_contact_sheet_puts_pictures_in_rows() -> None:
    pictures = [np.full((20, 30, 3), shade, np.uint8) for shade in (10, 20, 30)]
    sheet = contact_sheet(pictures, columns=2)
    assert sheet.shape == (40, 60, 3)
    assert [sheet[5, 5, 0], sheet[5, 35, 0], sheet[25, 5, 0]] == [10, 20, 30]
    assert tuple(sheet[25, 35].tolist()) == BACKGROUND


def test_a_movie_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "vorschau größe.mp4"
    write_movie((paint((101, 81), [(RED, (50, 40), 30)]) for _ in range(6)), path, 12.5)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with open_footage(path) as footage:
        assert footage.size == (100, 80) and footage.fps == pytest.approx(12.5)
        frames = list(footage)
    assert len(frames) == 6 and frames[0].image[40, 50, 0] > 200


def test_a_movie_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "preview.mp4"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="movie of"):
        write_movie([paint((64, 48), []), paint((64, 64), []).repeat(2, axis=1)], path, 25)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["no/preview.mp4", "preview.docx"])
def test_unwritable_movies_give_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_movie([paint((64, 48), [])], tmp_path / name, 25)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_written_whole(tmp_path: Path) -> None:
    picture = paint((64, 48), [(RED, (30, 20), 10)])
    write_picture(picture, tmp_path / "blatt ü.png")
    stored = cv2.imdecode(np.frombuffer((tmp_path / "blatt ü.png").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert (stored[..., ::-1] == picture).all()


@pytest.mark.parametrize("name", ["no/sheet.png", "sheet.docx", "sheet"])
def test_unwritable_pictures_give_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError):
        write_picture(paint((64, 48), []), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
