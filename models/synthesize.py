"""Faces with exact labels: edited photographs and rendered heads.

`python -m models.synthesize COUNT --kind edited` paints photographed faces over their own surroundings with
other expressions and head turns; `--kind rendered` paints heads of other shapes, in other lights, before
other backgrounds, with the skins of photographs. Rows are written in blocks, each by its own seed: a run
that was stopped goes on where it was, and its result depends on the seed alone. `--sheet` shows some.

Half of the faces come in pairs, the same face with another expression or turned otherwise. `--change`
makes edited photographs in which the mouth alone, how the head is turned alone, or where the eyes look alone
is another, all of them in pairs: the rest of the expression stays as it was photographed, with labels no more
exact than the photograph's.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITIES, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices

from .datasets import EDITED, PHOTOGRAPHS, RENDERED, SHARD_SIZE, Shard, held_out, in_pixels
from .expressions import (
    CHANGES,
    sample_averted,
    sample_expression,
    sample_gaze,
    sample_mouth,
    sample_nod,
    sample_pose,
    sample_turn,
)
from .face_model import FaceMesh
from .fitting import quaternions
from .painting.head import Head
from .painting.looks import Look, another_look, own_look
from .painting.painter import dense_points, paint_face
from .painting.reading import ReadFace, read_face
from .painting.surroundings import fill_in
from .shared_data import RUNS
from .sheets import save_tiles

BLOCK = 200
"""Rows that are made and written together."""
FOLDERS = {"edited": EDITED, "rendered": RENDERED}
LEAST_CONFIDENCE = {"edited": 0.35, "rendered": 0.5}
COARSEST = {"edited": 1.0, "rendered": 0.013}
"""Pixels of a photograph, in sides, that are no larger than this."""
WHOLE_HEAD = np.radians(25)
"""Beyond this turn an edited photograph may show a whole painted head."""


@dataclass(frozen=True)
class Recipe:
    """What is to be made: how many rows, of which kind, by which seed, of whom (training, held-out, all),
    whether all heads look away from the camera, and what is changed in them (all, mouth, turn, gaze).
    """

    count: int
    kind: str
    seed: int
    people: str
    averted: bool = False
    change: str = "all"

    def __post_init__(self) -> None:
        if self.change != "all" and (self.kind != "edited" or self.averted):
            raise ValueError("Only edited photographs that do not look away are changed in one thing alone.")

    @property
    def exact(self) -> bool:
        """Whether labels are exact; they are the photographs' where some of the expression is."""
        return self.change == "all"

    def rows(self, block: int) -> range:
        """The rows of a block."""
        return range(block * BLOCK, min((block + 1) * BLOCK, self.count))

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-self.count // BLOCK)


@dataclass(frozen=True)
class Side:
    """One side of the split, people held out or the others: nothing of one goes into faces of the other.

    rows: of its photographs. sources: those of them that may be painted. expressions: (n, 46), of them all.
    """

    rows: np.ndarray
    sources: np.ndarray
    expressions: np.ndarray


