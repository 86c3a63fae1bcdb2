"""Faces of photographs, painted anew with other expressions, head turns, lights and surroundings.

A photograph's face is read once: where each vertex of the fitted mesh lies in it, which it shows, and how
it is lit. It is then painted on the mesh in its new shape. What the photograph hides is taken from the
other half of the face, then from the mean skin. The photograph's own shading is replaced by that of the new
shape: the light is estimated as spherical harmonics, and folds darken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, LANDMARKS, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import JAW, rotation_matrices

from ..datasets import SHARD_SPAN
from ..expressions import INDEX, SIDES, turn
from ..face_model import FaceMesh
from ..label import MARK_OFFSET
from .head import EYE, IRIS, PUPIL, SKIN, Head
from .light import estimate_light, random_light, shade
from .looks import Look, ReadFace
from .rasterize import compose, interpolate, normals, paint, rasterize
from .surface import closing, surface
from .surroundings import COARSE, bent, fill_in

FLIP = np.array([1, -1, 1], np.float32)
"""Between y up and y down."""
IRISES = np.array([(60, 40, 28), (85, 60, 40), (95, 115, 130), (90, 105, 80)], np.float32)
"""Brown, light brown, blue and green."""
WHITE = np.array([1.0, 0.96, 0.94], np.float32)
"""Of eyes whose white is not seen, over the brightness of the skin."""
TEETH_WHITE = np.array([228, 218, 200], np.float32)
FINE = 2
"""Pictures are painted this many times larger, and averaged."""


@dataclass(frozen=True)
class Editor:
    """Paints faces with other expressions, turns, identities and looks."""

    head: Head

    @classmethod
    def make(cls, mesh: FaceMesh) -> Editor:
        """Prepare the surfaces that are painted."""
        return cls(Head.make(mesh))

    def read(
        self, image: np.ndarray, parameters: np.ndarray, landmarks: np.ndarray, pixel: float = 0.0
    ) -> ReadFace:
        """Learn what a photograph shows of a face.

        image: uint8 (s, s, 3), SHARD_SPAN sides around the face. parameters: (104,). landmarks: (68, 2), in
        sides, y down. pixel: how large a pixel of the whole photograph is, in sides.
        """
        head, size = self.head, image.shape[0]
        offset = np.array([MARK_OFFSET * pixel, 0], np.float32)
        at, placed = self._landmarks(parameters, None)
        misfit = (landmarks - offset - placed) * (1, -1) / parameters[SCALE]
        turned = np.column_stack([misfit, np.zeros(len(misfit))]) @ rotation_matrices(parameters[ROTATION])
        doubt = np.where(np.arange(len(at)) < JAW, 0.4, 0.15)
        own = np.linalg.solve(head.among[np.ix_(at, at)] + np.diag(doubt), turned).astype(np.float32)
        still = head.still(parameters[IDENTITY]) + head.spread[at].T @ own
        points = self._expressed(still, parameters[EXPRESSION], np.zeros((2, 2)))
        camera = self._camera(points, parameters, parameters[ROTATION])
        pixels = self._pixels(camera, size)
        seen, place = rasterize(pixels, head.triangles, size, size)
        inside = normals(points, head.triangles)
        outward = rotation_matrices(parameters[ROTATION]) @ inside.T
        drawn = interpolate(seen, place, head.triangles, np.column_stack([camera[2], head.opacity]))
        column, row = np.rint(pixels[:, :2].T).clip(0, size - 1).astype(int)
        in_front = camera[2] > drawn[row, column, 0] - 0.02
        outline = cv2.erode((seen >= 0).astype(np.uint8), np.ones((7, 7)), borderValue=0)
        pictured = outline[row, column] > 0  # what lies beside the fitted outline may be behind the head
        trust = (in_front & pictured) * np.clip((outward[2] - 0.05) / 0.25, 0, 1)
        skin_only = slice(head.neighbours.shape[0])
        trust[skin_only] = np.minimum(trust[skin_only], head.neighbours @ trust)  # no hard borders
        photograph = image.astype(np.float32)
        colour = cv2.remap(
            photograph, pixels[:, 0], pixels[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        colour = np.ascontiguousarray(colour.reshape(-1, 3).T)
        bare = np.flatnonzero((head.kind == SKIN) & (trust > 0.5) & (head.hair < 0.1) & (head.neck == 0))
        light = estimate_light(outward[:, bare], colour[:, bare].mean(0))
        shading = shade(light, outward)
        plain = colour / shading
        skin = np.median(plain[:, bare], axis=1) if len(bare) else np.array([170, 140, 120], np.float32)
        scalp = plain[:, (head.hair > 0.9) & (trust > 0.3)]
        eyelids = []
        for lid in head.lids:
            around = (lid > 0.05) & (lid < 0.45) & (trust > 0.3) & (head.lashes < 0.05)
            eyelids.append(np.percentile(plain[:, around], 65, axis=1) if around.sum() > 20 else skin * 0.9)
        ball = (head.kind == EYE) & (trust > 0.3)
        iris = plain[:, ball & (head.iris > PUPIL) & (head.iris < IRIS)]
        white = plain[:, ball & (head.iris > 1.3 * IRIS)]
        covered = cv2.GaussianBlur(cv2.erode(drawn[..., 1], np.ones((3, 3))), (0, 0), 1)
        hidden = cv2.dilate((drawn[..., 1] > 0.5).astype(np.uint8), np.ones((5, 5)))
        without = fill_in(cv2.pyrDown(photograph), cv2.pyrDown(hidden.astype(np.float32)) < 0.1)
        without = cv2.resize(without, (size, size))
        return ReadFace(
            photograph, parameters, own, at, still, pixels[:, :2], trust, light, shading,
            head.mean_curvature(points, inside), skin,
            np.median(scalp, axis=1) if scalp.shape[1] > 20 else skin * 0.4,
            np.array(eyelids, np.float32),
            np.median(iris, axis=1) if iris.shape[1] > 10 else skin * 0.35,
            np.percentile(white, 70, axis=1) if white.shape[1] > 10 else skin.mean() * WHITE,
            without, cv2.blendLinear(photograph, without, 1 - covered, covered), offset,
        )  # fmt: skip

    def look(self, face: ReadFace, rng: np.random.Generator) -> Look:
        """A look for the face over its own surroundings: mostly its own light and eyes."""
        own_eyes = bool(max(closing(face.parameters[EXPRESSION])) < 0.4 and rng.random() < 0.75)
        bright = np.clip(face.skin.mean() / 170, 0.2, 1.1)
        iris = (
            face.iris
            if own_eyes or rng.random() < 0.3
            else bright * IRISES[rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))]
        )
        light = face.light
        if rng.random() < 0.3:
            light = light * 0.6 + random_light(rng) * 0.4 * light[0]
        deep = 0.0 if rng.random() < 0.15 else rng.uniform(0.15, 0.7)
        return Look(
            light.astype(np.float32),
            (deep * rng.uniform(0.3, 1.5, self.head.creases.makes.shape[1])).astype(np.float32),
            np.tile(np.zeros(2) if own_eyes else rng.normal(0, 0.18, 2), (2, 1)),
            own_eyes,
            (iris * rng.uniform(0.7, 1.1)).astype(np.float32),
            (face.white * rng.uniform(0.85, 1.15)).astype(np.float32),
            (bright * TEETH_WHITE * rng.uniform(0.75, 1.08) * rng.uniform(0.96, 1.04, 3)).astype(np.float32),
        )

    def another_look(self, face: ReadFace, surroundings: np.ndarray, rng: np.random.Generator) -> Look:
        """A look for a whole head before surroundings uint8 (s, s, 3): any light, hair, glasses, hat."""
        light = 0.5 * face.light + 0.5 * random_light(rng) if rng.random() < 0.4 else random_light(rng)
        light = light * rng.uniform(0.75, 1.15)
        colours = rng.uniform(20, 230, (2, 3)) * rng.uniform(0.3, 1, (2, 1))
        if face.grey:
            colours[:] = colours.mean(1, keepdims=True)
            surroundings = np.repeat(surroundings.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
        return replace(
            self.look(face, rng),
            light=light.astype(np.float32),
            surroundings=surroundings,
            hair=np.array([rng.choice([0.02, rng.uniform(0.02, 0.25)]), rng.random()], np.float32),
            glasses=colours[0] * 0.5 if rng.random() < 0.12 else None,
            hat=colours[1] if rng.random() < 0.08 else None,
        )

    def paint(
        self, face: ReadFace, parameters: np.ndarray, look: Look, *, own_shape: bool = True
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The face with new parameters (104,): a picture, its parameters and landmarks as `read` takes them.

        own_shape: whether it is of the photographed person, with the same identity weights and with what the
        face departs from the model by; else it is the model's own.
        """
        head, size = self.head, face.image.shape[0]
        own = face.own if own_shape else np.zeros_like(face.own)
        _, placed = self._landmarks(parameters, (face.at, own))
        low, high = placed.min(0), placed.max(0)
        centre, side = (low + high) / 2, float((high - low).max())
        new = parameters.copy()
        new[TRANSLATION][:2] -= centre * (1, -1) / parameters[SCALE]
        new[SCALE] /= side
        landmarks = (placed - centre) / side + face.offset / side
        still = face.still if own_shape else head.still(new[IDENTITY])
        points = self._expressed(still, new[EXPRESSION], look.gaze)
        inside = normals(points, head.triangles)
        if look.hair is not None:
            points += inside * (head.hair * self._tousled(look.hair))[:, None]
            inside = normals(points, head.triangles)
        camera = self._camera(points, new, face.parameters[ROTATION])
        pixels = self._pixels(camera, size * FINE)
        triangles = head.triangles if look.surroundings is not None else head.triangles[: head.front]
        seen, place = rasterize(pixels, triangles, size * FINE, size * FINE)
        appearance = surface(head, face, new, look, points, inside)
        painted = paint(seen, place, triangles, appearance, face.image)
        if look.glasses is not None:
            self._glasses(painted, points, new, size, look.glasses)
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

    def dense_points(self, face: ReadFace, parameters: np.ndarray, *, own_shape: bool = True) -> np.ndarray:
        """Where the dense points (K, 2) lie in what `paint` made of a face, in sides, y down.

        parameters: (104,), those that `paint` returned.
        """
        head = self.head
        factors = np.concatenate([parameters[IDENTITY], parameters[EXPRESSION]])
        points = (factors @ head.dense_basis).reshape(-1, 3)
        if own_shape:
            points += head.spread[np.ix_(face.at, head.dense)].T @ face.own
        turned = points @ rotation_matrices(parameters[ROTATION])[:2].T
        placed = (turned + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1)
        return (placed + face.offset * parameters[SCALE] / face.parameters[SCALE]).astype(np.float32)

    def _landmarks(
        self, parameters: np.ndarray, own: tuple[np.ndarray, np.ndarray] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which points the landmarks are (68,), and where they lie (68, 2), in sides, y down."""
        rotation = rotation_matrices(parameters[None, ROTATION])
        points = self.head.shape.points(parameters[None, IDENTITY], parameters[None, EXPRESSION])
        if own is not None:
            points = points + self.head.among[own[0]].T @ own[1]
        turned = points[0] @ rotation[0, :2].T
        inner = LANDMARKS - JAW
        strips = turned[inner:].reshape(JAW, -1, 2)
        furthest = np.einsum("jcx,jx->jc", strips, self.head.shape.outward).argmax(1)
        jaw = inner + np.arange(JAW) * strips.shape[1] + furthest
        chosen = np.concatenate([jaw, np.arange(inner)])
        turned = turned[chosen]
        return chosen, (turned + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1)

    def _expressed(self, still: np.ndarray, weights: np.ndarray, gaze: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) of a face `still` with expression weights (46,), its eyes turned: down with the
        lids, and where they look (2, 2).
        """
        points = still + self.head.moved(weights)
        for side, eye, (left, up) in zip(SIDES, self.head.eyes, gaze, strict=True):
            down = 0.4 * weights[INDEX["eyeLookDown" + side]] - up
            turned = turn(np.degrees(left), np.degrees(down), 0)
            middle = (points[eye].min(0) + points[eye].max(0)) / 2
            points[eye] = (points[eye] - middle) @ turned.T + middle
        return points

    def _camera(self, points: np.ndarray, parameters: np.ndarray, body: np.ndarray) -> np.ndarray:
        """Vertices float32 (3, V) in sides, y down, z towards the camera; the neck turns half with the head.

        body: (4,), the rotation of what it is held by.
        """
        with_head, with_body = rotation_matrices(np.stack([parameters[ROTATION], body]))
        turned = with_head @ points.T
        turned += 0.6 * self.head.neck * ((with_body - with_head) @ points.T)
        turned[:2] += parameters[TRANSLATION][:2, None]
        turned *= (parameters[SCALE] * FLIP)[:, None]
        return turned

    @staticmethod
    def _pixels(camera: np.ndarray, size: int) -> np.ndarray:
        """Vertices (3, V) in sides as the rasteriser takes them, float32 (V, 3)."""
        pixels = np.empty(camera.shape[::-1], np.float32)
        pixels[:, :2] = (camera[:2] * (size / SHARD_SPAN) + (size - 1) / 2).T
        pixels[:, 2] = camera[2]
        return pixels

    def _tousled(self, hair: np.ndarray) -> np.ndarray:
        """How far hair (2,) stands off at each vertex (V,)."""
        x, y, z = self.head.neutral.T
        waves = np.sin(9 * x + 5 * y + 40 * hair[1]) + np.sin(7 * z - 8 * y + 90 * hair[1])
        return np.asarray(hair[0] * (1 + 0.25 * waves))

    def _glasses(
        self, painted: np.ndarray, points: np.ndarray, parameters: np.ndarray, size: int, colour: np.ndarray
    ) -> None:
        """Draw frames of glasses over a painted picture, in place."""
        angles = np.linspace(0, 2 * np.pi, 40)
        rotation = rotation_matrices(parameters[ROTATION])
        bridge = points[self.head.eyes[0]].mean(0), points[self.head.eyes[1]].mean(0)
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
            turned = line @ rotation.T
            turned[:, :2] += parameters[TRANSLATION][:2]
            flat = self._pixels((turned * parameters[SCALE] * FLIP).T, size * FINE)[:, :2]
            cv2.polylines(
                painted,
                [np.rint(flat * 8).astype(np.int32)],
                False,
                (*colour.tolist(), 1.0),
                3,
                cv2.LINE_AA,
                3,
            )
