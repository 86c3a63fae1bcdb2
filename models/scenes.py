"""Whole pictures with many faces for the MFN, composed of photographs: `Composer.scene`.

A scene is a mosaic of photographs at random scales and crops (one to dozens of tiles), so that faces of 2 to
75 % of the picture stand before their own surroundings, which fill most tiles: a small face in a frame would
be told by its frame. Some tiles are made faces, whose labels are exact, and some show no face. Small people
are set softly into half of the scenes, alone and in groups. Letters and other clutter are drawn beside the
faces, and something over the edge of some. Faces smaller than 2 % of the picture, cut off, or found but not
labelled are zones to be ignored, never background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from facert_blender.capture.contract import FINDING_SIZE, MIRROR_LANDMARKS, PARAMETERS

from . import crops
from .augment import photographic
from .clutter import draw_clutter, hide_in_part
from .datasets import SHARD_SIZE, SHARD_SPAN, Shard, drawn, held_out, in_pixels, stable_identity
from .label import MARK_OFFSET, Labels, mirror
from .relabel import labels_file
from .shared_data import PHOTOS, landmark_box, person, read_image

LONGEST = 400
"""Photographs are kept with their longest side at most this many pixels."""
COLUMNS = {1: 0.36, 2: 0.24, 3: 0.14, 4: 0.11, 6: 0.09, 8: 0.06}
"""How likely a scene is so many tiles across."""
MADE_SHARE = 0.35
"""The share of made faces among tiles."""
WIDE_SHARE = 0.6
"""The share of wide photographs, where there are any, among the others."""
WIDE = 0.4
"""A photograph is wide if its faces are at most this large against its shorter side."""
FILLED = 0.75
"""The share of tiles that their photograph fills to the edges."""
SMALLEST = 0.09
"""The least side of the face that a tile is aimed at, as a share of the tile."""
LEAST_FACE = 0.02
LARGEST_BYSTANDER = 0.16
MOST_FACES = 60
BUST = 3.0
"""Sides of its face that a person's picture covers where one is set into a scene from a photograph."""
BUST_LOWER = 0.35
"""How many sides its middle lies below the face's."""
COVERED = 0.25
"""The share of a face that another person may hide."""


@dataclass(frozen=True)
class Photograph:
    """A photograph with its faces.

    image: uint8 (h, w, 3). parameters: (k, 104). landmarks: (k, 68, 2) pixels. confidence: (k,). exact: bool.
    ignored: (m, 4) boxes of faces without labels, pixels. pixel: the original's pixel in this picture's.
    """

    image: np.ndarray
    parameters: np.ndarray
    landmarks: np.ndarray
    confidence: np.ndarray
    exact: bool
    ignored: np.ndarray
    pixel: float


@dataclass
class Scene:
    """A composed picture uint8 (288, 288, 3) with the faces in it; boxes and landmarks in pixels of the
    picture.
    """

    image: np.ndarray
    parameters: np.ndarray
    landmarks: np.ndarray
    confidence: np.ndarray
    exact: np.ndarray
    ignored: np.ndarray


def load_photographs(teacher: str) -> tuple[list[Photograph], list[Photograph]]:
    """The labelled photographs of training people, and of those held out, in memory.

    teacher: the run whose labels they have (`models.relabel`, the paper's way), "" for the labels' own.
    """
    labels = Labels.load()
    parameters = np.load(labels_file(teacher)) if teacher else labels.parameters
    people = np.array([person(PHOTOS / str(photo)) for photo in labels.photo])
    parameters = stable_identity(parameters, labels.confidence, people)
    training: list[Photograph] = []
    validation: list[Photograph] = []
    names, first = np.unique(labels.photo, return_inverse=True)
    rows_of = np.split(np.argsort(first, kind="stable"), np.cumsum(np.bincount(first))[:-1])
    held = held_out(np.array([person(PHOTOS / str(name)) for name in names]))
    for name, rows, is_held in zip(names, rows_of, held, strict=True):
        image = read_image(PHOTOS / str(name))
        scale = min(1.0, LONGEST / max(image.shape[:2]))
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        known = rows[labels.confidence[rows] > 0.15]
        unknown = rows[labels.confidence[rows] <= 0.15]
        (validation if is_held else training).append(
            Photograph(
                image,
                parameters[known],
                labels.landmarks[known] * scale,
                labels.confidence[known],
                False,
                np.nan_to_num(labels.box[unknown]) * scale,
                scale,
            )
        )
    return training, validation


