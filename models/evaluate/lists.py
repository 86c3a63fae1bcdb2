"""Test material: folders of pictures with a list of the faces in them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..shared_data import AnnotatedFace, BoxedFace, landmark_box, read_boxes, read_landmarks

BOX = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True)
class Picture:
    """A photograph with the landmarks (k, 68, 2) of its marked faces."""

    file: Path
    landmarks: np.ndarray


def pictures(folder: Path) -> list[Picture]:
    """The photographs of a folder's `landmarks.csv`, each once.

    Raises:
        FileNotFoundError: the list is not there.
    """
    by_file: dict[Path, list[AnnotatedFace]] = {}
    for face in read_landmarks(folder):
        by_file.setdefault(face.file, []).append(face)
    return [Picture(file, np.stack([face.landmarks for face in faces])) for file, faces in by_file.items()]


@dataclass(frozen=True)
class Boxes:
    """A photograph with the boxes (k, 4) of its faces, and those (j, 4) that are to be ignored."""

    file: Path
    truth: np.ndarray
    ignored: np.ndarray


def boxes(folder: Path) -> list[Boxes]:
    """The photographs of a folder's `boxes.csv`, or else of its `landmarks.csv`, each once.

    Raises:
        FileNotFoundError: neither list is there.
    """
    nothing = np.zeros((0, 4))
    if not (folder / "boxes.csv").exists():
        return [Boxes(picture.file, landmark_box(picture.landmarks), nothing) for picture in pictures(folder)]
    by_file: dict[Path, list[BoxedFace]] = {}
    for face in read_boxes(folder):
        by_file.setdefault(face.file, []).append(face)
    return [
        Boxes(
            file,
            np.array([face.box for face in faces if not face.ignored]).reshape(-1, 4),
            np.array([face.box for face in faces if face.ignored]).reshape(-1, 4),
        )
        for file, faces in by_file.items()
    ]


@dataclass(frozen=True)
class FaceList:
    """The n faces of a list, each with its file, box (n, 4) in pixels and values (n, k) by column name."""

    files: list[Path]
    boxes: np.ndarray
    columns: tuple[str, ...]
    values: np.ndarray

    @classmethod
    def read(cls, path: Path, pattern: str = "*") -> FaceList:
        """Read `file,x0,y0,x1,y1` and any further columns of numbers; files lie beside the list.

        pattern: only files whose name is like this ("rendered_*").

        Raises:
            FileNotFoundError: the list is not there.
            ValueError: a column is missing, a value is not a number, or no file is like the pattern.
        """
        with open(path, newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            names = tuple(rows.fieldnames or ())
            if names[:5] != ("file", *BOX):
                raise ValueError(f"{path}: the first columns have to be file,x0,y0,x1,y1.")
            kept = [row for row in rows if Path(row["file"]).match(pattern)]
        if not kept:
            raise ValueError(f"{path} lists no face in files like {pattern}.")
        numbers = np.array([[float(row[name]) for name in names[1:]] for row in kept], np.float32)
        files = [path.parent / row["file"] for row in kept]
        return cls(files, numbers[:, :4], names[5:], numbers[:, 4:])

    def write(self, path: Path) -> None:
        """Write what `read` reads."""
        with open(path, "w", newline="", encoding="utf-8") as lines:
            rows = csv.writer(lines)
            rows.writerow(["file", *BOX, *self.columns])
            for file, box, values in zip(self.files, self.boxes, self.values, strict=True):
                numbers = [f"{v:.2f}" for v in box] + [f"{v:.5g}" for v in values]
                rows.writerow([file.relative_to(path.parent).as_posix(), *numbers])
