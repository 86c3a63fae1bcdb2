"""Fits the face model to points: people's 68, the teacher's dense ones, or both.

The fit minimises, for each face, the weighted distance to all its points, with a prior on the identity
weights and on the expressions, under 0 <= expression <= 1. It alternates between the pose (Gauss-Newton) and
the weights (coordinate descent on the normal equations, exact for such a box), many faces in step. Faces of
one person share their identity weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITIES,
    IDENTITY,
    LANDMARKS,
    PARAMETERS,
    ROTATION,
    SCALE,
    TRANSLATION,
)
from facert_blender.capture.face_shape import JAW, FaceShape, rotation_matrices

from .dense import DensePoints
from .face_model import CANDIDATES
from .lids import MARKED, TAUGHT

LID_PAIRS = (*MARKED[1], *MARKED[0])
LIP_PAIRS = ((61, 67), (62, 66), (63, 65))
DENSE_PAIRS = (*TAUGHT[1], *TAUGHT[0], (13, 14), (82, 87), (312, 317), (81, 178), (311, 402))
"""Upper and lower lids, upper and lower inner lips among the teacher's points."""

MARK_NOISE = 0.012
"""Standard deviation of a landmark, in sides."""
DENSE_NOISE = 0.02
"""Standard deviation of a teacher's point: wider, because neighbours err together."""
DEPTH_SHARE = 0.05
"""Weight of the teacher's depth beside its place in the picture."""
GAP_STRENGTH = 4.0
"""Weight of the gap between two lids or lips beside that of their places."""
INNER = LANDMARKS - JAW
FREE = IDENTITIES - 1 + len(EXPRESSIONS)
"""Weights to be found: all but that of the mean face, which is one."""


@dataclass(frozen=True)
class Evidence:
    """What is known of n faces.

    landmarks: (n, 68, 2) in sides of the box from its centre, y down. dense: (n, K, 3) the teacher's points
    in the same frame, z towards the camera from any origin, or zeros. trust: (n, 2), how much landmarks and
    dense points count; 0 where there are none. mean, spread: (n, 46), the prior of the expressions. person:
    int (n,), equal for faces that share their identity.
    """

    landmarks: np.ndarray
    dense: np.ndarray
    trust: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    person: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Evidence:
        return Evidence(*(getattr(self, name)[rows] for name in vars(self)))


@dataclass(frozen=True)
class Fits:
    """Fitted parameters of n faces in the contract's order and axes, in sides of the box.

    parameters: float32 (n, 104). residual: float32 (n, 2), mean distance to the landmarks and to the dense
    points, in sides.
    """

    parameters: np.ndarray
    residual: np.ndarray


def fit(shape: FaceShape, dense: DensePoints, evidence: Evidence, rounds: int = 12) -> Fits:
    """Fit the face model to n faces, some hundred at a time.

    12 rounds suffice where the prior is about right, as the teacher's mostly is; far from it, 40 do.
    """
    order = np.argsort(evidence.person, kind="stable")
    starts = np.flatnonzero(np.diff(evidence.person[order], prepend=-1))
    edges = [
        0,
        *(int(starts[starts >= i][0]) for i in range(500, starts.max(initial=0) + 1, 500)),
        len(order),
    ]
    fitter = _Fitter(shape, dense)
    parameters = np.empty((len(order), PARAMETERS), np.float32)
    residual = np.empty((len(order), 2), np.float32)
    for first, last in pairwise(sorted(set(edges))):
        rows = order[first:last]
        found = fitter.fit(evidence[rows], rounds)
        parameters[rows], residual[rows] = found.parameters, found.residual
    return Fits(parameters, residual)


