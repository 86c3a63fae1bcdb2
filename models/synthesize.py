"""Expression-edited and re-posed photographs: the fitted, photo-textured mesh rendered over its own
background.

`python -m models.synthesize COUNT` edits training faces and writes them as a shard; `--sheet` shows some.
The labels are exact by construction: what ordinary photographs lack (closed eyes, open and sideways jaws,
rolled lips) is made here. Expressions are sampled as in SMIRK (Retsinas et al. 2024): templates, sparse
random, permuted real ones, and near-neutral ones with random lids.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITY,
    ROTATION,
    SCALE,
    TRANSLATION,
)
from facert_blender.capture.face_shape import JAW, FaceShape, rotation_matrices

from .datasets import EDITED, PHOTOGRAPHS, SHARD_SIZE, SHARD_SPAN, Shard
from .face_model import FaceMesh
from .fitting import quaternions
from .rasterize import interpolate, rasterize

SKIN, EYE, GUMS, TEETH, SOCKET = range(5)
RENDERED = {
    "M_Face": SKIN,
    "M_ScleraLeft": EYE, "M_IrisLeft": EYE, "M_ScleraRight": EYE, "M_IrisRight": EYE,
    "M_GumsTongue": GUMS,
    "M_Teeth": TEETH,
}  # fmt: skip
COLOURS = np.array([[0, 0, 0], [225, 215, 210], [150, 75, 75], [225, 215, 200], [60, 25, 25]], np.float32)
"""Of what photographs do not show, by kind of surface, in full light."""
PUPIL, IRIS = 0.03, 0.078
"""Radii in units of the face model."""

BLINK, LOOK_DOWN, WIDE = (
    [EXPRESSIONS.index(name + side) for side in ("Left", "Right")]
    for name in ("eyeBlink", "eyeLookDown", "eyeWide")
)

TEMPLATES: tuple[tuple[str, ...], ...] = (
    ("eyeBlinkLeft", "eyeBlinkRight"), ("eyeBlinkLeft", "eyeBlinkRight"), ("eyeBlinkLeft",),
    ("eyeBlinkRight",), ("eyeWideLeft", "eyeWideRight"), ("eyeLookDownLeft", "eyeLookDownRight"),
    ("eyeSquintLeft", "eyeSquintRight"),
    ("browInnerUpLeft", "browInnerUpRight", "browOuterUpLeft", "browOuterUpRight"),
    ("browInnerUpLeft", "browInnerUpRight"), ("browOuterUpLeft",), ("browOuterUpRight",),
    ("browDownLeft", "browDownRight"),
    ("jawOpen",), ("jawOpen",), ("jawOpen", "mouthClose"),
    ("jawOpen", "mouthStretchLeft", "mouthStretchRight"),
    ("jawLeft",), ("jawRight",), ("jawForward",), ("mouthLeft",), ("mouthRight",),
    ("mouthRollLower", "mouthRollUpper"), ("mouthRollLower",), ("mouthRollUpper",),
    ("mouthSmileLeft", "mouthSmileRight"), ("mouthSmileLeft", "mouthSmileRight", "jawOpen"),
    ("mouthSmileLeft",), ("mouthSmileRight",),
    ("mouthPucker",), ("mouthPucker", "mouthFunnel"), ("mouthFunnel",), ("mouthFunnel", "jawOpen"),
    ("mouthFrownLeft", "mouthFrownRight"), ("mouthPressLeft", "mouthPressRight"),
    ("mouthShrugLower", "mouthShrugUpper"), ("mouthUpperUpLeft", "mouthUpperUpRight"),
    ("mouthLowerDownLeft", "mouthLowerDownRight"), ("mouthDimpleLeft", "mouthDimpleRight"),
    ("cheekPuff",), ("cheekSquintLeft", "cheekSquintRight"), ("noseSneerLeft", "noseSneerRight"),
)  # fmt: skip


def possible(weights: np.ndarray) -> np.ndarray:
    """Weights (46,) held to what a face can do.

    Lids meet and no more, jaw and mouth go one way at a time, and lips close only over an open jaw.
    """
    w = np.clip(weights, 0, 1)
    for side in ("Left", "Right"):
        blink, down, squint, wide = (
            EXPRESSIONS.index(n + side) for n in ("eyeBlink", "eyeLookDown", "eyeSquint", "eyeWide")
        )
        w[down] = min(w[down], max(0.0, 1.1 - w[blink]) / 0.6)
        w[squint] = min(w[squint], 1.2 - w[blink])
        w[wide] *= 1 - max(w[blink], w[down])
    left, right = EXPRESSIONS.index("jawLeft"), EXPRESSIONS.index("jawRight")
    w[min(left, right, key=lambda i: w[i])] = 0
    left, right = EXPRESSIONS.index("mouthLeft"), EXPRESSIONS.index("mouthRight")
    w[min(left, right, key=lambda i: w[i])] = 0
    close, jaw = EXPRESSIONS.index("mouthClose"), EXPRESSIONS.index("jawOpen")
    w[close] = min(w[close], 0.78 * w[jaw])
    return w


def sample_expression(source: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """New weights (46,) for a face whose own are `source`; `real` (n, 46) are other people's."""
    kind = rng.choice(4, p=(0.45, 0.22, 0.18, 0.15))
    w = source * rng.uniform(0, 1)
    if kind == 0:
        w *= rng.choice([0.0, 1.0])
        strength = rng.uniform(0.35, 1.0) if rng.random() < 0.7 else 1.0
        for name in TEMPLATES[rng.integers(len(TEMPLATES))]:
            w[EXPRESSIONS.index(name)] = np.clip(strength + rng.normal(0, 0.08), 0, 1)
    elif kind == 1:
        chosen = rng.choice(len(EXPRESSIONS), rng.integers(2, 7), replace=False)
        w[chosen] = rng.uniform(0, 1, len(chosen))
    elif kind == 2:
        w = real[rng.integers(len(real))] * rng.uniform(0.7, 1.3)
    else:
        w = source * rng.uniform(0, 0.3)
        for name in ("eyeBlink", "eyeLookDown", "eyeSquint", "eyeWide"):
            both, one = rng.uniform(0, 1), rng.uniform(0, 1)
            w[EXPRESSIONS.index(name + "Left")] = both * (rng.random() < 0.4)
            w[EXPRESSIONS.index(name + "Right")] = (both if rng.random() < 0.6 else one) * (
                rng.random() < 0.4
            )
    if rng.random() < 0.2:
        w[EXPRESSIONS.index("jawOpen")] = rng.uniform(0, 0.8)
    if rng.random() < 0.25:
        closed = rng.uniform(0.3, 1)
        w[EXPRESSIONS.index("eyeBlinkLeft")] = w[EXPRESSIONS.index("eyeBlinkRight")] = closed
    return possible(w.astype(np.float32))


