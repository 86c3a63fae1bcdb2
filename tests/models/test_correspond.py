"""Finding the teacher's points on the face model."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.correspond import COUNT, FEATURES, IRISES, OUTLINE, choose, locate, mirrored_points
from models.dense import DensePoints
from models.face_model import FaceMesh
from models.shared_data import FACE_MODEL


def test_points_find_their_mirror_images_in_noise() -> None:
    rng = np.random.default_rng(0)
    points = np.zeros((478, 3))
    points[:230] = rng.uniform((5, -90, -30), (90, 90, 30), (230, 3))
    points[230:460] = points[:230] * (-1, 1, 1)
    points[460:, 1] = np.linspace(-80, 80, 18)
    order = rng.permutation(478)
    order[[list(order).index(0), 263]] = order[[263, list(order).index(0)]]
    order[[list(order).index(230), 33]] = order[[33, list(order).index(230)]]
    image = np.where(order < 230, order + 230, np.where(order < 460, order - 230, order))
    points[0], points[230] = (100, 0, 0), (-100, 0, 0)
    found = mirrored_points(points[order] + rng.normal(0, 0.1, (300, 478, 3)))
    np.testing.assert_array_equal(order[found], image)


@pytest.mark.skipif(not FACE_MODEL.exists(), reason="the face model is not beside the checkout")
def test_points_of_the_surface_are_found_again() -> None:
    mesh = FaceMesh.load()
    dense = DensePoints.load(mesh)
    rng = np.random.default_rng(2)
    parameters = np.zeros((40, 104), np.float32)
    parameters[:, 0] = 1
    parameters[:, 1:50] = rng.normal(0, 0.7, (40, 49))
    parameters[:, 50:96] = rng.uniform(0, 1, (40, 46)) ** 4
    parameters[:, 96:100] = rng.normal(0, 0.1, (40, 4)) + np.array([1, 0, 0, 0])
    parameters[:, 96:100] /= np.linalg.norm(parameters[:, 96:100], axis=1, keepdims=True)
    parameters[:, 103] = 0.5
    points = dense.project(parameters) + rng.normal(0, 0.002, (40, len(dense), 2)).astype(np.float32)
    vertex, scatter = locate(mesh, parameters, points, dense.mirror)
    apart = np.linalg.norm(mesh.neutral[vertex] - mesh.neutral[dense.vertex], axis=1)
    assert np.median(apart) == 0 and apart.max() < 0.03
    assert 0.001 < np.median(scatter) < 0.003


def test_kept_points_are_features_and_others_spread_between_them() -> None:
    rng = np.random.default_rng(1)
    places = rng.uniform(-1, 1, (478, 3))
    scatter = np.full(478, 0.01)
    scatter[[33, 200]] = 0.5
    mirror = np.arange(478)
    mirror[[50, 280]] = 280, 50
    places[50] = 9
    kept = choose(scatter, places, mirror)
    assert COUNT <= len(kept) <= COUNT + 1
    assert set(FEATURES) - {33} | {50, 280} <= set(kept)
    assert not set(kept) & (set(OUTLINE) | set(range(IRISES, 478)) | {33, 200})
