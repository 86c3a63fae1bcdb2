"""Two ways to read the faces of frame after frame.

Fast: the MFN alone, in one pass, to which one face more adds little. Best: the MFN finds faces and the SFN
reads each from a full-resolution crop that follows the landmarks of the frame before (paper, section 4.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from .contract import FINDING_SIZE
from .footage import Frame
from .network import Detection, Face, MultiFaceNetwork, SingleFaceNetwork, overlaps, suppress, weights_folder

Quality = Literal["fast", "best"]
Reading = tuple[Frame, list[Face]]
"""A frame and the faces that were read in it."""

EVERY = 5
"""Frames from one search by the MFN to the next."""
FOUND = 0.5
"""Confidence from which the MFN takes something for a face: anything in *fast*, what is large in *best*."""
SURE = 0.8
"""The same of a small face in *best*, and of one seen in a part of the picture: blurred things look like
faces. What is less is looked at closer.

On pictures composed of small photographs of people never trained on, together with ALIKE, it finds 671 of 717
faces and nothing else; 647 at 0.93, and 678 and one other thing at 0.7.
"""
ALIKE = 0.7
"""Likeness from which what the SFN reads of a newcomer is a face: of faces of people never trained on 0.997
are, of other things that the MFN may take for faces 0.002.
"""
GONE = 0.3
"""Likeness below which a followed face that is not small has left, or something covers it.

Such faces keep to 0.8 and more in clips while they can be seen; of those that leave, or are covered, it falls
to 0 within a few frames. Of small, blurred ones it may be low all along: they have left if the MFN, too, does
not see them any more.
"""
LOOKS = 6
"""Closer looks in one search, at most."""
CLOSER = 4
"""Side of a closer look, in sides of what is looked at."""
SUPPORTED = 0.37
"""Confidence from which the MFN confirms a face that is being followed."""
SAME = 0.35
"""Overlap from which two boxes show the same face."""
PATIENCE = 3
"""Searches in a row that must miss a face before it is given up."""
SMALLEST = 16
"""Pixels: of a smaller face nothing could be read."""
SHRUNK = 12
"""Pixels: a face that is being followed and has become as small as this is lost."""
PARTS = 4
"""The longer side of a picture over that of the parts it is also searched in."""
SHARED = 0.2
"""The share of a part's side that it has in common with the next: no smaller face falls between two."""
AT_ONCE = 3
"""Of these parts, how many a search sees for each face that is followed; reading it in the frames until the
next search takes longer.
"""
LARGE = 0.08
"""What is smaller than this share of the picture is a small face."""
VISIBLE = 0.05
"""What is smaller than this share of what is searched may be missed: the MFN would look for 14 pixels."""


class Reader(Protocol):
    """Reads the faces of frames that come in order.

    remembered: how many of the last frames `look_back` can change.
    """

    remembered: int

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""

    def look_back(self, past: Sequence[Reading]) -> None:
        """Correct the frames before by what the frame read last has shown: who was there already, and who had
        left.

        past: what was read lately, in order, the frame read last at its end; its lists of faces change.
        """


class FastReader:
    """The MFN alone."""

    remembered = 0

    def __init__(self, multi: MultiFaceNetwork) -> None:
        """Read with a network whose threshold is FOUND."""
        self._multi = multi

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""
        return self._multi.read(frame.image)

    def look_back(self, past: Sequence[Reading]) -> None:
        """Change nothing: every frame was searched as well as any other."""


