"""Labels for photographs: the face model fitted to human points or to the teacher's.

`python -m models.label` reads every training photograph, asks the teacher for its points and scores, fits all
faces at once and writes `runs/labels.npz`; `--sheet` adds overlay pictures to look at.

The fit minimises, for each face, the distance to 68 points, with a prior on the identity weights and on the
expressions, under 0 <= w <= 1. It alternates between the pose (Gauss-Newton) and the weights
(coordinate descent on the normal equations, exact for such a box), all faces in step.
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
    IDENTITIES,
    IDENTITY,
    LANDMARKS,
    MIRROR,
    PARAMETERS,
    ROTATION,
    SCALE,
    TRANSLATION,
)
from facert_blender.capture.face_shape import JAW, FaceShape, rotation_matrices
from facert_blender.capture.network import overlaps

from .face_model import CANDIDATES, FaceMesh
from .shared_data import (
    PHOTOS,
    RUNS,
    TRAINING_SETS,
    AnnotatedFace,
    centre_and_side,
    landmark_box,
    read_image,
    read_landmarks,
)
from .teacher import POINTS, SCORE_NAMES, Detector, Teacher

LABELS = RUNS / "labels.npz"

MIRROR_LANDMARKS: tuple[int, ...] = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip
"""The landmark that each of the 68 becomes in a mirror."""

MARK_OFFSET = 0.85
"""People's marks lie this many pixels of the photograph to the right of the features, in all sets alike.

iBUG's marks count pixels from one. Measured on training photographs with a network that had learned from
mirrored pictures too, and so could not learn the offset: 0.64 px in HELEN, 0.80 in LFPW, 1.17 in ytf,
whatever the size of the face. Mirrored marks keep to the same side, so that networks learn the marks as they
are.
"""

LID_PAIRS = ((37, 41), (38, 40), (43, 47), (44, 46))
LIP_PAIRS = ((61, 67), (62, 66), (63, 65))

# How far a fitted weight may stray from the teacher's score, for the channels in which the teacher is good.
TRUSTED = {
    "eyeBlink": 0.12, "eyeLookDown": 0.2, "eyeSquint": 0.25, "jawOpen": 0.12, "mouthSmile": 0.12,
    "mouthPucker": 0.15, "mouthFunnel": 0.2, "browDown": 0.12, "browInnerUp": 0.12, "browOuterUp": 0.12,
    "mouthRollLower": 0.25, "mouthRollUpper": 0.25, "mouthShrugLower": 0.25, "mouthShrugUpper": 0.25,
    "mouthUpperUp": 0.2, "mouthLowerDown": 0.25, "mouthStretch": 0.25, "mouthPress": 0.25, "jawLeft": 0.3,
    "jawRight": 0.3, "mouthLeft": 0.25, "mouthRight": 0.25, "mouthDimple": 0.3,
}  # fmt: skip
UNTRUSTED = {"cheekPuff": 0.02, "cheekSquint": 0.04, "eyeWide": 0.08, "noseSneer": 0.08}
"""Spread around zero of channels that would otherwise stand in for the shape of the face."""
UNTRUSTED_SPREAD = 0.12
"""Spread of the remaining channels around zero: they move only where the points insist."""
POINT_NOISE = 0.012
"""Standard deviation of a point, in sides of the face."""


@dataclass(frozen=True)
class Fits:
    """Fitted parameters of n faces in the contract's order and axes, in sides of the box.

    parameters: float32 (n, 104). residual: float32 (n,), mean distance to the points in sides.
    """

    parameters: np.ndarray
    residual: np.ndarray


def score_prior(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the teacher's scores (n, 52): the prior's mean (n, 46) and spread (46,) of the expressions."""
    mean = np.zeros((len(scores), len(EXPRESSIONS)), np.float32)
    spread = np.full(len(EXPRESSIONS), UNTRUSTED_SPREAD, np.float32)
    for i, name in enumerate(EXPRESSIONS):
        stem = name.removesuffix("Left").removesuffix("Right")
        trust = TRUSTED.get(name, TRUSTED.get(stem))
        if trust is None:
            spread[i] = UNTRUSTED.get(stem, UNTRUSTED_SPREAD)
            continue
        source = "browInnerUp" if stem == "browInnerUp" else name
        mean[:, i] = scores[:, SCORE_NAMES.index(source)]
        spread[i] = trust
    return mean, spread


