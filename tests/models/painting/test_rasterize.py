"""A rasteriser that sees the nearest, and paints what a photograph shows."""

import numpy as np
import pytest

pytest.importorskip("numba")

from models.painting.rasterize import compose, depths, interpolate, normals, paint, rasterize


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


def test_slivers_and_what_is_outside_the_picture_are_drawn_as_far_as_they_are_in_it() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-20, 60, (300, 3)).astype(np.float32)
    points[::3] = np.rint(points[::3])  # some stand on pixels, and edges lie along rows
    points[1::6, 1] = points[0::6, 1]
    points[2::9, :2] = points[1::9, :2] + rng.normal(0, 1e-5, (34, 2))
    triangles = np.arange(300, dtype=np.int32).reshape(-1, 3)
    seen, _ = rasterize(points, triangles, 40, 40)
    expected = np.full((40, 40), -1)
    depth = np.full((40, 40), -np.inf)
    y, x = np.mgrid[:40, :40]
    for number, (a, b, c) in enumerate(points[triangles].astype(float)):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if area >= -1e-9:
            continue
        v = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / area
        w = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / area
        z = a[2] + v * (b[2] - a[2]) + w * (c[2] - a[2])
        nearer = (v >= 0) & (w >= 0) & (v + w <= 1) & (z > depth)
        expected[nearer], depth[nearer] = number, z[nearer]
    assert (expected >= 0).mean() > 0.8
    assert (seen != expected).mean() < 0.005


def test_neighbouring_triangles_leave_no_gap() -> None:
    rng = np.random.default_rng(0)
    across, down = np.meshgrid(np.arange(9), np.arange(9))
    points = np.stack([across, down, 0 * across], -1).reshape(-1, 3).astype(np.float32) * 5 - 2
    inner = ((across > 0) & (across < 8) & (down > 0) & (down < 8)).ravel()
    points[inner, :2] += rng.uniform(-2, 2, (inner.sum(), 2)).astype(np.float32)
    corners = np.arange(72).reshape(8, 9)[:, :8].ravel()
    triangles = np.concatenate(
        [
            np.column_stack([corners, corners + 9, corners + 1]),
            np.column_stack([corners + 1, corners + 9, corners + 10]),
        ]
    ).astype(np.int32)
    seen, place = rasterize(points, triangles, 36, 36)
    assert (seen >= 0).all()
    np.testing.assert_allclose(place.sum(2), 1, atol=1e-5)
    where = interpolate(seen, place, triangles, points)
    np.testing.assert_allclose(where[..., 0], np.tile(np.arange(36), (36, 1)), atol=1e-3)
    np.testing.assert_allclose(where[..., 1], np.tile(np.arange(36)[:, None], (1, 36)), atol=1e-3)


def test_depths_are_those_under_the_mean_of_the_neighbours() -> None:
    points = np.array([[0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 4]], np.float32)
    outward = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    first, others = np.array([0, 2, 4]), np.array([1, 2, 0, 3])
    found = depths(points, outward, first, others, np.array([0.5, 0.5, 0.25, 0.75], np.float32))
    np.testing.assert_allclose(found, [-1, 3.25])


def test_a_picture_is_composed_of_means_over_what_is_behind() -> None:
    painted = np.zeros((4, 4, 4), np.float32)
    painted[:2, :2] = (200, 100, 0, 1)
    painted[0, 2] = (200, 100, 0, 1)
    behind = np.full((2, 2, 3), (0, 100, 80), np.float32)
    behind[1] = (300, -5, 80.6)
    found = compose(painted, behind)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [[[200, 100, 0], [50, 100, 60]], [[255, 0, 81], [255, 0, 81]]])