@dataclass(frozen=True)
class _Rows:
    """Linear functions of the face's points: points themselves, or differences of two (`free` of the offset).

    basis: float32 (96, P, 3). weight: float32 (P,). depth: weight of z. gram: float32 (9, 95 * 95).
    """

    basis: np.ndarray
    weight: np.ndarray
    depth: float
    free: bool
    gram: np.ndarray

    @classmethod
    def of(cls, basis: np.ndarray, weight: np.ndarray, depth: float, free: bool = False) -> _Rows:
        moving = basis[1:].astype(np.float64)
        gram = np.einsum("ipa,p,jpb->abij", moving, weight, moving, optimize=True)
        return cls(basis, weight.astype(np.float32), depth, free, gram.reshape(9, -1).astype(np.float32))

    def add(
        self,
        hessian: np.ndarray,
        gradient: np.ndarray,
        target: np.ndarray,
        trust: np.ndarray,
        frame: np.ndarray,
        offset: np.ndarray,
    ) -> None:
        """Add to the normal equations. target: (n, P, 3); frame: (n, 3, 3), rotation times scale."""
        n = len(target)
        axes = np.array([1, 1, self.depth], np.float32)
        metric = np.einsum("nri,r,nrj->nij", frame, axes, frame) * trust[:, None, None]
        hessian += (metric.reshape(n, 9) @ self.gram).reshape(hessian.shape)
        rest = target - (0 if self.free else offset[:, None]) - self.basis[0] @ frame.transpose(0, 2, 1)
        pulled = ((rest * axes) @ frame) * (trust[:, None] * self.weight)[..., None]
        gradient += pulled.reshape(n, -1) @ self.basis[1:].reshape(FREE, -1).T