def fit(shape: FaceShape, points: np.ndarray, mean: np.ndarray, spread: np.ndarray, rounds: int = 8) -> Fits:
    """Fit the face model to n faces.

    points: (n, 68, 2) in sides of the box from its centre, y down. mean: (n, 46), spread: (46,) or (n, 46):
    the prior of the expressions.
    """
    spread = np.broadcast_to(spread, mean.shape)
    chunks = [slice(i, i + 1000) for i in range(0, len(points), 1000)]
    parts = [_fit_chunk(shape, points[c], mean[c], spread[c], rounds) for c in chunks]
    return Fits(np.concatenate([p.parameters for p in parts]), np.concatenate([p.residual for p in parts]))


def _fit_chunk(
    shape: FaceShape, points: np.ndarray, mean: np.ndarray, spread: np.ndarray, rounds: int
) -> Fits:
    n = len(points)
    target = points.astype(np.float32) * np.array([1, -1], np.float32)
    point_weight = _point_weights()
    basis = shape.basis.reshape(len(shape.basis), -1, 3)
    factors = np.zeros((n, len(basis)), np.float32)
    factors[:, 0] = 1
    factors[:, IDENTITIES:] = mean
    rotation, offset, scale = np.tile(np.eye(3, dtype=np.float32), (n, 1, 1)), None, None
    chosen = _frontal(n)
    prior_precision = np.concatenate([np.ones((n, IDENTITIES - 1)), 1 / spread**2], axis=1).astype(np.float32)
    prior_mean = np.concatenate([np.zeros((n, IDENTITIES - 1)), mean], axis=1).astype(np.float32)
    low = np.full(len(basis) - 1, -3, np.float32)
    low[IDENTITIES - 1 :] = 0
    high = np.full(len(basis) - 1, 3, np.float32)
    high[IDENTITIES - 1 :] = 1
    for step in range(rounds):
        shapes = (factors @ shape.basis).reshape(n, -1, 3)
        if step:
            chosen = _visible(shape, shapes, rotation)
        rotation, scale, offset = _pose(
            np.take_along_axis(shapes, chosen[..., None], 1), target, point_weight, rotation, first=step == 0
        )
        picked = basis[:, chosen].transpose(1, 0, 2, 3)
        projected = np.einsum("nkpc,nrc->nkpr", picked, rotation[:, :2]) * scale[:, None, None, None]
        rest = target - offset[:, None] - projected[:, 0]
        rows = projected[:, 1:].reshape(n, len(basis) - 1, -1)
        goal = rest.reshape(n, -1)
        weight = np.repeat(point_weight, 2) / POINT_NOISE**2
        hessian = (rows * weight) @ rows.transpose(0, 2, 1)
        gradient = ((rows * weight) @ goal[..., None])[..., 0]
        for pairs, strength in ((LID_PAIRS, 4.0), (LIP_PAIRS, 3.0)):
            upper, lower = np.array(pairs).T
            gap = projected[:, 1:, upper] - projected[:, 1:, lower]
            gap_goal = rest[:, upper] - rest[:, lower]
            gap_rows = gap.reshape(n, len(basis) - 1, -1)
            hessian += strength / POINT_NOISE**2 * gap_rows @ gap_rows.transpose(0, 2, 1)
            gradient += strength / POINT_NOISE**2 * (gap_rows @ gap_goal.reshape(n, -1, 1))[..., 0]
        index = np.arange(len(basis) - 1)
        hessian[:, index, index] += prior_precision
        gradient += prior_precision * prior_mean
        factors[:, 1:] = _bounded(hessian, gradient, factors[:, 1:], low, high)
    assert scale is not None and offset is not None
    parameters = np.zeros((n, PARAMETERS), np.float32)
    parameters[:, IDENTITY] = factors[:, :IDENTITIES]
    parameters[:, EXPRESSION] = factors[:, IDENTITIES:]
    parameters[:, ROTATION] = quaternions(rotation)
    parameters[:, TRANSLATION][:, :2] = offset / scale[:, None]
    parameters[:, SCALE] = scale
    residual = np.linalg.norm(shape.project(parameters) - points, axis=2).mean(1)
    return Fits(parameters, residual.astype(np.float32))


