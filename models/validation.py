"""The fixed validation set for `models.evaluate` `expressions`, `rotation` and `twins`:
`python -m models.validation`.

Writes pictures, `expressions.csv`, `rotation.csv` and `twins.csv` to `runs/validation`. All show people who
are held out of training (`datasets.held_out`). The labels of the first two are exact by construction: the
nine categories of the paper at full strength, neutral faces, mixed expressions, and heads turned as far as
75 degrees. The third has photographs as they are and with another mouth, turned, or looking elsewhere. The
seed is fixed.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, ROTATION, TRANSLATION

from .datasets import PHOTOGRAPHS, SHARD_SIZE, Shard, in_pixels
from .evaluate.lists import FaceList
from .evaluate.rotation import yaw
from .evaluate.system import VALIDATION
from .evaluate.twins import SHOWN
from .expression_measures import CATEGORIES
from .expressions import CHANGES, MOUTH, possible, sample_expression, turn
from .face_model import FaceMesh
from .fitting import quaternions
from .painting.head import Head
from .painting.looks import another_look, own_look
from .painting.painter import paint_face
from .painting.reading import ReadFace, read_face
from .shared_data import held_out, landmark_box, read_image
from .sheets import save_picture, save_tiles
from .synthesize import looking_elsewhere, partly_changed

SEED = 2019
COUNTS = {
    "edited": {"category": 50, "neutral": 100, "mixed": 150, "turned": 150},
    "rendered": {"category": 30, "neutral": 60, "mixed": 100, "turned": 120},
}
"""Pictures of each category, and of the other kinds."""
TWINS = 200
"""Pairs of pictures of one face, for each thing that may be another in the second (CHANGES)."""
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
    """One picture to be made: its kind, expression weights (46,), and the head's turns in degrees."""

    kind: str
    weights: np.ndarray
    yaw: float
    pitch: float
    roll: float


def category_weights(category: str, rng: np.random.Generator) -> np.ndarray:
    """Weights (46,) that pose one category fully and nothing else; of left and right jaw, one."""
    channels = list(CATEGORIES[category])
    if category == "jaw left/right":
        channels = [channels[rng.integers(2)]]
    weights = np.zeros(len(EXPRESSIONS), np.float32)
    weights[[EXPRESSIONS.index(name) for name in channels]] = 1
    return weights


def plans(counts: dict[str, int], real: np.ndarray, rng: np.random.Generator) -> Iterator[Plan]:
    """All pictures of a kind; `real` (n, 46) are expressions of photographs, to be mixed in."""

    def near(spread: float, most: float) -> float:
        return float(np.clip(rng.normal(0, spread), -most, most))

    def pose() -> tuple[float, float, float]:
        return near(15, 40), near(6, 15), near(5, 15)

    for category in CATEGORIES:
        name = category.replace(" ", "_").replace("/", "_")
        for _ in range(counts["category"]):
            yield Plan(name, category_weights(category, rng), *pose())
    for _ in range(counts["neutral"]):
        yield Plan("neutral", np.zeros(len(EXPRESSIONS), np.float32), *pose())
    for _ in range(counts["mixed"]):
        source = real[rng.integers(len(real))]
        yield Plan("mixed", sample_expression(source.copy(), real, rng), *pose())
    for _ in range(counts["turned"]):
        weights = possible(real[rng.integers(len(real))] * rng.uniform(0, 0.5))
        yield Plan("turned", weights, float(rng.uniform(-FAR, FAR)), near(10, 25), near(8, 20))


