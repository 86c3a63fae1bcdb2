"""`blinks CLIP TRUTH.csv`: whether eyes are seen to close when they close."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

from ..measures import f1
from ..shared_data import WEIGHTS
from .clips import main_performer
from .seen import Kind

CLOSED = 0.5
"""Eyes whose blink weight is at least this are closed."""
SIDES = ("left", "right")


def read_truth(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frames (n,) and whether the performer's left and right eye are closed in them, bool (n, 2).

    Raises:
        FileNotFoundError: there is no such list.
        ValueError: its columns are not frame,closed_left,closed_right, or it is empty.
    """
    with open(path, newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        if tuple(rows.fieldnames or ()) != ("frame", "closed_left", "closed_right"):
            raise ValueError(f"{path}: the columns have to be frame,closed_left,closed_right.")
        values = np.array([[float(value) for value in row.values()] for row in rows])
    if not len(values):
        raise ValueError(f"{path} lists no frame.")
    return values[:, 0].astype(int), values[:, 1:] >= 0.5


def blinks(clip: Path, truth_file: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """F1, precision and recall of closed eyes over the frames of the truth, both eyes together and each.

    In frames where the clip's main performer is not seen, their eyes count as open.
    """
    frames, closed = read_truth(truth_file)
    performer = main_performer(clip, kind, weights)
    found = np.zeros(closed.shape, bool)
    row_of = {int(frame): row for row, frame in enumerate(performer.frames)}
    lids = [EXPRESSIONS.index("eyeBlinkLeft"), EXPRESSIONS.index("eyeBlinkRight")]
    seen = np.array([frame in row_of for frame in frames])
    rows = [row_of[frame] for frame in frames[seen]]
    found[seen] = performer.weights[rows][:, lids] >= CLOSED
    score, precision, recall = f1(found, closed)
    return {
        "f1": score,
        "precision": precision,
        "recall": recall,
        **{f"f1_{side}": f1(found[:, i], closed[:, i])[0] for i, side in enumerate(SIDES)},
        "not_seen": int((~seen).sum()),
        "n": len(frames),
    }
