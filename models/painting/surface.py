"""What the surface of a painted head looks like at every vertex, by its photograph and by what is made up."""

from __future__ import annotations

import numpy as np

from facert_blender.capture.contract import EXPRESSION, ROTATION
from facert_blender.capture.face_shape import rotation_matrices

from ..expressions import closing
from .head import EYE, GUMS, IRIS, PUPIL, TEETH, Head
from .light import shade
from .looks import Look
from .reading import ReadFace


def surface(
    head: Head, face: ReadFace, parameters: np.ndarray, look: Look, points: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """What `rasterize.paint` needs to know of each vertex: float32 (V, 10).

    parameters: (104,) of the painted face. points, inside: float32 (V, 3), its vertices and their normals,
    both unturned.
    """
    colours = face.colours
    before, after = face.parameters[EXPRESSION], parameters[EXPRESSION]
    shading = shade(look.light, rotation_matrices(parameters[ROTATION]) @ inside.T)
    deeper = head.mean_curvature(points, inside) - face.curvature
    folds = np.clip(np.exp(-14 * deeper), 0.55, 1.2) * head.creases.shade(before, after, look.creases)
    dark = shading * folds
    own = np.clip(2 * face.trust, 0, 1)
    twin = (1 - own) * own[head.twin]
    if look.surroundings is None:
        angle = 2 * np.arccos(np.clip(abs(parameters[ROTATION] @ face.parameters[ROTATION]), 0, 1))
        own = own + (1 - own - twin) * np.clip(1.3 - angle / 0.35, 0, 1)
    unseen = np.clip(1 - own - twin, 0, 1)
    colour = np.outer(colours.skin, unseen * (1 - head.hair)) + np.outer(colours.hair, unseen * head.hair)
    colour *= dark
    for was, now, lid, eyelid in zip(
        closing(before), closing(after), head.lids, colours.eyelids, strict=True
    ):
        newly = np.clip(1.6 * (now - was), 0, 1) * lid
        line = 1 - (0.55 * now * (1 - was)) * head.lashes * (lid > 0.05)
        kept = (1 - newly) * line
        own, twin, colour = own * kept, twin * kept, colour * kept + np.outer(eyelid, newly * line * dark)
    if look.hat is not None:
        cap = head.hair * np.clip((head.neutral[:, 1] - 1.2) / 0.1, 0, 1)
        own, twin = own * (1 - cap), twin * (1 - cap)
        colour = colour * (1 - cap) + np.outer(look.hat / look.light[0], cap * shading)
    other = head.within
    if look.own_eyes:
        other = other[(head.kind[other] != EYE) | (face.trust[other] < 0.3)]
    made = _made(head, look, other, colours.brightness) * shading[other]
    own[other], twin[other] = 0, 0
    colour[:, other] = made.mean(0) if colours.grey else made
    relit = np.clip(shading / face.shading, 0.45, 1.7) * folds
    relit_twin = np.clip(shading / face.shading[head.twin], 0.45, 1.7) * folds
    result = np.empty((len(points), 10), np.float32)
    result[:, 0:2], result[:, 2:4] = face.where, face.where[head.twin]
    result[:, 4], result[:, 5] = own * relit, twin * relit_twin
    result[:, 6:9] = colour.T
    result[:, 9] = head.opacity if look.surroundings is None else 1
    return result


def _made(head: Head, look: Look, at: np.ndarray, bright: float) -> np.ndarray:
    """Colours (3, n) of what photographs seldom show, of vertices `at` (n,), in unit light.

    bright: how bright the photograph is.
    """
    deep, radius, kind = np.exp(-2.6 * head.depth[at]), head.iris[at], head.kind[at]
    rim = np.clip((radius - 0.8 * IRIS) / (0.2 * IRIS), 0, 1)
    iris = np.where(radius < PUPIL, np.float32(0.3), 1 - 0.35 * rim)
    eye = np.where(radius < IRIS, np.outer(look.iris, iris), look.white[:, None])
    gums = np.outer(bright * np.array([150, 75, 75], np.float32), deep**1.5)
    socket = bright * np.array([[45], [18], [18]], np.float32)
    teeth = np.outer(look.teeth, deep)
    return np.select([kind == EYE, kind == GUMS, kind == TEETH], [eye, gums, teeth], socket)