def _point_weights() -> np.ndarray:
    weights = np.ones(LANDMARKS, np.float32)
    weights[:JAW] = 0.4
    weights[36:48] = 1.5
    weights[60:68] = 1.5
    return weights


def _frontal(n: int) -> np.ndarray:
    inner = LANDMARKS - JAW
    first = inner + np.arange(JAW) * CANDIDATES
    return np.tile(np.concatenate([first, np.arange(inner)]), (n, 1))


def _visible(shape: FaceShape, shapes: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Indices (n, 68) of the points that are the landmarks in this pose."""
    inner = LANDMARKS - JAW
    turned = shapes[:, inner:] @ rotation[:, :2].transpose(0, 2, 1)
    strips = turned.reshape(len(shapes), JAW, CANDIDATES, 2)
    furthest = np.einsum("njcx,jx->njc", strips, shape.outward).argmax(2)
    jaw = inner + np.arange(JAW) * CANDIDATES + furthest
    return np.concatenate([jaw, np.tile(np.arange(inner), (len(shapes), 1))], axis=1)


def _pose(
    shapes: np.ndarray, target: np.ndarray, weight: np.ndarray, rotation: np.ndarray, *, first: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weak-perspective pose of shapes (n, 68, 3) onto target (n, 68, 2): rotation, scale, offset."""
    n = len(shapes)
    share = weight / weight.sum()
    shape_mean = (shapes * share[:, None]).sum(1)
    target_mean = (target * share[:, None]).sum(1)
    x, y = shapes - shape_mean[:, None], target - target_mean[:, None]
    if first:
        gram = np.einsum("npi,p,npj->nij", x, share, x) + 1e-6 * np.eye(3)
        affine = np.linalg.solve(gram, np.einsum("npi,p,npj->nij", x, share, y)).transpose(0, 2, 1)
        left, _, right = np.linalg.svd(affine, full_matrices=False)
        rows = left @ right
        rotation = np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], axis=1)
    for _ in range(6):
        turned = x @ rotation.transpose(0, 2, 1)
        scale = np.einsum("npi,p,npi->n", turned[..., :2], share, y) / np.einsum(
            "npi,p,npi->n", turned[..., :2], share, turned[..., :2]
        )
        left_over = y - scale[:, None, None] * turned[..., :2]
        jacobian = np.zeros((n, len(weight), 2, 4), np.float32)
        jacobian[:, :, 0, 1], jacobian[:, :, 0, 2] = turned[..., 2], -turned[..., 1]
        jacobian[:, :, 1, 0], jacobian[:, :, 1, 2] = -turned[..., 2], turned[..., 0]
        jacobian[..., 3] = turned[..., :2] / scale[:, None, None]
        jacobian *= scale[:, None, None, None]
        gram = np.einsum("npri,p,nprj->nij", jacobian, share, jacobian) + 1e-7 * np.eye(4)
        step = np.linalg.solve(gram, np.einsum("npri,p,npr->ni", jacobian, share, left_over)[..., None])
        rotation = _rotations_by_vectors(step[:, :3, 0]) @ rotation
    turned = x @ rotation.transpose(0, 2, 1)
    scale = np.einsum("npi,p,npi->n", turned[..., :2], share, y) / np.einsum(
        "npi,p,npi->n", turned[..., :2], share, turned[..., :2]
    )
    offset = target_mean - scale[:, None] * (shape_mean[:, None] @ rotation.transpose(0, 2, 1))[:, 0, :2]
    return rotation.astype(np.float32), scale.astype(np.float32), offset.astype(np.float32)


def _rotations_by_vectors(vectors: np.ndarray) -> np.ndarray:
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    half = np.sinc(angle / (2 * np.pi)) / 2
    return rotation_matrices(np.concatenate([np.cos(angle / 2), vectors * half], axis=1))


