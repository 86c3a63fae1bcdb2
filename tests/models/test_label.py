"""Fitting the face model to points."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS, MIRROR
from facert_blender.capture.face_shape import FaceShape, rotation_matrices

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.label import (
    MIRROR_LANDMARKS,
    SCORE_NAMES,
    fit,
    learn_landmark_map,
    map_landmarks,
    quaternions,
    score_prior,
)

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


def test_fit_finds_back_what_made_the_points() -> None:
    shape = FaceShape.load(WEIGHTS / "face_shape.npz")
    rng = np.random.default_rng(3)
    true = np.zeros((30, 104), np.float32)
    true[:, 0] = 1
    true[:, 1:20] = rng.normal(0, 0.5, (30, 19))
    true[:, 96:100] = rng.normal(0, 0.1, (30, 4)) + np.array([1, 0, 0, 0])
    true[:, 96:100] /= np.linalg.norm(true[:, 96:100], axis=1, keepdims=True)
    true[:, 103] = 0.5
    jaw, blink = EXPRESSIONS.index("jawOpen"), EXPRESSIONS.index("eyeBlinkLeft")
    true[:15, 50 + jaw] = 0.8
    true[15:, 50 + blink] = 1.0
    mean = np.zeros((30, 46), np.float32)
    found = fit(shape, shape.project(true), mean, np.full(46, 0.5, np.float32))
    assert found.residual.mean() < 0.01
    weights = found.parameters[:, 50:96]
    assert weights.min() >= 0 and weights.max() <= 1
    assert weights[:15, jaw].min() > 0.5 > 0.2 > weights[15:, jaw].max()
    assert weights[15:, blink].mean() > weights[:15, blink].mean() + 0.3
    turned = np.abs((found.parameters[:, 96:100] * true[:, 96:100]).sum(1))
    assert np.degrees(2 * np.arccos(turned.clip(0, 1))).max() < 6


def test_quaternions_undo_rotation_matrices() -> None:
    q = np.random.default_rng(0).normal(size=(50, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    q[q[:, 0] < 0] *= -1
    np.testing.assert_allclose(quaternions(rotation_matrices(q)), q, atol=1e-4)


def test_prior_trusts_the_teacher_only_where_it_is_good() -> None:
    scores = np.ones((1, 52), np.float32)
    mean, spread = score_prior(scores)
    assert mean[0, EXPRESSIONS.index("eyeBlinkLeft")] == 1
    assert mean[0, EXPRESSIONS.index("browInnerUpRight")] == 1
    for dead in ("cheekPuff", "noseSneerLeft", "jawForward", "eyeWideRight"):
        assert mean[0, EXPRESSIONS.index(dead)] == 0
    assert (spread > 0).all() and len(SCORE_NAMES) == 52


def test_mirrors_are_their_own_inverse() -> None:
    assert [MIRROR_LANDMARKS[i] for i in MIRROR_LANDMARKS] == list(range(68))
    assert [MIRROR[i] for i in MIRROR] == list(range(46))


def test_landmark_map_learns_a_linear_relation() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 40, (120, 478, 3)).astype(np.float32)
    points[:, 33, :2], points[:, 263, :2] = (-50, 0), (50, 0)
    human = points[:, :68, :2] * 0.5 + points[:, 100:168, :2] * 0.5
    mapping = learn_landmark_map(points, human, ridge=1e-6)
    np.testing.assert_allclose(map_landmarks(points, mapping), human, atol=0.5)
