"""The teacher's points on the face model."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.dense import DENSE, STEADIEST, DensePoints
from models.face_model import FaceMesh
from models.shared_data import FACE_MODEL

pytestmark = pytest.mark.skipif(not FACE_MODEL.exists(), reason="the face model is not beside the checkout")


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh.load()


@pytest.fixture(scope="module")
def dense(mesh: FaceMesh) -> DensePoints:
    return DensePoints.load(mesh)


def upright(count: int) -> np.ndarray:
    parameters = np.zeros((count, 104), np.float32)
    parameters[:, (0, 96)] = 1
    parameters[:, 103] = 0.5
    return parameters


def test_the_table_lies_on_the_face_left_as_right(dense: DensePoints) -> None:
    assert len(dense) == DENSE == len(set(dense.teacher)) and dense.teacher.max() < 468
    np.testing.assert_array_equal(dense.mirror[dense.mirror], np.arange(DENSE))
    placed = dense.basis[0].reshape(-1, 3)
    np.testing.assert_allclose(placed[dense.mirror] * (-1, 1, 1), placed, atol=1e-3)
    assert dense.weight.mean() == pytest.approx(1, abs=1e-4)


def test_points_are_the_meshs_own_in_the_picture(mesh: FaceMesh, dense: DensePoints) -> None:
    parameters = upright(1)
    parameters[0, 1:96] = np.random.default_rng(0).uniform(0, 0.5, 95)
    parameters[0, 100:102] = 0.2, -0.1
    whole = (parameters[0, :96] @ mesh.basis).reshape(-1, 3)[dense.vertex]
    expected = 0.5 * (whole[:, :2] + (0.2, -0.1)) * (1, -1)
    np.testing.assert_allclose(dense.project(parameters)[0], expected, atol=1e-5)


def test_lids_and_lips_lie_where_the_landmarks_do(mesh: FaceMesh, dense: DensePoints) -> None:
    placed = dense.basis[0].reshape(-1, 3)
    marks = mesh.neutral[mesh.landmarks]
    for teacher, landmark in ((33, 36), (263, 45), (61, 48), (291, 54), (0, 51), (17, 57), (145, 40)):
        apart = np.linalg.norm(placed[list(dense.teacher).index(teacher)] - marks[landmark])
        assert apart < 0.12, (teacher, landmark)


def test_what_turns_away_counts_less(dense: DensePoints) -> None:
    half = np.radians(60) / 2
    turned = upright(1)
    turned[0, 96:100] = np.cos(half), 0, np.sin(half), 0  # the nose points to the right of the picture
    seen = dense.facing(turned)[0]
    side = dense.basis[0].reshape(-1, 3)[:, 0]
    assert seen[side < -0.6].mean() > 0.9 > 0.4 > seen[side > 0.6].mean() >= 0.1


def test_located_are_the_steadiest_and_then_the_brows_left_as_right(dense: DensePoints) -> None:
    located = dense.located(STEADIEST + 20)
    np.testing.assert_array_equal(located[:STEADIEST], dense.steadiest(STEADIEST))
    brows = located[STEADIEST:]
    assert len(set(located)) == len(located) and set(dense.mirror[brows]) == set(brows)
    above_eyes = dense.basis[0].reshape(-1, 3)[list(dense.teacher).index(159), 1]
    assert (dense.basis[0].reshape(-1, 3)[brows, 1] > above_eyes).all()
    np.testing.assert_array_equal(dense.located(12), dense.steadiest(12))
    with pytest.raises(ValueError, match="not 60"):
        dense.located(60)