class BestReader:
    """The MFN finds, the SFN reads and follows.

    A followed face must keep a face's proportions from frame to frame and, unless it is small, look like one,
    and be confirmed whenever the MFN searches: every few frames, and at once when a face is new or was lost,
    or two crops ran into each other. A search sees the whole picture and some parts of it enlarged, for the
    small faces; at the start, and when everybody is gone as after a cut, all parts. What may be a small face
    is looked at once more, closer. One too small for any search is followed until it has looked like no face
    for as many frames as are remembered. Looking back, whoever is found late is followed to where they came
    from, and whoever is given up is taken away where they had left already.
    """

    remembered = 60

    def __init__(self, multi: MultiFaceNetwork, single: SingleFaceNetwork) -> None:
        """Read with two networks; the MFN's threshold is SUPPORTED, so that it confirms what it half sees."""
        self._multi = multi
        self._single = single
        self._followed: list[_Followed] = []
        self._arrived: list[tuple[int, Face]] = []
        self._left: list[Face] = []
        self._last_search: int | None = None
        self._turn = 0

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""
        before, self._followed = self._followed, []
        self._arrived, self._left = [], []
        faces = self._single.follow(frame.image, [followed.face for followed in before])
        for followed, seen in zip(before, faces, strict=True):
            face = replace(seen, confidence=followed.face.confidence)
            doubted = [*followed.doubted, face] if face.likeness < GONE else followed.doubted
            trusted = not _gone(face, frame.image) and len(doubted) <= self.remembered
            if trusted and _plausible(face.box, followed.face.box, frame.image):
                self._followed.append(replace(followed, face=face, doubted=doubted))
            else:
                self._left += followed.doubted
        if self._search_is_due(frame, len(before)):
            all_gone = bool(before) and not self._followed
            self._search(frame, everywhere=all_gone or self._last_search is None)
        return [followed.face for followed in self._followed]

    def look_back(self, past: Sequence[Reading]) -> None:
        """Follow those who have just been confirmed back from where they were seen first to where they came
        from, and take away what looked like no face of those who have just been given up.
        """
        if self._left:
            for _, known in past:
                known[:] = [face for face in known if face not in self._left]
        for first, later in self._arrived:
            for frame, known in reversed(past):
                if frame.index >= first:
                    continue
                (face,) = self._single.follow(frame.image, [later])
                if not _somebody_new(face, later.box, known, frame.image):
                    break
                later = replace(face, confidence=later.confidence)
                known.append(later)

    def _search_is_due(self, frame: Frame, followed_before: int) -> bool:
        if self._last_search is None or frame.index - self._last_search >= EVERY:
            return True
        if not self._followed or len(self._followed) < followed_before:
            return True
        if any(followed.missed or followed.first for followed in self._followed):
            return True
        boxes = np.array([followed.face.box for followed in self._followed])
        return any(_hidden(box, np.delete(boxes, place, axis=0)) for place, box in enumerate(boxes))

    def _search(self, frame: Frame, *, everywhere: bool) -> None:
        """Hold what is followed against what the MFN sees: confirm, drop the lost, add newcomers."""
        searched = self._to_search(frame.image, everywhere=everywhere)
        self._last_search = frame.index
        confirmed, newcomers = [], []
        waiting = list(self._followed)
        for seen in self._seen(frame.image, searched):
            shared = overlaps(seen.box, np.array([followed.face.box for followed in waiting]))[0]
            if len(waiting) and shared.max() > SAME:
                best = waiting.pop(int(shared.argmax()))
                if best.first:
                    self._arrived.append(best.first)
                confirmed.append(_Followed(replace(best.face, confidence=seen.confidence), missed=0))
            elif seen.confidence >= FOUND and _side(seen.box) >= SMALLEST:
                newcomers.append(seen)
        read = self._single.read(frame.image, np.array([found.box for found in newcomers]))
        for face, found in zip(read, newcomers, strict=True):
            if _somebody_new(face, found.box, [other.face for other in confirmed], frame.image):
                new = replace(face, confidence=found.confidence)
                confirmed.append(_Followed(new, missed=0, first=(frame.index, new)))
        for followed in waiting:
            # Not confirmed: a double of another face, gone, never there, or only hard to see for a moment.
            others = np.array([other.face.box for other in confirmed])
            box, patience = followed.face.box, 1 if followed.first else PATIENCE
            missed = followed.missed + any(_visible(box, area, frame.image) for area in searched)
            if not _hidden(box, others) and missed < patience:
                confirmed.append(replace(followed, missed=missed))
            else:
                self._left += followed.doubted
        self._followed = confirmed

    def _to_search(self, image: np.ndarray, *, everywhere: bool) -> list[np.ndarray]:
        """The areas to search: the whole picture, and all its parts or some, of which one may be in doubt and
        the others are in turn.
        """
        whole = np.array([0, 0, image.shape[1], image.shape[0]])
        small = parts(image.shape[1], image.shape[0])
        if everywhere or not small:
            return [whole, *small]
        unsure = [followed.face.box for followed in self._followed if followed.missed or followed.first]
        in_doubt = [n for n, part in enumerate(small) if any(_visible(box, part, image) for box in unsure)]
        in_turn = [(self._turn + step) % len(small) for step in range(len(small))]
        at_once = AT_ONCE * max(1, len(self._followed))
        chosen = list(dict.fromkeys(in_doubt[:1] + in_turn))[:at_once]
        self._turn += at_once - len(in_doubt[:1])
        return [whole, *(small[n] for n in chosen)]

    def _seen(self, image: np.ndarray, areas: list[np.ndarray]) -> list[Detection]:
        """What the MFN sees in areas of the picture, the most confident first.

        What is small or enlarged, and not SURE, is looked at closer, or, where a face is followed, speaks
        for that face, and not loudly.
        """
        seen, unsure = [], []
        for number, area in enumerate(areas):
            for face in self._find(image, area):
                large = number == 0 and _large(face.box, image)
                if face.confidence >= (FOUND if large else SURE):
                    seen.append(face)
                elif self._is_followed(face):
                    seen.append(replace(face, confidence=min(face.confidence, FOUND)))
                elif face.confidence >= FOUND and _side(face.box) >= SMALLEST:
                    unsure.append(face)
        unsure.sort(key=lambda face: -face.confidence)
        looks = 0
        for face in unsure:
            boxes = np.array([other.box for other in seen])
            if looks < LOOKS and not (overlaps(face.box, boxes) > SAME).any():
                looks += 1
                seen += self._looked_at(image, face)
        seen.sort(key=lambda face: -face.confidence)
        return [seen[place] for place in suppress(np.array([face.box for face in seen]))]

    def _find(self, image: np.ndarray, area: np.ndarray) -> list[Detection]:
        """What the MFN sees whole in an area of the picture, in the picture's pixels."""
        x0, y0, x1, y1 = area
        found = self._multi.find(image[y0:y1, x0:x1])
        moved = [replace(face, box=face.box + area[[0, 1, 0, 1]]) for face in found]
        return [face for face in moved if not _cut_off(face.box, area, image)]

    def _looked_at(self, image: np.ndarray, face: Detection) -> list[Detection]:
        """The face as the MFN sees it closer, if it is SURE then."""
        centre, reach = (face.box[:2] + face.box[2:]) / 2, CLOSER * _side(face.box) / 2
        low = np.maximum(np.floor(centre - reach), 0)
        high = np.minimum(np.ceil(centre + reach), image.shape[1::-1])
        closer = self._find(image, np.concatenate([low, high]).astype(int))
        return [
            other
            for other in closer
            if other.confidence >= SURE and overlaps(face.box, other.box)[0, 0] > SAME
        ]

    def _is_followed(self, face: Detection) -> bool:
        boxes = np.array([followed.face.box for followed in self._followed])
        return bool((overlaps(face.box, boxes) > SAME).any())


