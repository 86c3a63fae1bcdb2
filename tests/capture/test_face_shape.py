"""The face model at run time: whether landmarks and parameters are those of one face."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, PARAMETERS, ROTATION, SCALE
from facert_blender.capture.face_shape import FaceShape

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


@pytest.fixture(scope="module")
def shape() -> FaceShape:
    return FaceShape.load(WEIGHTS / "face_shape.npz")


def turned_and_smiling() -> np.ndarray:
    """Parameters (3, 104) of heads that look ahead, to a side and down, the second smiling."""
    parameters = np.zeros((3, PARAMETERS), np.float32)
    parameters[:, 0], parameters[:, SCALE] = 1, 0.4
    parameters[:, ROTATION] = [[1, 0, 0, 0], [0.96, 0, 0.28, 0], [0.96, 0.28, 0, 0]]
    parameters[1, EXPRESSION][[EXPRESSIONS.index(f"mouthSmile{side}") for side in ("Left", "Right")]] = 1
    return parameters


def test_landmarks_follow_head_and_mouth(shape: FaceShape) -> None:
    ahead, aside, down = shape.project(turned_and_smiling())
    middle, nose = 27, 30
    assert abs(ahead[nose, 0] - ahead[middle, 0]) < 0.01 < aside[nose, 0] - aside[middle, 0]
    assert down[nose, 1] - down[middle, 1] > ahead[nose, 1] - ahead[middle, 1]
    assert np.linalg.norm(aside[54] - aside[48]) > 0.2  # wide, though foreshortened


def test_nobody_has_no_landmarks(shape: FaceShape) -> None:
    assert shape.project(turned_and_smiling()[:0]).shape == (0, 68, 2)