@dataclass(frozen=True)
class Maker:
    """Makes blocks of a recipe from the photographs' crops."""

    recipe: Recipe
    photographs: Shard
    head: Head

    @classmethod
    def of(cls, recipe: Recipe) -> Maker:
        """Open the photographs and prepare the painter."""
        return cls(recipe, Shard.open(PHOTOGRAPHS), Head.make(FaceMesh.load()))

    @cached_property
    def sources(self) -> np.ndarray:
        """Rows of the photographs that may be used."""
        shard, kind = self.photographs, self.recipe.kind
        good = (shard.confidence > LEAST_CONFIDENCE[kind]) & (shard.pixel < COARSEST[kind])
        held = held_out(shard.person)
        return np.flatnonzero(good & {"training": ~held, "held-out": held, "all": good}[self.recipe.people])

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """The people who are trained on, and those held out."""
        held = held_out(self.photographs.person)
        trained, kept = (
            Side(
                np.flatnonzero(held == side),
                self.sources[held[self.sources] == side],
                self.photographs.parameters[held == side, EXPRESSION],
            )
            for side in (False, True)
        )
        return trained, kept

    def side_of(self, source: int) -> Side:
        """The side on which the person of a photograph's row is."""
        return self.sides[int(held_out(self.photographs.person[source : source + 1])[0])]

    def block(self, number: int) -> Shard:
        """The rows of a block, in twos of one source; some twos are pairs."""
        rng = np.random.default_rng((self.recipe.seed, number))
        rows: list[tuple[Any, ...]] = []
        while len(rows) < len(self.recipe.rows(number)):
            source = int(rng.choice(self.sources))
            rows += self._two(source, len(rows), rng)
        rows = rows[: len(self.recipe.rows(number))]
        images, parameters, landmarks, sure, pixel, person, pair, dense = map(
            np.array, zip(*rows, strict=True)
        )
        pair[pair >= len(rows)] = -1
        exact = np.full(len(rows), self.recipe.exact)
        seen = np.ones(dense.shape[:2], np.float32)
        return Shard(
            images, parameters, landmarks, sure, person, exact, pixel, pair, dense.astype(np.float32), seen
        )

    def _two(self, source: int, first: int, rng: np.random.Generator) -> list[tuple[Any, ...]]:
        shard = self.photographs
        pixel = float(shard.pixel[source])
        sure = np.float32(1 if self.recipe.exact else shard.confidence[source])
        start, side = shard.parameters[source], self.side_of(source)
        face = read_face(self.head, np.asarray(shard.images[source]), start, shard.landmarks[source], pixel)
        rendered = self.recipe.kind == "rendered"
        person = str(shard.person[source])
        if rendered:
            start = self._another_shape(start, side, rng)
            person = _namesake(person, int(rng.integers(1_000_000)))
        one, other, paired = self._changed_twice(start, side, rng)
        look = self._look(face, side, one, rng)
        made = []
        for k, new in enumerate((one, other)):
            if k and not paired:
                look = self._look(face, side, new, rng)
            elif k and self.recipe.change == "gaze":
                look = looking_elsewhere(face, look, rng)
            elif k and look.surroundings is None:
                look = replace(own_look(self.head, face, rng), light=look.light, creases=look.creases)
            image, parameters, landmarks = paint_face(self.head, face, new, look, own_shape=not rendered)
            zoom = float(parameters[SCALE] / new[SCALE])
            pair = first + 1 - k if paired else -1
            dense = dense_points(self.head, face, parameters, own_shape=not rendered)
            made.append(
                (image, parameters, landmarks, sure, np.float32(pixel * zoom), person, np.int32(pair), dense)
            )
        return made

    def _changed_twice(
        self, start: np.ndarray, side: Side, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Two parameters (104,), and whether they are a pair, which differs in expression or turn alone."""
        if not self.recipe.exact:
            change, real = self.recipe.change, side.expressions
            one, other = (partly_changed(start, change, real, rng) for _ in range(2))
            return one, other, True
        one = self._changed(start, side, rng)
        if rng.random() >= 0.5:
            return one, self._changed(start, side, rng), False
        other = one.copy()
        changed = self._changed(start, side, rng)
        part = EXPRESSION if rng.random() < 0.5 else ROTATION
        other[part] = changed[part]
        return one, other, True

    def _changed(self, start: np.ndarray, side: Side, rng: np.random.Generator) -> np.ndarray:
        """Parameters (104,) with another expression and rotation."""
        new = start.copy()
        new[EXPRESSION] = sample_expression(start[EXPRESSION].copy(), side.expressions, rng)
        current = rotation_matrices(start[None, ROTATION])[0]
        if self.recipe.averted:
            rotation = sample_averted(rng)
        elif self.recipe.kind == "rendered":
            rotation = sample_pose(rng)
        else:
            rotation = sample_turn(rng, current) @ current
        new[ROTATION] = quaternions(rotation[None])[0]
        return new

    def _another_shape(self, parameters: np.ndarray, side: Side, rng: np.random.Generator) -> np.ndarray:
        """Parameters with the identity of somebody between two people, and a little of nobody."""
        one, two = self.photographs.parameters[rng.choice(side.sources, 2), IDENTITY]
        new = parameters.copy()
        new[IDENTITY] = one + rng.uniform(0, 1) * (two - one) + rng.normal(0, 0.5, IDENTITIES)
        new[IDENTITY] = new[IDENTITY].clip(-2.5, 2.5)
        new[IDENTITY][0] = 1
        new[TRANSLATION] = 0
        return new

    def _look(self, face: ReadFace, side: Side, new: np.ndarray, rng: np.random.Generator) -> Look:
        if self.recipe.kind == "rendered":
            return another_look(self.head, face, self._background(face, side, rng), rng)
        look = own_look(self.head, face, rng)
        angle = 2 * np.arccos(np.clip(abs(new[ROTATION] @ face.parameters[ROTATION]), 0, 1))
        if angle > WHOLE_HEAD and rng.random() < 0.5:
            whole = another_look(self.head, face, self._background(face, side, rng), rng)
            look = replace(whole, light=look.light)
        return look

    def _background(self, face: ReadFace, side: Side, rng: np.random.Generator) -> np.ndarray:
        """A picture uint8 (s, s, 3) without the face: its surroundings, another's, or hardly any."""
        kind = rng.choice(3, p=(0.4, 0.4, 0.2))
        if kind == 0:
            picture = face.without
        elif kind == 1:
            other = np.asarray(self.photographs.images[rng.choice(side.rows)], np.float32)
            across = np.abs(np.linspace(-1, 1, SHARD_SIZE))
            far = np.hypot(across[None] / 0.62, across[:, None] / 0.8) > 1
            picture = fill_in(other, far)[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])]
        else:
            picture = cv2.resize(
                rng.uniform(0, 255, (4, 4, 3)), (SHARD_SIZE, SHARD_SIZE), interpolation=cv2.INTER_CUBIC
            )
            picture = picture.mean() + rng.uniform(0.1, 1) * (picture - picture.mean())
        if rng.random() < 0.4:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(1, 8))
        return np.asarray((picture * rng.uniform(0.6, 1.2)).clip(0, 255), np.uint8)


