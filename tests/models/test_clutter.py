"""Clutter: that it is drawn, everywhere but over faces."""

import numpy as np

from models.clutter import draw_clutter

FACE = np.array([[90, 90, 200, 200]])


def cluttered(seed: int) -> np.ndarray:
    canvas = np.full((288, 288, 3), 120, np.uint8)
    draw_clutter(canvas, FACE, np.random.default_rng(seed))
    return canvas


def test_clutter_spares_the_faces() -> None:
    changed = np.zeros((288, 288), bool)
    for seed in range(60):
        canvas = cluttered(seed)
        assert (canvas[92:198, 92:198] == 120).all()
        changed |= (canvas != 120).any(2)
    assert changed[:80].mean() > 0.3 and changed[210:].mean() > 0.3


def test_clutter_depends_on_its_generator_alone() -> None:
    np.testing.assert_array_equal(cluttered(3), cluttered(3))
    assert (cluttered(3) != cluttered(4)).any()
