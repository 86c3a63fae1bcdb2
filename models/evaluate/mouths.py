"""`mouths DIR`: whether brows and eyes are read alike when the mouth alone is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

from ..expressions import INDEX, MOUTH, without_side
from ..shared_data import WEIGHTS
from .lists import FaceList
from .seen import Kind, KnownFaces

SHOWN = 0.3
"""An expression shows from this weight on."""
ABOVE = tuple(name for name in EXPRESSIONS if INDEX[name] not in MOUTH)
"""The channels above the mouth."""


def mouths(folder: Path, kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """What is read above two mouths of one face, the faces of `mouths.csv`.

    The list names `file,x0,y0,x1,y1,pair` and the channels of ABOVE; two faces with the same number in `pair`
    differ in the mouth alone. `kept`: by expression (of both sides), how much of what is read in the first
    is read in the second, over those that show it; 1 is right. `moved`: the mean absolute difference of all
    channels of ABOVE; 0 is right. Pairs of which a face is not found count as missed, and in neither.

    Raises:
        ValueError: the columns are others.
    """
    faces = FaceList.read(folder / "mouths.csv")
    if faces.columns != ("pair", *ABOVE):
        raise ValueError(f"{folder}/mouths.csv: after the box have to come pair and {', '.join(ABOVE)}.")
    order = np.argsort(faces.values[:, 0], kind="stable").reshape(-1, 2)
    seen = KnownFaces(kind, weights).read_list(faces)
    found = [(seen[one], seen[other]) for one, other in order]
    hit = np.array([one is not None and other is not None for one, other in found])
    above = [INDEX[name] for name in ABOVE]
    read = np.array([(a.weights[above], b.weights[above]) for a, b in found if a and b])
    before, after = read.reshape(-1, 2, len(ABOVE)).transpose(1, 0, 2)
    shown = faces.values[order[hit, 0], 1:] >= SHOWN
    kept: dict[str, float | None] = {}
    for name in dict.fromkeys(map(without_side, ABOVE)):
        columns = [k for k, channel in enumerate(ABOVE) if without_side(channel) == name]
        first, second = (part[:, columns][shown[:, columns]].sum() for part in (before, after))
        kept[name] = float(second / first) if first > 0 else None
    return {
        "kept": kept,
        "moved": float(np.abs(after - before).mean()) if hit.any() else None,
        "missed": int((~hit).sum()),
        "n": len(hit),
    }
