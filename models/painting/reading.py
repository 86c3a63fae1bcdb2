"""What a photograph shows of a face: where each vertex of the fitted mesh lies in it, which of them it shows,
how it is lit, and its colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE
from facert_blender.capture.face_shape import JAW, rotation_matrices

from ..label import MARK_OFFSET
from .head import EYE, IRIS, PUPIL, SKIN, Head
from .light import estimate_light, shade
from .posing import FLIP, expressed, in_camera, placed_landmarks
from .rasterize import interpolate, normals, rasterize
from .surroundings import fill_in

WHITE = np.array([1.0, 0.96, 0.94], np.float32)
"""Of eyes whose white is not seen, over the brightness of the skin."""
SKIN_TONE = np.array([170, 140, 120], np.float32)
"""Of a face none of whose skin is seen."""
BRIGHTNESS = 170.0
"""The mean over colours of a usual skin, in unit light."""
JAW_DOUBT, DOUBT = 0.4, 0.15
"""How little marks of the jaw and the others are believed where they depart from the model."""


@dataclass(frozen=True)
class Colours:
    """Colours of a face, float32 (3,): of its skin, its hair, its irises and their white; eyelids: float32
    (2, 3), the left and the right.
    """

    skin: np.ndarray
    hair: np.ndarray
    eyelids: np.ndarray
    iris: np.ndarray
    white: np.ndarray

    @property
    def grey(self) -> bool:
        """Whether the photograph has no colours."""
        return bool(np.ptp(self.skin) < 4)

    @property
    def brightness(self) -> float:
        """How bright the skin is, over a usual one."""
        return float(self.skin.mean()) / BRIGHTNESS


@dataclass(frozen=True)
class ReadFace:
    """A face as its photograph shows it.

    image: float32 (s, s, 3). parameters: float32 (104,). own: float32 (68, 3), how the face's landmarks
    depart from the model, as weights of the head's `spread`; at: int (68,), the points they belong to.
    offset: float32 (2,), what the marks are off by. still: float32 (V, 3), its vertices without expression,
    in the head's frame. where: float32 (V, 2), each vertex in pixels of the photograph. trust: float32 (V,),
    how well it is seen. light: float32 (9,) and shading: float32 (V,), of the photograph. curvature: float32
    (V,). colours: in unit light. without: float32 (s, s, 3), the photograph without the face, smooth;
    surroundings: float32 (s, s, 3), the same, sharp beside the face.
    """

    image: np.ndarray
    parameters: np.ndarray
    own: np.ndarray
    at: np.ndarray
    offset: np.ndarray
    still: np.ndarray
    where: np.ndarray
    trust: np.ndarray
    light: np.ndarray
    shading: np.ndarray
    curvature: np.ndarray
    colours: Colours
    without: np.ndarray
    surroundings: np.ndarray


def read_face(
    head: Head, image: np.ndarray, parameters: np.ndarray, landmarks: np.ndarray, pixel: float = 0.0
) -> ReadFace:
    """Learn what a photograph shows of a face.

    image: uint8 (s, s, 3), SHARD_SPAN sides around the face. parameters: (104,). landmarks: (68, 2), in
    sides, y down. pixel: how large a pixel of the whole photograph is, in sides.
    """
    size, photograph = image.shape[0], image.astype(np.float32)
    rotation = rotation_matrices(parameters[ROTATION])
    offset = np.array([MARK_OFFSET * pixel, 0], np.float32)
    own, at = _departures(head, parameters, landmarks - offset)
    still = head.still(parameters[IDENTITY]) + head.spread[at].T @ own
    points = expressed(head, still, parameters[EXPRESSION], np.zeros((2, 2)))
    pixels = in_camera(head, points, parameters, parameters[ROTATION], size)
    seen, place = rasterize(pixels, head.triangles, size, size)
    inside = normals(points, head.triangles)
    outward = rotation @ inside.T
    values = np.column_stack([pixels[:, 2], head.opacity])
    depth, opacity = np.moveaxis(interpolate(seen, place, head.triangles, values), 2, 0)
    trust = _trust(head, pixels, outward, seen, depth)
    colour = cv2.remap(
        photograph, pixels[:, 0], pixels[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    colour = np.ascontiguousarray(colour.reshape(-1, 3).T)
    bare = np.flatnonzero((head.kind == SKIN) & (trust > 0.5) & (head.hair < 0.1) & (head.neck == 0))
    light = estimate_light(outward[:, bare], colour[:, bare].mean(0))
    shading = shade(light, outward)
    covered = cv2.GaussianBlur(cv2.erode(opacity, np.ones((3, 3))), (0, 0), 1)
    hidden = cv2.dilate((opacity > 0.5).astype(np.uint8), np.ones((5, 5)))
    without = fill_in(cv2.pyrDown(photograph), cv2.pyrDown(hidden.astype(np.float32)) < 0.1)
    without = cv2.resize(without, (size, size))
    return ReadFace(
        photograph,
        parameters,
        own,
        at,
        offset,
        still,
        pixels[:, :2],
        trust,
        light,
        shading,
        head.mean_curvature(points, inside),
        _colours(head, colour / shading, trust, bare),
        without,
        cv2.blendLinear(photograph, without, 1 - covered, covered),
    )


def _departures(head: Head, parameters: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How landmarks (68, 2) depart from the model's, and which points they are: `own` and `at` of a face."""
    at, placed = placed_landmarks(head, parameters, None)
    misfit = (landmarks - placed) * FLIP[:2] / parameters[SCALE]
    unturned = np.column_stack([misfit, np.zeros(len(misfit))]) @ rotation_matrices(parameters[ROTATION])
    doubt = np.where(np.arange(len(at)) < JAW, JAW_DOUBT, DOUBT)
    own = np.linalg.solve(head.among[np.ix_(at, at)] + np.diag(doubt), unturned)
    return own.astype(np.float32), at


