"""Where the vertices and landmarks of a head lie: with an expression, before a camera, in a picture."""

from __future__ import annotations

import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, LANDMARKS, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import JAW, rotation_matrices

from ..datasets import in_pixels
from ..expressions import INDEX, SIDES, turn
from .head import Head

FLIP = np.array([1, -1, 1], np.float32)
"""Between y up and y down."""
GAZE_WITH_LIDS = 0.4
"""Radians by which eyes look down at a full eyeLookDown."""
NECK_STAYS = 0.6
"""How much of the neck stays with the body as the head turns."""


def placed_landmarks(
    head: Head, parameters: np.ndarray, own: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Which points of the face shape the landmarks are (68,), and where they lie (68, 2), in sides, y down.

    parameters: (104,). own: which points depart from the model and how far, as in `ReadFace`.
    """
    points = head.shape.points(parameters[None, IDENTITY], parameters[None, EXPRESSION])[0]
    if own is not None:
        points = points + head.among[own[0]].T @ own[1]
    placed = in_sides(points, parameters)
    inner = LANDMARKS - JAW
    strips = (placed[inner:] * FLIP[:2]).reshape(JAW, -1, 2)
    furthest = np.einsum("jcx,jx->jc", strips, head.shape.outward).argmax(1)
    jaw = inner + np.arange(JAW) * strips.shape[1] + furthest
    chosen = np.concatenate([jaw, np.arange(inner)])
    return chosen, placed[chosen]


def in_sides(points: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Where points (n, 3) of a head with parameters (104,) lie, (n, 2) in sides, y down."""
    turned = points @ rotation_matrices(parameters[ROTATION])[:2].T
    return np.asarray((turned + parameters[TRANSLATION][:2]) * parameters[SCALE] * FLIP[:2])


def expressed(head: Head, still: np.ndarray, weights: np.ndarray, gaze: np.ndarray) -> np.ndarray:
    """Vertices float32 (V, 3) of a face `still` (V, 3) with expression weights (46,), its eyes turned: down
    with the lids, and where they look (2, 2), in radians to the performer's left and up.
    """
    points = still + head.moved(weights)
    for side, eye, (left, up) in zip(SIDES, head.eyes, gaze, strict=True):
        down = GAZE_WITH_LIDS * weights[INDEX["eyeLookDown" + side]] - up
        turned = turn(np.degrees(left), np.degrees(down), 0)
        middle = (points[eye].min(0) + points[eye].max(0)) / 2
        points[eye] = (points[eye] - middle) @ turned.T + middle
    return points


def in_camera(
    head: Head, points: np.ndarray, parameters: np.ndarray, body: np.ndarray, size: int
) -> np.ndarray:
    """Vertices (V, 3) of a head with parameters (104,) as the rasteriser takes them: float32 (V, 3), in
    pixels of a picture with so many a side, y down; z towards the camera, in sides.

    body: (4,), the rotation of what the neck stands on.
    """
    with_head, with_body = rotation_matrices(np.stack([parameters[ROTATION], body]))
    turned = with_head @ points.T
    turned += NECK_STAYS * head.neck * ((with_body - with_head) @ points.T)
    turned[:2] += parameters[TRANSLATION][:2, None]
    turned *= (parameters[SCALE] * FLIP)[:, None]
    turned[:2] = in_pixels(turned[:2], size)
    return np.ascontiguousarray(turned.T)