@dataclass
class Maker:
    """Collects the pictures and their labels in a folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.files: list[Path] = []
        self.boxes: list[np.ndarray] = []
        self.labels: list[np.ndarray] = []
        self.pairs: list[int] = []

    def add(
        self, name: str, image: np.ndarray, parameters: np.ndarray, landmarks: np.ndarray, pair: int = -1
    ) -> None:
        """Add a picture uint8 (s, s, 3) that spans SHARD_SPAN sides; parameters and landmarks in sides.

        pair: the number of a face with two pictures, for `twins.csv`; the others go into the other lists.
        """
        file = self.folder / f"{name}.png"
        save_picture(image, file)
        size = image.shape[0]
        self.files.append(file)
        self.boxes.append(landmark_box(in_pixels(landmarks, size)))
        self.labels.append(parameters)
        self.pairs.append(pair)

    def finish(self) -> None:
        """Write all lists."""
        boxes, labels, pairs = np.stack(self.boxes), np.stack(self.labels), np.array(self.pairs)
        shown, alone = labels[:, EXPRESSION], pairs < 0
        numbered = np.column_stack([pairs, shown])
        lists = {
            "expressions.csv": (alone, EXPRESSIONS, shown),
            "rotation.csv": (alone, ("w", "x", "y", "z"), labels[:, ROTATION]),
            "twins.csv": (~alone, ("pair", *EXPRESSIONS), numbered),
        }
        for name, (rows, columns, values) in lists.items():
            files = [self.files[row] for row in np.flatnonzero(rows)]
            FaceList(files, boxes[rows], columns, values[rows]).write(self.folder / name)


@dataclass(frozen=True)
class Painter:
    """Makes pictures of held-out people from the crops of their photographs."""

    photographs: Shard
    head: Head

    @cached_property
    def good(self) -> np.ndarray:
        """Which photographs (n,) show somebody held out, well labelled and large."""
        shard = self.photographs
        large = shard.pixel < 1 / LEAST_SIDE
        return held_out(shard.person) & (shard.confidence > LEAST_CONFIDENCE) & large

    @cached_property
    def sources(self) -> np.ndarray:
        """Rows of the photographs that may be given another expression."""
        calm = self.photographs.parameters[:, EXPRESSION].max(1) < CALM
        return np.flatnonzero(self.good & calm)

    @cached_property
    def expressive(self) -> np.ndarray:
        """Rows of the photographs in which something shows above the mouth."""
        above = np.delete(self.photographs.parameters[:, EXPRESSION], MOUTH, axis=1)
        showing = above.max(1) >= SHOWN
        return np.flatnonzero(self.good & showing)

    @cached_property
    def looks(self) -> np.ndarray:
        """Where each source looks, degrees of yaw."""
        return yaw(self.photographs.parameters[self.sources, ROTATION])

    def face(self, row: int) -> ReadFace:
        """What a photograph shows of a face."""
        shard = self.photographs
        image = np.asarray(shard.images[row])
        return read_face(
            self.head, image, shard.parameters[row], shard.landmarks[row], float(shard.pixel[row])
        )

    def edited(self, plan: Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A photograph with the planned expression and pose: what `paint_face` returns."""
        nearest = self.sources[np.argsort(np.abs(self.looks - plan.yaw))[:NEAREST]]
        face = self.face(int(rng.choice(nearest)))
        new = planned(face.parameters, plan)
        return paint_face(self.head, face, new, own_look(self.head, face, rng))

    def rendered(self, plan: Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A head between two people, with the skin of a third, before the surroundings of a fourth."""
        face = self.face(int(rng.choice(self.sources)))
        new = planned(face.parameters, plan)
        one, two = self.photographs.parameters[rng.choice(self.sources, 2), IDENTITY]
        new[IDENTITY] = one + rng.uniform(0, 1) * (two - one)
        new[TRANSLATION] = 0
        behind = self.face(int(rng.choice(self.sources))).without.clip(0, 255).astype(np.uint8)
        look = another_look(self.head, face, behind, rng)
        return paint_face(self.head, face, new, look, own_shape=False)

    def twins(self, change: str, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """A photograph painted over itself, and with another mouth, turn or gaze, by `paint_face`."""
        face = self.face(int(rng.choice(self.expressive)))
        real = self.photographs.parameters[self.good, EXPRESSION]
        own, another = face.parameters, partly_changed(face.parameters, change, real, rng)
        look = own_look(self.head, face, rng)
        other = looking_elsewhere(face, look, rng) if change == "gaze" else look
        return [paint_face(self.head, face, own, look), paint_face(self.head, face, another, other)]


def planned(parameters: np.ndarray, plan: Plan) -> np.ndarray:
    """Parameters (104,) with the planned expression and pose."""
    new = parameters.copy()
    new[EXPRESSION] = plan.weights
    new[ROTATION] = quaternions(turn(plan.yaw, plan.pitch, plan.roll)[None])[0]
    return new


def fill(maker: Maker, painter: Painter) -> None:
    """Add all edited photographs, all rendered heads and all twins, each by its own seed."""
    photographs = painter.photographs
    real = photographs.parameters[held_out(photographs.person), EXPRESSION]
    for kind, paint in (("edited", painter.edited), ("rendered", painter.rendered)):
        counts = COUNTS[kind]
        for number, plan in enumerate(plans(counts, real, np.random.default_rng((SEED, len(kind))))):
            rng = np.random.default_rng((SEED, len(kind), number))
            maker.add(f"{kind}_{plan.kind}_{number:04d}", *paint(plan, rng))
    changes = np.repeat(CHANGES, TWINS).tolist()
    for number, change in enumerate(changes):
        two = painter.twins(change, np.random.default_rng((SEED, number)))
        for name, painted in zip(("own", "another"), two, strict=True):
            maker.add(f"{change}_{name}_{number:04d}", *painted, pair=number)


def sheet(maker: Maker, path: Path, rng: np.random.Generator) -> None:
    """Save a picture of eight pictures of each kind."""
    kinds: dict[str, list[Path]] = {}
    for file in maker.files:
        kinds.setdefault(file.stem.rsplit("_", 1)[0], []).append(file)
    tiles = []
    for kind, files in kinds.items():
        chosen = [read_image(files[i]) for i in rng.choice(len(files), 8)]
        row = [cv2.resize(image, (SHARD_SIZE, SHARD_SIZE)) for image in chosen]
        cv2.putText(row[0], kind, (4, 14), 0, 0.45, (255, 255, 0), 1)
        tiles += row
    save_tiles(tiles, 8, path)


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
    fill(maker, Painter(Shard.open(PHOTOGRAPHS), Head.make(FaceMesh.load())))
    maker.finish()
    if options.sheet:
        sheet(maker, options.sheet, np.random.default_rng(0))
    shutil.rmtree(VALIDATION, ignore_errors=True)
    part.rename(VALIDATION)
    print(f"{VALIDATION}: {len(maker.files)} pictures")


if __name__ == "__main__":
    main()
