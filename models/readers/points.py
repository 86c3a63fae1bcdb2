"""iBUG's .pts files: AFW, HELEN, LFPW, IBUG and 300-W as published there, and 300VW."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from facert_blender.capture.footage import open_footage

from .folder import Listed

EVERY = 30
"""Frames of a film from one picture to the next."""


def read_points(path: Path) -> np.ndarray:
    """The 68 landmarks (68, 2) of a .pts file, as written: iBUG counts pixels from one.

    Raises:
        ValueError: it does not hold 68 points.
    """
    text = path.read_text(encoding="utf-8")
    inside = text.partition("{")[2].partition("}")[0]
    values = np.array(inside.split(), float)
    if values.shape != (136,):
        raise ValueError(f"{path} does not hold 68 points.")
    return values.reshape(68, 2)


def photographs(root: Path) -> Iterator[Listed]:
    """Pictures with a .pts file of the same name beside each; `name_1.jpg`, `name_2.jpg` of one photograph.

    iBUG's AFW has a copy of the photograph for every face in it: equal copies become one picture.
    """

    def photograph(path: Path) -> tuple[str, str]:
        content = hashlib.sha256(path.with_suffix(".jpg").read_bytes()).hexdigest()
        return path.stem.rpartition("_")[0], content

    of = {path: photograph(path) for path in sorted(root.glob("*.pts"))}
    for _, same in groupby(sorted(of, key=lambda path: of[path]), lambda path: of[path]):
        faces = list(same)
        source = faces[0].with_suffix(".jpg")
        yield Listed(source.name, source, np.stack([read_points(path) for path in faces]))


def films(root: Path) -> Iterator[Listed]:
    """300VW: a folder for each film with `vid.avi` and `annot/000001.pts` for its first frame."""
    for video in sorted(root.glob("*/vid.avi")):
        marks = {int(path.stem): path for path in (video.parent / "annot").glob("*.pts")}
        with open_footage(video) as footage:
            for frame in footage:
                if frame.index % EVERY == 0 and frame.index + 1 in marks:
                    name = f"{video.parent.name}_{frame.index + 1:06d}.jpg"
                    yield Listed(name, frame.image, read_points(marks[frame.index + 1])[None])