@dataclass(frozen=True)
class Person:
    """Someone to be set into a scene.

    image: uint8 (s, s, 3), `span` sides of the face across. landmarks: (68, 2) in sides from its middle.
    parameters: (104,). confidence, exact: of these labels. bust: whether shoulders belong to it.
    """

    image: np.ndarray
    span: float
    landmarks: np.ndarray
    parameters: np.ndarray
    confidence: float
    exact: bool
    bust: bool

    def shown(self, side: float) -> tuple[np.ndarray, np.ndarray]:
        """The picture uint8 (p, p, 3) with a face of `side` pixels, and softly, what belongs to the person in
        it: float32 (p, p, 1).
        """
        pixels = max(8, round(side * self.span))
        image = cv2.resize(self.image, (pixels, pixels), interpolation=cv2.INTER_AREA)
        mask = np.zeros((pixels, pixels), np.float32)
        box = landmark_box(self.landmarks)
        x, y = (box[:2] + box[2:]) / 2
        ellipses = [((x, y - 0.04), (0.68, 0.84)), ((x, y + 1.6), (1.3, 0.8))]
        for centre, axes in ellipses[: 1 + self.bust]:
            place = [round(each * side + (pixels - 1) / 2) for each in centre]
            reach = [max(1, round(axis * side)) for axis in axes]
            cv2.ellipse(mask, place, reach, 0, 0, 360, 1.0, -1)
        return image, cv2.GaussianBlur(mask, (0, 0), 0.06 * side + 0.3)[..., None]


