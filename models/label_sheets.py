"""Pictures of labels to look at: the fitted mesh over the photograph, best to worst, and by channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS

from .crops import window
from .face_model import FaceMesh
from .shared_data import PHOTOS, centre_and_side, read_image
from .sheets import SPAN, TILE, face, head, save_tiles

if TYPE_CHECKING:
    from .label import Labels


def photograph(labels: Labels, row: int) -> np.ndarray:
    """The face of a row, uint8 (TILE, TILE, 3)."""
    return face(read_image(PHOTOS / str(labels.photo[row])), labels.box[row])


def _tile(labels: Labels, mesh: FaceMesh, row: int, text: str) -> np.ndarray:
    photo = photograph(labels, row)
    marked = photo.copy()
    centre, side = centre_and_side(labels.box[row])
    shown = window(centre, float(side), TILE, SPAN)
    for x, y in labels.landmarks[row] @ shown[:, :2].T + shown[:, 2]:
        cv2.circle(marked, (round(float(x)), round(float(y))), 1, (0, 255, 0), -1)
    cv2.putText(photo, text, (3, 12), 0, 0.4, (255, 255, 0), 1)
    return np.hstack([photo, head(mesh, labels.parameters[row], marked), head(mesh, labels.parameters[row])])


def save_sheets(labels: Labels, mesh: FaceMesh, folder: Path) -> None:
    """Save `fits.png` (best, median and worst usable fits) and, for every channel, its strongest faces."""
    usable = np.flatnonzero(labels.usable)
    order = usable[np.argsort(-labels.confidence[usable])]
    middle = len(order) // 2
    chosen = np.concatenate([order[:9], order[middle : middle + 18], order[-18:]])
    save_tiles(
        [_tile(labels, mesh, i, f"{labels.confidence[i]:.2f}") for i in chosen], 3, folder / "fits.png"
    )
    weights = labels.parameters[:, EXPRESSION]
    for k, name in enumerate(EXPRESSIONS):
        best = usable[np.argsort(-weights[usable, k])]
        _, first = np.unique(labels.photo[best[:60]], return_index=True)
        chosen = best[np.sort(first)][:12]
        tiles = [_tile(labels, mesh, i, f"{name} {weights[i, k]:.2f}") for i in chosen]
        save_tiles(tiles, 3, folder / f"{name}.png")
