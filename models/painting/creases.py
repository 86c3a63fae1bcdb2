"""Creases: where skin folds under an expression, finer than the mesh can show.

A crease is a line on the neutral face that darkens, with a paler ridge beside it, as its expressions grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

Line = tuple[tuple[float, float], ...]

# Per crease: what makes it and how strongly, its lines on the performer's left (x > 0) in units of the face
# model, and the width of a line. Lines on the right answer to the channels of the right.
_LEFT: tuple[tuple[dict[str, float], tuple[Line, ...], float], ...] = (
    ({"browInnerUp": 0.6, "browOuterUp": 0.3},
     (((0, 1.12), (0.25, 1.16), (0.45, 1.12)), ((0, 1.26), (0.25, 1.30), (0.45, 1.26)),
      ((0, 1.40), (0.25, 1.43), (0.45, 1.40))), 0.022),
    ({"browOuterUp": 0.7},
     (((0.4, 1.12), (0.6, 1.08), (0.75, 0.98)), ((0.4, 1.26), (0.62, 1.20), (0.78, 1.08))), 0.022),
    ({"browDown": 0.6}, (((0.09, 0.76), (0.1, 0.88), (0.08, 0.98)),), 0.028),
    ({"browDown": 0.3, "noseSneer": 0.35}, (((0, 0.66), (0.1, 0.64)), ((0, 0.58), (0.1, 0.57))), 0.018),
    ({"noseSneer": 0.5}, (((0.07, 0.45), (0.15, 0.28)),), 0.025),
    ({"noseSneer": 0.8, "mouthUpperUp": 0.6, "mouthSmile": 0.7, "cheekSquint": 0.25},
     (((0.18, 0.04), (0.27, -0.06), (0.36, -0.2), (0.42, -0.34)),), 0.026),
    ({"eyeSquint": 0.5, "cheekSquint": 0.7, "mouthSmile": 0.25},
     (((0.26, 0.42), (0.38, 0.37), (0.52, 0.4)), ((0.28, 0.35), (0.4, 0.30), (0.55, 0.33))), 0.02),
    ({"cheekSquint": 0.7, "mouthSmile": 0.4, "eyeSquint": 0.4},
     (((0.66, 0.56), (0.78, 0.6)), ((0.66, 0.52), (0.79, 0.51)), ((0.65, 0.48), (0.77, 0.43))), 0.016),
    ({"mouthDimple": 0.9, "mouthStretch": 0.4, "mouthSmile": 0.3, "mouthPress": 0.4},
     (((0.39, -0.3), (0.41, -0.38), (0.39, -0.46)),), 0.024),
    ({"mouthFrown": 0.9, "mouthStretch": 0.3}, (((0.34, -0.4), (0.39, -0.5), (0.4, -0.6)),), 0.024),
    ({"mouthShrugLower": 0.8, "mouthFrown": 0.3, "mouthRollLower": 0.4},
     (((0, -0.58), (0.12, -0.59), (0.2, -0.63)),), 0.03),
    ({"mouthShrugLower": 0.5, "mouthFrown": 0.2}, (((0.03, -0.7), (0.08, -0.74)),
     ((0.12, -0.68), (0.15, -0.76)), ((0, -0.78), (0.06, -0.81))), 0.018),
    ({"mouthPucker": 0.6, "mouthFunnel": 0.25, "mouthRollUpper": 0.25},
     (((0.1, -0.18), (0.09, -0.27)), ((0.2, -0.22), (0.17, -0.3)), ((0.03, -0.17), (0.03, -0.26))), 0.014),
    ({"mouthPucker": 0.6, "mouthFunnel": 0.25, "mouthRollLower": 0.25},
     (((0.08, -0.55), (0.07, -0.45)), ((0.18, -0.52), (0.15, -0.42))), 0.014),
)  # fmt: skip


@dataclass(frozen=True)
class Creases:
    """makes: float32 (46, K), how strongly an expression makes each crease. depth: float32 (K, V), how much a
    vertex darkens.
    """

    makes: np.ndarray
    depth: np.ndarray

    @classmethod
    def on(cls, neutral: np.ndarray) -> Creases:
        """The creases of a neutral face, (V, 3) in units of the face model."""
        makes, depth = [], []
        front = np.clip((neutral[:, 2] + 0.1) / 0.2, 0, 1)
        for strengths, lines, width in _LEFT:
            for side, sign in (("Left", 1), ("Right", -1)):
                column = np.zeros(len(EXPRESSIONS), np.float32)
                for name, strength in strengths.items():
                    for i, expression in enumerate(EXPRESSIONS):
                        if expression in (name, name + side):
                            column[i] = strength
                points = neutral[:, :2] * (sign, 1)
                distance = np.min([_distance(points, np.array(line)) for line in lines], axis=0)
                profile = np.exp(-((distance / width) ** 2) / 2) - 0.4 * np.exp(
                    -((distance / width) ** 2) / 8
                )
                makes.append(column)
                depth.append((profile * front).astype(np.float32))
        return cls(np.stack(makes, 1), np.stack(depth))

    def shade(self, before: np.ndarray, after: np.ndarray, strength: np.ndarray) -> np.ndarray:
        """How light each vertex (V,) becomes from weights `before` to `after`; strength: (K,)."""
        change = np.minimum(after @ self.makes, 1.2) - np.minimum(before @ self.makes, 1.2)
        return np.exp(-(np.maximum(change, -0.3) * strength) @ self.depth)


def _distance(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Distances (n,) of points (n, 2) from a polyline (m, 2)."""
    nearest = np.full(len(points), np.inf)
    for start, end in pairwise(line):
        along = end - start
        t = np.clip((points - start) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - start - t[:, None] * along, axis=1))
    return nearest
