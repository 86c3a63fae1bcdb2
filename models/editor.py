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

from .datasets import SHARD_SPAN
from .expressions import CLOSING, INDEX, SIDES
from .face_model import FaceMesh
from .head import BACK, EYE, GUMS, IRIS, PUPIL, SKIN, TEETH, Head
from .label import MARK_OFFSET
from .rasterize import interpolate, normals, paint, rasterize

FLIP = np.array([1, -1, 1], np.float32)
"""Between y up and y down."""
IRISES = np.array([(60, 40, 28), (85, 60, 40), (95, 115, 130), (90, 105, 80)], np.float32)
"""Brown, light brown, blue and green."""
WHITE = np.array([1.0, 0.96, 0.94], np.float32)
"""Of eyes whose white is not seen, over the brightness of the skin."""
COARSE = 4
"""The bending of the surroundings is worked out at every so many pixels."""
FINE = 2
"""Pictures are painted this many times larger, and averaged."""


@dataclass(frozen=True)
class ReadFace:
    """A face as its photograph shows it.

    image: float32 (s, s, 3). parameters: float32 (104,). own: float32 (68, 3), how the face's landmarks
    depart from the model, as weights of the head's `spread`; at: int (68,), the points they belong to.
    where: float32 (V, 2), each vertex in pixels of the photograph. trust: float32 (V,), how well it is
    seen. light: float32 (9,) and shading: float32 (V,), of the photograph. curvature: float32 (V,). skin:
    float32 (3,), hair: float32 (3,), eyelids: float32 (2, 3), iris: float32 (3,), white: float32 (3,):
    colours in unit light. without: float32 (s, s, 3), the photograph without the face; covered: float32 (s,
    s), 1 where the face was. offset: float32 (2,), what the marks are off by.
    """

    image: np.ndarray
    parameters: np.ndarray
    own: np.ndarray
    at: np.ndarray
    where: np.ndarray
    trust: np.ndarray
    light: np.ndarray
    shading: np.ndarray
    curvature: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    eyelids: np.ndarray
    iris: np.ndarray
    white: np.ndarray
    without: np.ndarray
    covered: np.ndarray
    offset: np.ndarray

    @property
    def grey(self) -> bool:
        """Whether the photograph has no colours."""
        return bool(np.ptp(self.skin) < 4)


