"""What the networks see of a picture: the whole of it (MFN), or one face (SFN).

Capture and training prepare pictures here alike. Points are in pixels with pixel centres at whole numbers,
y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import contract
from .wheels import opencv

GREY = 127
"""What the MFN sees outside the picture, and the SFN where nothing of the picture is near."""


@dataclass(frozen=True, eq=False)
class View:
    """The SFN's view of a face. It covers CROP_MARGIN sides; outside the picture the picture's edge goes on.

    centre: (2,) x, y of the face's box in pixels. side: longer side of the box in pixels. roll: how far the
    box is turned, in radians, anticlockwise as seen; the head in it is seen without this turn.
    """

    centre: np.ndarray
    side: float
    roll: float = 0.0

    @classmethod
    def around(cls, box: np.ndarray) -> View:
        """The view of a box (4,) x0, y0, x1, y1."""
        return cls((box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max()))

    @classmethod
    def upright(cls, landmarks: np.ndarray, rotation: np.ndarray) -> View:
        """The view of a face with landmarks (68, 2) whose head, rotated by (4,) w, x, y, z, is upright in
        it: what differs least between two pictures of the same expression.
        """
        roll = head_roll(rotation)
        matrix = turn(roll)
        level = landmarks @ matrix
        low, high = level.min(axis=0), level.max(axis=0)
        return cls(matrix @ (low + high) / 2, float((high - low).max()), roll)

    def crop(self, image: np.ndarray) -> np.ndarray:
        """What the SFN sees, uint8 (128, 128, 3), of a picture uint8 (h, w, 3) RGB."""
        cv2, size = opencv(), contract.SINGLE_SIZE
        # The steps in the picture from a pixel of the view to the one on its right and the one below.
        across = turn(self.roll)[:, 0] * (contract.CROP_MARGIN * self.side / size)
        down = np.array([-across[1], across[0]])
        block = _block(math.hypot(*across))
        corner = self.centre + 0.5 - size / 2 * (across + down)
        corners = corner + np.array([np.zeros(2), across, down, across + down]) * size
        x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int) - block, 0)
        x1, y1 = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + block, image.shape[1::-1])
        if x1 - x0 < block or y1 - y0 < block:
            return np.full((size, size, 3), GREY, np.uint8)
        steps = np.stack([across, down], axis=1) / block
        first = (corner - (x0, y0)) / block + steps.sum(axis=1) / 2 - 0.5
        return cv2.warpAffine(
            _averaged(image[y0:y1, x0:x1], block),
            np.concatenate([steps, first[:, None]], axis=1),
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def outside(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) in sides from the view's centre, y down, as pixels of the picture."""
        placed: np.ndarray = self.centre + self.side * points @ turn(self.roll).T
        return placed


def fit(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The MFN's view of a picture, uint8 (576, 576, 3), and its scale.

    The picture is scaled to fit; the view is grey to its right or below.

    image: uint8 (h, w, 3) RGB. A point (x, y) of the picture is at ((x, y) + 0.5) * scale - 0.5 in the view.
    """
    cv2 = opencv()
    scale = contract.MULTI_SIZE / max(image.shape[:2])
    block = _block(1 / scale)
    view = np.full((contract.MULTI_SIZE, contract.MULTI_SIZE, 3), GREY, np.uint8)
    if min(image.shape[:2]) * scale >= 1:
        # Sampled in the same places as by warpAffine, which takes four times as long, since it may turn.
        step = scale * block
        seen = cv2.resize(_averaged(image, block), None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        view[: seen.shape[0], : seen.shape[1]] = seen
    return view, scale


def pyramid(view: np.ndarray) -> list[np.ndarray]:
    """The MFN's view, uint8 (576, 576, 3), at all of its LEVELS: each pixel is the mean of four before."""
    cv2 = opencv()
    levels = [view]
    for _ in contract.LEVELS[1:]:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return levels


def inputs(view: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """What the MFN is given, by name: its view, uint8 (576, 576, 3), and from which confidence it is to read
    faces in it.
    """
    levels = {name: level[None] for name, level in zip(contract.LEVELS, pyramid(view), strict=True)}
    return {**levels, "threshold": np.array(threshold, np.float32)}


def head_roll(rotation: np.ndarray) -> float:
    """How far a head's own up is turned about the line of sight: radians, anticlockwise as seen.

    rotation: (4,) unit quaternion w, x, y, z.
    """
    w, x, y, z = (float(value) for value in rotation)
    return math.atan2(2 * (w * z - x * y), 1 - 2 * (x * x + z * z))


def turn(angle: float) -> np.ndarray:
    """The matrix (2, 2) that turns points, y down, by an angle in radians, anticlockwise as seen."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, s], [-s, c]])


def turned(rotation: np.ndarray, angle: float) -> np.ndarray:
    """A rotation, unit quaternion (4,), followed by a turn about the line of sight; w >= 0.

    angle: radians, anticlockwise as seen.
    """
    c, s = math.cos(angle / 2), math.sin(angle / 2)
    w, x, y, z = rotation
    after = np.array([c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w], np.float32)
    return -after if after[0] < 0 else after


def _block(step: float) -> int:
    """The side of the blocks of pixels that are averaged before a view takes steps of so many pixels.

    Where the view is much smaller than the picture, bilinear sampling alone would skip pixels and flicker. It
    takes in two pixels in each direction, so blocks of two thirds of a step come closest to the true average
    over every step (measured for steps of 1 to 6); whole steps blur, half steps flicker.
    """
    return max(1, int(step / 1.5))


def _averaged(image: np.ndarray, block: int) -> np.ndarray:
    """The picture with its blocks of pixels averaged; less than one at the right and below is lost."""
    rows, columns = (side // block for side in image.shape[:2])
    whole = image[: rows * block, : columns * block]
    cv2 = opencv()
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA) if block > 1 else whole
