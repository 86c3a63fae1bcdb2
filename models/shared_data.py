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

TRAINING_SETS = ("helen-train", "lfpw-train", "ytf", "muxspace")
"""What may be trained on; everything else under DATA is a test."""
VALIDATION_SHARE = 5
"""One person in this many is kept for validation (the paper's 80/20 split)."""


@dataclass(frozen=True)
class AnnotatedFace:
    """One face of a photograph; landmarks float32 (68, 2) in pixels, centres at integers."""

    file: Path
    landmarks: np.ndarray


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
    if file.parent.name in ("ytf", "muxspace"):
        return f"{file.stem.rsplit('_', 1)[0]}"
    return f"{file.parent.name}/{file.stem}"


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


def landmark_box(landmarks: np.ndarray) -> np.ndarray:
    """The tight boxes (…, 4) x0, y0, x1, y1 around landmarks (…, 68, 2)."""
    return np.concatenate([landmarks.min(-2), landmarks.max(-2)], axis=-1)
