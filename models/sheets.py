"""What pictures to look at are made of: faces, the face model's heads, and sheets of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices
from facert_blender.capture.output import replacing

from .crops import cut_out
from .face_model import FaceMesh
from .painting.rasterize import rasterize
from .shared_data import centre_and_side

TILE = 160
"""Side of a picture of one face, in pixels."""
SPAN = 1.6
"""Its width, in sides of the face's box."""
LIGHT = np.array([0.35, 0.35, 0.87], np.float32)
SHOWN = ("M_Face", "M_ScleraLeft", "M_ScleraRight", "M_IrisLeft", "M_IrisRight", "M_Teeth", "M_GumsTongue")


def face(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The face in a box (4,) of a picture, uint8 (TILE, TILE, 3)."""
    centre, side = centre_and_side(box)
    return cut_out(image, centre, float(side), TILE, SPAN)


def head(mesh: FaceMesh, parameters: np.ndarray, behind: np.ndarray | None = None) -> np.ndarray:
    """The face model with parameters (104,) in its pose, shaded, uint8 (TILE, TILE, 3); half through over
    `behind`.
    """
    triangles = mesh.triangles[np.isin(mesh.material, [mesh.materials.index(name) for name in SHOWN])]
    factors = np.concatenate([parameters[IDENTITY], parameters[EXPRESSION]])
    points = (factors @ mesh.basis).reshape(-1, 3) @ rotation_matrices(parameters[None, ROTATION])[0].T
    points[:, :2] = (points[:, :2] + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1) * TILE / SPAN
    points[:, :2] += TILE / 2
    points[:, 2] *= parameters[SCALE] * TILE / SPAN
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


def save_picture(image: np.ndarray, path: Path) -> None:
    """Save a picture uint8 (h, w, 3) as a PNG.

    Raises:
        OutputError: the file cannot be written there.
    """
    _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    with replacing(path) as temporary:
        temporary.write_bytes(png.tobytes())


def save_tiles(tiles: list[np.ndarray], across: int, path: Path) -> None:
    """Save pictures of one size, uint8 (h, w, 3), as one PNG, so many in a row.

    Raises:
        OutputError: the file cannot be written there.
    """
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    rows = [np.hstack(tiles[i : i + across]) for i in range(0, len(tiles), across)]
    save_picture(np.vstack(rows), path)