@dataclass(frozen=True)
class _Followed:
    """A face being followed.

    missed: searches in a row in which the MFN did not see it. first: until it is confirmed, in which frame it
    was seen first, and how. doubted: its sights since the MFN last saw it that looked like no face.
    """

    face: Face
    missed: int
    first: tuple[int, Face] | None = None
    doubted: list[Face] = field(default_factory=list)


def parts(width: int, height: int) -> list[np.ndarray]:
    """The square parts (4,) x0, y0, x1, y1 in which a picture is searched for small faces, in pixels.

    Neighbours have a share of SHARED in common. None where the MFN's view shows all of the picture already.
    """
    side = max(max(width, height) // PARTS, FINDING_SIZE)
    if side >= max(width, height):
        return []
    lefts, tops = _starts(width, side), _starts(height, side)
    return [np.array([x, y, min(x + side, width), min(y + side, height)]) for y in tops for x in lefts]


def _starts(length: int, side: int) -> list[int]:
    """Where the parts begin along a side of the picture."""
    gaps = max(0, math.ceil((length - side) / (side * (1 - SHARED))))
    return [round(place) for place in np.linspace(0, max(length - side, 0), gaps + 1)]


def _side(box: np.ndarray) -> float:
    """The longer side of a box (4,)."""
    return float((box[2:] - box[:2]).max())


def _large(box: np.ndarray, image: np.ndarray) -> bool:
    """Whether a face is no small one in the image."""
    return _side(box) > LARGE * max(image.shape[:2])


def _visible(box: np.ndarray, area: np.ndarray, image: np.ndarray) -> bool:
    """Whether the MFN can be expected to see the face in the box when it searches the area of the image."""
    return _side(box) > VISIBLE * _side(area) and not _cut_off(box, area, image)


def _cut_off(box: np.ndarray, area: np.ndarray, image: np.ndarray) -> bool:
    """Whether a face reaches the edge of the area where the picture goes on behind it."""
    goes_on = np.array([area[0] > 0, area[1] > 0, area[2] < image.shape[1], area[3] < image.shape[0]])
    margin = np.array([box[0] - area[0], box[1] - area[1], area[2] - box[2], area[3] - box[3]])
    return bool((goes_on & (margin < 0.1 * _side(box))).any())


def _plausible(box: np.ndarray, expected: np.ndarray, image: np.ndarray) -> bool:
    """Whether the landmarks' box can be the face that was expected in the other box."""
    size, before = box[2:] - box[:2], expected[2:] - expected[:2]
    if not np.isfinite(box).all() or size.max() < SHRUNK:
        return False
    centre = (box[:2] + box[2:]) / 2
    growth = size.max() / before.max()
    shift = np.abs(centre - (expected[:2] + expected[2:]) / 2).max() / before.max()
    inside = (centre >= 0).all() and (centre < image.shape[1::-1]).all()
    return bool(inside and 0.6 < growth < 1.6 and shift < 0.4 and 0.4 < size[0] / size[1] < 1.8)


def _somebody_new(face: Face, expected: np.ndarray, known: list[Face], image: np.ndarray) -> bool:
    """Whether what the SFN read is the face that was expected in a box, and none of those who are known."""
    there = face.likeness >= ALIKE and _plausible(face.box, expected, image)
    return there and not _hidden(face.box, np.array([other.box for other in known]))


def _gone(face: Face, image: np.ndarray) -> bool:
    """Whether what is read where a face was followed looks like none, and is large enough to tell."""
    return face.likeness < GONE and _large(face.box, image)


def _hidden(box: np.ndarray, others: np.ndarray) -> bool:
    """Whether one of the other boxes (n, 4) covers half of this one: then both crops show one face."""
    others = others.reshape(-1, 4)
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return bool((shared.clip(0).prod(axis=1) > 0.5 * (box[2:] - box[:2]).prod()).any())


def make_reader(quality: Quality, threads: int = 1, weights: Path | None = None) -> Reader:
    """A reader with the networks in the folder `weights`; as `readers`."""
    return readers(quality, threads, weights)()


def readers(quality: Quality, threads: int = 1, weights: Path | None = None) -> Callable[[], Reader]:
    """What makes readers that know nothing of earlier frames, all with the same networks.

    threads: how many each network uses. weights: the networks' folder (None: `weights_folder()`).

    Raises:
        WeightsError: weights are missing, damaged or of another contract.
    """
    folder = weights or weights_folder()
    if quality == "fast":
        alone = MultiFaceNetwork(folder / "multi.onnx", threads, threshold=FOUND)
        return lambda: FastReader(alone)
    multi = MultiFaceNetwork(folder / "multi.onnx", threads, threshold=SUPPORTED)
    single = SingleFaceNetwork(folder / "single.onnx", threads, closely=True)
    return lambda: BestReader(multi, single)