def sample_turn(rng: np.random.Generator) -> np.ndarray:
    """A head turn (3, 3) to add to a face's own: mostly small, sometimes far to a side."""
    yaw = rng.normal(0, 8) if rng.random() < 0.7 else rng.uniform(-40, 40)
    pitch = np.clip(rng.normal(0, 6), -18, 18)
    x, y = np.radians(pitch) / 2, np.radians(yaw) / 2
    about_x = np.array([[np.cos(x), np.sin(x), 0, 0]], np.float32)
    about_y = np.array([[np.cos(y), 0, np.sin(y), 0]], np.float32)
    return rotation_matrices(about_y)[0] @ rotation_matrices(about_x)[0]


@dataclass(frozen=True)
class Editor:
    """Renders faces with other expressions and turns.

    basis: float32 (96, V * 3) of the rendered vertices. triangles: int32 (T, 3). kind: int (T,), surface of
    each triangle. landmarks: int (51,), inner landmarks among the vertices. spread: float32 (V, 51), how the
    misfit at the landmarks spreads over the mesh, so that the texture sits on the photograph's own features.
    tone: float32 (V,), how light a made surface is: dark pupils, mid irises.
    """

    shape: FaceShape
    basis: np.ndarray
    triangles: np.ndarray
    kind: np.ndarray
    landmarks: np.ndarray
    spread: np.ndarray
    tone: np.ndarray

    @classmethod
    def make(cls, mesh: FaceMesh) -> Editor:
        """Prepare the surfaces that are rendered."""
        kinds = np.array([RENDERED.get(name, -1) for name in mesh.materials])[mesh.material]
        triangles, kinds = mesh.triangles[kinds >= 0], kinds[kinds >= 0]
        used, renumbered = np.unique(triangles, return_inverse=True)
        triangles = renumbered.reshape(-1, 3).astype(np.int32)
        basis = mesh.basis.reshape(len(mesh.basis), -1, 3)[:, used].reshape(len(mesh.basis), -1)
        neutral = mesh.neutral[used]
        landmarks = np.searchsorted(used, mesh.landmarks[JAW:])
        inside = _never_seen(neutral, triangles)[triangles].all(1) & (kinds == SKIN)
        centre = neutral[triangles].mean(1)
        mouth = (np.abs(centre[:, 0]) < 0.55) & (centre[:, 1] < -0.1) & (centre[:, 1] > -0.95)
        kinds = np.where(inside & mouth, SOCKET, kinds)

        def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / (2 * 0.22**2))

        at = neutral[landmarks]
        spread = kernel(neutral, at) @ np.linalg.inv(kernel(at, at) + 0.15 * np.eye(len(at)))
        tone = np.ones(len(neutral), np.float32)
        eyes = np.unique(triangles[kinds == EYE])
        for eye in (eyes[neutral[eyes, 0] < 0], eyes[neutral[eyes, 0] >= 0]):
            middle = (neutral[eye].min(0) + neutral[eye].max(0)) / 2
            radius = np.linalg.norm(neutral[eye, :2] - middle[:2], axis=1)
            tone[eye] = np.where(radius < PUPIL, 0.08, np.where(radius < IRIS, 0.33, 1.0))
        return cls(mesh.reduced(), basis, triangles, kinds, landmarks, spread.astype(np.float32), tone)

    def edit(
        self,
        image: np.ndarray,
        parameters: np.ndarray,
        landmarks: np.ndarray,
        weights: np.ndarray,
        turn: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give a face other expression weights (46,) and an added turn (3, 3).

        image: uint8 (s, s, 3) showing SHARD_SPAN sides around the face's centre; parameters (104,) and
        landmarks (68, 2) in sides. Returns the new picture, parameters and landmarks.
        """
        new = parameters.copy()
        new[EXPRESSION] = weights
        new[ROTATION] = quaternions((turn @ rotation_matrices(parameters[None, ROTATION])[0])[None])[0]
        before, after = self.shape.project(np.stack([parameters, new]))
        misfit = landmarks - before
        shift = self.spread @ misfit[JAW:]
        source, target = self._place(parameters, shift), self._place(new, shift)
        size = image.shape[0]
        pixels = size / SHARD_SPAN
        source[:, :2] = source[:, :2] * pixels + (size - 1) / 2
        target[:, :2] = target[:, :2] * pixels + (size - 1) / 2
        seen, place = rasterize(target, self.triangles, size, size)
        own = parameters[EXPRESSION]
        eyes_hidden = max(own[BLINK].max(), own[LOOK_DOWN].max() * 0.7) > 0.4
        opened = (weights[WIDE] - own[WIDE]).max() > 0.25
        edited = self._shade(image, source, seen, place, eyes_hidden or opened)
        return edited, new, (after + misfit).astype(np.float32)

    def _place(self, parameters: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Vertices (V, 3): x, y in sides, y down, moved by the misfit; z towards the camera."""
        factors = np.concatenate([parameters[IDENTITY], parameters[EXPRESSION]])
        points = (factors @ self.basis).reshape(-1, 3) @ rotation_matrices(parameters[None, ROTATION])[0].T
        points[:, :2] = (points[:, :2] + parameters[TRANSLATION][:2]) * parameters[SCALE] * (1, -1) + shift
        return points.astype(np.float32)

    def _shade(
        self, image: np.ndarray, source: np.ndarray, seen: np.ndarray, place: np.ndarray, made_eyes: bool
    ) -> np.ndarray:
        size = image.shape[0]
        kind = np.where(seen >= 0, self.kind[seen], -1)
        values = interpolate(seen, place, self.triangles, np.column_stack([source, self.tone]))
        grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
        from_photo = (kind == SKIN) | ((kind == EYE) & (not made_eyes))
        offset = _fill((values[..., :2] - grid) * from_photo[..., None], from_photo)
        where = grid + offset
        edited = cv2.remap(
            image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        made = (kind >= 0) & ~from_photo
        if made.any():
            skin = edited[kind == SKIN]
            light = np.clip(np.percentile(skin.mean(1), 70) / 190, 0.25, 1.15) if len(skin) else 0.8
            lips = values[..., 2][kind == SKIN].max() if len(skin) else 0.0
            depth = np.clip(1.1 - 1.5 * np.maximum(lips - 0.35 - values[..., 2], 0), 0.12, 1)
            depth = np.where(kind == EYE, 0.85 * values[..., 3], depth)
            colours = COLOURS[np.maximum(kind, 0)] * (light * depth)[..., None]
            alpha = cv2.GaussianBlur(made.astype(np.float32), (0, 0), 0.6)[..., None] * made[..., None]
            edited = (edited * (1 - alpha) + colours * alpha).clip(0, 255).astype(np.uint8)
        return edited


def _never_seen(neutral: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Whether each vertex is hidden from every side in front of the neutral face."""
    visible = np.zeros(len(neutral), bool)
    for yaw in (-70, -40, -15, 0, 15, 40, 70):
        for pitch in (-30, 0, 30):
            x, y = np.radians(pitch) / 2, np.radians(yaw) / 2
            turn = rotation_matrices(np.array([[np.cos(y), 0, np.sin(y), 0]]))[0]
            turn = turn @ rotation_matrices(np.array([[np.cos(x), np.sin(x), 0, 0]]))[0]
            points = (neutral @ turn.T) * (190, -190, 1) + (256, 256, 0)
            seen, _ = rasterize(points.astype(np.float32), triangles, 512, 512)
            visible[triangles[np.unique(seen[seen >= 0])]] = True
    return ~visible


def _fill(offset: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Continue a displacement field smoothly from where it is known over the rest, fading with distance."""
    small = 48
    mass = cv2.resize(known.astype(np.float32), (small, small), interpolation=cv2.INTER_AREA)
    field = cv2.resize(offset, (small, small), interpolation=cv2.INTER_AREA)
    near, near_mass = cv2.GaussianBlur(field, (0, 0), 1.5), cv2.GaussianBlur(mass, (0, 0), 1.5)
    far, far_mass = cv2.GaussianBlur(field, (0, 0), 6), cv2.GaussianBlur(mass, (0, 0), 6)
    around = (near + 0.05 * far) / (near_mass + 0.05 * far_mass + 0.004)[..., None]
    around = cv2.resize(around, offset.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], offset, around).astype(np.float32)


def edit_many(rows: np.ndarray, seed: int) -> Shard:
    """Edit the photographs' crops `rows` once each; the new faces, in the same order."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    shard = Shard.open(PHOTOGRAPHS)
    editor = Editor.make(FaceMesh.load())
    real = shard.parameters[:, EXPRESSION]
    images = np.empty((len(rows), SHARD_SIZE, SHARD_SIZE, 3), np.uint8)
    parameters = np.empty((len(rows), shard.parameters.shape[1]), np.float32)
    landmarks = np.empty((len(rows), 68, 2), np.float32)
    for i, row in enumerate(rows):
        weights = sample_expression(real[row].copy(), real, rng)
        images[i], parameters[i], landmarks[i] = editor.edit(
            shard.images[row], shard.parameters[row], shard.landmarks[row], weights, sample_turn(rng)
        )
    exact = np.ones(len(rows), np.float32)
    return Shard(
        images, parameters, landmarks, exact, shard.person[rows], np.ones(len(rows), bool), shard.pixel[rows]
    )


def main() -> None:
    """Make COUNT edited faces from the photographs' crops."""
    parser = argparse.ArgumentParser(prog="python -m models.synthesize", description=main.__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="also save a picture of some")
    options = parser.parse_args()
    photographs = Shard.open(PHOTOGRAPHS)
    good = np.flatnonzero(photographs.confidence > 0.35)
    rng = np.random.default_rng(options.seed)
    rows = rng.choice(good, options.count)
    pieces = np.array_split(rows, max(options.workers, options.count // 1000))
    with ProcessPoolExecutor(options.workers) as pool:
        shards = list(
            pool.map(edit_many, pieces, range(options.seed * 10_000, options.seed * 10_000 + len(pieces)))
        )
    Shard.join(shards).save(EDITED)
    print(f"{EDITED}: {options.count} faces of {len(set(photographs.person[rows]))} people")
    if options.sheet:
        tiles = [
            _tile(photographs.images[r], shards[0].images[i], shards[0].landmarks[i])
            for i, r in enumerate(pieces[0][:48])
        ]
        picture = np.vstack([np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles), 8)])
        cv2.imwrite(str(options.sheet), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _tile(before: np.ndarray, after: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    marked = after.copy()
    for point in landmarks * (SHARD_SIZE / SHARD_SPAN) + (SHARD_SIZE - 1) / 2:
        cv2.circle(marked, point.astype(int).tolist(), 1, (0, 255, 0), -1)
    return np.vstack([before, after, marked])


if __name__ == "__main__":
    main()
