"""Key reduction: how far it may stray, and how much it saves."""

import numpy as np
import pytest

from facert_blender.retarget.reduce import reduced

FRAMES = np.arange(600, dtype=np.float64)


def speech(columns=8, seed=0):
    """Curves (600, k) like those of a talking face: slow waves, blinks, rest and jitter."""
    random = np.random.default_rng(seed)
    values = np.stack(
        [np.sin(FRAMES / random.uniform(5, 60) + random.uniform(0, 6)) for _ in range(columns)], 1
    )
    values = np.clip(values, 0, 1)
    values[200:204, 0] = [0.3, 1, 0.8, 0.2]
    return values + random.normal(0, 0.002, values.shape)


def farthest(frames, values, kept):
    """The largest distance (k,) between the curves and the lines through their kept keys."""
    lines = [np.interp(frames, frames[kept[:, k]], values[kept[:, k], k]) for k in range(values.shape[1])]
    return np.abs(np.stack(lines, 1) - values).max(0)


@pytest.mark.parametrize("tolerance", [0.001, 0.01, 0.1])
@pytest.mark.parametrize("seed", range(4))
def test_lines_stay_within_the_tolerance(tolerance, seed):
    values = speech(seed=seed)
    kept = reduced(FRAMES, values, np.full(8, tolerance))
    assert (farthest(FRAMES, values, kept) <= tolerance + 1e-12).all()


def test_uneven_frames_stay_within_the_tolerance():
    frames = np.cumsum(np.random.default_rng(1).uniform(0.2, 30, 600))
    values = speech()
    kept = reduced(frames, values, np.full(8, 0.02))
    assert (farthest(frames, values, kept) <= 0.02 + 1e-12).all()


def test_each_curve_has_its_tolerance():
    values = np.repeat(speech(1), 3, axis=1)
    tolerances = np.array([0.002, 0.02, 0.2])
    kept = reduced(FRAMES, values, tolerances)
    assert (farthest(FRAMES, values, kept) <= tolerances + 1e-12).all()
    assert list(kept.sum(0)) == sorted(kept.sum(0), reverse=True)
    assert kept[:, 0].sum() > 2 * kept[:, 2].sum()


def test_rest_and_straight_lines_need_two_keys():
    values = np.stack([np.full(600, 0.3), FRAMES / 600], 1)
    kept = reduced(FRAMES, values, np.full(2, 1e-6))
    assert [np.flatnonzero(column).tolist() for column in kept.T] == [[0, 599], [0, 599]]


def test_corners_are_kept():
    values = np.interp(FRAMES, [0, 100, 200, 599], [0, 0, 1, 0])[:, None]
    kept = reduced(FRAMES, values, np.array([1e-6]))
    assert np.flatnonzero(kept[:, 0]).tolist() == [0, 100, 200, 599]


def test_smooth_curves_lose_most_keys():
    values = (1 - np.cos(FRAMES / 15)[:, None]) / 2
    kept = reduced(FRAMES, values, np.array([0.005]))
    assert kept.sum() < 600 / 5


def test_groups_turn_together_and_within_the_tolerance():
    values = speech()
    groups = np.array([7, 7, 7, 7, 2, 2, 3, 4])
    kept = reduced(FRAMES, values, np.full(8, 0.02), groups)
    assert (kept[:, :4] == kept[:, :1]).all()
    assert (kept[:, 4] == kept[:, 5]).all()
    assert (kept[:, 6] != kept[:, 7]).any()
    assert (farthest(FRAMES, values, kept) <= 0.02 + 1e-12).all()


def test_no_tolerance_keeps_everything():
    values = np.zeros((600, 2))
    assert reduced(FRAMES, values, np.array([0.0, 0.1])).sum(0).tolist() == [600, 2]


@pytest.mark.parametrize("length", [1, 2])
def test_short_curves_keep_their_keys(length):
    assert reduced(FRAMES[:length], np.zeros((length, 3)), np.full(3, 0.1)).all()
