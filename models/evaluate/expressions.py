"""`expressions DIR`: expression weights against known ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

from ..expression_measures import (
    category_errors,
    expression_errors,
    neutral_activation,
    off_category_error,
)
from ..shared_data import WEIGHTS
from .lists import FaceList
from .seen import Kind, KnownFaces


def expressions(folder: Path, kind: Kind, weights: Path = WEIGHTS, pattern: str = "*") -> dict[str, Any]:
    """Errors of the expression weights on the faces of `expressions.csv`; faces not found count as missed.

    The list names `file,x0,y0,x1,y1` and any of the 46 expressions. All errors are over the faces found.

    Raises:
        ValueError: a column is not an expression.
    """
    faces = FaceList.read(folder / "expressions.csv", pattern)
    unknown = set(faces.columns) - set(EXPRESSIONS)
    if unknown:
        raise ValueError(f"{folder}/expressions.csv: {', '.join(sorted(unknown))} is not an expression.")
    seen = KnownFaces(kind, weights).read_list(faces)
    hit = np.array([face is not None for face in seen])
    found = np.array([face.weights for face in seen if face is not None]).reshape(-1, len(EXPRESSIONS))
    truth = np.full((len(found), len(EXPRESSIONS)), np.nan)
    truth[:, [EXPRESSIONS.index(name) for name in faces.columns]] = faces.values[hit]
    by_category = category_errors(found, truth)
    known = [error for error in by_category.values() if error is not None]
    by_channel = expression_errors(found, truth) if len(found) else np.full(len(EXPRESSIONS), np.nan)
    return {
        "mean": float(np.mean(known)) if known else None,
        "categories": by_category,
        "neutral_activation": neutral_activation(found, truth),
        "off_category_error": off_category_error(found, truth),
        "error": float(np.nanmean(by_channel)) if np.isfinite(by_channel).any() else None,
        "channels": {
            name: float(error) if np.isfinite(error) else None
            for name, error in zip(EXPRESSIONS, by_channel, strict=True)
        },
        "missed": int((~hit).sum()),
        "n": len(hit),
    }