class _Fitter:
    def __init__(self, shape: FaceShape, dense: DensePoints) -> None:
        self.shape, self.dense = shape, dense
        self.basis = shape.basis.reshape(len(shape.basis), -1, 3)
        self.dense_basis = dense.basis.reshape(len(dense.basis), -1, 3)
        self.mark_weight = _mark_weights() / MARK_NOISE**2
        self.dense_weight = (dense.weight / DENSE_NOISE**2).astype(np.float32)
        marks = self.mark_weight[JAW:]
        places = [list(dense.teacher).index(i) for pair in DENSE_PAIRS for i in pair]
        self.mark_pairs = np.array(LID_PAIRS + LIP_PAIRS) - JAW
        self.dense_pairs = np.array(places).reshape(-1, 2)
        self.rows = (
            _Rows.of(self.basis[:, :INNER], marks, 0),
            _Rows.of(*_gaps(self.basis, self.mark_pairs, GAP_STRENGTH / MARK_NOISE**2), 0, free=True),
            _Rows.of(self.dense_basis, self.dense_weight, DEPTH_SHARE),
            _Rows.of(*_gaps(self.dense_basis, self.dense_pairs, GAP_STRENGTH / MARK_NOISE**2), 0, free=True),
        )

    def fit(self, evidence: Evidence, rounds: int) -> Fits:
        n = len(evidence.landmarks)
        up = np.array([1, -1], np.float32)
        marks = np.concatenate([evidence.landmarks * up, np.zeros((n, LANDMARKS, 1))], 2).astype(np.float32)
        dense = (evidence.dense * np.array([1, -1, 1])).astype(np.float32)
        gaps = [p[:, pairs[:, 0]] - p[:, pairs[:, 1]] for p, pairs in self._pairs(marks, dense)]
        targets = (marks[:, JAW:], gaps[0], dense, gaps[1])
        trust = evidence.trust.astype(np.float32)
        weight = np.concatenate([trust[:, :1] * self.mark_weight, trust[:, 1:] * self.dense_weight], 1)
        goal = np.concatenate([marks[..., :2], dense[..., :2]], 1)
        factors = np.zeros((n, 1 + FREE), np.float32)
        factors[:, 0] = 1
        factors[:, IDENTITIES:] = evidence.mean
        modes = np.ones((n, IDENTITIES - 1), np.float32)
        precision = np.concatenate([modes, 1 / evidence.spread**2], 1).astype(np.float32)
        prior = np.concatenate([0 * modes, evidence.mean], 1).astype(np.float32)
        starts = np.flatnonzero(np.diff(evidence.person, prepend=-1))
        rotation = np.tile(np.eye(3, dtype=np.float32), (n, 1, 1))
        chosen = _frontal(n)
        for step in range(rounds):
            shapes = (factors @ self.shape.basis).reshape(n, -1, 3)
            if step:
                chosen = _visible(self.shape, shapes, rotation)
            all_points = np.concatenate(
                [
                    np.take_along_axis(shapes, chosen[..., None], 1),
                    (factors @ self.dense.basis).reshape(n, -1, 3),
                ],
                axis=1,
            )
            rotation, scale, offset = _pose(all_points, goal, weight, rotation, first=step == 0)
            frame = rotation * scale[:, None, None]
            turned = all_points[:, LANDMARKS:] @ frame[:, 2, :, None]
            depth = ((dense[..., 2] - turned[..., 0]) * self.dense_weight).sum(1) / self.dense_weight.sum()
            offset = np.concatenate([offset, depth[:, None]], 1).astype(np.float32)
            hessian, gradient = np.zeros((n, FREE, FREE), np.float32), np.zeros((n, FREE), np.float32)
            for k, (rows, target) in enumerate(zip(self.rows, targets, strict=True)):
                rows.add(hessian, gradient, target, trust[:, k // 2], frame, offset)
            self._add_jaw(hessian, gradient, marks, trust[:, 0], frame, offset, chosen[:, :JAW])
            index = np.arange(FREE)
            hessian[:, index, index] += precision
            gradient += precision * prior
            factors[:, 1:] = _bounded(hessian, gradient, factors[:, 1:], starts)
        parameters = np.zeros((n, PARAMETERS), np.float32)
        parameters[:, IDENTITY] = factors[:, :IDENTITIES]
        parameters[:, EXPRESSION] = factors[:, IDENTITIES:]
        parameters[:, ROTATION] = quaternions(rotation)
        parameters[:, TRANSLATION][:, :2] = offset[:, :2] / scale[:, None]
        parameters[:, SCALE] = scale
        misses = (
            np.linalg.norm(self.shape.project(parameters) - evidence.landmarks, axis=2).mean(1),
            np.linalg.norm(self.dense.project(parameters) - evidence.dense[..., :2], axis=2).mean(1),
        )
        return Fits(parameters, np.stack(misses, 1).astype(np.float32))

    def _pairs(self, marks: np.ndarray, dense: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        return (marks[:, JAW:], self.mark_pairs), (dense, self.dense_pairs)

    def _add_jaw(
        self,
        hessian: np.ndarray,
        gradient: np.ndarray,
        marks: np.ndarray,
        trust: np.ndarray,
        frame: np.ndarray,
        offset: np.ndarray,
        chosen: np.ndarray,
    ) -> None:
        """The jaw's landmarks, whose vertices differ from face to face."""
        n = len(marks)
        picked = self.basis[:, chosen].transpose(1, 0, 2, 3)
        projected = picked @ frame[:, None, :2].transpose(0, 1, 3, 2)
        rest = marks[:, :JAW, :2] - offset[:, None, :2] - projected[:, 0]
        rows = projected[:, 1:].reshape(n, FREE, -1)
        weighted = rows * (trust[:, None] * np.repeat(self.mark_weight[:JAW], 2))[:, None]
        hessian += weighted @ rows.transpose(0, 2, 1)
        gradient += (weighted @ rest.reshape(n, -1, 1))[..., 0]


def _mark_weights() -> np.ndarray:
    weights = np.ones(LANDMARKS, np.float32)
    weights[:JAW] = 0.4
    weights[36:48] = 1.5
    weights[60:68] = 1.5
    return weights


def _gaps(basis: np.ndarray, pairs: np.ndarray, weight: float) -> tuple[np.ndarray, np.ndarray]:
    return basis[:, pairs[:, 0]] - basis[:, pairs[:, 1]], np.full(len(pairs), weight, np.float32)


def _frontal(n: int) -> np.ndarray:
    first = INNER + np.arange(JAW) * CANDIDATES
    return np.tile(np.concatenate([first, np.arange(INNER)]), (n, 1))


def _visible(shape: FaceShape, shapes: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Indices (n, 68) of the points that are the landmarks in this pose."""
    turned = shapes[:, INNER:] @ rotation[:, :2].transpose(0, 2, 1)
    strips = turned.reshape(len(shapes), JAW, CANDIDATES, 2)
    furthest = np.einsum("njcx,jx->njc", strips, shape.outward).argmax(2)
    jaw = INNER + np.arange(JAW) * CANDIDATES + furthest
    return np.concatenate([jaw, np.tile(np.arange(INNER), (len(shapes), 1))], axis=1)


def _pose(
    shapes: np.ndarray, target: np.ndarray, weight: np.ndarray, rotation: np.ndarray, *, first: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weak-perspective pose of shapes (n, P, 3) onto target (n, P, 2): rotation, scale, offset."""
    n = len(shapes)
    share = (weight / weight.sum(1, keepdims=True))[..., None]
    shape_mean = (shapes * share).sum(1)
    target_mean = (target * share).sum(1)
    x, y = shapes - shape_mean[:, None], target - target_mean[:, None]
    if first:
        gram = (x * share).transpose(0, 2, 1) @ x + 1e-6 * np.eye(3)
        affine = np.linalg.solve(gram, (x * share).transpose(0, 2, 1) @ y).transpose(0, 2, 1)
        left, _, right = np.linalg.svd(affine, full_matrices=False)
        rows = left @ right
        rotation = np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], axis=1)
    for _ in range(6 if first else 2):
        turned = x @ rotation.transpose(0, 2, 1)
        scale = _scale(turned, y, share)
        left_over = (y - scale[:, None, None] * turned[..., :2]).reshape(n, -1, 1)
        jacobian = np.zeros((n, x.shape[1], 2, 4), np.float32)
        jacobian[:, :, 0, 1], jacobian[:, :, 0, 2] = turned[..., 2], -turned[..., 1]
        jacobian[:, :, 1, 0], jacobian[:, :, 1, 2] = -turned[..., 2], turned[..., 0]
        jacobian[..., 3] = turned[..., :2] / scale[:, None, None]
        jacobian *= scale[:, None, None, None]
        weighted = (jacobian * share[..., None]).reshape(n, -1, 4).transpose(0, 2, 1)
        gram = weighted @ jacobian.reshape(n, -1, 4) + 1e-7 * np.eye(4)
        step = np.linalg.solve(gram, weighted @ left_over)
        rotation = _rotations_by_vectors(step[:, :3, 0]) @ rotation
    turned = x @ rotation.transpose(0, 2, 1)
    scale = _scale(turned, y, share)
    offset = target_mean - scale[:, None] * (shape_mean[:, None] @ rotation.transpose(0, 2, 1))[:, 0, :2]
    return rotation.astype(np.float32), scale.astype(np.float32), offset.astype(np.float32)


def _scale(turned: np.ndarray, target: np.ndarray, share: np.ndarray) -> np.ndarray:
    seen = turned[..., :2] * share
    return (seen * target).sum((1, 2)) / (seen * turned[..., :2]).sum((1, 2))


def _rotations_by_vectors(vectors: np.ndarray) -> np.ndarray:
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    half = np.sinc(angle / (2 * np.pi)) / 2
    return rotation_matrices(np.concatenate([np.cos(angle / 2), vectors * half], axis=1))


def _bounded(
    hessian: np.ndarray, gradient: np.ndarray, start: np.ndarray, starts: np.ndarray, sweeps: int = 10
) -> np.ndarray:
    """Minimise the sum of x'Hx/2 - g'x over n faces, from `start` (n, 95), identity within ±3, expressions
    in 0..1.

    starts: int (p,), the first row of each person; a person's rows share their identity.
    """
    x = start.copy()
    slope = (hessian @ x[..., None])[..., 0] - gradient
    diagonal = np.einsum("nii->in", hessian)
    of_person = np.cumsum(np.bincount(starts, minlength=len(x))) - 1
    shared = np.add.reduceat(diagonal[: IDENTITIES - 1], starts, axis=1)
    for _ in range(sweeps):
        for k in range(FREE):
            if k < IDENTITIES - 1:
                step = np.add.reduceat(slope[:, k], starts) / shared[k]
                new = np.clip(x[:, k] - step[of_person], -3, 3)
            else:
                new = np.clip(x[:, k] - slope[:, k] / diagonal[k], 0, 1)
            slope += hessian[:, k] * (new - x[:, k])[:, None]
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
