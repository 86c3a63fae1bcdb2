"""Fewer keys: which of them straight lines may pass over and stay within a tolerance of the curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def reduced(
    frames: NDArray[np.float64],
    values: np.ndarray,
    tolerances: np.ndarray,
    groups: np.ndarray | None = None,
) -> NDArray[np.bool_]:
    """Which keys (n, k) to keep so that LINEAR curves through them stay within `tolerances` of all keys.

    frames: (n,), ascending. values: (n, k), a column for each curve. tolerances: (k,), in the unit of each
    column; columns with 0 keep all keys. groups: (k,) numbers; columns of one group keep the same keys.
    Without it each column stands alone. The first and the last key are always kept.

    Every line goes from a kept key as far as it can. The keys passed since form a cone of slopes that miss
    none of them, and a key is its possible end while it lies in the cone. All columns advance together,
    frame by frame, so the time taken does not depend on what the curves do.
    """
    if not (tolerances > 0).any():
        return np.ones(values.shape, bool)
    values = np.asarray(values, np.float64)
    kept = np.zeros(values.shape, bool)
    kept[[0, -1]] = True
    kept[:, tolerances <= 0] = True
    numbers = np.arange(values.shape[1]) if groups is None else np.unique(groups, return_inverse=True)[1]
    start, anchor = np.full(values.shape[1], float(frames[0])), values[0].copy()
    low, high = np.full(values.shape[1], -np.inf), np.full(values.shape[1], np.inf)
    for i in range(1, len(frames)):
        span = frames[i] - start
        rise = values[i] - anchor
        slope = rise / span
        outside = (slope < low) | (slope > high)
        if outside.any():
            # The frame before was a possible end of all lines: there the failed ones turn.
            fails = np.bincount(numbers, outside)[numbers] > 0
            kept[i - 1] |= fails
            start[fails], anchor[fails] = frames[i - 1], values[i - 1, fails]
            low[fails], high[fails] = -np.inf, np.inf
            span = frames[i] - start
            rise = values[i] - anchor
        margin = tolerances / span
        slope = rise / span
        np.maximum(low, slope - margin, out=low)
        np.minimum(high, slope + margin, out=high)
    return kept
