"""Photographed faces painted anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, ROTATION, SCALE
from facert_blender.capture.face_shape import rotation_matrices
from models.expressions import turn
from models.fitting import quaternions
from models.painting.looks import another_look, own_look
from models.painting.painter import dense_points, paint_face
from models.painting.reading import read_face

if TYPE_CHECKING:
    from models.painting.head import Head

SIZE = 192
NEUTRAL = np.zeros(46, np.float32)


def weights(**strengths: float) -> np.ndarray:
    return np.array([strengths.get(name, 0.0) for name in EXPRESSIONS], np.float32)


def photograph(head: Head, yaw: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grey picture with a face that nobody sees in it, its parameters and landmarks."""
    parameters = np.zeros(104, np.float32)
    parameters[0], parameters[SCALE] = 1, 0.5
    parameters[ROTATION] = quaternions(turn(yaw, 0, 0)[None])[0]
    landmarks = head.shape.project(parameters[None])[0]
    centre, side = (landmarks.min(0) + landmarks.max(0)) / 2, np.ptp(landmarks, axis=0).max()
    parameters[100:102] -= centre * (1, -1) / parameters[SCALE]
    parameters[SCALE] /= side
    return (
        np.full((SIZE, SIZE, 3), 170, np.uint8),
        parameters,
        ((landmarks - centre) / side).astype(np.float32),
    )


def edit(
    head: Head,
    image: np.ndarray,
    parameters: np.ndarray,
    landmarks: np.ndarray,
    posed: np.ndarray,
    turned: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The face of a picture with other expression weights (46,) and an added turn (3, 3)."""
    face, new = read_face(head, image, parameters, landmarks), parameters.copy()
    new[EXPRESSION] = posed
    new[ROTATION] = quaternions((turned @ rotation_matrices(parameters[None, ROTATION])[0])[None])[0]
    return paint_face(head, face, new, own_look(head, face, np.random.default_rng(0)))


def pixel(place: np.ndarray) -> tuple[int, int]:
    x, y = np.rint(place * SIZE / 2 + (SIZE - 1) / 2).astype(int)
    return int(y), int(x)


def test_lids_close_and_the_mouth_opens(head: Head) -> None:
    image, parameters, landmarks = photograph(head)
    y, x = pixel(landmarks[36:42].mean(0))
    image[y - 3 : y + 4, x - 4 : x + 5] = 20  # a dark eye
    posed = weights(eyeBlinkRight=1, jawOpen=1)
    edited, labels, moved = edit(head, image, parameters, landmarks, posed, np.eye(3))
    np.testing.assert_array_equal(labels[EXPRESSION], posed)
    assert edited[pixel(moved[36:42].mean(0) - [0, 0.02])].mean() > 90  # skin over the eye
    assert moved[66, 1] - moved[62, 1] > landmarks[66, 1] - landmarks[62, 1] + 0.1
    assert edited[pixel(moved[60:68].mean(0))].mean() < 120  # the inside of the mouth


def test_a_face_left_as_it_is_looks_as_it_did(head: Head) -> None:
    image, parameters, landmarks = photograph(head)
    image[:] = (np.arange(SIZE)[:, None, None] * 0.4 + np.arange(SIZE)[None, :, None] * 0.3 + 60).astype(
        np.uint8
    )
    face = read_face(head, image, parameters, landmarks)
    look = replace(own_look(head, face, np.random.default_rng(0)), light=face.light, own_eyes=True)
    same, labels, marks = paint_face(head, face, parameters, look)
    np.testing.assert_allclose(labels, parameters, atol=1e-4)
    np.testing.assert_allclose(marks, landmarks, atol=1e-4)
    difference = np.abs(same.astype(float) - image).mean(2)
    assert np.median(difference) < 2 and (difference > 25).mean() < 0.01


@pytest.mark.parametrize(("yaw", "pitch"), [(75, 0), (-75, 0), (0, 30), (40, -30)])
def test_labels_of_turned_heads_are_the_models_own(head: Head, yaw: float, pitch: float) -> None:
    image, parameters, landmarks = photograph(head)
    opened = weights(jawOpen=0.5)
    edited, labels, moved = edit(head, image, parameters, landmarks, opened, turn(yaw, pitch, 0))
    assert edited.shape == (SIZE, SIZE, 3)
    np.testing.assert_allclose(labels[ROTATION], quaternions(turn(yaw, pitch, 0)[None])[0], atol=1e-5)
    np.testing.assert_allclose(moved, head.shape.project(labels[None])[0], atol=1e-4)
    np.testing.assert_allclose(np.ptp(moved, axis=0).max(), 1, atol=1e-4)
    np.testing.assert_allclose(moved.min(0) + moved.max(0), 0, atol=1e-4)


def test_departures_from_the_model_turn_with_the_head(head: Head) -> None:
    image, parameters, landmarks = photograph(head)
    marked = landmarks.copy()
    marked[27:36, 1] += 0.03  # a nose that lies lower than the model's
    _, labels, moved = edit(head, image, parameters, marked, NEUTRAL, turn(60, 0, 0))
    lower = (moved - head.shape.project(labels[None])[0])[27:36, 1]
    assert 0.01 < lower.mean() < 0.04


def test_what_a_photograph_hides_is_taken_from_the_other_half(head: Head) -> None:
    image, parameters, landmarks = photograph(head, yaw=45)
    y, x = pixel((landmarks[4] + landmarks[48]) / 2)  # the performer's right cheek, which is seen
    image[y - 8 : y + 9, x - 8 : x + 9] = (230, 60, 60)
    edited, _, moved = edit(head, image, parameters, landmarks, NEUTRAL, turn(-90, 0, 0))
    y, x = pixel((moved[12] + moved[54]) / 2)
    patch = edited[y - 5 : y + 6, x - 5 : x + 6].astype(float).mean((0, 1))
    assert patch[0] > patch[1] + 60


def test_a_rendered_head_covers_its_landmarks(head: Head) -> None:
    image, parameters, landmarks = photograph(head)
    image[:] = (190, 150, 130)
    rng = np.random.default_rng(1)
    face = read_face(head, image, parameters, landmarks)
    new = parameters.copy()
    new[1:50] = rng.normal(0, 1, 49)
    new[ROTATION] = quaternions(turn(-60, 10, 5)[None])[0]
    green = np.zeros_like(image)
    green[..., 1] = 255
    look = replace(another_look(head, face, green, rng), hat=None, glasses=None)
    picture, labels, marks = paint_face(head, face, new, look, own_shape=False)
    np.testing.assert_allclose(marks, head.shape.project(labels[None])[0], atol=1e-4)
    inner = np.array([picture[pixel(mark)] for mark in marks[27:]], int)
    assert (np.abs(inner[:, 1] - inner[:, 0]) < 100).mean() > 0.9  # nothing of the green behind
    assert (picture[2, 2] == (0, 255, 0)).all()
    dense = dense_points(head, face, labels, own_shape=False)
    assert np.abs(dense).max() < 1.2
