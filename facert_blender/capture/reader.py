"""Two ways to read the faces of frame after frame.

Fast: the MFN alone, at the same cost for any number of faces. Best: the MFN finds faces and the SFN reads
each from a full-resolution crop that follows the landmarks of the frame before (paper, section 4.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from .footage import Frame
from .network import Face, MultiFaceNetwork, SingleFaceNetwork, overlaps, weights_folder

Quality = Literal["fast", "best"]

EVERY = 5
"""Frames from one search by the MFN to the next."""
FOUND = 0.5
"""Confidence from which the MFN introduces a face."""
SUPPORTED = 0.2
"""Confidence from which the MFN confirms a face that is being followed."""
SAME = 0.35
"""Overlap from which two boxes show the same face."""
PATIENCE = 3
"""Searches in a row that must miss a face before it is given up."""


class Reader(Protocol):
    """Reads the faces of frames that come in order."""

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""


class FastReader:
    """The MFN alone."""

    def __init__(self, multi: MultiFaceNetwork) -> None:
        """Read with a network whose threshold is FOUND."""
        self._multi = multi

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""
        return self._multi.read(frame.image)


class BestReader:
    """The MFN finds, the SFN reads and follows.

    The SFN says nothing about whether a face is there. So a followed face must keep a face's proportions
    from frame to frame and be confirmed whenever the MFN searches: every few frames, and at once when a
    face was lost or two crops ran into each other.
    """

    def __init__(self, multi: MultiFaceNetwork, single: SingleFaceNetwork) -> None:
        """Read with two networks; the MFN's threshold is SUPPORTED, so that it confirms what it half sees."""
        self._multi = multi
        self._single = single
        self._followed: list[_Followed] = []
        self._last_search: int | None = None

    def read(self, frame: Frame) -> list[Face]:
        """The faces of the frame, none twice."""
        before = self._followed
        faces = self._single.read(frame.image, np.array([followed.face.box for followed in before]))
        self._followed = [
            replace(followed, face=replace(face, confidence=followed.face.confidence))
            for followed, face in zip(before, faces, strict=True)
            if _plausible(face.box, followed.face.box, frame.image)
        ]
        if self._search_is_due(frame, len(before)):
            self._search(frame)
        return [followed.face for followed in self._followed]

    def _search_is_due(self, frame: Frame, followed_before: int) -> bool:
        if self._last_search is None or frame.index - self._last_search >= EVERY:
            return True
        if not self._followed or len(self._followed) < followed_before:
            return True
        if any(followed.missed for followed in self._followed):
            return True
        boxes = np.array([followed.face.box for followed in self._followed])
        return any(_hidden(box, np.delete(boxes, place, axis=0)) for place, box in enumerate(boxes))

    def _search(self, frame: Frame) -> None:
        """Hold what is followed against what the MFN sees: confirm, drop the lost, add newcomers."""
        self._last_search = frame.index
        seen = self._multi.read(frame.image)
        confirmed, newcomers = [], []
        waiting = list(self._followed)
        for face in seen:
            shared = overlaps(face.box, np.array([followed.face.box for followed in waiting]))[0]
            if len(waiting) and shared.max() > SAME:
                best = waiting.pop(int(shared.argmax()))
                confirmed.append(_Followed(replace(best.face, confidence=face.confidence), missed=0))
            elif face.confidence >= FOUND:
                newcomers.append(face)
        read = self._single.read(frame.image, np.array([face.box for face in newcomers]))
        for face, found in zip(read, newcomers, strict=True):
            others = np.array([other.face.box for other in confirmed])
            if _plausible(face.box, found.box, frame.image) and not _hidden(face.box, others):
                confirmed.append(_Followed(replace(face, confidence=found.confidence), missed=0))
        for followed in waiting:
            # Not confirmed: a double of another face, gone, or only hard to see for a moment.
            others = np.array([other.face.box for other in confirmed])
            if not _hidden(followed.face.box, others) and followed.missed + 1 < PATIENCE:
                confirmed.append(replace(followed, missed=followed.missed + 1))
        self._followed = confirmed


@dataclass(frozen=True)
class _Followed:
    """A face being followed. missed: searches in a row in which the MFN did not see it."""

    face: Face
    missed: int


def _plausible(box: np.ndarray, expected: np.ndarray, image: np.ndarray) -> bool:
    """Whether the landmarks' box can be the face that was expected in the other box."""
    size, before = box[2:] - box[:2], expected[2:] - expected[:2]
    if not np.isfinite(box).all() or size.min() < 4:
        return False
    centre = (box[:2] + box[2:]) / 2
    growth = size.max() / before.max()
    shift = np.abs(centre - (expected[:2] + expected[2:]) / 2).max() / before.max()
    inside = (centre >= 0).all() and (centre < image.shape[1::-1]).all()
    return bool(inside and 0.6 < growth < 1.6 and shift < 0.4 and 0.4 < size[0] / size[1] < 1.8)


def _hidden(box: np.ndarray, others: np.ndarray) -> bool:
    """Whether one of the other boxes (n, 4) covers half of this one: then both crops show one face."""
    others = others.reshape(-1, 4)
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return bool((shared.clip(0).prod(axis=1) > 0.5 * (box[2:] - box[:2]).prod()).any())


def make_reader(quality: Quality, threads: int = 1, weights: Path | None = None) -> Reader:
    """A reader with the networks in the folder `weights` (None: `weights_folder()`).

    threads: how many each network uses.

    Raises:
        WeightsError: weights are missing, damaged or of another contract.
    """
    folder = weights or weights_folder()
    if quality == "fast":
        return FastReader(MultiFaceNetwork(folder / "multi.onnx", threads, threshold=FOUND))
    return BestReader(
        MultiFaceNetwork(folder / "multi.onnx", threads, threshold=SUPPORTED),
        SingleFaceNetwork(folder / "single.onnx", threads),
    )
