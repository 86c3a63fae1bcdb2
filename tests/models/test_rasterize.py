"""A rasteriser that sees the nearest, and paints what a photograph shows."""

import numpy as np
import pytest

pytest.importorskip("numba")

from models.rasterize import interpolate, normals, paint, rasterize


def test_the_nearer_triangle_is_seen_and_interpolated() -> None:
    points = np.array([[0, 0, 0], [0, 20, 0], [20, 0, 0], [5, 2, 1], [5, 9, 1], [12, 2, 1]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 5], [3, 5, 4]], np.int32)
    seen, place = rasterize(points, triangles, 24, 24)
    assert seen[1, 1] == 0 and seen[3, 6] == 1 and seen[20, 20] == -1
    assert 2 not in seen  # it faces away
    across = interpolate(seen, place, triangles, points[:, :1].copy())
    assert across[10, 4, 0] == pytest.approx(4, abs=1e-3)
    assert across[3, 7, 0] == pytest.approx(7, abs=1e-3)


def test_normals_stand_on_the_surface() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, -1]], np.float32)
    found = normals(points, np.array([[0, 1, 2]], np.int32))
    np.testing.assert_allclose(found[:3], [[0, 0, 1]] * 3, atol=1e-6)


def test_paint_mixes_the_photograph_its_mirror_image_and_a_colour() -> None:
    photograph = np.zeros((10, 20, 3), np.float32)
    photograph[:, :, 0] = np.arange(20) * 10
    points = np.array([[0, 0, 0], [0, 9, 0], [9, 0, 0]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    seen, place = rasterize(points, triangles, 10, 10)
    surface = np.tile(np.array([4, 5, 12, 5, 0.5, 0.25, 1, 2, 300, 1], np.float32), (3, 1))
    painted = paint(seen, place, triangles, surface, photograph)
    np.testing.assert_allclose(painted[2, 2], [0.5 * 40 + 0.25 * 120 + 1, 2, 255, 1], rtol=1e-4)
    assert (painted[9, 9] == 0).all()
    surface[:, 9] = 0.5
    np.testing.assert_allclose(
        paint(seen, place, triangles, surface, photograph)[2, 2], painted[2, 2] / 2, rtol=1e-4
    )
