"""Tests of the pictures of clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

import cv2

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS
from facert_blender.capture.errors import NoFaceError
from models import clip_sheets
from models.face_model import FaceMesh
from models.shared_data import CLIPS, FACE_MODEL, TEACHER
from models.sheets import TILE, head


@pytest.mark.skipif(not FACE_MODEL.exists(), reason="the face model's source is not here")
def test_a_posed_head_opens_its_mouth() -> None:
    mesh = FaceMesh.load()
    identity = np.eye(50, dtype=np.float32)[0]
    upright = np.array([1.0, 0, 0, 0], np.float32)
    weights = np.zeros(46, np.float32)
    shut = clip_sheets.posed(identity, weights, upright)
    weights[EXPRESSIONS.index("jawOpen")] = 1
    opened = clip_sheets.posed(identity, weights, upright)
    assert opened[EXPRESSION].sum() == 1
    changed = np.abs(head(mesh, shut).astype(int) - head(mesh, opened)).max(2) > 20
    assert changed[TILE // 2 :].sum() > 200
    assert not changed[: TILE // 4].any()


def test_moments_are_spread_over_all_frames_that_there_are() -> None:
    assert clip_sheets.spread_over(101, 5).tolist() == [0, 25, 50, 75, 100]
    assert clip_sheets.spread_over(2, 5).tolist() == [0, 1]
    with pytest.raises(NoFaceError, match="sees nobody"):
        clip_sheets.spread_over(0, 5)


@pytest.mark.skipif(not (CLIPS.exists() and FACE_MODEL.exists() and TEACHER.exists()), reason="no clips here")
def test_a_clip_becomes_a_picture_of_columns(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    footage = CLIPS / "performer_d0.mp4"
    clip_sheets.sheet(footage, tmp_path / "sheet.png", "multi", moments=3)
    picture = cv2.imread(str(tmp_path / "sheet.png"))
    assert picture.shape[1] == clip_sheets.ACROSS * TILE
    columns = picture[:TILE].reshape(TILE, clip_sheets.ACROSS, TILE, 3)
    assert [bool(columns[:, i].any()) for i in range(4)] == [True, True, True, False]
