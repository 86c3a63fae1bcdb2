"""`landmarks DIR` and `detection DIR`: photographs whose faces are marked with 68 points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.footage import Frame
from facert_blender.capture.network import Face, MultiFaceNetwork
from facert_blender.capture.reader import readers

from ..measures import (
    AP_THRESHOLDS,
    AUC_LIMIT,
    area_under_curve,
    average_precision,
    landmark_errors,
    recall,
)
from ..shared_data import WEIGHTS, landmark_box, read_image
from .lists import boxes, pictures
from .seen import QUALITY, Kind, KnownFaces

LOWEST_CONFIDENCE = 0.05
"""Detections from this confidence on enter the precision-recall curve."""
USED_CONFIDENCE = 0.5
"""Detections from this confidence on are what the add-on works with, and what recall counts."""


def landmarks(folder: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """NME in percent of marked faces; `single` is given each face's box, `multi` has to find it.

    The NME is over the faces that were found, None where none was; those missed count as failures.
    """
    errors, by_diagonal = [], []
    reader = KnownFaces(kind, weights)
    missed = np.full((68, 2), np.inf)
    for picture in pictures(folder):
        seen = reader.read(read_image(picture.file), landmark_box(picture.landmarks))
        found = np.stack([missed if face is None else face.landmarks for face in seen])
        error, diagonal = landmark_errors(found, picture.landmarks)
        errors.append(error)
        by_diagonal.append(diagonal)
    error, diagonal = np.concatenate(errors), np.concatenate(by_diagonal)
    hit = np.isfinite(error)
    return {
        "nme": float(error[hit].mean() * 100) if hit.any() else None,
        "nme_median": float(np.median(error[hit]) * 100) if hit.any() else None,
        "auc": area_under_curve(np.where(hit, diagonal, np.inf)),
        "failures": int((~(diagonal <= AUC_LIMIT)).sum()),
        "n": len(error),
    }


def detection(folder: Path, kind: Kind = "multi", weights: Path = WEIGHTS) -> dict[str, Any]:
    """AP over 0.5 to 0.95, AP50, AP75 and recall on the faces of `boxes.csv` or `landmarks.csv`.

    multi: of the MFN. single: of *best*, which also searches parts of the picture, and shows only what it is
    sure of. Where not all faces are marked, AP is a lower bound.
    """
    if kind == "multi":
        read = MultiFaceNetwork(weights / "multi.onnx", threshold=LOWEST_CONFIDENCE).read
    else:
        fresh_reader = readers(QUALITY[kind], weights=weights)

        def read(image: np.ndarray) -> list[Face]:
            return fresh_reader().read(Frame(0, 0.0, image))

    listed = boxes(folder)
    found, confidence = [], []
    for picture in listed:
        faces = read(read_image(picture.file))
        found.append(np.array([face.box for face in faces]).reshape(-1, 4))
        confidence.append(np.array([face.confidence for face in faces]))
    truth, ignored = [p.truth for p in listed], [p.ignored for p in listed]
    precision = [average_precision(found, confidence, truth, ignored, t) for t in AP_THRESHOLDS]
    used = [seen[c >= USED_CONFIDENCE] for seen, c in zip(found, confidence, strict=True)]
    return {
        "ap": float(np.mean(precision)),
        "ap50": precision[0],
        "ap75": precision[5],
        "recall50": recall(used, truth, 0.5),
        "n": sum(len(t) for t in truth),
    }
