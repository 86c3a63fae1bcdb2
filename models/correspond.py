"""Where the teacher's points lie on the face model: `python -m models.correspond` writes `dense.csv`.

The face model is fitted to photographs that people marked, first by their 68 points alone. Each point of the
teacher then gets the vertex that is nearest to it over all these faces and poses, left and right alike, and
the faces are fitted again with what was found; three times. Of the points that sit steadily, those of lids,
lips and brows are kept, and others evenly between them. Irises move, and the outline of the teacher's mesh
follows hair and jaw as they are seen, so neither has a place on the surface.
"""

from __future__ import annotations

import argparse
import csv

import numpy as np
from scipy.optimize import linear_sum_assignment

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import FaceShape, rotation_matrices
from facert_blender.capture.output import replacing

from .dense import TABLE, DensePoints
from .face_model import FaceMesh
from .fitting import Evidence, fit
from .label import MARK_OFFSET, Readings, read_all, score_prior, upright
from .painting.rasterize import rasterize
from .shared_data import PHOTOS, centre_and_side, landmark_box, marked_by_people, person

OUTLINE = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
IRISES = 468
"""The first of the teacher's ten points of the irises."""
FEATURES = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466,
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 300, 293, 334, 296, 336, 276, 283, 282, 295, 285,
)  # fmt: skip
"""The teacher's points of lids, lips and brows."""
COUNT = 200
STEADY = 0.03
"""A point that scatters more, in sides, is left out."""


def mirrored_points(points: np.ndarray) -> np.ndarray:
    """Which of the teacher's points each becomes in a mirror, from many readings (n, 478, 3): int (478,)."""
    mean = upright(points)[0].mean(0)
    flipped = mean * np.array([-1, 1, 1])
    distance = np.linalg.norm(mean[:, None] - flipped[None], axis=2)
    image = linear_sum_assignment(distance**2)[1]
    if not (image[image] == np.arange(len(mean))).all():
        raise ValueError("The teacher's points cannot be told apart in a mirror: read more photographs.")
    return image


def surface(mesh: FaceMesh) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the skin (v,) that are seen from in front, and which of them each becomes in a mirror."""
    skin = mesh.triangles[mesh.material == mesh.materials.index("M_Face")]
    seen = np.zeros(len(mesh.neutral), bool)
    for yaw in (-0.5, 0, 0.5):
        turn = rotation_matrices(np.array([[np.cos(yaw / 2), 0, np.sin(yaw / 2), 0]]))[0]
        points = ((mesh.neutral @ turn.T) * (380, -380, 1) + (512, 512, 0)).astype(np.float32)
        seen[skin[np.unique(_in_front(points, skin, mesh))]] = True
    vertices = np.flatnonzero(seen)
    places = mesh.neutral[vertices]
    gaps = (places**2).sum(1)[:, None] + (places**2).sum(1) - 2 * (places * (-1, 1, 1)) @ places.T
    return vertices, gaps.argmin(1)


def _in_front(points: np.ndarray, skin: np.ndarray, mesh: FaceMesh) -> np.ndarray:
    eyes = [i for i, name in enumerate(mesh.materials) if name.startswith(("M_Sclera", "M_Teeth"))]
    others = mesh.triangles[np.isin(mesh.material, eyes)]
    seen, _ = rasterize(points, np.concatenate([skin, others]), 1024, 1024)
    return np.unique(seen[(seen >= 0) & (seen < len(skin))])


def locate(
    mesh: FaceMesh, parameters: np.ndarray, points: np.ndarray, mirror: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The vertex of each of the teacher's points, int (k,), and its scatter in sides, float (k,).

    parameters: (n, 104) of fitted faces. points: (n, k, 2) in sides, y down. mirror: int (k,).
    """
    vertices, flipped = surface(mesh)
    basis = mesh.basis.reshape(len(mesh.basis), -1, 3)[:, vertices].reshape(len(mesh.basis), -1)
    square = np.zeros((len(vertices), points.shape[1]))
    for i in range(0, len(points), 100):
        part = parameters[i : i + 100]
        factors = np.concatenate([part[:, IDENTITY], part[:, EXPRESSION]], 1)
        turned = (factors @ basis).reshape(len(part), -1, 3) @ rotation_matrices(part[:, ROTATION])[
            :, :2
        ].transpose(0, 2, 1)
        placed = (turned + part[:, None, TRANSLATION][..., :2]) * part[:, SCALE, None, None] * (1, -1)
        seen = points[i : i + 100]
        square += (placed**2).sum((0, 2))[:, None] + (seen**2).sum((0, 2))
        square -= 2 * np.einsum("nvc,nkc->vk", placed, seen, optimize=True)
    both = square + square[flipped][:, mirror]
    middle = np.abs(mesh.neutral[vertices, 0]) < 1e-3
    both[np.ix_(~middle, mirror == np.arange(len(mirror)))] = np.inf
    best = both.argmin(0)
    own = np.arange(len(mirror))
    best = np.where(own <= mirror, best, flipped[best[mirror]])
    return vertices[best], np.sqrt(both[best, own] / (4 * len(points)))


