"""300W-LP and AFLW2000-3D: photographs with .mat files of landmarks and pose (Zhu et al. 2016)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ..fitting import quaternions
from .folder import Listed

KEPT_ASIDE = ("AFW", "IBUG")
"""Parts of 300W-LP that are tests elsewhere, here and in the field."""


def rotation(pose: np.ndarray) -> np.ndarray:
    """The contract's quaternion (4,) of a `Pose_Para`: pitch, yaw and roll in radians come first.

    Its matrix is Rx Ry Rz with each turn the other way round, in the same axes as the contract's.
    """
    matrix = np.eye(3)
    for axis, angle in enumerate(-np.ravel(pose)[:3]):
        turn = np.eye(3)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    return quaternions(matrix[None])[0]


def training(root: Path) -> Iterator[Listed]:
    """300W-LP: `HELEN/*.jpg` with a .mat each, and `landmarks/HELEN/*_pts.mat` with `pts_2d`.

    Mirrored parts are left out, since training mirrors by itself, and so is what others test on.
    """
    for part in sorted(path for path in root.iterdir() if path.is_dir()):
        if part.name in (*KEPT_ASIDE, "landmarks", "Code") or part.name.endswith("_Flip"):
            continue
        for path in sorted(part.glob("*.mat")):
            if "_image_test_" in path.stem:
                continue
            points = loadmat(root / "landmarks" / part.name / f"{path.stem}_pts.mat")["pts_2d"]
            yield _listed(path, points)


def aflw2000(root: Path) -> Iterator[Listed]:
    """AFLW2000-3D: `*.jpg` with a .mat each, whose `pt3d_68` holds x, y and z of the 68 landmarks."""
    for path in sorted(root.glob("*.mat")):
        yield _listed(path, loadmat(path)["pt3d_68"][:2].T)


def _listed(path: Path, points: np.ndarray) -> Listed:
    source = path.with_suffix(".jpg")
    return Listed(source.name, source, points[None], rotation(loadmat(path)["Pose_Para"])[None])
