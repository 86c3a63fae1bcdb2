"""What the networks learn from: shards of face crops for the SFN.

`python -m models.datasets` cuts the labelled photographs into `runs/photographs`. A shard is a folder of
plain arrays, memory-mapped when opened, so that its size on disk is the only limit.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from facert_blender.capture.contract import IDENTITY, LANDMARKS, PARAMETERS

from .crops import cut_out
from .dense import DENSE
from .label import Labels
from .shared_data import (
    PHOTOS,
    RUNS,
    centre_and_side,
    held_out,
    marked_by_people,
    person,
    read_image,
)

SHARD_SIZE = 192
"""Side of a stored crop in pixels."""
SHARD_SPAN = 2.0
"""A stored crop covers this many sides of the face: enough for the SFN's crop under any augmentation."""
SURE = 0.2
"""Faces whose labels have more confidence are trained on."""
PHOTOGRAPHS = RUNS / "photographs"
EDITED = RUNS / "edited"
RENDERED = RUNS / "rendered"

LAYOUT: dict[str, tuple[str, tuple[int, ...]]] = {
    "images": ("u1", (SHARD_SIZE, SHARD_SIZE, 3)),
    "parameters": ("f4", (PARAMETERS,)),
    "landmarks": ("f4", (LANDMARKS, 2)),
    "confidence": ("f4", ()),
    "person": ("U128", ()),
    "exact": ("?", ()),
    "pixel": ("f4", ()),
    "pair": ("i4", ()),
    "dense": ("f4", (DENSE, 2)),
    "dense_weight": ("f4", (DENSE,)),
}
"""Type and shape of a row of each of a shard's arrays."""


@dataclass(frozen=True)
class Shard:
    """Faces with labels, one row per face.

    images: uint8 (n, 192, 192, 3) RGB, SHARD_SPAN sides around the centre of the face's box.
    parameters: float32 (n, 104) in sides. landmarks: float32 (n, 68, 2) in sides from the centre, y down.
    confidence: float32 (n,). person: str (n,), who it is. exact: bool (n,), whether the labels are exact.
    pixel: float32 (n,), a pixel of the photograph in sides. pair: int32 (n,), the row that shows the same
    face with another expression, or turned otherwise; -1 for none. dense: float32 (n, K, 2), the points of
    `dense.csv` as the landmarks are, and dense_weight: float32 (n, K), from 0, unknown, to 1.
    """

    images: np.ndarray
    parameters: np.ndarray
    landmarks: np.ndarray
    confidence: np.ndarray
    person: np.ndarray
    exact: np.ndarray
    pixel: np.ndarray
    pair: np.ndarray
    dense: np.ndarray
    dense_weight: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    @property
    def made(self) -> bool:
        """Whether its faces are made, with exact labels, as far as they are there (of confidence over 0)."""
        return bool(self.exact[self.confidence > 0].all())

    def save(self, folder: Path) -> None:
        """Write the arrays to a folder, whole or not at all."""
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for field in fields(self):
            np.save(part / f"{field.name}.npy", getattr(self, field.name))
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)

    @classmethod
    def open(cls, folder: Path) -> Shard:
        """Open a folder of arrays; the pictures stay on disk.

        Raises:
            FileNotFoundError: the shard has not been made.
        """
        return cls(
            **{
                f.name: np.load(folder / f"{f.name}.npy", mmap_mode="r" if f.name == "images" else None)
                for f in fields(cls)
            }
        )

    def labelled(self, parameters: np.ndarray) -> Shard:
        """The same faces with other parameters (n, 104), which are no longer exact."""
        return replace(self, parameters=parameters, exact=np.zeros(len(self), bool))

    @classmethod
    def writable(cls, part: Path, count: int) -> Shard:
        """Arrays of `count` rows on disk, to be written row by row; those that are there are kept."""
        part.mkdir(parents=True, exist_ok=True)
        arrays = {}
        for name, (dtype, shape) in LAYOUT.items():
            file = part / f"{name}.npy"
            if not file.exists():
                np.lib.format.open_memmap(file, "w+", dtype, (count, *shape)).flush()
            arrays[name] = np.lib.format.open_memmap(file, "r+")
        return cls(**arrays)

    def put(self, first: int, rows: Shard) -> None:
        """Write the rows of another shard from row `first` on; their pairs count from its start."""
        for field in fields(self):
            getattr(self, field.name)[first : first + len(rows)] = getattr(rows, field.name)
        self.pair[first : first + len(rows)] += np.where(rows.pair >= 0, first, 0).astype(np.int32)

    @classmethod
    def join(cls, shards: list[Shard]) -> Shard:
        """One shard of several, in order."""
        return cls(*(np.concatenate([getattr(s, f.name) for s in shards]) for f in fields(cls)))


