"""`jitter CLIP`: how much weights tremble, beside the teacher's scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.smoothing import smooth
from facert_blender.capture.take import Performer

from ..measures import STILL, mean, second_differences
from ..shared_data import WEIGHTS
from .clips import CHANNELS, Taught, comparable, main_performer, teach
from .seen import Kind


def jitter(clip: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """Mean absolute second difference of the clip's main performer, by channel that is active in both.

    `raw`, `smoothed` (as the add-on smooths by default) and `teacher` (its scores, raw) are over the same
    frames: those with both neighbours, in all three. A channel is active if it moves, raw and in the teacher.
    """
    performer = main_performer(clip, kind, weights)
    return trembling(performer, teach(clip, performer))


def trembling(performer: Performer, taught: Taught) -> dict[str, Any]:
    """What `jitter` gives, of a performer and what the teacher says of them."""
    frames = performer.frames[taught.rows]
    raw = comparable(performer.weights)[taught.rows]
    smoothed = comparable(smooth(performer.times, performer.weights))[taught.rows]
    curves = {"raw": raw, "smoothed": smoothed, "teacher": taught.scores}
    active = np.flatnonzero((raw.std(0) >= STILL) & (taught.scores.std(0) >= STILL))
    tremble = {name: second_differences(frames, curve[:, active]) for name, curve in curves.items()}
    return {
        **{name: mean(values) for name, values in tremble.items()},
        "channels": {
            CHANNELS[channel]: {name: float(values[i]) for name, values in tremble.items()}
            for i, channel in enumerate(active)
        },
        "frames": len(frames),
    }
