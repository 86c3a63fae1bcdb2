"""Where the training and test material lies, and how its lists of landmarks are read.

The folder is `../shared/data` beside the checkout, or what the environment variable FACERT_DATA names.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

CHECKOUT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("FACERT_DATA", CHECKOUT.parent / "shared" / "data"))
FACE_MODEL = DATA / "face-model" / "ict_facekit.npz"
PHOTOS = DATA / "photos"
CLIPS = DATA / "clips"
TEACHER = DATA / "teacher"
RUNS = CHECKOUT / "models" / "runs"
WEIGHTS = CHECKOUT / "models" / "weights"

TRAINING_SETS = ("helen-train", "lfpw-train", "ytf", "muxspace", "300w-lp", "300vw", "wider")
"""What may be trained on, as far as it is there (`models.readers`); everything else under DATA is a test."""
VALIDATION_SHARE = 5
"""One person in this many is kept for validation (the paper's 80/20 split)."""


@dataclass(frozen=True)
class AnnotatedFace:
    """One face of a photograph; landmarks float32 (68, 2) in pixels, centres at integers."""

    file: Path
    landmarks: np.ndarray


@dataclass(frozen=True)
class BoxedFace:
    """One face of a photograph of which only the box float32 (4,) is known: pixels, around its landmarks.

    ignored: whether it neither has to be found nor counts as wrong.
    """

    file: Path
    box: np.ndarray
    ignored: bool


def read_landmarks(folder: Path) -> list[AnnotatedFace]:
    """The rows of `folder/landmarks.csv`: `file,x0,y0,…,x67,y67`, one row per face.

    Raises:
        FileNotFoundError: there is no such list.
        ValueError: a row has not 68 points.
    """
    with open(folder / "landmarks.csv", newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        faces = []
        for row in rows:
            if len(row) != 137:
                raise ValueError(f"{folder}/landmarks.csv: the row of {row[:1]} has not 68 points.")
            faces.append(AnnotatedFace(folder / row[0], np.array(row[1:], np.float32).reshape(68, 2)))
        return faces


def read_boxes(folder: Path) -> list[BoxedFace]:
    """The rows of `folder/boxes.csv`: `file,x0,y0,x1,y1,ignored`, one row per face.

    Raises:
        FileNotFoundError: there is no such list.
    """
    with open(folder / "boxes.csv", newline="", encoding="utf-8") as lines:
        return [
            BoxedFace(
                folder / row["file"],
                np.array([row[name] for name in ("x0", "y0", "x1", "y1")], np.float32),
                row["ignored"] != "0",
            )
            for row in csv.DictReader(lines)
        ]


def read_image(file: Path) -> np.ndarray:
    """The picture as uint8 RGB (height, width, 3).

    Raises:
        FileNotFoundError: the file is missing or no picture.
    """
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f"{file} is missing or not a picture.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def person(file: Path) -> str:
    """Who a photograph shows, as far as its name says; people are split by it, never photographs."""
    folder, stem, before = file.parent.name, file.stem, file.stem.rpartition("_")[0]
    if folder in ("ytf", "muxspace"):
        return before
    if folder == "300w-lp":  # turned photographs of HELEN and LFPW
        return before.replace("HELEN_", "helen-train/").replace("LFPW_image_train_", "lfpw-train/image_")
    if folder == "300vw":  # frames of a film
        return f"{folder}/{before}"
    return f"{folder}/{stem}"


def held_out(people: np.ndarray) -> np.ndarray:
    """Whether each `person` (n,) belongs to validation: a fixed fifth, chosen by the name alone."""
    return np.array([sum(name.encode()) % VALIDATION_SHARE == 0 for name in people], bool)


def marked_by_people(names: np.ndarray) -> np.ndarray:
    """Whether each `person` (n,) comes from HELEN or LFPW, whose faces people marked."""
    return np.array([name.startswith(("helen-train/", "lfpw-train/")) for name in names])


def centre_and_side(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres (…, 2) and longer sides (…,) of boxes (…, 4) x0, y0, x1, y1."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return (low + high) / 2, (high - low).max(-1)


def corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as x0, y0, x1, y1 from centre and size."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


def landmark_box(landmarks: np.ndarray) -> np.ndarray:
    """The tight boxes (…, 4) x0, y0, x1, y1 around landmarks (…, 68, 2)."""
    return np.concatenate([landmarks.min(-2), landmarks.max(-2)], axis=-1)
