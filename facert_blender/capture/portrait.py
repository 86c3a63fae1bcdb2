"""A small picture of each performer, cut from the footage where the face is clearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .footage import Frame, open_footage
from .take import Performer, Take

SIDE = 96
"""Pixels of a portrait's side."""
ROOM = 1.6
"""A portrait is this many times the longer side of the face."""
LARGE = 200.0
"""Pixels of a face from which on a larger one is no clearer."""
BETTER = 1.1
"""A picture replaces another that is clearer by this factor: most frames are never cut."""


@dataclass(eq=False)
class Portrait:
    """The clearest picture so far of somebody who is followed: uint8 (96, 96, 3) RGB, and how clear it is."""

    picture: np.ndarray | None = None
    clarity: float = 0.0

    def consider(self, frame: Frame, box: np.ndarray, rotation: np.ndarray, confidence: float) -> None:
        """Keep the face at `box` (4,) in `frame` if it is clearer."""
        found = float(clarity(box[None], rotation[None], np.array([confidence]))[0])
        if found > BETTER * self.clarity:
            self.picture, self.clarity = cut(frame.image, box), found


def clarity(boxes: np.ndarray, rotation: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """How clear faces (n,) are to see: large, from the front, and surely there; 0 to 1.

    boxes: (n, 4) in pixels. rotation: (n, 4), quaternions. confidence: (n,).
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    return np.asarray(np.minimum(sides / LARGE, 1) * np.abs(rotation[:, 0]) ** 4 * confidence)


def cut(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The face at `box` (4,) in a picture uint8 (h, w, 3), with hair and chin: uint8 (96, 96, 3)."""
    side = ROOM * float((box[2:] - box[:2]).max())
    # Four samples a pixel, so that large faces do not turn grainy.
    steps = ((np.arange(2 * SIDE) + 0.5) / (2 * SIDE) - 0.5) * side
    centre = box.reshape(2, 2).mean(axis=0)
    columns = (centre[0] + steps).astype(int).clip(0, image.shape[1] - 1)
    rows = (centre[1] + steps).astype(int).clip(0, image.shape[0] - 1)
    fine = image[rows[:, None], columns].reshape(SIDE, 2, SIDE, 2, 3)
    return np.asarray(fine.mean(axis=(1, 3)).round(), np.uint8)


def portrait(take: Take, performer: Performer) -> np.ndarray:
    """The clearest face of a performer, read from the footage again: uint8 (96, 96, 3).

    Raises:
        FootageError: the footage cannot be read.
    """
    place = int(clarity(performer.boxes, performer.rotation, performer.confidence).argmax())
    index = int(performer.frames[place])
    with open_footage(take.footage, start=index, end=index + 1) as footage:
        return cut(next(iter(footage)).image, performer.boxes[place])