def choose(scatter: np.ndarray, places: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """The points to keep: the features', then, with their mirror images, the farthest from all kept."""
    allowed = scatter < STEADY
    allowed[list(OUTLINE)] = False
    allowed[IRISES:] = False
    kept = [i for i in FEATURES if allowed[i]]
    distance = np.linalg.norm(places[:, None] - places[None, kept], axis=2).min(1)
    while len(kept) < COUNT:
        new = int(np.where(allowed, distance, -1).argmax())
        kept += sorted({new, int(mirror[new])})
        distance = np.minimum(
            distance, np.linalg.norm(places[:, None] - places[None, kept[-2:]], axis=2).min(1)
        )
    return np.array(sorted(kept))


def correspond(readings: Readings, mesh: FaceMesh, shape: FaceShape) -> tuple[np.ndarray, ...]:
    """Teacher's point, mirror image, vertex and scatter of the points kept, (K,) each."""
    people = np.array([person(PHOTOS / str(photo)) for photo in readings.photo])
    rows = np.flatnonzero(
        marked_by_people(people)
        & np.isfinite(readings.points[:, 0, 0])
        & np.isfinite(readings.human[:, 0, 0])
    )
    centre, side = centre_and_side(landmark_box(readings.human[rows]))
    marks: np.ndarray = readings.human[rows] - np.array([MARK_OFFSET, 0], np.float32)
    marks = (marks - centre[:, None]) / side[:, None, None]
    points = readings.points[rows].copy()
    mirror = mirrored_points(points)
    points[..., :2] -= centre[:, None]
    points *= np.array([1, 1, -1], np.float32) / side[:, None, None]
    mean, spread = score_prior(readings.scores[rows])
    spread = np.broadcast_to(spread, mean.shape)
    every = np.arange(points.shape[1])
    dense = DensePoints.of(mesh, every, mirror, np.zeros(len(every), int), np.ones(len(every)))
    keep = every
    for step in range(4):
        trust = np.tile([1.0, 1.0 if step else 0.0], (len(rows), 1))
        found = fit(shape, dense, Evidence(marks, points[:, keep], trust, mean, spread, np.arange(len(rows))))
        sure = found.residual[:, 0] < np.percentile(found.residual[:, 0], 90)
        vertex, scatter = locate(mesh, found.parameters[sure], points[sure][..., :2], mirror)
        keep = choose(scatter, mesh.neutral[vertex], mirror)
        print(
            f"{sure.sum()} faces: landmarks {found.residual[sure, 0].mean():.4f},"
            f" points {scatter[keep].mean():.4f}"
        )
        dense = DensePoints.of(mesh, keep, _among(mirror, keep), vertex[keep], scatter[keep])
    return keep, mirror[keep], vertex[keep], scatter[keep]


def _among(mirror: np.ndarray, keep: np.ndarray) -> np.ndarray:
    return np.searchsorted(keep, mirror[keep])


def main() -> None:
    """Find the teacher's points on the face model."""
    argparse.ArgumentParser(prog="python -m models.correspond", description=main.__doc__).parse_args()
    mesh = FaceMesh.load()
    table = correspond(read_all(), mesh, mesh.reduced())
    with replacing(TABLE) as temporary, open(temporary, "w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines, lineterminator="\n")
        rows.writerow(("teacher", "mirror", "vertex", "scatter"))
        rows.writerows((*row[:3], f"{row[3]:.4f}") for row in zip(*table, strict=True))
    print(f"{TABLE}: {len(table[0])} points")


if __name__ == "__main__":
    main()
