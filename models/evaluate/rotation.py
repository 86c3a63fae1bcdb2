"""`rotation DIR`: head rotations against known ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.face_shape import rotation_matrices

from ..measures import mean
from ..shared_data import WEIGHTS
from .lists import FaceList
from .seen import Kind, KnownFaces

BANDS = (0, 15, 30, 45, 60, 75, 90)
"""Edges of the yaw bands in degrees."""


def yaw(rotations: np.ndarray) -> np.ndarray:
    """Degrees (n,) by which heads with unit quaternions (n, 4) look to a side of the camera."""
    forward = rotation_matrices(rotations)[:, :, 2]
    return np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))


def angles(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Degrees (n,) between rotations, unit quaternions (n, 4); q and -q are the same."""
    apart = [np.linalg.norm(found - sign * truth, axis=1) for sign in (1, -1)]
    return np.degrees(4 * np.arcsin(np.minimum(*apart) / 2))


def rotation(folder: Path, kind: Kind, weights: Path = WEIGHTS, pattern: str = "*") -> dict[str, Any]:
    """Mean angle in degrees between the rotation found and that of `rotation.csv`, by |yaw| of the truth.

    The list names `file,x0,y0,x1,y1,w,x,y,z`. Faces not found count as missed, and in no mean.

    Raises:
        ValueError: the columns are others.
    """
    faces = FaceList.read(folder / "rotation.csv", pattern)
    if faces.columns != ("w", "x", "y", "z"):
        raise ValueError(f"{folder}/rotation.csv: the columns after the box have to be w,x,y,z.")
    seen = KnownFaces(kind, weights).read_list(faces)
    hit = np.array([face is not None for face in seen])
    found = np.array([face.rotation for face in seen if face is not None]).reshape(-1, 4)
    truth = faces.values[hit]
    truth = truth / np.linalg.norm(truth, axis=1, keepdims=True)
    error, aside = angles(found, truth), np.abs(yaw(truth))

    def between(low: float, high: float) -> float | None:
        return mean(error[(aside >= low) & (aside < high)])

    return {
        "mean": between(0, 181),
        "to_45": between(0, 45),
        "45_to_75": between(45, 75),
        "bands": {f"{low}-{high}": between(low, high) for low, high in pairwise(BANDS)},
        "missed": int((~hit).sum()),
        "n": len(hit),
    }
