"""Clutter: that it is drawn everywhere but over faces, and what hides faces only over their edges."""

import numpy as np

from models.clutter import HIDDEN, draw_clutter, hide_in_part

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


def test_some_faces_are_hidden_in_part_and_most_of_each_can_be_seen() -> None:
    shares = []
    for seed in range(300):
        canvas = np.full((288, 288, 3), 120, np.uint8)
        hide_in_part(canvas, FACE, np.random.default_rng(seed))
        changed = (canvas != 120).any(2)
        shares.append(changed[90:200, 90:200].mean())
        assert not changed.any() or changed[35:255, 35:255].any()
    hidden = np.array(shares) > 0
    assert 0.6 * HIDDEN < hidden.mean() < 1.3 * HIDDEN
    assert 0.03 < np.mean(np.array(shares)[hidden]) < 0.3 and max(shares) < 0.6
