"""Light on faces."""

import numpy as np
import pytest

from models.painting.light import LEAST, estimate_light, harmonics, random_light, shade


def outward(count: int) -> np.ndarray:
    """Normals (3, n) of surfaces that face the camera."""
    directions = np.random.default_rng(0).normal(0, 1, (3, count))
    directions[2] = np.abs(directions[2])
    return np.asarray(directions / np.linalg.norm(directions, axis=0), np.float32)


def test_the_light_of_a_face_is_found() -> None:
    normals = outward(2000)
    brightness = 120 * (1 + 0.4 * normals[0])
    brightness[:150] *= 0.3  # brows
    light = estimate_light(normals, brightness)
    assert light.dtype == np.float32
    assert light[1] / light[0] == pytest.approx(0.4, abs=0.08)
    shading = shade(light, normals)[150:]
    np.testing.assert_allclose(
        shading / shading.mean(), brightness[150:] / brightness[150:].mean(), rtol=0.12
    )


def test_hardly_any_skin_tells_no_light() -> None:
    np.testing.assert_array_equal(estimate_light(outward(49), np.arange(49.0)), np.eye(9)[0])


def test_random_lights_fall_on_the_face_and_leave_nothing_black() -> None:
    rng = np.random.default_rng(0)
    lights = [random_light(rng) for _ in range(20)]
    towards, away = np.array([[0.0], [0], [1]]), np.array([[0.0], [0], [-1]])
    assert all(0.5 < shade(light, towards)[0] < 1.5 for light in lights)
    assert all(shade(light, away)[0] >= LEAST * light[0] - 1e-6 for light in lights)
    assert harmonics(outward(7)).shape == (9, 7)
