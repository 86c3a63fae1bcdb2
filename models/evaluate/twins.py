"""`twins DIR`: whether what is alike in two pictures of one face is read alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

from ..expressions import without_side
from ..measures import mean
from ..shared_data import WEIGHTS
from .lists import FaceList
from .seen import Kind, KnownFaces

SHOWN = 0.3
"""An expression shows from this weight on."""
SAME = 1e-3
"""Weights that differ by less are alike."""


def twins(folder: Path, kind: Kind, weights: Path = WEIGHTS, pattern: str = "*") -> dict[str, Any]:
    """How differently expressions are read that are alike in both faces of a pair, those of `twins.csv`.

    The list names `file,x0,y0,x1,y1,pair` and the 46 expressions; two faces with the same number in `pair`
    are one face with another mouth, turned otherwise, or looking elsewhere. By expression (of both sides),
    over the pairs that show it: `kept`, how much of what is read in the first is read in the second (1 is
    right), and `moved`, by how much of it the readings differ (0 is right); over all pairs in which it is
    alike: `errors`, the readings' mean absolute difference. `error`: that of all expressions. Pairs of which
    a face is not found count as missed, and in nothing else.

    Raises:
        ValueError: the columns are others, or a number is not that of two faces.
    """
    faces = FaceList.read(folder / "twins.csv", pattern)
    if faces.columns != ("pair", *EXPRESSIONS):
        raise ValueError(f"{folder}/twins.csv: after the box have to come pair and the 46 expressions.")
    if (np.unique(faces.values[:, 0], return_counts=True)[1] != 2).any():
        raise ValueError(f"{folder}/twins.csv: of files like {pattern} some are not two of a pair.")
    order = np.argsort(faces.values[:, 0], kind="stable").reshape(-1, 2)
    seen = KnownFaces(kind, weights).read_list(faces)
    found = [(seen[one], seen[other]) for one, other in order]
    hit = np.array([one is not None and other is not None for one, other in found])
    read = np.array([(a.weights, b.weights) for a, b in found if a and b]).reshape(-1, 2, len(EXPRESSIONS))
    first, apart = read[:, 0], read[:, 1] - read[:, 0]
    one, other = faces.values[order[hit], 1:].transpose(1, 0, 2)
    alike = np.abs(one - other) < SAME
    shown = alike & (one >= SHOWN)
    kept: dict[str, float | None] = {}
    moved: dict[str, float | None] = {}
    errors: dict[str, float | None] = {}
    for name in dict.fromkeys(map(without_side, EXPRESSIONS)):
        its = np.array([without_side(channel) == name for channel in EXPRESSIONS])
        counted = shown & its
        total = float(first[counted].sum())
        kept[name] = 1 + float(apart[counted].sum()) / total if total else None
        moved[name] = float(np.abs(apart[counted]).sum()) / total if total else None
        errors[name] = mean(np.abs(apart[alike & its]))
    return {
        "kept": kept,
        "moved": moved,
        "errors": errors,
        "error": mean(np.abs(apart[alike])),
        "missed": int((~hit).sum()),
        "n": len(hit),
    }
