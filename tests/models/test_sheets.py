"""Tests of what pictures to look at are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

import cv2

from models.sheets import TILE, face, save_tiles


def test_the_face_is_in_the_middle_of_its_picture() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    image[95:105, 295:305] = 255
    picture = face(image, np.array([250.0, 50.0, 350.0, 150.0]))
    rows, columns = np.nonzero(picture[..., 0] > 128)
    assert abs(rows.mean() - TILE / 2) < 2 and abs(columns.mean() - TILE / 2) < 2


def test_tiles_stand_in_rows_and_keep_their_colours(tmp_path: Path) -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    save_tiles([np.tile(colour, (4, 6, 1)) for colour in colours], 2, tmp_path / "sheet.png")
    sheet = cv2.cvtColor(cv2.imread(str(tmp_path / "sheet.png")), cv2.COLOR_BGR2RGB)
    assert sheet.shape == (8, 12, 3)
    assert sheet[::4, ::6].tolist() == [colours[:2].tolist(), [colours[2].tolist(), [0, 0, 0]]]