def able(shard: Shard, *, held: bool, least: float) -> np.ndarray:
    """The rows of a shard that show people held out, or others, with a confidence above the `least`."""
    return np.flatnonzero((held_out(shard.person) == held) & (shard.confidence > least))


def stable_identity(parameters: np.ndarray, confidence: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Parameters (n, 104) in which all photographs of a person share one identity, weighed by confidence.

    HELEN and LFPW tell people apart by the photograph, which may show several: theirs stay as they are.
    """
    shared = parameters.copy()
    for name in np.unique(people[~marked_by_people(people)]):
        rows = np.flatnonzero((people == name) & (confidence > 0))
        if len(rows) > 1:
            weights = confidence[rows, None]
            shared[rows, IDENTITY] = (parameters[rows, IDENTITY] * weights).sum(0) / weights.sum()
    return shared


def drawn(rows: np.ndarray, reach: np.ndarray, rng: np.random.Generator) -> int:
    """One of rows (n,) at random; reach: (n,), the running sum of their chances."""
    return int(rows[np.searchsorted(reach, rng.random() * reach[-1], side="right")])


def rows_to_cut(labels: Labels) -> np.ndarray:
    """Which labels (m,) crops are cut for, in their order: usable ones of faces with more than 32 pixels a
    side.
    """
    _, side = centre_and_side(labels.box)
    rows = np.flatnonzero(labels.usable & (side > 32))
    return rows[np.argsort(labels.photo[rows], kind="stable")]


def in_pixels(sides: np.ndarray, size: int = SHARD_SIZE) -> np.ndarray:
    """Coordinates in sides as those in pixels of a crop with so many a side, which spans SHARD_SPAN sides."""
    return np.asarray(sides * (size / SHARD_SPAN) + (size - 1) / 2)


def cut(labels: Labels) -> Shard:
    """Crops of the labelled photographs."""
    centre, side = centre_and_side(labels.box)
    rows = rows_to_cut(labels)
    images = np.empty((len(rows), SHARD_SIZE, SHARD_SIZE, 3), np.uint8)
    centres = centre[rows]
    opened, image = "", np.empty(0)
    for i, row in enumerate(rows):
        if labels.photo[row] != opened:
            opened = labels.photo[row]
            image = read_image(PHOTOS / opened)
        images[i] = cut_out(image, centres[i], float(side[row]), SHARD_SIZE, SHARD_SPAN)
    landmarks = (labels.landmarks[rows] - centres[:, None]) / side[rows, None, None]
    people = np.array([person(PHOTOS / str(labels.photo[row])) for row in rows])
    return Shard(
        images,
        labels.parameters[rows],
        landmarks.astype(np.float32),
        labels.confidence[rows],
        people,
        np.zeros(len(rows), bool),
        (1 / side[rows]).astype(np.float32),
        np.full(len(rows), -1, np.int32),
        ((labels.dense[rows] - centres[:, None]) / side[rows, None, None]).astype(np.float32),
        labels.dense_weight[rows],
    )


def main() -> None:
    """Cut the labelled photographs into crops."""
    shard = cut(Labels.load())
    shard.save(PHOTOGRAPHS)
    print(f"{PHOTOGRAPHS}: {len(shard)} faces, {held_out(shard.person).sum()} of them for validation")


if __name__ == "__main__":
    main()