def partly_changed(
    parameters: np.ndarray, change: str, real: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Parameters (104,) with another "mouth", or with another "turn" of the head by a little; the same where
    the "gaze" is another, of which they say nothing (`looking_elsewhere`).

    real: (n, 46), other people's expressions.
    """
    new = parameters.copy()
    if change == "mouth":
        new[EXPRESSION] = sample_mouth(parameters[EXPRESSION], real, rng)
    elif change == "turn":
        current = rotation_matrices(parameters[None, ROTATION])[0]
        new[ROTATION] = quaternions((sample_nod(rng) @ current)[None])[0]
    return new


def looking_elsewhere(face: ReadFace, look: Look, rng: np.random.Generator) -> Look:
    """A look of a face, but for painted eyes of the photograph's colour that look aside or cross."""
    return replace(look, own_eyes=False, iris=face.colours.iris, gaze=sample_gaze(rng))


def _namesake(person: str, number: int) -> str:
    """A name for a made person who stays on the side of the split on which the skin's owner is."""
    side = held_out(np.array([person]))[0]
    names = (f"{person}/{number + k}" for k in range(1000))
    return next(name for name in names if held_out(np.array([name]))[0] == side)


_makers: dict[Recipe, Maker] = {}
"""The maker of this process, which takes seconds to prepare."""


def _write(recipe: Recipe, part: Path, number: int) -> int:
    cv2.setNumThreads(1)
    if recipe not in _makers:
        _makers[recipe] = Maker.of(recipe)
    Shard.writable(part, recipe.count).put(number * BLOCK, _makers[recipe].block(number))
    return number


def _written(recipe: Recipe, part: Path, numbers: list[int], workers: int) -> Iterator[int]:
    """The numbers of the blocks as they are written, by this process alone or by several others."""
    if workers == 1:
        yield from (_write(recipe, part, number) for number in numbers)
        return
    with ProcessPoolExecutor(workers) as pool:
        for finished in as_completed([pool.submit(_write, recipe, part, number) for number in numbers]):
            yield finished.result()


def begin(recipe: Recipe, part: Path) -> None:
    """Make empty arrays for the recipe's rows, unless they are there, with a list of the blocks done."""
    note = part / "recipe.json"
    if note.exists() and json.loads(note.read_text()) == vars(recipe):
        return
    shutil.rmtree(part, ignore_errors=True)
    Shard.writable(part, recipe.count)
    np.save(part / "done.npy", np.zeros(recipe.blocks, bool))
    note.write_text(json.dumps(vars(recipe)))


def make(recipe: Recipe, folder: Path, workers: int) -> None:
    """Write the recipe's rows to a folder, going on where an earlier run of the same recipe stopped."""
    part = folder.with_name(folder.name + ".part")
    begin(recipe, part)
    done = np.lib.format.open_memmap(part / "done.npy", "r+")
    for number in _written(recipe, part, np.flatnonzero(~done).tolist(), workers):
        done[number] = True
        done.flush()
        print(f"{done.sum()} of {len(done)} blocks", flush=True)
    for name in ("done.npy", "recipe.json"):
        (part / name).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def sheet(shard: Shard, path: Path) -> None:
    """Save a picture of the first faces, and below each the same with its landmarks."""
    tiles = []
    for i in range(min(len(shard), 48)):
        marked = np.array(shard.images[i])
        for point in in_pixels(shard.landmarks[i]):
            cv2.circle(marked, np.rint(point).astype(int).tolist(), 1, (0, 255, 0), -1)
        tiles.append(np.vstack([shard.images[i], marked]))
    save_tiles(tiles, 8, path)


def main() -> None:
    """Make COUNT faces with exact labels from the photographs' crops."""
    parser = argparse.ArgumentParser(prog="python -m models.synthesize", description=main.__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--kind", choices=sorted(FOLDERS), default="edited")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--people", choices=("training", "held-out", "all"), default="training")
    parser.add_argument("--averted", action="store_true", help="heads that are bent or seen in profile")
    parser.add_argument(
        "--change",
        choices=("all", *CHANGES),
        default="all",
        help="what is another in the photographs",
    )
    parser.add_argument("--to", help="name of the folder in runs/, the kind's own unless given")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="also save a picture of some")
    options = parser.parse_args()
    folder = RUNS / options.to if options.to else FOLDERS[options.kind]
    try:
        recipe = Recipe(
            options.count, options.kind, options.seed, options.people, options.averted, options.change
        )
    except ValueError as error:
        parser.error(str(error))
    make(recipe, folder, options.workers)
    shard = Shard.open(folder)
    print(f"{folder}: {len(shard)} faces of {len(np.unique(shard.person))} people")
    if options.sheet:
        sheet(shard, options.sheet)


if __name__ == "__main__":
    main()
