"""What every reader yields, and the folder that it becomes."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..shared_data import landmark_box, read_image

LEAST_FACE = 0.02
"""Boxes smaller than this share of the picture are to be ignored (paper, section 4.1)."""
FOREHEAD = 0.25
"""The upper share of a box around a whole face that lies above its 68 landmarks.

Measured on 210 faces of HELEN and LFPW with a detector that learned from WIDER's boxes; the other three edges
lie within 0.02.
"""
HEADS = {
    "landmarks.csv": ("file", *(f"{axis}{i}" for i in range(68) for axis in "xy")),
    "boxes.csv": ("file", "x0", "y0", "x1", "y1", "ignored"),
    "rotation.csv": ("file", "x0", "y0", "x1", "y1", "w", "x", "y", "z"),
}


@dataclass(frozen=True)
class Listed:
    """A picture of a collection with what is known of its faces.

    name: its file name in the project's folder. source: its file, or its pixels uint8 (h, w, 3) RGB.
    landmarks: (k, 68, 2) pixels as published. rotations: (k, 4) quaternions in the contract's axes, or none.
    boxes: (m, 4) around the landmarks, of faces without any; ignored: bool (m,), which neither have to be
    found nor count as wrong.
    """

    name: str
    source: Path | np.ndarray
    landmarks: np.ndarray = field(default_factory=lambda: np.zeros((0, 68, 2)))
    rotations: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    ignored: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def face_box(whole: np.ndarray) -> np.ndarray:
    """Boxes (m, 4) around the landmarks, of boxes (m, 4) around whole faces with foreheads."""
    boxes = np.array(whole, float).reshape(-1, 4)
    boxes[:, 1] += FOREHEAD * (boxes[:, 3] - boxes[:, 1])
    return boxes


def write(pictures: Iterable[Listed], folder: Path) -> dict[str, int]:
    """Make the folder, replacing one of that name; how many rows each list has.

    Raises:
        FileNotFoundError: a picture is missing.
        ValueError: there are no pictures.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    counts = dict.fromkeys(HEADS, 0)
    with ExitStack() as files:
        lists: dict[str, Any] = {}

        def add(name: str, row: Iterable[object]) -> None:
            if name not in lists:
                file = files.enter_context(open(part / name, "w", encoding="utf-8", newline=""))
                lists[name] = csv.writer(file)
                lists[name].writerow(HEADS[name])
            lists[name].writerow(row)
            counts[name] += 1

        for picture in pictures:
            _place(picture.source, part / picture.name)
            for landmarks in picture.landmarks:
                add("landmarks.csv", (picture.name, *(f"{v:.3f}" for v in landmarks.ravel())))
            marked = landmark_box(picture.landmarks)
            for box, rotation in zip(marked, picture.rotations, strict=bool(len(picture.rotations))):
                add("rotation.csv", (picture.name, *_rounded(box), *(f"{v:.6f}" for v in rotation)))
            if len(picture.boxes):
                least = LEAST_FACE * max(read_image(part / picture.name).shape[:2])
                small = (picture.boxes[:, 2:] - picture.boxes[:, :2]).max(1) < least
                for box, ignored in zip(picture.boxes, picture.ignored | small, strict=True):
                    add("boxes.csv", (picture.name, *_rounded(box), int(ignored)))
    if not any(counts.values()):
        shutil.rmtree(part)
        raise ValueError(
            "No faces were found there. Is this the folder that the collection's own archive makes?"
        )
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return {name: count for name, count in counts.items() if count}


def _rounded(box: np.ndarray) -> list[str]:
    return [f"{v:.2f}" for v in box]


def _place(source: Path | np.ndarray, target: Path) -> None:
    """Put a picture into the folder; a file as a link where that is possible, since collections are large."""
    if isinstance(source, np.ndarray):
        cv2.imwrite(str(target), cv2.cvtColor(source, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, 95))
        return
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copyfile(source, target)