def _trust(
    head: Head, pixels: np.ndarray, outward: np.ndarray, seen: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """How well each vertex (V,) is seen: in front, facing the camera, and within the outline, beside which
    may be what is behind the head.

    pixels: (V, 3) and outward: (3, V), the vertices and their normals. seen, depth: (s, s), which triangle
    is seen, and how deep.
    """
    column, row = np.rint(pixels[:, :2].T).clip(0, len(seen) - 1).astype(int)
    in_front = pixels[:, 2] > depth[row, column] - 0.02
    outline = cv2.erode((seen >= 0).astype(np.uint8), np.ones((7, 7)), borderValue=0)
    trust = (in_front & (outline[row, column] > 0)) * np.clip((outward[2] - 0.05) / 0.25, 0, 1)
    skin = slice(head.neighbours.shape[0])
    trust[skin] = np.minimum(trust[skin], head.neighbours @ trust)  # no hard borders
    return np.asarray(trust)


def _colours(head: Head, plain: np.ndarray, trust: np.ndarray, bare: np.ndarray) -> Colours:
    """The colours among those (3, V) of all vertices in unit light; bare: vertices (n,) of bare skin."""
    skin = np.median(plain[:, bare], axis=1) if len(bare) else SKIN_TONE
    scalp = plain[:, (head.hair > 0.9) & (trust > 0.3)]
    eyelids = []
    for lid in head.lids:
        around = (lid > 0.05) & (lid < 0.45) & (trust > 0.3) & (head.lashes < 0.05)
        eyelids.append(np.percentile(plain[:, around], 65, axis=1) if around.sum() > 20 else skin * 0.9)
    ball = (head.kind == EYE) & (trust > 0.3)
    iris = plain[:, ball & (head.iris > PUPIL) & (head.iris < IRIS)]
    white = plain[:, ball & (head.iris > 1.3 * IRIS)]
    return Colours(
        skin,
        np.median(scalp, axis=1) if scalp.shape[1] > 20 else skin * 0.4,
        np.array(eyelids, np.float32),
        np.median(iris, axis=1) if iris.shape[1] > 10 else skin * 0.35,
        np.percentile(white, 70, axis=1) if white.shape[1] > 10 else skin.mean() * WHITE,
    )