def _bounded(
    hessian: np.ndarray,
    gradient: np.ndarray,
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    sweeps: int = 12,
) -> np.ndarray:
    """Minimise x'Hx/2 - g'x under low <= x <= high for n problems at once, from `start` (n, k)."""
    x = start.copy()
    slope = np.einsum("nij,nj->ni", hessian, x) - gradient
    diagonal = np.einsum("nii->ni", hessian)
    for _ in range(sweeps):
        for k in range(x.shape[1]):
            new = np.clip(x[:, k] - slope[:, k] / diagonal[:, k], low[k], high[k])
            slope += hessian[:, :, k] * (new - x[:, k])[:, None]
            x[:, k] = new
    return x


def quaternions(rotation: np.ndarray) -> np.ndarray:
    """Unit quaternions (n, 4), w >= 0, of rotation matrices (n, 3, 3)."""
    m = rotation.astype(np.float64)
    trace = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    squares = np.stack(
        [
            1 + trace[0] + trace[1] + trace[2],
            1 + trace[0] - trace[1] - trace[2],
            1 - trace[0] + trace[1] - trace[2],
            1 - trace[0] - trace[1] + trace[2],
        ],
        axis=1,
    )
    q = np.sqrt(np.maximum(squares, 0)) / 2
    q[:, 1] = np.copysign(q[:, 1], m[:, 2, 1] - m[:, 1, 2])
    q[:, 2] = np.copysign(q[:, 2], m[:, 0, 2] - m[:, 2, 0])
    q[:, 3] = np.copysign(q[:, 3], m[:, 1, 0] - m[:, 0, 1])
    return (q / np.linalg.norm(q, axis=1, keepdims=True)).astype(np.float32)


def mirror_identity(mesh: FaceMesh) -> np.ndarray:
    """Matrix float32 (50, 50) that takes identity weights (as a row) to those of the mirrored face."""
    points = mesh.basis[:IDENTITIES].reshape(IDENTITIES, -1, 3)[:, mesh.landmarks]
    flipped = points[:, MIRROR_LANDMARKS] * np.array([-1, 1, 1], np.float32)
    modes = points[1:].reshape(IDENTITIES - 1, -1)
    matrix = np.eye(IDENTITIES, dtype=np.float32)
    matrix[1:, 1:] = np.linalg.lstsq(modes.T, flipped[1:].reshape(IDENTITIES - 1, -1).T, rcond=None)[0].T
    return matrix


