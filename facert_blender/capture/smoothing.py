"""Less jitter without less acting: zero-phase smoothing of values over time.

Each frame takes the value of a line through its neighbours: near in time and, measured against the channel's
own jitter, near in value. So a face at rest comes to rest, while the three frames of a blink resemble nothing
around them and stay as they are. Past and future weigh the same: nothing comes late.

Live there is no future. The One-Euro filter follows slow values calmly and fast ones at once.
"""

from __future__ import annotations

import numpy as np

GAP = 0.25
"""Seconds without a value beyond which the two sides know nothing of each other."""
WIDTH = 0.06
"""Standard deviation in seconds of the Gaussian at strength 1."""
NOISE_LIMIT = 0.02
"""Standard deviation that jitter does not exceed: channels that are never calmer are moving."""
LIKENESS = 2.5
"""Values this many standard deviations of the jitter apart count 0.6 as much as equal ones."""
CUTOFF = 1.2
"""Hertz that the One-Euro filter lets through of a value at rest, at strength 1."""
HASTE = 6.0
"""Hertz more for each unit per second that a value moves: a blink reaches 8 units per second."""
SPEED_CUTOFF = 1.0
"""Hertz that are let through of the speed by which that is judged."""


def smooth(times: np.ndarray, values: np.ndarray, *, strength: float = 1.0) -> np.ndarray:
    """Smoothed values (n, k), float32, at the same times.

    times: (n,) seconds, increasing, any spacing; never smoothed across gaps longer than GAP.
    values: (n, k). strength: 0 leaves the values alone, 1 is usual, more is calmer.
    """
    values = np.asarray(values, np.float64)
    result = values.copy()
    if strength > 0:
        edges = np.flatnonzero(np.diff(times) > GAP) + 1
        noise = _noise(values, edges)
        for part in np.split(np.arange(len(times)), edges):
            if len(part) > 2:
                result[part] = _smooth_run(times[part], values[part], noise, WIDTH * strength)
    return result.astype(np.float32)


def smooth_rotations(times: np.ndarray, quaternions: np.ndarray, *, strength: float = 1.0) -> np.ndarray:
    """Smoothed unit quaternions (n, 4), float32, each in the hemisphere of the one before.

    times: (n,) seconds, increasing. quaternions: (n, 4) in w, x, y, z order; q and -q are the same rotation.
    """
    quaternions = np.asarray(quaternions, np.float64)
    flips = np.where((quaternions[1:] * quaternions[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    signs = np.concatenate([[1.0], np.cumprod(flips)])[: len(quaternions)]
    smoothed = smooth(times, quaternions * signs[:, None], strength=strength)
    return smoothed / np.linalg.norm(smoothed, axis=1, keepdims=True)


class OneEuro:
    """The One-Euro filter (Casiez et al. 2012) for values that come one after the other."""

    def __init__(self, strength: float | np.ndarray = 1.0) -> None:
        """strength: 0 leaves the values alone, 1 is usual, more is calmer; one for all, or (k,)."""
        self.strength = strength
        self._time = -np.inf
        self._values = self._speed = np.zeros(0)

    def __call__(self, time: float, values: np.ndarray) -> np.ndarray:
        """The filtered values (k,), float32, at a later `time` in seconds; after a GAP it begins anew."""
        values = np.asarray(values, np.float64)
        step, self._time = time - self._time, time
        if not 0 < step <= GAP:
            self._values, self._speed = values, np.zeros_like(values)
        else:
            speed = (values - self._values) / step
            self._speed = self._speed + (speed - self._speed) / (1 + 1 / (2 * np.pi * SPEED_CUTOFF * step))
            cutoff = CUTOFF + HASTE * np.abs(self._speed)
            self._values = self._values + (values - self._values) / (
                1 + self.strength / (2 * np.pi * cutoff * step)
            )
        return self._values.astype(np.float32)


class OneEuroRotation:
    """The same for rotations: unit quaternions (4,) w, x, y, z; q and -q are the same rotation."""

    def __init__(self, strength: float = 1.0) -> None:
        """strength: as for OneEuro."""
        self.filter = OneEuro(strength)
        self._last = np.array([1.0, 0.0, 0.0, 0.0])

    def __call__(self, time: float, quaternion: np.ndarray) -> np.ndarray:
        """The filtered unit quaternion (4,), float32, in the hemisphere of the one before."""
        filtered = self.filter(time, -quaternion if quaternion @ self._last < 0 else quaternion)
        self._last = filtered / np.linalg.norm(filtered)
        return self._last


def _smooth_run(times: np.ndarray, values: np.ndarray, noise: np.ndarray, width: float) -> np.ndarray:
    """Smoothed values of one run without gaps: times (n,), values (n, k), noise (k,), width in seconds."""
    reach = 2.5 * width
    here = np.arange(len(times))
    before = here - np.searchsorted(times, times - reach)
    after = np.searchsorted(times, times + reach, side="right") - 1 - here
    alike = np.maximum(LIKENESS * noise, 1e-9)
    # Weighted sums over the neighbours, for the line that fits them best: 1, dt, dt^2, value, dt * value.
    one, time, square, value, product = np.zeros((5, *values.shape))
    for offset in range(-int(before.max()), int(after.max()) + 1):
        other = np.clip(here + offset, 0, len(times) - 1)
        apart = (times[other] - times)[:, None]
        weight = np.exp(-0.5 * (apart / width) ** 2 - 0.5 * ((values[other] - values) / alike) ** 2)
        weight[(offset < -before) | (offset > after)] = 0
        one += weight
        time += weight * apart
        square += weight * apart**2
        value += weight * values[other]
        product += weight * apart * values[other]
    spread = one * square - time**2
    alone = spread < 1e-3 * width**2 * one**2
    line = np.where(alone, value / one, (square * value - time * product) / np.where(alone, 1, spread))
    return np.clip(line, values.min(axis=0), values.max(axis=0))


def _noise(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Standard deviation (k,) of each channel's jitter; runs of values (n, k) begin at `edges`.

    Fourth differences hardly see anything as slow as a face, even in speech; their median ignores the few
    frames in which something sudden happens.
    """
    starts = np.arange(max(len(values) - 4, 0))
    within = starts[~((edges[:, None] > starts) & (edges[:, None] <= starts + 4)).any(axis=0)]
    if not len(within):
        return np.zeros(values.shape[1])
    differences = np.array([1, -4, 6, -4, 1]) / np.sqrt(70)
    windows = values[within[:, None] + np.arange(5)]
    jitter = np.abs(np.einsum("nwk,w->nk", windows, differences))
    return np.minimum(np.median(jitter, axis=0) / 0.6745, NOISE_LIMIT)
