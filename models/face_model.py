"""The face model behind the networks: ICT FaceKit, reduced to the contract's 50 identities and 46
expressions.

`python -m models.face_model` writes the reduced model that the add-on ships (`weights/face_shape.npz`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITIES,
    IDENTITY,
    LANDMARKS,
    ROTATION,
    SCALE,
    TRANSLATION,
)
from facert_blender.capture.face_shape import JAW, FaceShape
from facert_blender.capture.output import replacing

from .expressions import without_side
from .shared_data import FACE_MODEL, WEIGHTS

CANDIDATES = 8
"""Points in each jaw landmark's strip, the first being the frontal landmark itself."""
CENTRE = (0.0, -0.65, 6.0)
"""The origin of the reduced model in the source's centimetres: amid the frontal landmarks, inside the head.
"""
UNIT = 7.57
"""Centimetres of the source to one unit: the neutral landmarks then reach ±1."""
STRIP_WIDTH = 0.45
"""Half the width, in centimetres, of the band of vertices from which a strip is taken."""
FULLER = {"browDown": 2.0, "browInnerUp": 1.6}
"""How many times the source's shape a channel's full weight is, where people's brows move further than it.

Measured on the frames of one person at a time (YouTube Faces): as the teacher's score of frowning brows goes
from 0 to 1, points of the brows sink by 0.05 to 0.07 of the distance between the eyes' outer corners, which
the source's shape lowers by 0.02 to 0.04; as that of raised inner brows does, they rise by 0.09 (0.06).
"""


def source_shapes(expression: str) -> tuple[str, ...]:
    """The source's shapes whose sum is one of the 46 expressions."""
    if expression == "cheekPuff":
        return ("cheekPuff_L", "cheekPuff_R")
    for side in ("Left", "Right"):
        if expression.endswith(side) and expression not in ("jaw" + side, "mouth" + side):
            return (expression.removesuffix(side) + "_" + side[0],)
    return (expression,)


def fullness(expression: str) -> float:
    """How many times the source's shapes the full weight of one of the 46 expressions is."""
    return FULLER.get(without_side(expression), 1.0)


@dataclass(frozen=True)
class FaceMesh:
    """The whole mesh in the reduced model's units.

    basis: float32 (96, V * 3), as in `FaceShape`. triangles: int32 (T, 3). material: int8 (T,).
    materials: names of the materials. landmarks: int (68,), vertices of the frontal landmarks.
    """

    basis: np.ndarray
    triangles: np.ndarray
    material: np.ndarray
    materials: tuple[str, ...]
    landmarks: np.ndarray

    @classmethod
    def load(cls, path: Path = FACE_MODEL) -> FaceMesh:
        """Read ICT FaceKit's arrays.

        Raises:
            FileNotFoundError: the file is not there.
        """
        with np.load(path) as source:
            neutral = (source["neutral"] - np.array(CENTRE, np.float32)) / UNIT
            modes = source["identity"][: IDENTITIES - 1].astype(np.float32) / UNIT
            names = list(source["expression_names"])
            deltas = source["expression"].astype(np.float32) / UNIT
            polygons, material = source["polygons"], source["polygon_material"]
            materials, landmarks = tuple(source["material_names"]), source["landmarks68"]
        expressions = [
            fullness(e) * sum(deltas[names.index(s)] for s in source_shapes(e)) for e in EXPRESSIONS
        ]
        basis = np.concatenate([neutral[None], modes, np.stack(expressions)]).astype(np.float32)
        quads = polygons[:, 3] >= 0
        triangles = np.concatenate([polygons[:, :3], polygons[quads][:, [0, 2, 3]]])
        return cls(
            basis.reshape(len(basis), -1),
            triangles.astype(np.int32),
            np.concatenate([material, material[quads]]),
            materials,
            landmarks.astype(np.int64),
        )

    @cached_property
    def neutral(self) -> np.ndarray:
        """The mean face, float32 (V, 3)."""
        return self.basis[0].reshape(-1, 3)

    def reduced(self) -> FaceShape:
        """The landmarks' part of the model, with a strip of contour candidates for each jaw landmark."""
        outward = self._outward()
        strips = [self._strip(k, outward[k]) for k in range(JAW)]
        chosen = np.concatenate([self.landmarks[JAW:], np.concatenate(strips)])
        points = self.basis.reshape(len(self.basis), -1, 3)[:, chosen]
        return FaceShape(points.reshape(len(points), -1).copy(), outward)

    def _outward(self) -> np.ndarray:
        """For each jaw landmark, the direction in the picture away from the face, y up."""
        jaw = self.neutral[self.landmarks[:JAW], :2]
        along = np.gradient(jaw, axis=0)
        outward = np.stack([along[:, 1], -along[:, 0]], axis=1)
        return (outward / np.linalg.norm(outward, axis=1, keepdims=True)).astype(np.float32)

    def _strip(self, landmark: int, outward: np.ndarray) -> np.ndarray:
        """Vertices (CANDIDATES,) from a jaw landmark across the face, each the outermost at its depth."""
        start = self.neutral[self.landmarks[landmark]]
        skin = np.unique(self.triangles[self.material == self.materials.index("M_Face")])
        offset = self.neutral[skin] - start
        along = offset[:, 0] * -outward[1] + offset[:, 1] * outward[0]
        out = offset[:, :2] @ outward
        front = np.abs(along) < STRIP_WIDTH / UNIT
        deepest = min(0.75, float(self.neutral[skin][front, 2].max() - start[2]))
        strip = [int(self.landmarks[landmark])]
        edges = np.linspace(0.02, deepest, CANDIDATES)
        for near, far in pairwise(edges):
            inside = front & (offset[:, 2] >= near) & (offset[:, 2] < far)
            strip.append(int(skin[inside][np.argmax(out[inside])]) if inside.any() else strip[-1])
        return np.array(strip)


