"""Dense points: where some of the teacher's 478 points lie on the face model.

`dense.csv`, made by `python -m models.correspond`, names for each of them a vertex of ICT FaceKit and how
much its place scatters from face to face.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices

from .face_model import FaceMesh

TABLE = Path(__file__).with_name("dense.csv")
DENSE = 201
"""How many points the table has."""
STEADIEST = 32
BROWS = (0.1, 0.74, 0.7, 0.95)
"""Where the brows of the neutral face are, in units of the face model: across from the middle, and up."""


@dataclass(frozen=True)
class DensePoints:
    """K points of the face model beside the 68.

    teacher: int (K,), the teacher's point. vertex: int (K,), of ICT FaceKit. mirror: int (K,), which of the K
    each becomes in a mirror. basis: float32 (96, K * 3), as in `FaceShape`. weight: float32 (K,), how
    steadily the teacher finds the point, one in the mean. normal: float32 (K, 3), away from the neutral face.
    """

    teacher: np.ndarray
    vertex: np.ndarray
    mirror: np.ndarray
    basis: np.ndarray
    weight: np.ndarray
    normal: np.ndarray

    @classmethod
    def of(
        cls, mesh: FaceMesh, teacher: np.ndarray, mirror: np.ndarray, vertex: np.ndarray, scatter: np.ndarray
    ) -> DensePoints:
        """The points at `vertex` (K,) of the mesh; scatter: (K,), standard deviations in sides."""
        basis = mesh.basis.reshape(len(mesh.basis), -1, 3)[:, vertex].reshape(len(mesh.basis), -1)
        steady = 1 / scatter**2
        weight = (steady / steady.mean()).astype(np.float32)
        return cls(teacher, vertex, mirror, basis.copy(), weight, _normals(mesh)[vertex])

    @classmethod
    def load(cls, mesh: FaceMesh, table: Path = TABLE) -> DensePoints:
        """Read the table that `python -m models.correspond` wrote."""
        with open(table, newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        teacher, mirrored, vertex = (
            np.array([int(row[name]) for row in rows]) for name in ("teacher", "mirror", "vertex")
        )
        mirror = np.array([list(teacher).index(point) for point in mirrored])
        return cls.of(mesh, teacher, mirror, vertex, np.array([float(row["scatter"]) for row in rows]))

    def steadiest(self, count: int) -> np.ndarray:
        """Which `count` points the teacher finds most steadily, int (count,), ascending; mirrored points come
        together, so a pair that the limit would part gives way to the next single point.
        """
        chosen: list[int] = []
        for i in np.argsort(-(self.weight + self.weight[self.mirror]), kind="stable"):
            pair = {int(i), int(self.mirror[i])} - set(chosen)
            if len(chosen) + len(pair) <= count:
                chosen += pair
        return np.array(sorted(chosen))

    def located(self, count: int) -> np.ndarray:
        """Which `count` points a network locates beside the 68, int (count,): the STEADIEST, then those of
        the brows, which say more of them than the landmarks do. Raises ValueError for more than there are.
        """
        steadiest, brows = self.steadiest(min(count, STEADIEST)), self.brows()
        if count > len(steadiest) + len(brows):
            raise ValueError(f"There are {len(steadiest) + len(brows)} points to locate, not {count}.")
        return np.concatenate([steadiest, brows[: count - len(steadiest)]])

    def brows(self) -> np.ndarray:
        """The points above and below the brows, int (20,), ascending."""
        x, y, _ = self.basis[0].reshape(-1, 3).T
        across = (BROWS[0] < np.abs(x)) & (np.abs(x) < BROWS[1])
        return np.flatnonzero(across & (BROWS[2] < y) & (y < BROWS[3]))

    def __len__(self) -> int:
        return len(self.teacher)

    def project(self, parameters: np.ndarray) -> np.ndarray:
        """The points of n faces with parameters (n, 104): float32 (n, K, 2), in sides from the centre of the
        box, y down.
        """
        factors = np.concatenate([parameters[:, IDENTITY], parameters[:, EXPRESSION]], 1).astype(np.float32)
        points = (factors @ self.basis).reshape(len(factors), -1, 3)
        turned = points @ rotation_matrices(parameters[:, ROTATION])[:, :2].transpose(0, 2, 1)
        placed = (turned + parameters[:, None, TRANSLATION][..., :2]) * parameters[:, SCALE, None, None]
        return (placed * np.array([1, -1], np.float32)).astype(np.float32)

    def facing(self, parameters: np.ndarray) -> np.ndarray:
        """How far each point of n faces looks at the camera: float32 (n, K), 1 in front, 0.1 behind."""
        towards = rotation_matrices(parameters[:, ROTATION])[:, 2] @ self.normal.T
        return np.clip((towards + 0.1) / 0.4, 0.1, 1).astype(np.float32)


def _normals(mesh: FaceMesh) -> np.ndarray:
    """Unit normals float32 (V, 3) of the neutral face."""
    corners = mesh.neutral[mesh.triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(mesh.neutral)
    for k in range(3):
        np.add.at(normals, mesh.triangles[:, k], across)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
