"""Smoothing takes jitter and leaves acting."""

from __future__ import annotations

import numpy as np
import pytest

from facert_blender.capture.smoothing import GAP, OneEuro, OneEuroRotation, smooth, smooth_rotations


def blinks(fps: float, widths: list[int], height: float) -> tuple[np.ndarray, np.ndarray, list[slice]]:
    """Times, a channel at rest at 0.1 with a blink every second, and where the blinks are."""
    times = np.arange(int(fps * (len(widths) + 1))) / fps
    values = np.full(len(times), 0.1)
    places = []
    for number, width in enumerate(widths, start=1):
        first = int(number * fps)
        place = slice(first, first + width)
        rise = np.sin(np.pi * (np.arange(width) + 1) / (width + 1))
        values[place] += (height - 0.1) * rise / rise.max()
        places.append(place)
    return times, values, places


@pytest.mark.parametrize("height", [1.0, 0.6, 0.4])
@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_blinks_keep_their_height_while_jitter_falls(height: float, noise: float) -> None:
    times, values, places = blinks(25, [3, 4, 5, 6] * 3, height)
    jittery = values + np.random.default_rng(3).normal(0, noise, len(values))
    calm = smooth(times, jittery[:, None])[:, 0]
    for place in places:
        assert calm[place].max() >= 0.95 * values[place].max()
    resting = values == 0.1
    resting[:-1] &= resting[1:]
    jitter = [np.diff(curve)[resting[:-1]].std() for curve in (calm, jittery)]
    assert jitter[0] < 0.5 * jitter[1]


def test_speech_is_not_flattened() -> None:
    times = np.arange(250) / 25
    speech = 0.3 + 0.15 * np.sin(2 * np.pi * 4 * times)
    calm = smooth(times, speech[:, None])[:, 0]
    assert calm[10:-10].std() > 0.95 * speech[10:-10].std()


def test_smoothing_has_no_phase() -> None:
    times, values, _ = blinks(30, [4, 6], 0.8)
    values += np.random.default_rng(0).normal(0, 0.01, len(values))
    forward = smooth(times, values[:, None])
    backward = smooth(-times[::-1], values[::-1, None])[::-1]
    assert forward == pytest.approx(backward, abs=1e-6)


def test_lines_stay_lines_at_irregular_times() -> None:
    times = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.08, 200))
    line = np.stack([0.05 * times, 1 - 0.02 * times], axis=1)
    assert smooth(times, line) == pytest.approx(line, abs=1e-5)


def test_gaps_keep_their_sides_apart() -> None:
    times = np.concatenate([np.arange(30) / 25, 2 * GAP + (30 + np.arange(30)) / 25])
    values = np.repeat([0.0, 1.0], 30)
    assert smooth(times, values[:, None])[:, 0] == pytest.approx(values)


def test_strength_zero_leaves_everything_alone() -> None:
    values = np.random.default_rng(2).random((40, 3)).astype(np.float32)
    assert (smooth(np.arange(40) / 25, values, strength=0) == values).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_very_short_takes(count: int) -> None:
    values = np.linspace(0, 1, 2 * count, dtype=np.float32).reshape(count, 2)
    assert smooth(np.arange(count) / 25, values) == pytest.approx(values, abs=1e-6)


def test_rotations_stay_unit_and_never_jump_signs() -> None:
    times = np.arange(100) / 25
    half = 0.5 * np.deg2rad(60 * np.sin(times))
    turning = np.stack([np.cos(half), 0 * half, np.sin(half), 0 * half], axis=1)
    flipped = turning * np.where(np.arange(100) % 7 < 3, -1, 1)[:, None]
    flipped += np.random.default_rng(5).normal(0, 0.004, flipped.shape)
    flipped /= np.linalg.norm(flipped, axis=1, keepdims=True)
    calm = smooth_rotations(times, flipped)
    assert np.linalg.norm(calm, axis=1) == pytest.approx(1, abs=1e-6)
    assert (np.abs(np.diff(calm, axis=0)).max(axis=1) < 0.05).all()
    angles = 2 * np.arccos(np.abs((calm * turning).sum(axis=1)).clip(0, 1))
    assert np.rad2deg(angles).mean() < 0.6


def live(times: np.ndarray, values: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """What the One-Euro filter makes of a channel (n,)."""
    one_euro = OneEuro(strength)
    return np.array([one_euro(time, np.array([value]))[0] for time, value in zip(times, values, strict=True)])


@pytest.mark.parametrize("fps", [15, 30])
def test_live_blinks_keep_most_of_their_height_while_jitter_falls(fps: float) -> None:
    times, values, places = blinks(fps, [3, 4, 5] * 4, 1.0)
    jittery = values + np.random.default_rng(3).normal(0, 0.01, len(values))
    calm = live(times, jittery)
    for place in places:
        assert calm[place.start : place.stop + 1].max() >= 0.85
    resting = values == 0.1
    for _ in range(3):  # a few frames after a blink count as the blink
        resting[1:] &= resting[:-1]
    resting[:-1] &= resting[1:]
    jitter = [np.diff(curve)[resting[:-1]].std() for curve in (calm, jittery)]
    assert jitter[0] < 0.5 * jitter[1]


def test_live_speech_is_neither_flattened_nor_late() -> None:
    times = np.arange(300) / 30
    speech = 0.3 + 0.15 * np.sin(2 * np.pi * 3 * times)
    calm = live(times, speech)
    assert calm[30:].std() > 0.85 * speech[30:].std()
    delays = [np.corrcoef(calm[30 + late : 270 + late], speech[30:270])[0, 1] for late in range(5)]
    assert int(np.argmax(delays)) <= 1


def test_live_strength_is_off_at_zero_and_may_differ_between_channels() -> None:
    noise = np.random.default_rng(0).normal(0.5, 0.01, (60, 2))
    one_euro = OneEuro(np.array([0.0, 3.0]))
    calm = np.array([one_euro(index / 30, values) for index, values in enumerate(noise)])
    assert calm[:, 0] == pytest.approx(noise[:, 0])
    assert calm[10:, 1].std() < 0.5 * noise[10:, 1].std()


def test_live_gaps_begin_anew() -> None:
    one_euro = OneEuro()
    one_euro(0.0, np.array([0.0]))
    one_euro(0.03, np.array([0.0]))
    assert one_euro(0.03 + 2 * GAP, np.array([1.0])) == pytest.approx([1.0])


def test_live_rotations_take_the_short_way_and_stay_unit() -> None:
    one_euro = OneEuroRotation()
    for index in range(60):
        half = 0.2 * np.sin(index / 10)
        sign = -1 if index % 2 else 1
        rotation = sign * np.array([np.cos(half), 0, np.sin(half), 0])
        calm = one_euro(index / 30, rotation)
        assert np.linalg.norm(calm) == pytest.approx(1, abs=1e-6)
        assert abs(calm @ rotation) > np.cos(0.06)
