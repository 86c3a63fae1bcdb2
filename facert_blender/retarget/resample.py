"""Values over time at other times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..capture.take import Take

Times = NDArray[np.float64]


def covered(times: Times, new_times: Times, gap: float) -> NDArray[np.bool_]:
    """Which of `new_times` lie on one of ascending `times`, or between two at most `gap` seconds apart."""
    after = np.searchsorted(times, new_times)
    before = np.searchsorted(times, new_times, side="right") - 1
    span = times[np.minimum(after, len(times) - 1)] - times[np.maximum(before, 0)]
    inside: NDArray[np.bool_] = (before >= 0) & (after < len(times)) & (span <= gap)
    return inside


def frame_times(take: Take, frames: np.ndarray) -> Times:
    """The footage's times (n,) in seconds of its `frames` (n,), by those that `take` has somebody in.

    Between and beyond those the footage is taken to run at its nominal rate.
    """
    seen, places = np.unique(np.concatenate([one.frames for one in take.performers]), return_index=True)
    times = np.concatenate([one.times for one in take.performers])[places]
    off = times - seen / take.fps
    return np.asarray(frames / take.fps + np.interp(frames, seen, off), np.float64)


def resample(times: Times, values: np.ndarray, new_times: Times) -> NDArray[np.float32]:
    """`values` (n, k) at ascending `times` (n,), interpolated linearly: (m, k) float32; the ends are held."""
    before, after, part = _neighbours(times, new_times)
    between = values[before] + part[:, None] * (values[after] - values[before])
    return np.asarray(between, np.float32)


def resample_rotations(times: Times, rotations: np.ndarray, new_times: Times) -> NDArray[np.float32]:
    """Unit quaternions (n, 4) interpolated on the shorter arc: (m, 4) float32, neighbours of equal sign."""
    before, after, part = _neighbours(times, new_times)
    start, end = rotations[before].astype(np.float64), rotations[after].astype(np.float64)
    cosine = (start * end).sum(1, keepdims=True)
    end = np.where(cosine < 0, -end, end)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    # Between rotations this close, the arc is the straight line, and the sine below would divide by nothing.
    near = angle < 1e-4
    sine = np.where(near, 1, np.sin(angle))
    share = part[:, None]
    first = np.where(near, 1 - share, np.sin((1 - share) * angle) / sine)
    second = np.where(near, share, np.sin(share * angle) / sine)
    return continuous(first * start + second * end).astype(np.float32)


def continuous(rotations: np.ndarray) -> np.ndarray:
    """The same rotations (n, 4), normalised and with signs such that neighbours are on the same side."""
    rotations = rotations / np.linalg.norm(rotations, axis=1, keepdims=True)
    flips = (rotations[1:] * rotations[:-1]).sum(1) < 0
    signs = np.concatenate([[1], np.where(np.cumsum(flips) % 2, -1, 1)])
    return np.asarray(rotations * signs[:, None])


def _neighbours(times: Times, new_times: Times) -> tuple[NDArray[np.intp], NDArray[np.intp], np.ndarray]:
    """Indices of the times before and after each new time, and how far it is from one to the other (0..1)."""
    after = np.clip(np.searchsorted(times, new_times), 1, max(len(times) - 1, 1))
    after = np.minimum(after, len(times) - 1)
    before = np.maximum(after - 1, 0)
    span = times[after] - times[before]
    part = np.where(span > 0, (new_times - times[before]) / np.where(span > 0, span, 1), 0)
    return before, after, np.clip(part, 0, 1)
