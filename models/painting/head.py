"""The head that is painted: surfaces of the face model with what is known of each vertex."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from facert_blender.capture.contract import IDENTITIES
from facert_blender.capture.face_shape import FaceShape

from ..dense import DensePoints
from ..expressions import INDEX, SIDES, channels, turn
from ..face_model import FaceMesh
from .creases import Creases
from .rasterize import depths, rasterize

SKIN, BACK, EYE, GUMS, TEETH, SOCKET = range(6)
SURFACES = {
    "M_Face": SKIN, "M_BackHead": BACK,
    "M_ScleraLeft": EYE, "M_IrisLeft": EYE, "M_ScleraRight": EYE, "M_IrisRight": EYE,
    "M_GumsTongue": GUMS, "M_Teeth": TEETH,
}  # fmt: skip
PUPIL, IRIS = 0.03, 0.075
"""Radii in units of the face model."""
FEATURE_REACH = 0.22
"""How far, in units of the face model, a landmark's misfit moves the skin around it."""


@dataclass(frozen=True)
class Head:
    """The painted surfaces: V vertices, T triangles, P points of the face shape.

    basis: float32 (96, V * 3). triangles: int32 (T, 3); the first `front` of them leave the back of the
    head out. kind: int8 (V,), the surface. twin: int (V,), the vertex on the other side. spread: float32
    (P, V) and among: float32 (P, P), how far the misfit at a point moves a vertex or another point.
    neighbours: sparse (S, V), means over some rings around the first S vertices, which are the skin's.
    edge: float32 (V,), 0 where the face's surface ends, 1 inside. neck: float32 (V,), 1 where the body
    holds it. hair: float32 (V,), 1 on the scalp. lids: float32 (2, V), the performer's left and right;
    lashes: float32 (V,), 1 at their edges. iris: float32 (V,), distance from the pupil in an eye. eyes:
    vertices of the left and right eye. depth: float32 (V,), how deep in the mouth. creases: where skin
    folds. dense: int (K,), the vertices of `DensePoints`.
    """

    shape: FaceShape
    basis: np.ndarray
    triangles: np.ndarray
    front: int
    kind: np.ndarray
    twin: np.ndarray
    spread: np.ndarray
    among: np.ndarray
    neighbours: csr_matrix
    edge: np.ndarray
    neck: np.ndarray
    hair: np.ndarray
    lids: np.ndarray
    lashes: np.ndarray
    iris: np.ndarray
    eyes: tuple[np.ndarray, np.ndarray]
    depth: np.ndarray
    creases: Creases
    dense: np.ndarray

    @property
    def neutral(self) -> np.ndarray:
        """The mean head, float32 (V, 3)."""
        return self.basis[0].reshape(-1, 3)

    @classmethod
    def make(cls, mesh: FaceMesh) -> Head:
        """Prepare the surfaces that are painted; some seconds."""
        kinds = np.array([SURFACES.get(name, -1) for name in mesh.materials])[mesh.material]
        order = np.concatenate(
            [np.flatnonzero((kinds >= 0) & (kinds != BACK)), np.flatnonzero(kinds == BACK)]
        )
        kinds = kinds[order]
        shown = _ever_seen(mesh, mesh.triangles[order])
        order, kinds = order[shown], kinds[shown]
        used, renumbered = np.unique(mesh.triangles[order], return_inverse=True)
        triangles = renumbered.reshape(-1, 3).astype(np.int32)
        basis = mesh.basis.reshape(len(mesh.basis), -1, 3)[:, used].reshape(len(mesh.basis), -1)
        neutral = basis[0].reshape(-1, 3)
        kind = np.full(len(used), BACK, np.int8)
        for surface in (GUMS, TEETH, EYE, SKIN):
            kind[triangles[kinds == surface]] = surface
        skin = triangles[kinds == SKIN]
        mouth = (np.abs(neutral[:, 0]) < 0.5) & (neutral[:, 1] < -0.15) & (neutral[:, 1] > -0.7)
        kind[(kind == SKIN) & mouth & _never_seen(neutral, triangles)] = SOCKET
        shape = mesh.reduced()
        points = shape.basis[0].reshape(-1, 3)
        loops = _edges(skin, len(used))
        eye_rims = [v for v in loops if np.ptp(neutral[v, 0]) < 0.5 and neutral[v, 1].mean() > 0.3]
        outer = max(loops, key=lambda v: float(np.ptp(neutral[v, 1])))
        from_outer = cKDTree(neutral[outer]).query(neutral)[0]
        from_rims = cKDTree(neutral[np.concatenate(eye_rims)]).query(neutral)[0]
        blink = [
            np.linalg.norm(basis[IDENTITIES + INDEX["eyeBlink" + side]].reshape(-1, 3), axis=1)
            for side in SIDES
        ]
        lashes = np.exp(-(((from_rims - 0.03) / 0.012) ** 2)) * (kind == SKIN)
        lids = np.stack([np.clip(1.5 * b / 0.2, 0, 1) * (kind == SKIN) for b in blink])
        eye = np.flatnonzero(kind == EYE)
        eyes = (eye[neutral[eye, 0] > 0], eye[neutral[eye, 0] < 0])
        iris = np.ones(len(used), np.float32)
        for ball in eyes:
            middle = (neutral[ball].min(0) + neutral[ball].max(0)) / 2
            iris[ball] = np.where(
                neutral[ball, 2] > middle[2], np.linalg.norm((neutral[ball] - middle)[:, :2], axis=1), 1
            )
        hairline = np.interp(
            neutral[:, 2], (-1.3, -0.9, -0.55, -0.2, 0.1, 0.6), (-0.7, -0.4, 0.5, 1.0, 1.3, 1.55)
        )
        hair = np.clip((neutral[:, 1] - hairline) / 0.12, 0, 1) * np.isin(kind, (SKIN, BACK))
        return cls(
            shape,
            basis,
            triangles,
            int((kinds != BACK).sum()),
            kind,
            cKDTree(neutral).query(neutral * (-1, 1, 1))[1],
            _kernel(points, neutral),
            _kernel(points, points),
            _rings(triangles, len(used), 3)[: int(np.flatnonzero(np.isin(kind, (SKIN, SOCKET))).max()) + 1],
            np.clip(from_outer / 0.16 - 0.25, 0, 1).astype(np.float32),
            np.clip((-1.15 - neutral[:, 1]) / 0.9, 0, 1).astype(np.float32),
            hair.astype(np.float32),
            lids.astype(np.float32),
            lashes.astype(np.float32),
            iris,
            eyes,
            np.clip(0.55 - neutral[:, 2], 0, 1).astype(np.float32),
            Creases.on(neutral),
            np.searchsorted(used, DensePoints.load(mesh).vertex),
        )

    @cached_property
    def dense_basis(self) -> np.ndarray:
        """What of the basis moves the dense points, float32 (96, K * 3)."""
        placed = self.basis.reshape(len(self.basis), -1, 3)[:, self.dense]
        return np.ascontiguousarray(placed.reshape(len(self.basis), -1))

    @cached_property
    def opacity(self) -> np.ndarray:
        """How far each vertex float32 (V,) covers what surrounds the photographed face: not where it ends."""
        free = self.edge * np.clip(1 - 3 * self.neck, 0, 1)
        return np.where(self.kind == SKIN, free, np.where(self.kind == BACK, 0, 1)).astype(np.float32)

    @cached_property
    def within(self) -> np.ndarray:
        """Vertices (n,) of neither the skin nor the back of the head: eyes, and what is in the mouth."""
        return np.flatnonzero(~np.isin(self.kind, (SKIN, BACK)))

    def still(self, identity: np.ndarray) -> np.ndarray:
        """Vertices float32 (V, 3) of identity weights (50,) in the head's frame, unturned, no expression."""
        return (identity @ self.basis[:IDENTITIES]).reshape(-1, 3)

    def moved(self, weights: np.ndarray) -> np.ndarray:
        """By how much expression weights (46,) move the vertices: float32 (V, 3)."""
        return (weights @ self.basis[IDENTITIES:]).reshape(-1, 3)

    def mean_curvature(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """How deep each vertex (V,) lies under the mean of its surroundings, in units; negative on bumps."""
        around = self.neighbours
        result = np.zeros(len(points), np.float32)
        result[: around.shape[0]] = depths(points, normals, around.indptr, around.indices, around.data)
        return result


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.exp(-squares / (2 * FEATURE_REACH**2)).astype(np.float32)


def _rings(triangles: np.ndarray, count: int, rings: int) -> csr_matrix:
    """Matrix that takes the mean over some rings of neighbours, weighted towards the middle."""
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ones = np.ones(len(sides), np.float32)
    adjacent = coo_matrix((ones, sides.T), (count, count)).tocsr()
    adjacent = ((adjacent + adjacent.T) > 0).astype(np.float32) + identity(count, np.float32)
    step = diags(1 / np.asarray(adjacent.sum(1)).ravel()).astype(np.float32) @ adjacent
    result = step
    for _ in range(rings - 1):
        result = result @ step
    return result.astype(np.float32).tocsr()


def _edges(triangles: np.ndarray, count: int) -> list[np.ndarray]:
    """The vertices of each loop where a surface ends."""
    sides = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    unique, times = np.unique(sides, axis=0, return_counts=True)
    free = unique[times == 1]
    graph = coo_matrix((np.ones(len(free)), free.T), (count, count))
    _, group = connected_components(graph, directed=False)
    vertices = np.unique(free)
    return [vertices[group[vertices] == g] for g in np.unique(group[vertices])]


def _ever_seen(mesh: FaceMesh, triangles: np.ndarray) -> np.ndarray:
    """Whether each triangle (T,), or one beside it, is seen from some side on a face that shows what it
    can.
    """
    seen = np.zeros(len(mesh.neutral), bool)
    for names in (
        (),
        ("jawOpen",),
        ("mouthFunnel", "eyeWide"),
        ("jawOpen", "mouthUpperUp", "mouthLowerDown"),
        ("eyeBlink",),
    ):
        posed = mesh.neutral + sum(
            mesh.basis[IDENTITIES + i].reshape(-1, 3) for n in names for i in channels(n)
        )
        for yaw in (-80, -40, 0, 40, 80):
            for pitch in (-35, 0, 35):
                points = (posed @ turn(yaw, pitch, 0).T) * (260, -260, 1) + (400, 400, 0)
                found, _ = rasterize(points.astype(np.float32), triangles, 900, 800)
                seen[triangles[np.unique(found[found >= 0])]] = True
    return seen[triangles].any(1)


def _never_seen(neutral: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Whether each vertex is hidden from every side in front of the neutral face."""
    visible = np.zeros(len(neutral), bool)
    for yaw in (-70, -40, -15, 0, 15, 40, 70):
        for pitch in (-30, 0, 30):
            points = (neutral @ turn(yaw, pitch, 0).T) * (190, -190, 1) + (256, 256, 0)
            seen, _ = rasterize(points.astype(np.float32), triangles, 512, 512)
            visible[triangles[np.unique(seen[seen >= 0])]] = True
    return ~visible
