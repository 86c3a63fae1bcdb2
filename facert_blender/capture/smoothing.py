"""Less jitter without less acting: zero-phase smoothing of values over time.

A local line through the neighbouring frames, weighted by a Gaussian in time, gives the calm curve. What a
frame departs from it is taken back where it is small against the channel's own noise, and kept where it is
large: so jitter goes while a blink of three frames keeps its height. Past and future weigh the same, so
nothing is late.
"""

from __future__ import annotations

import numpy as np

GAP = 0.25
"""Seconds without a value beyond which the two sides know nothing of each other."""
WIDTH = 0.08
"""Standard deviation in seconds of the Gaussian at strength 1."""
NOISE_FACTOR = 2.5
"""Departures of this many standard deviations of the noise are kept by half, larger ones nearly whole."""


def smooth(times: np.ndarray, values: np.ndarray, *, strength: float = 1.0) -> np.ndarray:
    """Smoothed values (n, k), float32, at the same times.

    times: (n,) seconds, increasing, any spacing; never smoothed across gaps longer than GAP.
    values: (n, k). strength: 0 leaves the values alone, 1 is usual, more is calmer.
    """
    values = np.asarray(values, np.float64)
    result = values.copy()
    if strength > 0:
        edges = np.flatnonzero(np.diff(times) > GAP) + 1
        noise = _noise(times, values, edges)
        for part in np.split(np.arange(len(times)), edges):
            if len(part) > 2:
                result[part] = _smooth_run(times[part], values[part], noise, strength)
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


def _smooth_run(times: np.ndarray, values: np.ndarray, noise: np.ndarray, strength: float) -> np.ndarray:
    """Smoothed values of one run without gaps: times (n,), values (n, k), noise (k,)."""
    calm = _local_line(times, values, WIDTH * strength)
    departure = values - calm
    allowed = NOISE_FACTOR * strength * noise
    kept = departure**4 / np.maximum(departure**4 + allowed**4, 1e-30)
    smoothed = calm + kept * departure
    return np.clip(smoothed, values.min(axis=0), values.max(axis=0))


def _local_line(times: np.ndarray, values: np.ndarray, width: float) -> np.ndarray:
    """At each time, the line fitted to the neighbours, weighted by a Gaussian of `width` seconds."""
    reach = 2.5 * width
    first = np.searchsorted(times, times - reach)
    last = np.searchsorted(times, times + reach, side="right") - 1
    here = np.arange(len(times))
    most = int(max((here - first).max(), (last - here).max()))
    moments = np.zeros((3, len(times)))  # sums of weight, weight * dt, weight * dt^2
    sums = np.zeros((2, *values.shape))  # sums of weight * value, weight * dt * value
    for offset in range(-most, most + 1):
        other = np.clip(here + offset, 0, len(times) - 1)
        apart = times[other] - times
        weight = np.where(
            (here + offset == other) & (np.abs(apart) <= reach), np.exp(-0.5 * (apart / width) ** 2), 0
        )
        moments += weight * np.stack([np.ones_like(apart), apart, apart**2])
        sums[0] += weight[:, None] * values[other]
        sums[1] += (weight * apart)[:, None] * values[other]
    spread = moments[0] * moments[2] - moments[1] ** 2
    alone = spread <= 1e-12
    line = (moments[2][:, None] * sums[0] - moments[1][:, None] * sums[1]) / np.where(alone, 1, spread)[
        :, None
    ]
    return np.where(alone[:, None], values, line)


def _noise(times: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Standard deviation (k,) of each channel's jitter, from how far frames lie off the line of their
    neighbours.

    The median ignores the few frames in which something happens.
    """
    inner = np.setdiff1d(np.arange(1, len(times) - 1), np.concatenate([edges, edges - 1]))
    if not len(inner):
        return np.zeros(values.shape[1])
    share = ((times[inner] - times[inner - 1]) / (times[inner + 1] - times[inner - 1]))[:, None]
    off = values[inner] - (1 - share) * values[inner - 1] - share * values[inner + 1]
    spread = np.sqrt(1 + (1 - share) ** 2 + share**2)
    return np.median(np.abs(off) / spread, axis=0) / 0.6745
