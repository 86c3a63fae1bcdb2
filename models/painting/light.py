"""How light falls on surfaces: estimated from skin, made up, and applied, as spherical harmonics."""

from __future__ import annotations

import numpy as np

LEAST = 0.45
"""No surface is darker than this share of the light from everywhere."""


def harmonics(outward: np.ndarray) -> np.ndarray:
    """The first nine spherical harmonics (9, n) at normals (3, n), y up; not normalised."""
    x, y, z = outward
    return np.stack([np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1])


def estimate_light(outward: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Light float32 (9,) that makes skin of normals (3, n) as bright (n,) as it is; 1 on average.

    What is far darker or lighter than its light would have it (brows, nostrils, beards) counts little.
    """
    light = np.zeros(9, np.float32)
    light[0] = 1
    if len(brightness) < 50:
        return light
    target = brightness / max(np.median(brightness), 1)
    rows = harmonics(outward)
    weight = np.ones_like(target)
    ridge = np.diag([0.0, 0.04, 0.04, 0.04, 0.4, 0.4, 0.4, 0.4, 0.4]) * len(target)
    for _ in range(3):
        weighed = rows * weight
        light = np.linalg.solve(weighed @ rows.T + ridge, weighed @ target).astype(np.float32)
        weight = 1 / (1 + ((target - light @ rows) / 0.12) ** 2)
    return light


def shade(light: np.ndarray, outward: np.ndarray) -> np.ndarray:
    """How bright surfaces (n,) of normals (3, n) are in a light (9,); never quite dark."""
    return np.asarray(np.maximum(light @ harmonics(outward), LEAST * light[0]))


def random_light(rng: np.random.Generator) -> np.ndarray:
    """A light (9,) from somewhere in front or to the side, 1 on a surface that faces the camera."""
    direction = rng.normal((0, 0.5, 0.8), 1)
    direction /= np.linalg.norm(direction)
    strength = rng.uniform(0.1, 0.6)
    light = np.zeros(9)
    light[0] = 1
    light[1:4] = strength * direction
    light[4:] = 0.3 * strength * harmonics(direction)[4:] * (1, 1, 1, 0.5, 0.3)
    return light / max(light[0] + light[3] + 2 * light[8], 0.5)