class Composer:
    """Makes scenes of photographs and of made faces: shards, each with the rows to use, and how often."""

    def __init__(
        self, photographs: list[Photograph], made: Sequence[tuple[Shard, np.ndarray, np.ndarray]]
    ) -> None:
        self.photographs = photographs
        self.wide = [photograph for photograph in photographs if _wide(photograph)]
        self.alone = [p for p in self.wide if len(p.landmarks) == 1 and not len(p.ignored)]
        self.made = [(shard, rows, np.cumsum(chances)) for shard, rows, chances in made]

    def scene(self, rng: np.random.Generator) -> Scene:
        """A scene, by the generator alone."""
        canvas = np.empty((FINDING_SIZE, FINDING_SIZE, 3), np.uint8)
        parts: list[tuple[np.ndarray, ...]] = []
        zones = []
        for left, top, width, height in self._tiles(rng):
            photograph = self._mirrored_or_not(self._pick(rng), rng)
            window, tile = self._window(photograph, width, height, rng)
            canvas[top : top + height, left : left + width] = tile
            window = window.copy()
            landmarks = photograph.landmarks @ window[:, :2].T + window[:, 2]
            whole = landmark_box(landmarks.reshape(-1, 68, 2))
            ignored = photograph.ignored.reshape(-1, 2) @ window[:, :2].T + window[:, 2]
            ignored = np.sort(ignored.reshape(-1, 2, 2), axis=1).reshape(-1, 4)
            area = np.array([0, 0, width, height], np.float32)
            seen = np.concatenate(
                [np.maximum(whole[:, :2], area[:2]), np.minimum(whole[:, 2:], area[2:])], axis=1
            )
            share = np.prod(np.maximum(seen[:, 2:] - seen[:, :2], 0), axis=1) / np.prod(
                whole[:, 2:] - whole[:, :2], axis=1
            )
            side = (whole[:, 2:] - whole[:, :2]).max(1)
            good = (share > 0.85) & (side > LEAST_FACE * FINDING_SIZE)
            shift = np.array([left, top], np.float32)
            hidden = np.concatenate([seen[~good & (share > 0.05)], ignored])
            zones.append(hidden.clip(np.tile(area[:2], 2), np.tile(area[2:], 2)) + np.tile(shift, 2))
            exact = np.full(good.sum(), photograph.exact)
            parts.append(
                (photograph.parameters[good], landmarks[good] + shift, photograph.confidence[good], exact)
            )
        if rng.random() < 0.5:
            parts += self._bystanders(canvas, parts, np.concatenate(zones), rng)
        faces = np.concatenate([landmark_box(part[1].reshape(-1, 68, 2)) for part in parts])
        if rng.random() < 0.4:
            draw_clutter(canvas, np.concatenate([faces, *zones]), rng)
        hide_in_part(canvas, faces, rng)
        parameters, landmarks, confidence, exact = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        if len(parameters) > MOST_FACES:
            zones.append(landmark_box(landmarks[MOST_FACES:]))
            parameters, landmarks, confidence, exact = (
                column[:MOST_FACES] for column in (parameters, landmarks, confidence, exact)
            )
        return Scene(
            photographic(canvas, rng, hidden=0),
            parameters.reshape(-1, PARAMETERS).astype(np.float32),
            landmarks.reshape(-1, 68, 2).astype(np.float32),
            confidence.astype(np.float32),
            exact,
            np.concatenate(zones).astype(np.float32),
        )

    def _tiles(self, rng: np.random.Generator) -> list[tuple[int, int, int, int]]:
        """Left, top, width, height of tiles that cover the picture."""
        columns = int(rng.choice(list(COLUMNS), p=list(COLUMNS.values())))
        edges = np.linspace(0, FINDING_SIZE, columns + 1) + np.pad(
            rng.uniform(-0.15, 0.15, columns - 1) * FINDING_SIZE / columns, 1
        )
        tiles = []
        for left, right in pairwise(edges.astype(int)):
            rows = max(1, round(FINDING_SIZE / (right - left) * float(rng.choice([0.7, 1.0, 1.3]))))
            cuts = np.linspace(0, FINDING_SIZE, rows + 1).astype(int)
            tiles += [(left, a, right - left, b - a) for a, b in pairwise(cuts)]
        return [(int(a), int(b), int(c), int(d)) for a, b, c, d in tiles]

    def _pick(self, rng: np.random.Generator) -> Photograph:
        if rng.random() < MADE_SHARE:
            shard, row = self._made_face(rng)
            return Photograph(
                np.asarray(shard.images[row]),
                shard.parameters[row][None],
                in_pixels(shard.landmarks[row])[None],
                shard.confidence[row][None],
                bool(shard.exact[row]),
                np.zeros((0, 4), np.float32),
                float(shard.pixel[row]) * (SHARD_SIZE / SHARD_SPAN),
            )
        kind = self.wide if self.wide and rng.random() < WIDE_SHARE else self.photographs
        return kind[rng.integers(len(kind))]

    def _made_face(self, rng: np.random.Generator) -> tuple[Shard, int]:
        shard, rows, reach = self.made[rng.integers(len(self.made))]
        return shard, drawn(rows, reach, rng)

    def _person(self, rng: np.random.Generator) -> Person:
        """A made face, or half of the time somebody in a wide photograph, to the shoulders."""
        if not self.alone or rng.random() < 0.5:
            shard, row = self._made_face(rng)
            labels = (shard.parameters[row], float(shard.confidence[row]), bool(shard.exact[row]))
            return Person(shard.images[row], SHARD_SPAN, shard.landmarks[row], *labels, bust=False)
        photograph = self._mirrored_or_not(self.alone[rng.integers(len(self.alone))], rng)
        box = landmark_box(photograph.landmarks[0])
        side = float((box[2:] - box[:2]).max())
        middle = (box[:2] + box[2:]) / 2 + (0, BUST_LOWER * side)
        across = min(SHARD_SIZE, round(BUST * side))
        shown = crops.window(middle, side, across, BUST)
        image = cv2.warpAffine(
            photograph.image,
            shown,
            (across, across),
            flags=cv2.INTER_LINEAR if shown[0, 0] > 0.6 else cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        landmarks = ((photograph.landmarks[0] - middle) / side).astype(np.float32)
        labels = (photograph.parameters[0], float(photograph.confidence[0]), photograph.exact)
        return Person(image, BUST, landmarks, *labels, bust=True)

    def _bystanders(
        self,
        canvas: np.ndarray,
        parts: list[tuple[np.ndarray, ...]],
        zones: np.ndarray,
        rng: np.random.Generator,
    ) -> list[tuple[np.ndarray, ...]]:
        """Small people with soft edges, set into the canvas (it changes) beside the faces that are there.

        Half of them stand head to head with one, as in groups, where one's hair hides another's cheek.
        """
        heads = np.concatenate([landmark_box(part[1].reshape(-1, 68, 2)) for part in parts])
        boxes = np.concatenate([heads, zones])
        added: list[tuple[np.ndarray, ...]] = []
        for _ in range(rng.integers(2, 9)):
            someone = self._person(rng)
            side = float(np.exp(rng.uniform(np.log(LEAST_FACE), np.log(LARGEST_BYSTANDER)))) * FINDING_SIZE
            middle = rng.uniform(0, FINDING_SIZE, 2)
            small = heads[np.ptp(heads.reshape(-1, 2, 2), axis=1).max(1) < 0.2 * FINDING_SIZE]
            if len(small) and rng.random() < 0.5:
                other = small[rng.integers(len(small))].reshape(2, 2)
                side = float(np.ptp(other, axis=0).max() * np.exp(rng.uniform(-0.3, 0.3)))
                away = np.array([rng.choice([-1, 1]) * rng.uniform(1, 1.8), rng.uniform(-0.6, 0.6)])
                middle = other.mean(0) + away * side
            image, mask = someone.shown(side)
            pixels = len(image)
            middle = middle - side * someone.landmarks.mean(0)
            left, top = (middle - pixels / 2).astype(int)
            landmarks = someone.landmarks * side + np.array([left, top]) + (pixels - 1) / 2
            box = landmark_box(landmarks)
            if side < LEAST_FACE * FINDING_SIZE or box.min() < 0 or box.max() > FINDING_SIZE:
                continue
            apart = (box[:2] >= boxes[:, 2:]) | (box[2:] <= boxes[:, :2])
            if not apart.any(1).all() or _covered(boxes - np.tile([left, top], 2), mask) > COVERED:
                continue
            rows = slice(max(top, 0), min(top + pixels, FINDING_SIZE))
            columns = slice(max(left, 0), min(left + pixels, FINDING_SIZE))
            own = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
            blended = canvas[rows, columns] * (1 - mask[own]) + image[own] * mask[own]
            canvas[rows, columns] = blended.astype(np.uint8)
            boxes, heads = np.concatenate([boxes, box[None]]), np.concatenate([heads, box[None]])
            added.append(
                (
                    someone.parameters[None],
                    landmarks[None].astype(np.float32),
                    np.array([someone.confidence], np.float32),
                    np.array([someone.exact]),
                )
            )
        return added

    def _mirrored_or_not(self, photograph: Photograph, rng: np.random.Generator) -> Photograph:
        if rng.random() >= 0.5:
            return photograph
        right = photograph.image.shape[1] - 1
        landmarks = photograph.landmarks[:, list(MIRROR_LANDMARKS)]
        return Photograph(
            cv2.flip(photograph.image, 1),
            mirror(photograph.parameters),
            landmarks * np.array([-1, 1]) + np.array([right + 2 * MARK_OFFSET * photograph.pixel, 0]),
            photograph.confidence,
            photograph.exact,
            photograph.ignored[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + np.array([right, 0, right, 0]),
            photograph.pixel,
        )

    def _window(
        self, photograph: Photograph, width: int, height: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """An affine view (2, 3) of a photograph into a tile, aimed at one of its faces nine times in ten, and
        the tile.
        """
        h, w = photograph.image.shape[:2]
        filled = rng.random() < FILLED
        if len(photograph.landmarks) and rng.random() < 0.9:
            box = landmark_box(photograph.landmarks[rng.integers(len(photograph.landmarks))])
            side = float((box[2:] - box[:2]).max())
            share = np.exp(rng.uniform(np.log(SMALLEST), np.log(0.75)))
            scale = share * min(width, height) / side
            scale = max(scale, rng.choice([0.5, 0.9]) * min(width / w, height / h))
            if filled:
                scale = max(scale, width / w, height / h)
            slack = np.maximum(np.array([width, height]) - side * scale, 0) / 2
            aim = (box[:2] + box[2:]) / 2
            target = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * slack
        else:
            scale = max(width / w, height / h) * rng.uniform(1, 2)
            aim = np.array([rng.uniform(0, w), rng.uniform(0, h)])
            target = np.array([width, height]) / 2
        if filled:
            start = target - scale * aim
            target = target + np.clip(start, np.array([width, height]) - scale * np.array([w, h]), 0) - start
        window = np.array(
            [[scale, 0, target[0] - scale * aim[0]], [0, scale, target[1] - scale * aim[1]]], np.float32
        )
        image, finer = photograph.image, window.copy()
        while scale < 0.55 and min(image.shape[:2]) > 1:
            h, w = (side // 2 for side in image.shape[:2])
            image = cv2.resize(image[: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA)
            scale *= 2
            finer[:, 2] += scale / 4  # A half's first pixel lies between the whole's first two.
            finer[:, :2] *= 2
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        grey = int(rng.integers(0, 255))
        tile = cv2.warpAffine(
            image, finer, (width, height), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=(grey,) * 3
        )
        return window, tile


def _wide(photograph: Photograph) -> bool:
    """Whether a photograph shows its faces in surroundings."""
    if not len(photograph.landmarks):
        return False
    boxes = landmark_box(photograph.landmarks)
    return bool((boxes[:, 2:] - boxes[:, :2]).max() < WIDE * min(photograph.image.shape[:2]))


def _covered(boxes: np.ndarray, mask: np.ndarray) -> float:
    """The largest share of any of the boxes (n, 4), in pixels of the mask (p, p, 1), that it hides."""
    most = 0.0
    for x0, y0, x1, y1 in boxes:
        inside = mask[max(round(y0), 0) : max(round(y1), 0), max(round(x0), 0) : max(round(x1), 0)]
        most = max(most, float(inside.sum()) / max((x1 - x0) * (y1 - y0), 1))
    return most
