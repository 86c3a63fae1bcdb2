"""Fitting the face model to landmarks and dense points."""

import numpy as np
import pytest

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITY,
    MIRROR,
    MIRROR_LANDMARKS,
    ROTATION,
)
from facert_blender.capture.face_shape import FaceShape, rotation_matrices

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.dense import DensePoints
from models.face_model import FaceMesh
from models.fitting import Evidence, fit, quaternions
from models.label import mirror
from models.shared_data import FACE_MODEL

pytestmark = pytest.mark.skipif(not FACE_MODEL.exists(), reason="the face model is not beside the checkout")


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh.load()


@pytest.fixture(scope="module")
def shape(mesh: FaceMesh) -> FaceShape:
    return mesh.reduced()


@pytest.fixture(scope="module")
def dense(mesh: FaceMesh) -> DensePoints:
    return DensePoints.load(mesh)


def faces(count: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    true = np.zeros((count, 104), np.float32)
    true[:, 0] = 1
    true[:, 1:20] = rng.normal(0, 0.5, (count, 19))
    true[:, 96:100] = rng.normal(0, 0.1, (count, 4)) + np.array([1, 0, 0, 0])
    true[:, 96:100] /= np.linalg.norm(true[:, 96:100], axis=1, keepdims=True)
    true[:, 103] = 0.5
    return true


def seen(shape: FaceShape, dense: DensePoints, true: np.ndarray) -> Evidence:
    n = len(true)
    points = (true[:, :96] @ dense.basis).reshape(n, -1, 3)
    depth = (points @ rotation_matrices(true[:, ROTATION]).transpose(0, 2, 1))[..., 2:] * 0.5 + 3
    placed = np.concatenate([dense.project(true), depth], 2)
    calm, free = np.zeros((n, 46), np.float32), np.full((n, 46), 0.5, np.float32)
    return Evidence(shape.project(true), placed, np.ones((n, 2)), calm, free, np.arange(n))


def test_fit_finds_back_what_made_the_points(shape: FaceShape, dense: DensePoints) -> None:
    true = faces(30)
    jaw, blink = EXPRESSIONS.index("jawOpen"), EXPRESSIONS.index("eyeBlinkLeft")
    true[:15, 50 + jaw] = 0.8
    true[15:, 50 + blink] = 1.0
    found = fit(shape, dense, seen(shape, dense, true), rounds=40)  # the prior is far from the truth
    assert found.residual.mean() < 0.006
    weights = found.parameters[:, EXPRESSION]
    assert weights.min() >= 0 and weights.max() <= 1
    assert weights[:15, jaw].min() > 0.5 > 0.15 > weights[15:, jaw].max()
    assert weights[15:, blink].min() > 0.6 > 0.2 > weights[:15, blink].max()
    turned = np.abs((found.parameters[:, ROTATION] * true[:, ROTATION]).sum(1))
    assert np.degrees(2 * np.arccos(turned.clip(0, 1))).max() < 3


def test_landmarks_alone_are_enough_where_the_teacher_saw_nothing(
    shape: FaceShape, dense: DensePoints
) -> None:
    true = faces(6)
    evidence = seen(shape, dense, true)
    evidence.dense[:] = 0
    evidence.trust[:, 1] = 0
    found = fit(shape, dense, evidence)
    assert found.residual[:, 0].max() < 0.01


def test_the_fit_of_a_mirrored_face_is_the_mirrored_fit(
    mesh: FaceMesh, shape: FaceShape, dense: DensePoints
) -> None:
    rng = np.random.default_rng(5)
    true = faces(8)
    true[:, EXPRESSION] = rng.uniform(0, 1, (8, 46)) * (rng.random((8, 46)) < 0.2)
    evidence = seen(shape, dense, true)
    evidence.spread[:] = 0.15
    evidence.landmarks[:] += rng.normal(0, 0.01, evidence.landmarks.shape)
    flip = np.array([-1, 1, 1], np.float32)
    flipped = Evidence(
        evidence.landmarks[:, list(MIRROR_LANDMARKS)] * flip[:2],
        evidence.dense[:, dense.mirror] * flip,
        evidence.trust,
        evidence.mean[:, list(MIRROR)],
        evidence.spread[:, list(MIRROR)],
        evidence.person,
    )
    there = fit(shape, dense, evidence, rounds=25).parameters
    back = mirror(fit(shape, dense, flipped, rounds=25).parameters)
    np.testing.assert_allclose(there[:, EXPRESSION], back[:, EXPRESSION], atol=0.03)
    np.testing.assert_allclose(there[:, ROTATION], back[:, ROTATION], atol=0.005)


def test_faces_of_one_person_share_their_identity(shape: FaceShape, dense: DensePoints) -> None:
    true = faces(4)
    true[1:3, IDENTITY] = true[0, IDENTITY]
    evidence = seen(shape, dense, true)
    evidence.person[:] = [7, 7, 7, 2]
    found = fit(shape, dense, evidence).parameters
    np.testing.assert_array_equal(found[0, IDENTITY], found[1, IDENTITY])
    np.testing.assert_array_equal(found[0, IDENTITY], found[2, IDENTITY])
    apart = np.linalg.norm(found[:, IDENTITY] - true[:, IDENTITY], axis=1)
    assert apart.max() < np.linalg.norm(true[0, IDENTITY] - true[3, IDENTITY])


def test_the_prior_decides_what_points_do_not_show(shape: FaceShape, dense: DensePoints) -> None:
    evidence = seen(shape, dense, faces(2))
    puff = EXPRESSIONS.index("cheekPuff")
    evidence.mean[1, puff] = 0.3
    evidence.spread[:, puff] = 0.001
    weights = fit(shape, dense, evidence).parameters[:, EXPRESSION]
    np.testing.assert_allclose(weights[:, puff], [0, 0.3], atol=0.02)


def test_quaternions_undo_rotation_matrices() -> None:
    q = np.random.default_rng(0).normal(size=(50, 4))
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    q[q[:, 0] < 0] *= -1
    np.testing.assert_allclose(quaternions(rotation_matrices(q)), q, atol=1e-4)