def rotation_matrices(quaternions: Tensor) -> Tensor:
    """Rotation matrices (n, 3, 3) of unit quaternions (n, 4) in w, x, y, z order."""
    w, x, y, z = quaternions.unbind(-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ]
    return torch.stack(rows, -2)


class Projection(torch.nn.Module):
    """`FaceShape.project` in PyTorch, for the landmark loss: same shapes, same units, differentiable."""

    basis: Tensor
    outward: Tensor

    def __init__(self, shape: FaceShape) -> None:
        super().__init__()
        self.register_buffer("basis", torch.from_numpy(shape.basis), persistent=False)
        self.register_buffer("outward", torch.from_numpy(shape.outward), persistent=False)

    def forward(self, parameters: Tensor) -> Tensor:
        """Landmarks (n, 68, 2), in sides, y down, of parameters (n, 104); quaternions are unit."""
        factors = torch.cat([parameters[:, IDENTITY], parameters[:, EXPRESSION]], 1)
        points = (factors @ self.basis).unflatten(1, (-1, 3))
        turned = points @ rotation_matrices(parameters[:, ROTATION])[:, :2].transpose(1, 2)
        placed = (turned + parameters[:, None, TRANSLATION][..., :2]) * parameters[:, SCALE, None, None]
        inner = LANDMARKS - JAW
        strips = placed[:, inner:].unflatten(1, (JAW, CANDIDATES))
        furthest = torch.einsum("njcx,jx->njc", strips.detach(), self.outward).argmax(2)
        jaw = strips.gather(2, furthest[..., None, None].expand(-1, -1, 1, 2))[:, :, 0]
        landmarks = torch.cat([jaw, placed[:, :inner]], 1)
        return landmarks * landmarks.new_tensor([1.0, -1.0])


def main() -> None:
    """Write the reduced model beside the networks' weights."""
    shape = FaceMesh.load().reduced()
    with replacing(WEIGHTS / "face_shape.npz") as temporary:
        np.savez_compressed(temporary, basis=shape.basis.astype(np.float16), outward=shape.outward)
    print(f"{WEIGHTS / 'face_shape.npz'}: {shape.basis.shape[1] // 3} points")


if __name__ == "__main__":
    main()
