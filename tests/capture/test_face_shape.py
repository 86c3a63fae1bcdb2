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


def test_landmarks_of_the_same_face_fit_wherever_they_are(shape: FaceShape) -> None:
    parameters = turned_and_smiling()
    landmarks = shape.project(parameters)
    np.testing.assert_allclose(shape.misfit(parameters, landmarks), 0, atol=1e-4)
    elsewhere = landmarks * 130 + [410, 77]
    np.testing.assert_allclose(shape.misfit(parameters, elsewhere), 0, atol=1e-4)


def test_landmarks_misfit_by_as_much_as_they_are_off(shape: FaceShape) -> None:
    parameters = turned_and_smiling()
    landmarks = shape.project(parameters)
    shaken = landmarks + np.random.default_rng(0).normal(0, 0.05, landmarks.shape)
    off = shape.misfit(parameters, shaken)
    assert ((off > 0.03) & (off < 0.12)).all()
    unmoved = np.repeat(landmarks[:1], 3, axis=0)
    ahead, aside, smiling_less = shape.misfit(parameters, unmoved)
    assert ahead < 1e-4 < 0.02 < min(aside, smiling_less)


def test_nobody_has_no_landmarks_and_no_misfit(shape: FaceShape) -> None:
    nobody = turned_and_smiling()[:0]
    landmarks = shape.project(nobody)
    assert landmarks.shape == (0, 68, 2)
    assert shape.misfit(nobody, landmarks).shape == (0,)
