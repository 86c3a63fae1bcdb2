"""What a performer does at one moment, quickly: without smoothing, which needs the whole performance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..capture.take import Performer
from .adjust import GAP, Adjustments, adjust_frame


def weights_at(performer: Performer, adjustments: Adjustments, time: float) -> NDArray[np.float32] | None:
    """The weights (46,) of `performer` at `time` in seconds of the footage; None while they are away."""
    times = performer.times
    after = int(np.searchsorted(times, time))
    near = [place for place in (after - 1, after) if 0 <= place < len(times)]
    if len(near) == 2 and times[near[1]] - times[near[0]] <= GAP:
        first, last = near
        share = (time - times[first]) / (times[last] - times[first])
        weights = (1 - share) * performer.weights[first] + share * performer.weights[last]
        place = first
    else:
        place = min(near, key=lambda place: abs(times[place] - time))
        if abs(times[place] - time) > GAP / 2:
            return None
        weights = performer.weights[place]
    adjusted, _ = adjust_frame(weights, performer.rotation[place], adjustments)
    return adjusted