def mirror(parameters: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """Parameters (n, 104) of the mirrored faces; `identity` comes from `mirror_identity`."""
    flipped = parameters.copy()
    flipped[:, IDENTITY] = parameters[:, IDENTITY] @ identity
    flipped[:, EXPRESSION] = parameters[:, EXPRESSION][:, MIRROR]
    flipped[:, ROTATION] *= np.array([1, 1, -1, -1], np.float32)
    flipped[:, TRANSLATION][:, 0] *= -1
    return flipped


@dataclass(frozen=True)
class Readings:
    """What people and the teacher say of n faces, before any fit; one row per face.

    photo: paths relative to the photographs' folder. box: float32 (n, 4) pixels. human: float32 (n, 68, 2)
    pixels, NaN where nobody marked them. points: float32 (n, 478, 3) pixels and scores: float32 (n, 52), NaN
    where the teacher saw nothing.
    """

    photo: np.ndarray
    box: np.ndarray
    human: np.ndarray
    points: np.ndarray
    scores: np.ndarray

    def save(self, path: Path) -> None:
        """Write all rows to an .npz file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Readings:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


def read_photographs(files: list[Path], marked: list[AnnotatedFace]) -> Readings:
    """Ask the teacher about every face of the photographs, marked or found by the detector."""
    cv2.setNumThreads(1)
    marks: dict[Path, list[np.ndarray]] = {}
    for face in marked:
        marks.setdefault(face.file, []).append(face.landmarks)
    nothing = np.full((LANDMARKS, 2), np.nan, np.float32)
    rows = []
    detector = Detector(threshold=0.7)
    with Teacher() as teacher:
        for file in files:
            image = read_image(file)
            enlarge = 2 if max(image.shape) < 300 else 1
            found = detector.read(cv2.resize(image, None, fx=enlarge, fy=enlarge))[:, :4] / enlarge
            people = [(landmark_box(m), m) for m in marks.get(file, [])]
            known = np.array([box for box, _ in people], np.float32).reshape(-1, 4)
            people += [(box, nothing) for box in found if not (overlaps(box, known) > 0.2).any()]
            for box, human in people:
                seen = teacher.read(image, box)
                points = np.full((POINTS, 3), np.nan, np.float32) if seen is None else seen.points
                scores = np.full(len(SCORE_NAMES), np.nan, np.float32) if seen is None else seen.scores
                rows.append((f"{file.parent.name}/{file.name}", box, human, points, scores))
    names, *arrays = zip(*rows, strict=True)
    return Readings(np.array(names), *(np.array(column, np.float32) for column in arrays))


def read_all(path: Path = RUNS / "readings.npz", workers: int = 2) -> Readings:
    """The readings of all training photographs, made once and kept in `path`."""
    if path.exists():
        return Readings.load(path)
    marked = [
        face
        for s in TRAINING_SETS
        if (PHOTOS / s / "landmarks.csv").exists()
        for face in read_landmarks(PHOTOS / s)
    ]
    files = sorted(file for s in TRAINING_SETS for file in (PHOTOS / s).glob("*.jpg"))
    with ProcessPoolExecutor(workers) as pool:
        parts = list(
            pool.map(read_photographs, [files[i::workers] for i in range(workers)], [marked] * workers)
        )
    readings = Readings(*(np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0])))
    readings.save(path)
    return readings


def upright(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teacher's points (n, 478, 3) turned upright, centred and scaled; with the frame (n, 2, 2) and origin
    (n, 2).

    The frame's first axis runs from the right eye's outer corner to the left's.
    """
    right, left = points[:, 33, :2], points[:, 263, :2]
    across = left - right
    frame = np.stack([across, np.stack([-across[:, 1], across[:, 0]], 1)], axis=2)
    origin = (left + right) / 2
    inverse = np.linalg.inv(frame)
    flat = (points[..., :2] - origin[:, None]) @ inverse.transpose(0, 2, 1)
    depth = points[..., 2:] / np.linalg.norm(across, axis=1)[:, None, None]
    return np.concatenate([flat, depth], axis=2), frame, origin


def learn_landmark_map(points: np.ndarray, human: np.ndarray, ridge: float = 0.3) -> np.ndarray:
    """A linear map float32 (1 + 478 * 3, 136) from the teacher's upright points to the 68 people mark."""
    flat, frame, origin = upright(points)
    goal = (human - origin[:, None]) @ np.linalg.inv(frame).transpose(0, 2, 1)
    inputs = np.concatenate([np.ones((len(flat), 1)), flat.reshape(len(flat), -1)], axis=1).astype(np.float64)
    gram = inputs.T @ inputs + ridge * np.eye(inputs.shape[1]) * len(flat) * 1e-4
    return np.linalg.solve(gram, inputs.T @ goal.reshape(len(flat), -1)).astype(np.float32)


def map_landmarks(points: np.ndarray, mapping: np.ndarray) -> np.ndarray:
    """68 landmarks (n, 68, 2) in pixels from the teacher's points (n, 478, 3) by a learned map."""
    flat, frame, origin = upright(points)
    inputs = np.concatenate([np.ones((len(flat), 1)), flat.reshape(len(flat), -1)], axis=1)
    relative = (inputs @ mapping).reshape(len(flat), LANDMARKS, 2)
    return (relative @ frame.transpose(0, 2, 1) + origin[:, None]).astype(np.float32)


@dataclass(frozen=True)
class Labels:
    """Labelled faces; one row per face.

    photo: paths relative to the photographs' folder. landmarks: float32 (n, 68, 2) pixels. parameters:
    float32 (n, 104), in sides of the landmarks' box. confidence: float32 (n,), 0 where the face cannot be
    used. human: bool (n,), whether people marked the landmarks. box: float32 (n, 4) pixels; of a face without
    landmarks, the detector's.
    """

    photo: np.ndarray
    landmarks: np.ndarray
    parameters: np.ndarray
    confidence: np.ndarray
    human: np.ndarray
    box: np.ndarray

    @classmethod
    def load(cls, path: Path = LABELS) -> Labels:
        """Read the labels that `python -m models.label` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


def label(readings: Readings, shape: FaceShape) -> Labels:
    """Fit every face that has points of either kind.

    The confidence falls with the fit's residual and with the disagreement of people and teacher.
    """
    taught = np.isfinite(readings.points[:, 0, 0])
    human = np.isfinite(readings.human[:, 0, 0])
    mapping = learn_landmark_map(readings.points[taught & human], readings.human[taught & human])
    mapped = np.full((len(taught), LANDMARKS, 2), np.nan, np.float32)
    mapped[taught] = map_landmarks(readings.points[taught], mapping)
    landmarks = np.where(human[:, None, None], readings.human, mapped)
    usable = human | taught
    box = np.where(usable[:, None], landmark_box(landmarks), readings.box)
    centre, side = centre_and_side(box)
    relative = (landmarks - centre[:, None]) / side[:, None, None]
    mean, spread = score_prior(np.nan_to_num(readings.scores))
    spread = np.where(taught[:, None], spread, UNTRUSTED_SPREAD)
    fits = fit(shape, relative[usable], mean[usable], spread[usable])
    disagreement = np.where(
        taught & human, np.linalg.norm(landmarks - mapped, axis=2).mean(1) / side, np.where(human, 0.03, 0.02)
    )
    confidence = np.zeros(len(usable), np.float32)
    confidence[usable] = np.exp(-((fits.residual / 0.03) ** 2) - (disagreement[usable] / 0.06) ** 2)
    parameters = np.zeros((len(usable), PARAMETERS), np.float32)
    parameters[usable] = fits.parameters
    return Labels(
        readings.photo, landmarks.astype(np.float32), parameters, confidence, human, box.astype(np.float32)
    )


def sheet(labels: Labels, shape: FaceShape, path: Path, rng: np.random.Generator) -> None:
    """Save a picture of the best, some ordinary and the worst fits: people's points green, the fit's red."""
    order = np.argsort(-labels.confidence[labels.confidence > 0])
    rows = np.flatnonzero(labels.confidence > 0)[order]
    chosen = np.concatenate([rows[:8], rng.choice(rows, 40, replace=False), rows[-16:]])
    tiles = []
    for i in chosen:
        image = read_image(PHOTOS / str(labels.photo[i]))
        box = labels.box[i]
        centre, side = centre_and_side(box)
        scale = 220 / (1.5 * side)
        window = np.array([[scale, 0, 110 - scale * centre[0]], [0, scale, 110 - scale * centre[1]]])
        tile = cv2.warpAffine(image, window, (220, 220))
        fitted = shape.project(labels.parameters[i : i + 1])[0] * side + centre
        for points, colour in ((labels.landmarks[i], (0, 255, 0)), (fitted, (255, 0, 0))):
            for point in (points * scale + window[:, 2]).astype(int):
                cv2.circle(tile, point.tolist(), 1, colour, -1)
        cv2.putText(tile, f"{labels.confidence[i]:.2f}", (4, 14), 0, 0.45, (255, 255, 0), 1)
        tiles.append(tile)
    rows_of_tiles = [np.hstack(tiles[i : i + 8]) for i in range(0, len(tiles), 8)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows_of_tiles), cv2.COLOR_RGB2BGR))


def main() -> None:
    """Label all training photographs."""
    parser = argparse.ArgumentParser(prog="python -m models.label", description=main.__doc__)
    parser.add_argument("--sheet", type=Path, help="also save a picture of fits, best to worst")
    options = parser.parse_args()
    shape = FaceMesh.load().reduced()
    labels = label(read_all(), shape)
    np.savez(LABELS, **vars(labels))
    used = labels.confidence > 0.1
    print(f"{LABELS}: {len(used)} faces, {used.sum()} usable, {labels.human.sum()} marked by people")
    if options.sheet:
        sheet(labels, shape, options.sheet, np.random.default_rng(0))


if __name__ == "__main__":
    main()
