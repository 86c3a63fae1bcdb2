"""`identity CLIP`, `agreement CLIP`: who is who in a clip, and whether the teacher sees the same motion."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.footage import open_footage
from facert_blender.capture.take import Performer
from facert_blender.capture.worker import capture

from ..measures import correlation, identity
from ..shared_data import WEIGHTS
from .seen import QUALITY, Kind

TEACHER_NAMES = ["browInnerUp" if name.startswith("browInnerUp") else name for name in EXPRESSIONS]
"""What the teacher calls each of the expressions: both browInnerUp are its one."""
CHANNELS: tuple[str, ...] = tuple(dict.fromkeys(TEACHER_NAMES))
"""The expressions that can be compared with the teacher."""


def track_identity(clip: Path, truth_file: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """Identity switches, IDF1 and coverage of a clip against boxes per person and frame."""
    truth = [
        {name: np.array(box) for name, box in frame.items()}
        for frame in json.loads(truth_file.read_text(encoding="utf-8"))["frames"]
    ]
    take = capture(str(clip), quality=QUALITY[kind], weights=weights)
    found = boxes_by_frame(take.performers)
    return dict(identity(truth, [found.get(frame, {}) for frame in range(len(truth))]))


def boxes_by_frame(performers: Iterable[Performer]) -> dict[int, dict[int, np.ndarray]]:
    """Of each frame in which anybody is seen, the performers' boxes (4,) by their numbers."""
    found: dict[int, dict[int, np.ndarray]] = {}
    for performer in performers:
        for frame, box in zip(performer.frames, performer.boxes, strict=True):
            found.setdefault(int(frame), {})[performer.id] = box
    return found


def main_performer(clip: Path, kind: Kind, weights: Path = WEIGHTS) -> Performer:
    """The performer of a clip who is seen the longest.

    Raises:
        FaceRTError: the clip cannot be read, or shows no face.
    """
    take = capture(str(clip), quality=QUALITY[kind], weights=weights)
    return max(take.performers, key=lambda performer: len(performer.frames))


def comparable(weights: np.ndarray) -> np.ndarray:
    """Weights (n, 46) as channels (n, 45) in the order of CHANNELS: the larger browInnerUp for both."""
    return np.stack(
        [
            weights[:, [i for i, name in enumerate(EXPRESSIONS) if name.startswith("browInnerUp")]].max(1)
            if channel == "browInnerUp"
            else weights[:, EXPRESSIONS.index(channel)]
            for channel in CHANNELS
        ],
        axis=1,
    )


def spread(scores: np.ndarray) -> np.ndarray:
    """Scores (n, 45) in the order of CHANNELS as weights (n, 46): the one browInnerUp on both sides."""
    return scores[:, [CHANNELS.index(name) for name in TEACHER_NAMES]]


@dataclass(frozen=True)
class Taught:
    """The teacher's scores (n, 45), in the order of CHANNELS, of n frames of a performer, by row."""

    rows: np.ndarray
    scores: np.ndarray


def teach(clip: Path, performer: Performer) -> Taught:
    """What the teacher says of a performer, frame by frame; frames in which it sees nothing are left out."""
    from ..teacher import SCORE_NAMES, Teacher

    order = [SCORE_NAMES.index(channel) for channel in CHANNELS]
    row_of = {int(frame): row for row, frame in enumerate(performer.frames)}
    rows, scores = [], []
    with Teacher() as teacher, open_footage(str(clip)) as footage:
        for frame in footage:
            if frame.index not in row_of:
                continue
            row = row_of[frame.index]
            seen = teacher.read(frame.image, performer.boxes[row])
            if seen is not None:
                rows.append(row)
                scores.append(seen.scores[order])
    return Taught(np.array(rows, int), np.array(scores, np.float32).reshape(-1, len(CHANNELS)))


def agreement(clip: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """Correlation of the weights with the teacher's scores, by channel, over the clip's main performer.

    `browInnerUp` compares the larger of both sides with the teacher's one channel. None: one of both never
    moves.
    """
    performer = main_performer(clip, kind, weights)
    return correlations(performer, teach(clip, performer))


def correlations(performer: Performer, taught: Taught) -> dict[str, Any]:
    """What `agreement` gives, of a performer and what the teacher says of them."""
    ours = comparable(performer.weights[taught.rows])
    return {
        "correlation": {
            channel: correlation(ours[:, i], taught.scores[:, i]) for i, channel in enumerate(CHANNELS)
        },
        "frames": len(ours),
    }