@dataclass(frozen=True)
class Look:
    """What a painted picture shows apart from its labels.

    light: float32 (9,), spherical harmonics. creases: float32 (K,), how deep each is. gaze: float32 (2, 2),
    of the left and the right eye, radians to the performer's left and up. own_eyes: whether the photograph's
    eyes are used where they are seen. iris, white, teeth: float32 (3,), colours in unit light. surroundings:
    uint8 (s, s, 3), or None for the photograph's own, bent around the face. hair: float32 (2,), how far it
    stands off in units, and how unruly it is. glasses: their colour (3,) or None. hat: its colour (3,) or
    None.
    """

    light: np.ndarray
    creases: np.ndarray
    gaze: np.ndarray
    own_eyes: bool
    iris: np.ndarray
    white: np.ndarray
    teeth: np.ndarray
    surroundings: np.ndarray | None = None
    hair: np.ndarray | None = None
    glasses: np.ndarray | None = None
    hat: np.ndarray | None = None


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
        """Learn what a photograph shows of a face; arguments as those of `edit`."""
        head, size = self.head, image.shape[0]
        offset = np.array([MARK_OFFSET * pixel, 0], np.float32)
        at, placed = self._landmarks(parameters, None)
        misfit = (landmarks - offset - placed) * (1, -1) / parameters[SCALE]
        turned = (
            np.column_stack([misfit, np.zeros(len(misfit))])
            @ rotation_matrices(parameters[None, ROTATION])[0]
        )
        doubt = np.where(np.arange(len(at)) < JAW, 0.4, 0.15)
        own = np.linalg.solve(head.among[np.ix_(at, at)] + np.diag(doubt), turned).astype(np.float32)
        points = (
            self._gazing(head.points(parameters[None])[0], parameters, np.zeros((2, 2)))
            + head.spread[at].T @ own
        )
        camera = self._camera(points, parameters, parameters[ROTATION])
        pixels = self._pixels(camera, size)
        seen, place = rasterize(pixels, head.triangles, size, size)
        inside = normals(points, head.triangles)
        outward = inside @ rotation_matrices(parameters[None, ROTATION])[0].T
        drawn = interpolate(
            seen, place, head.triangles, np.column_stack([camera[:, 2], self._opacity()]).astype(np.float32)
        )
        column, row = np.rint(pixels[:, :2]).clip(0, size - 1).astype(int).T
        in_front = camera[:, 2] > drawn[row, column, 0] - 0.02
        outline = cv2.erode((seen >= 0).astype(np.uint8), np.ones((7, 7)), borderValue=0)
        pictured = outline[row, column] > 0  # what lies beside the fitted outline may be behind the head
        trust = (in_front & pictured) * np.clip((outward[:, 2] - 0.05) / 0.25, 0, 1)
        skin_only = slice(head.neighbours.shape[0])
        trust[skin_only] = np.minimum(trust[skin_only], head.neighbours @ trust)  # no hard borders
        photograph = image.astype(np.float32)
        colour = cv2.remap(
            photograph, pixels[:, 0], pixels[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        colour = colour.reshape(-1, 3)
        bare = np.flatnonzero((head.kind == SKIN) & (trust > 0.5) & (head.hair < 0.1) & (head.neck == 0))
        light = estimate_light(outward[bare], colour[bare].mean(1))
        shading = shade(light, outward)
        plain = colour / shading[:, None]
        skin = np.median(plain[bare], axis=0) if len(bare) else np.array([170, 140, 120], np.float32)
        scalp = plain[(head.hair > 0.9) & (trust > 0.3)]
        eyelids = []
        for lid in head.lids:
            around = (lid > 0.05) & (lid < 0.45) & (trust > 0.3) & (head.lashes < 0.05)
            eyelids.append(np.percentile(plain[around], 65, axis=0) if around.sum() > 20 else skin * 0.9)
        ball = (head.kind == EYE) & (trust > 0.3)
        iris, white = (
            ball & near for near in ((head.iris > PUPIL) & (head.iris < IRIS), head.iris > 1.3 * IRIS)
        )
        covered = cv2.erode(drawn[..., 1], np.ones((3, 3)))
        hidden = cv2.dilate((drawn[..., 1] > 0.5).astype(np.uint8), np.ones((5, 5)))
        without = fill_in(cv2.pyrDown(photograph), cv2.pyrDown(hidden.astype(np.float32)) < 0.1)
        return ReadFace(
            photograph, parameters, own, at, pixels[:, :2], trust.astype(np.float32), light, shading,
            head.mean_curvature(points, inside), skin,
            np.median(scalp, axis=0) if len(scalp) > 20 else skin * 0.4,
            np.array(eyelids, np.float32),
            np.median(plain[iris], axis=0) if iris.sum() > 10 else skin * 0.35,
            np.percentile(plain[white], 70, axis=0) if white.sum() > 10 else skin.mean() * WHITE,
            cv2.resize(without, (size, size)), cv2.GaussianBlur(covered, (0, 0), 1), offset,
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
            iris * rng.uniform(0.7, 1.1),
            face.white * rng.uniform(0.85, 1.15),
            bright * np.array([228, 218, 200]) * rng.uniform(0.75, 1.08) * rng.uniform(0.96, 1.04, 3),
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
        """The face with new parameters (104,): picture, parameters and landmarks as those of `edit`.

        own_shape: whether the new face keeps what the photograph's departs from the model by, as it should
        unless it gets another identity.
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
        points = self._gazing(head.points(new[None])[0], new, look.gaze) + head.spread[face.at].T @ own
        inside = normals(points, head.triangles)
        if look.hair is not None:
            points = points + inside * (head.hair * self._tousled(look))[:, None]
            inside = normals(points, head.triangles)
        camera = self._camera(points, new, face.parameters[ROTATION])
        pixels = self._pixels(camera, size * FINE)
        whole = look.surroundings is not None
        triangles = head.triangles if whole else head.triangles[: head.front]
        seen, place = rasterize(pixels, triangles, size * FINE, size * FINE)
        surface = self._surface(face, new, look, points, inside)
        painted = paint(seen, place, triangles, surface, face.image)
        if look.glasses is not None:
            self._glasses(painted, points, new, size, look.glasses)
        painted = cv2.resize(painted, (size, size), interpolation=cv2.INTER_AREA)
        if look.surroundings is None:
            behind = self._behind(face, seen, place, triangles, centre, side)
        else:
            behind = look.surroundings.astype(np.float32)
        picture = painted[..., :3] + behind * (1 - painted[..., 3:])
        return np.rint(picture.clip(0, 255)).astype(np.uint8), new, landmarks.astype(np.float32)

    def dense_points(self, face: ReadFace, parameters: np.ndarray, *, own_shape: bool = True) -> np.ndarray:
        """Where the dense points (K, 2) lie in what `paint` made of a face, in sides, y down.

        parameters: (104,), those that `paint` returned.
        """
        at = self.head.dense
        points = self.head.points(parameters[None])[0, at]
        if own_shape:
            points = points + self.head.spread[face.at][:, at].T @ face.own
        turned = points @ rotation_matrices(parameters[None, ROTATION])[0, :2].T
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

    def _gazing(self, points: np.ndarray, parameters: np.ndarray, gaze: np.ndarray) -> np.ndarray:
        """Turn the eyes of vertices (V, 3): down with the lids, and where they look."""
        for side, eye, (left, up) in zip(SIDES, self.head.eyes, gaze, strict=True):
            down = 0.4 * parameters[EXPRESSION][INDEX["eyeLookDown" + side]] - up
            x, y = (
                np.array([np.cos(down / 2), np.sin(down / 2), 0, 0]),
                np.array([np.cos(left / 2), 0, np.sin(left / 2), 0]),
            )
            rotation = rotation_matrices(y[None])[0] @ rotation_matrices(x[None])[0]
            middle = (points[eye].min(0) + points[eye].max(0)) / 2
            points[eye] = (points[eye] - middle) @ rotation.T + middle
        return points

    def _camera(self, points: np.ndarray, parameters: np.ndarray, body: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) in sides, y down, z towards the camera; the neck turns half with the head."""
        turned = points @ rotation_matrices(parameters[None, ROTATION])[0].T
        held = self.head.neck > 0
        share = 0.6 * self.head.neck[held, None]
        turned[held] = turned[held] * (1 - share) + points[held] @ rotation_matrices(body[None])[0].T * share
        turned[:, :2] += parameters[TRANSLATION][:2]
        return (turned * parameters[SCALE] * FLIP).astype(np.float32)

    @staticmethod
    def _pixels(camera: np.ndarray, size: int) -> np.ndarray:
        pixels = camera.copy()
        pixels[:, :2] = camera[:, :2] * (size / SHARD_SPAN) + (size - 1) / 2
        return pixels

    def _tousled(self, look: Look) -> np.ndarray:
        assert look.hair is not None
        x, y, z = self.head.neutral.T
        waves = np.sin(9 * x + 5 * y + 40 * look.hair[1]) + np.sin(7 * z - 8 * y + 90 * look.hair[1])
        return look.hair[0] * (1 + 0.25 * waves)

    def _surface(
        self,
        face: ReadFace,
        parameters: np.ndarray,
        look: Look,
        points: np.ndarray,
        inside: np.ndarray,
    ) -> np.ndarray:
        """What `rasterize.paint` needs to know of each vertex: float32 (V, 10)."""
        head = self.head
        before, after = face.parameters[EXPRESSION], parameters[EXPRESSION]
        shading = shade(look.light, inside @ rotation_matrices(parameters[None, ROTATION])[0].T)
        folds = np.clip(np.exp(-14 * (head.mean_curvature(points, inside) - face.curvature)), 0.55, 1.2)
        folds = folds * head.creases.shade(before, after, look.creases)
        relit = np.clip(shading / face.shading, 0.45, 1.7) * folds
        relit_twin = np.clip(shading / face.shading[head.twin], 0.45, 1.7) * folds
        own = np.clip(face.trust / 0.5, 0, 1)
        twin = (1 - own) * np.clip(face.trust[head.twin] / 0.5, 0, 1)
        if look.surroundings is None:
            angle = 2 * np.arccos(np.clip(abs(parameters[ROTATION] @ face.parameters[ROTATION]), 0, 1))
            own = own + (1 - own - twin) * np.clip(1.3 - angle / 0.35, 0, 1)
        base = np.clip(1 - own - twin, 0, 1)[:, None] * face.skin
        scalp = head.hair[:, None] * np.clip(1 - own - twin, 0, 1)[:, None]
        base = base * (1 - head.hair[:, None]) + scalp * face.hair
        colour = base * (shading * folds)[:, None]
        for side, lid in zip(range(2), head.lids, strict=True):
            newly = np.clip(1.6 * (closing(after)[side] - closing(before)[side]), 0, 1) * lid
            own, twin = own * (1 - newly), twin * (1 - newly)
            colour = (
                colour * (1 - newly[:, None])
                + newly[:, None] * face.eyelids[side] * (shading * folds)[:, None]
            )
            line = 1 - 0.55 * head.lashes * (lid > 0.05) * closing(after)[side] * (1 - closing(before)[side])
            own, twin, colour = own * line, twin * line, colour * line[:, None]
        if look.hat is not None:
            cap = (head.hair * np.clip((head.neutral[:, 1] - 1.2) / 0.1, 0, 1))[:, None]
            own, twin = own * (1 - cap[:, 0]), twin * (1 - cap[:, 0])
            colour = colour * (1 - cap) + cap * look.hat * (shading / look.light[0])[:, None]
        other = np.flatnonzero(~np.isin(head.kind, (SKIN, BACK)))
        if look.own_eyes:
            other = other[(head.kind[other] != EYE) | (face.trust[other] < 0.3)]
        made = self._made(look, other, float(face.skin.mean()) / 170) * shading[other, None]
        own[other], twin[other] = 0, 0
        colour[other] = made.mean(1, keepdims=True) if face.grey else made
        opacity = self._opacity() if look.surroundings is None else np.ones(len(own))
        return np.column_stack(
            [face.where, face.where[head.twin], own * relit, twin * relit_twin, colour, opacity]
        ).astype(np.float32)

    def _opacity(self) -> np.ndarray:
        """How far each vertex (V,) covers the photograph's own surroundings: not where the face ends."""
        skin = np.isin(self.head.kind, (SKIN, BACK))
        return np.where(
            skin, self.head.edge * np.clip(1 - 3 * self.head.neck, 0, 1) * (self.head.kind == SKIN), 1
        )

    def _made(self, look: Look, at: np.ndarray, bright: float) -> np.ndarray:
        """Colours (n, 3) of what photographs seldom show, of vertices `at` (n,), in unit light.

        bright: how bright the photograph is.
        """
        deep = np.exp(-2.6 * self.head.depth[at])[:, None]
        radius = self.head.iris[at][:, None]
        rim = np.clip((radius - 0.8 * IRIS) / (0.2 * IRIS), 0, 1)
        eye = np.where(radius < PUPIL, 0.3 * look.iris, look.iris * (1 - 0.35 * rim))
        eye = np.where(radius < IRIS, eye, look.white)
        kind = self.head.kind[at][:, None]
        gums, socket = bright * np.array([150, 75, 75]) * deep**1.5, bright * np.array([45, 18, 18])
        return np.select([kind == EYE, kind == GUMS, kind == TEETH], [eye, gums, look.teeth * deep], socket)

    def _behind(
        self,
        face: ReadFace,
        seen: np.ndarray,
        place: np.ndarray,
        triangles: np.ndarray,
        centre: np.ndarray,
        side: float,
    ) -> np.ndarray:
        """The photograph's own surroundings, bent with the face near it, without the face."""
        size = face.image.shape[0]
        coarse = np.s_[:: COARSE * FINE, :: COARSE * FINE]
        known = seen[coarse] >= 0
        source = np.einsum("nc,ncx->nx", place[coarse][known], face.where[triangles[seen[coarse][known]]])
        grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
        middle = (size - 1) / 2
        start = ((grid - middle) * side + centre * (size / SHARD_SPAN) + middle).astype(np.float32)
        offset = np.zeros((*known.shape, 2), np.float32)
        offset[known] = source - start[::COARSE, ::COARSE][known]
        where = start + cv2.resize(continued(offset, known), (size, size), interpolation=cv2.INTER_LINEAR)
        photograph = cv2.remap(
            face.image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        without = cv2.remap(
            face.without, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        covered = cv2.remap(face.covered, where[..., 0], where[..., 1], cv2.INTER_LINEAR)[..., None]
        return np.asarray(photograph * (1 - covered) + without * covered)

    def _glasses(
        self, painted: np.ndarray, points: np.ndarray, parameters: np.ndarray, size: int, colour: np.ndarray
    ) -> None:
        """Draw frames of glasses over a painted picture, in place."""
        angles = np.linspace(0, 2 * np.pi, 40)
        bridge = points[self.head.eyes[0]].mean(0), points[self.head.eyes[1]].mean(0)
        lines = []
        for middle, sign in zip(bridge, (1, -1), strict=True):
            ring = np.stack([0.23 * np.cos(angles), 0.17 * np.sin(angles) - 0.02, 0 * angles], 1)
            ring[:, 2] = 0.66 - 0.25 * np.abs(middle[0] + ring[:, 0])
            lines.append(ring + np.array([middle[0], middle[1], 0]))
            arm = np.array([[sign * 0.66, 0.62, 0.45], [sign * 1.1, 0.6, -0.35]])
            rotation = rotation_matrices(parameters[None, ROTATION])[0]
            if sign * rotation[2, 0] > -0.1:
                lines.append(arm)
        lines.append(np.array([[-0.17, 0.58, 0.66], [0, 0.6, 0.7], [0.17, 0.58, 0.66]]))
        for line in lines:
            turned = line @ rotation_matrices(parameters[None, ROTATION])[0].T
            turned[:, :2] = (turned[:, :2] + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1)
            flat = self._pixels(turned.astype(np.float32), size * FINE)[:, :2]
            cv2.polylines(
                painted,
                [np.rint(flat * 8).astype(np.int32)],
                False,
                (*colour.tolist(), 1.0),
                3,
                cv2.LINE_AA,
                3,
            )


def closing(weights: np.ndarray) -> list[float]:
    """How far the left and the right lids are closed, 0 to 1, by weights (46,)."""
    return [
        min(1.0, sum(share * float(weights[INDEX[name + side]]) for name, share in CLOSING.items()))
        for side in SIDES
    ]


def harmonics(outward: np.ndarray) -> np.ndarray:
    """The first nine spherical harmonics, float32 (n, 9), at normals (n, 3), y up; not normalised."""
    x, y, z = outward.T
    return np.stack([np.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], 1)


def estimate_light(outward: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Light (9,) that makes skin of normals (n, 3) as bright (n,) as it is; 1 on average.

    What is far darker or lighter than its light would have it (brows, nostrils, beards) counts little.
    """
    light = np.zeros(9)
    light[0] = 1
    if len(brightness) < 50:
        return light
    target = brightness / max(np.median(brightness), 1)
    rows = harmonics(outward)
    weight = np.ones(len(target))
    ridge = np.diag([0.0, 0.04, 0.04, 0.04, 0.4, 0.4, 0.4, 0.4, 0.4]) * len(target)
    for _ in range(3):
        light = np.linalg.solve(
            (rows * weight[:, None]).T @ rows + ridge, (rows * weight[:, None]).T @ target
        )
        weight = 1 / (1 + ((target - rows @ light) / 0.12) ** 2)
    return light


def shade(light: np.ndarray, outward: np.ndarray) -> np.ndarray:
    """How bright surfaces of normals (n, 3) are in a light (9,); never quite dark."""
    return np.asarray(np.maximum(harmonics(outward) @ light, 0.45 * light[0]))


def random_light(rng: np.random.Generator) -> np.ndarray:
    """A light (9,) from somewhere in front or to the side, 1 on a surface that faces the camera."""
    direction = rng.normal((0, 0.5, 0.8), 1)
    direction /= np.linalg.norm(direction)
    strength = rng.uniform(0.1, 0.6)
    light = np.zeros(9)
    light[0] = 1
    light[1:4] = strength * direction
    light[4:] = 0.3 * strength * harmonics(direction[None])[0, 4:] * (1, 1, 1, 0.5, 0.3)
    return light / max(light[0] + light[3] + 2 * light[8], 0.5)


def fill_in(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture float32 (h, w, 3) where `known` (h, w), smoothly continued elsewhere."""
    levels = [(image * known[..., None], known.astype(np.float32))]
    while min(levels[-1][1].shape) > 4:
        levels.append((cv2.pyrDown(levels[-1][0]), cv2.pyrDown(levels[-1][1])))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-3)[..., None]
    for colours, mass in reversed(levels[:-1]):
        result = cv2.resize(result, mass.shape[::-1], interpolation=cv2.INTER_LINEAR)
        sure = np.clip(mass, 0, 1)[..., None]
        result = result * (1 - sure) + colours / np.maximum(mass, 1e-3)[..., None] * sure
    return np.asarray(result, np.float32)


def continued(offset: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A displacement field (h, w, 2) continued smoothly from where it is known, fading with distance."""
    mass, field = known.astype(np.float32), offset
    near, near_mass = cv2.GaussianBlur(field, (0, 0), 1.5), cv2.GaussianBlur(mass, (0, 0), 1.5)
    far, far_mass = cv2.GaussianBlur(field, (0, 0), 6), cv2.GaussianBlur(mass, (0, 0), 6)
    around = (near + 0.05 * far) / (near_mass + 0.05 * far_mass + 0.004)[..., None]
    return np.where(known[..., None], offset, around).astype(np.float32)
