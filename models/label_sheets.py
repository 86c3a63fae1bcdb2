"""Pictures of labels to look at: the fitted mesh over the photograph, best to worst, and by channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices

from .face_model import FaceMesh
from .rasterize import rasterize
from .shared_data import PHOTOS, centre_and_side, read_image

if TYPE_CHECKING:
    from .label import Labels

TILE = 160
"""Side of a picture of one face, in pixels."""
LIGHT = np.array([0.35, 0.35, 0.87], np.float32)
SHOWN = ("M_Face", "M_ScleraLeft", "M_ScleraRight", "M_IrisLeft", "M_IrisRight", "M_Teeth", "M_GumsTongue")


def photograph(labels: Labels, row: int, span: float = 1.6) -> np.ndarray:
    """The face of a row, uint8 (TILE, TILE, 3), `span` sides wide."""
    image = read_image(PHOTOS / str(labels.photo[row]))
    centre, side = centre_and_side(labels.box[row])
    scale = TILE / (span * float(side))
    window = np.array([[scale, 0, 0], [0, scale, 0]])
    window[:, 2] = TILE / 2 - scale * centre
    smooth = cv2.GaussianBlur(image, (0, 0), 0.4 / scale) if scale < 0.6 else image
    return cv2.warpAffine(smooth, window, (TILE, TILE), borderMode=cv2.BORDER_REPLICATE)


def head(
    mesh: FaceMesh, parameters: np.ndarray, behind: np.ndarray | None = None, span: float = 1.6
) -> np.ndarray:
    """The fitted mesh (104,) in its pose, shaded, uint8 (TILE, TILE, 3), half through over `behind`."""
    triangles = mesh.triangles[np.isin(mesh.material, [mesh.materials.index(name) for name in SHOWN])]
    factors = np.concatenate([parameters[IDENTITY], parameters[EXPRESSION]])
    points = (factors @ mesh.basis).reshape(-1, 3) @ rotation_matrices(parameters[None, ROTATION])[0].T
    points[:, :2] = (points[:, :2] + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1) * TILE / span
    points[:, :2] += TILE / 2
    points[:, 2] *= parameters[SCALE] * TILE / span
    seen, _ = rasterize(points.astype(np.float32), triangles.astype(np.int32), TILE, TILE)
    corners = points[triangles]
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 1] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    shade = (60 + 170 * np.clip(normals @ (LIGHT * (1, -1, 1)), 0, 1))[seen]
    picture = np.full((TILE, TILE, 3), 40.0) if behind is None else behind.astype(np.float32)
    drawn = (seen >= 0)[..., None]
    cover = 1.0 if behind is None else 0.5
    picture = np.where(drawn, (1 - cover) * picture + cover * shade[..., None], picture)
    return picture.astype(np.uint8)


def _tile(labels: Labels, mesh: FaceMesh, row: int, text: str) -> np.ndarray:
    photo = photograph(labels, row)
    marked = photo.copy()
    centre, side = centre_and_side(labels.box[row])
    scale = TILE / (1.6 * side)
    for x, y in (labels.landmarks[row] - centre) * scale + TILE / 2:
        cv2.circle(marked, (round(float(x)), round(float(y))), 1, (0, 255, 0), -1)
    cv2.putText(photo, text, (3, 12), 0, 0.4, (255, 255, 0), 1)
    return np.hstack([photo, head(mesh, labels.parameters[row], marked), head(mesh, labels.parameters[row])])


def save_tiles(tiles: list[np.ndarray], across: int, path: Path) -> None:
    """Save pictures of one size, uint8 (h, w, 3), as one PNG, so many in a row."""
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    picture = np.vstack([np.hstack(tiles[i : i + across]) for i in range(0, len(tiles), across)])
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def save_sheets(labels: Labels, mesh: FaceMesh, folder: Path) -> None:
    """Save `fits.png` (best, median and worst usable fits) and, for every channel, its strongest faces."""
    usable = np.flatnonzero(labels.confidence > 0.1)
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
