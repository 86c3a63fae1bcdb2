"""The fixed validation set for `models.evaluate expressions` and `rotation`: `python -m models.validation`.

Writes pictures, `expressions.csv` and `rotation.csv` to `runs/validation`. All show people who are held out
of training (`datasets.held_out`), with labels that are exact by construction: the nine categories of the
paper at full strength, neutral faces, mixed expressions, and heads turned as far as 75 degrees. The seed is
fixed.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, ROTATION
from facert_blender.capture.face_shape import rotation_matrices

from .datasets import PHOTOGRAPHS, SHARD_SIZE, SHARD_SPAN, Shard
from .evaluate.lists import FaceList
from .evaluate.rotation import yaw
from .expression_measures import CATEGORIES
from .face_model import FaceMesh
from .shared_data import RUNS, held_out, landmark_box
from .synthesize import Editor, possible, sample_expression

VALIDATION = RUNS / "validation"
SEED = 2019
COUNTS = {"category": 50, "neutral": 100, "mixed": 150, "turned": 150}
"""Pictures of each category, and of the other kinds."""
LEAST_CONFIDENCE = 0.5
LEAST_SIDE = 80
"""Source faces measure at least so many pixels in their photograph."""
CALM = 0.35
"""Source faces show no expression stronger than this, so that their texture contradicts no new one."""
NEAREST = 40
"""A source is one of so many nearest to the new yaw: what a photograph hides cannot be turned to."""
FAR = 75
"""Degrees to either side that turned heads reach."""


@dataclass(frozen=True)
class Plan:
    """One picture to be made: its kind, expression weights (46,), and yaw and pitch in degrees."""

    kind: str
    weights: np.ndarray
    yaw: float
    pitch: float


def category_weights(category: str, rng: np.random.Generator) -> np.ndarray:
    """Weights (46,) that pose one category fully and nothing else; of left and right jaw, one."""
    channels = list(CATEGORIES[category])
    if category == "jaw left/right":
        channels = [channels[rng.integers(2)]]
    weights = np.zeros(len(EXPRESSIONS), np.float32)
    weights[[EXPRESSIONS.index(name) for name in channels]] = 1
    return weights


def plans(real: np.ndarray, rng: np.random.Generator) -> Iterator[Plan]:
    """All pictures of the set; `real` (n, 46) are expressions of photographs, to be mixed in."""

    def pose() -> tuple[float, float]:
        return float(np.clip(rng.normal(0, 15), -40, 40)), float(np.clip(rng.normal(0, 6), -15, 15))

    for category in CATEGORIES:
        name = category.replace(" ", "_").replace("/", "_")
        for _ in range(COUNTS["category"]):
            yield Plan(name, category_weights(category, rng), *pose())
    for _ in range(COUNTS["neutral"]):
        yield Plan("neutral", np.zeros(len(EXPRESSIONS), np.float32), *pose())
    for _ in range(COUNTS["mixed"]):
        source = real[rng.integers(len(real))]
        yield Plan("mixed", sample_expression(source.copy(), real, rng), *pose())
    for _ in range(COUNTS["turned"]):
        weights = possible(real[rng.integers(len(real))] * rng.uniform(0, 0.5))
        yield Plan("turned", weights, rng.uniform(-FAR, FAR), float(np.clip(rng.normal(0, 10), -25, 25)))


def towards(rotation: np.ndarray, plan: Plan) -> np.ndarray:
    """The turn (3, 3) from a head's rotation, a quaternion (4,), to the plan's yaw and pitch."""
    y, x = np.radians(plan.yaw) / 2, np.radians(plan.pitch) / 2
    about_y, about_x = rotation_matrices(
        np.array([[np.cos(y), 0, np.sin(y), 0], [np.cos(x), np.sin(x), 0, 0]], np.float32)
    )
    return about_y @ about_x @ rotation_matrices(rotation[None])[0].T


@dataclass
class Maker:
    """Collects the pictures and their labels in a folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.files: list[Path] = []
        self.boxes: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []

    def add(self, name: str, image: np.ndarray, parameters: np.ndarray, landmarks: np.ndarray) -> None:
        """Add a picture uint8 (s, s, 3) that spans SHARD_SPAN sides; parameters and landmarks in sides."""
        file = self.folder / f"{name}.png"
        cv2.imwrite(str(file), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        size = image.shape[0]
        self.files.append(file)
        self.boxes.append(landmark_box(landmarks * (size / SHARD_SPAN) + (size - 1) / 2))
        self.labels.append(parameters)

    def finish(self) -> None:
        """Write both lists."""
        boxes, labels = np.stack(self.boxes), np.stack(self.labels)
        lists = {
            "expressions.csv": (EXPRESSIONS, labels[:, EXPRESSION]),
            "rotation.csv": (("w", "x", "y", "z"), labels[:, ROTATION]),
        }
        for name, (columns, values) in lists.items():
            FaceList(self.files, boxes, columns, values).write(self.folder / name)


def add_edited(maker: Maker, photographs: Shard, editor: Editor) -> None:
    """Add edited photographs of calm, held-out people."""
    rng = np.random.default_rng(SEED)
    held = held_out(photographs.person) & (photographs.confidence > LEAST_CONFIDENCE)
    expression = photographs.parameters[:, EXPRESSION]
    large = photographs.pixel < 1 / LEAST_SIDE
    sources = np.flatnonzero(held & large & (expression.max(1) < CALM))
    looks = yaw(photographs.parameters[sources, ROTATION])
    for number, plan in enumerate(plans(expression[held], rng)):
        row = int(rng.choice(sources[np.argsort(np.abs(looks - plan.yaw))[:NEAREST]]))
        parameters = photographs.parameters[row]
        turn = towards(parameters[ROTATION], plan)
        image, new, landmarks = editor.edit(
            np.asarray(photographs.images[row]), parameters, photographs.landmarks[row], plan.weights, turn
        )
        maker.add(f"edited_{plan.kind}_{number:04d}", image, new, landmarks)


def sheet(maker: Maker, path: Path, rng: np.random.Generator) -> None:
    """Save a picture of eight pictures of each kind."""
    kinds: dict[str, list[Path]] = {}
    for file in maker.files:
        kinds.setdefault(file.stem.rsplit("_", 1)[0], []).append(file)
    rows = []
    for kind, files in kinds.items():
        chosen = [files[i] for i in rng.choice(len(files), 8)]
        row = np.hstack([cv2.resize(cv2.imread(str(file)), (SHARD_SIZE, SHARD_SIZE)) for file in chosen])
        cv2.putText(row, kind, (4, 14), 0, 0.45, (0, 255, 255), 1)
        rows.append(row)
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    """Make the validation set."""
    parser = argparse.ArgumentParser(prog="python -m models.validation", description=main.__doc__)
    parser.add_argument("--sheet", type=Path, help="also save a picture of some")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    part = VALIDATION.with_name("validation.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    maker = Maker(part)
    add_edited(maker, Shard.open(PHOTOGRAPHS), Editor.make(FaceMesh.load()))
    maker.finish()
    if options.sheet:
        sheet(maker, options.sheet, np.random.default_rng(0))
    shutil.rmtree(VALIDATION, ignore_errors=True)
    part.rename(VALIDATION)
    print(f"{VALIDATION}: {len(maker.files)} pictures")


if __name__ == "__main__":
    main()
