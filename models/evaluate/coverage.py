"""`coverage CLIP`: whether performers are seen where another detector, YuNet, sees a face, frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.errors import NoFaceError
from facert_blender.capture.footage import open_footage
from facert_blender.capture.network import overlaps
from facert_blender.capture.worker import capture

from ..measures import mean
from ..readers.folder import face_box
from ..shared_data import WEIGHTS
from ..teacher import Detector
from .clips import boxes_by_frame
from .seen import LEAST_OVERLAP, QUALITY, Kind

LEAST_WIDTH = 0.02
"""Of a face that counts, as a share of the picture's width."""
LEVELS = (0.6, 0.7, 0.8, 0.9)
"""The detector's confidences from which faces are counted; it takes hair, too, for a face at the lowest."""
ACROSS = 12
"""Faces in a row of the sheet."""


def coverage(clip: Path, kind: Kind, weights: Path = WEIGHTS, sheet: Path | None = None) -> dict[str, Any]:
    """The share of the faces found by YuNet, no smaller than LEAST_WIDTH, that a performer of the clip
    covers: from each confidence of its on.

    sheet: where to save a picture of all that nobody covers, to see which of them are faces; it needs what
    training needs.
    """
    if sheet is not None:
        from .. import sheets  # needs what training needs
    try:
        performers = boxes_by_frame(capture(str(clip), quality=QUALITY[kind], weights=weights).performers)
    except NoFaceError:
        performers = {}
    confidence, covered, missed = [], [], []
    detector = Detector(threshold=LEVELS[0])
    with open_footage(str(clip)) as footage:
        for frame in footage:
            found = detector.read(frame.image)
            found = found[found[:, 2] - found[:, 0] >= LEAST_WIDTH * frame.image.shape[1]]
            boxes = np.array([*performers.get(frame.index, {}).values()])
            confidence.append(found[:, 4])
            covered.append((overlaps(face_box(found[:, :4]), boxes) > LEAST_OVERLAP).any(1))
            if sheet is not None:
                missed += [sheets.face(frame.image, box) for box in found[~covered[-1], :4]]
    if sheet is not None and missed:
        sheets.save_tiles(missed, ACROSS, sheet)
    sure, hit = np.concatenate(confidence), np.concatenate(covered)
    return {
        f"from {level}": {
            "covered": mean(hit[sure >= level]),
            "n": int((sure >= level).sum()),
        }
        for level in LEVELS
    }
