"""Paints faces that were read from photographs with other expressions, turns, identities and looks.

What the photograph hides is taken from the other half of the face, then from the mean skin. The photograph's
own shading is replaced by that of the new shape, and folds darken.
"""

from __future__ import annotations

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices

from ..datasets import SHARD_SPAN, in_pixels
from .head import Head
from .looks import Look
from .posing import expressed, in_camera, in_sides, placed_landmarks
from .rasterize import FINE, compose, normals, paint, rasterize
from .reading import ReadFace
from .surface import surface
from .surroundings import COARSE, bent


def paint_face(
    head: Head, face: ReadFace, parameters: np.ndarray, look: Look, *, own_shape: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The face with new parameters (104,): a picture, its parameters and landmarks as `read_face` takes them.

    own_shape: whether it is of the photographed person, with the same identity weights and with what the face
    departs from the model by; else it is the model's own.
    """
    size = face.image.shape[0]
    _, placed = placed_landmarks(head, parameters, (face.at, face.own) if own_shape else None)
    low, high = placed.min(0), placed.max(0)
    centre, side = (low + high) / 2, float((high - low).max())
    new = parameters.copy()
    new[TRANSLATION][:2] -= centre * (1, -1) / parameters[SCALE]
    new[SCALE] /= side
    landmarks = (placed - centre) / side + face.offset / side
    still = face.still if own_shape else head.still(new[IDENTITY])
    points = expressed(head, still, new[EXPRESSION], look.gaze)
    inside = normals(points, head.triangles)
    if look.hair is not None:
        points += inside * (head.hair * _tousled(head, look.hair))[:, None]
        inside = normals(points, head.triangles)
    pixels = in_camera(head, points, new, face.parameters[ROTATION], size * FINE)
    triangles = head.triangles if look.surroundings is not None else head.triangles[: head.front]
    seen, place = rasterize(pixels, triangles, size * FINE, size * FINE)
    painted = paint(seen, place, triangles, surface(head, face, new, look, points, inside), face.image)
    if look.glasses is not None:
        _put_on_glasses(painted, head, points, new, look.glasses)
    if look.surroundings is not None:
        behind = look.surroundings.astype(np.float32)
    else:
        coarse = np.s_[:: COARSE * FINE, :: COARSE * FINE]
        known = seen[coarse] >= 0
        source = np.einsum("nc,ncx->nx", place[coarse][known], face.where[triangles[seen[coarse][known]]])
        middle = (size - 1) / 2
        axes = (np.arange(size) - middle) * side + centre[:, None] * (size / SHARD_SPAN) + middle
        behind = bent(face.surroundings, axes.astype(np.float32), source, known)
    return compose(painted, behind), new, landmarks.astype(np.float32)


def dense_points(head: Head, face: ReadFace, parameters: np.ndarray, *, own_shape: bool = True) -> np.ndarray:
    """Where the dense points (K, 2) lie in what `paint_face` made of a face, in sides, y down.

    parameters: (104,), those that `paint_face` returned.
    """
    factors = np.concatenate([parameters[IDENTITY], parameters[EXPRESSION]])
    points = (factors @ head.dense_basis).reshape(-1, 3)
    if own_shape:
        points += head.spread[np.ix_(face.at, head.dense)].T @ face.own
    offset = face.offset * parameters[SCALE] / face.parameters[SCALE]
    return (in_sides(points, parameters) + offset).astype(np.float32)


def _tousled(head: Head, hair: np.ndarray) -> np.ndarray:
    """How far hair (2,) stands off at each vertex (V,)."""
    x, y, z = head.neutral.T
    waves = np.sin(9 * x + 5 * y + 40 * hair[1]) + np.sin(7 * z - 8 * y + 90 * hair[1])
    return np.asarray(hair[0] * (1 + 0.25 * waves))


def _put_on_glasses(
    painted: np.ndarray, head: Head, points: np.ndarray, parameters: np.ndarray, colour: np.ndarray
) -> None:
    """Draw frames of glasses over a painted picture float32 (s, s, 4), in place.

    points: (V, 3), the head's vertices, unturned.
    """
    angles = np.linspace(0, 2 * np.pi, 40)
    rotation = rotation_matrices(parameters[ROTATION])
    bridge = points[head.eyes[0]].mean(0), points[head.eyes[1]].mean(0)
    lines = []
    for middle, sign in zip(bridge, (1, -1), strict=True):
        ring = np.stack([0.23 * np.cos(angles), 0.17 * np.sin(angles) - 0.02, 0 * angles], 1)
        ring[:, 2] = 0.66 - 0.25 * np.abs(middle[0] + ring[:, 0])
        lines.append(ring + np.array([middle[0], middle[1], 0]))
        arm = np.array([[sign * 0.66, 0.62, 0.45], [sign * 1.1, 0.6, -0.35]])
        if sign * rotation[2, 0] > -0.1:
            lines.append(arm)
    lines.append(np.array([[-0.17, 0.58, 0.66], [0, 0.6, 0.7], [0.17, 0.58, 0.66]]))
    for line in lines:
        flat = in_pixels(in_sides(line, parameters), len(painted))
        cv2.polylines(
            painted,
            [np.rint(flat * 8).astype(np.int32)],
            False,
            (*colour.tolist(), 1.0),
            3,
            cv2.LINE_AA,
            3,
        )
