"""Augmentation: where a face lies in its crop, and what cameras do to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facert_blender.capture.contract import CROP_MARGIN, LANDMARKS, MIRROR_LANDMARKS, ROTATION, SINGLE_SIZE
from facert_blender.capture.view import View, turn, turned

from .datasets import SHARD_SPAN, Shard
from .face_reader import CLOSER
from .label import MARK_OFFSET, mirror


@dataclass(frozen=True)
class Spread:
    """How far a view may lie from the one that is aimed at.

    scales: from the least size to the largest, over the aimed one. shift: sides of the face, at most, each
    way. roll: standard deviation of the in-plane rotation, in degrees; at most three of them. aim: the size
    that is aimed at around a face's box, over the SFN's.
    """

    scales: tuple[float, float]
    shift: float
    roll: float
    aim: float = 1.0


ROUGH = Spread((0.8, 1.2), 0.1, 18.0)
"""Around boxes that anybody may have drawn."""
FOUND = Spread((0.87, 1.14), 0.08, 18.0, aim=CLOSER)
"""Around boxes of the MFN, as its reader sees them: on scenes of held-out people, of faces larger than 15 of
its 288 pixels, they are off by 0.03 to 0.05 sides each way and by 5 to 8 % in size (standard deviations)."""
ASIDE = replace(FOUND, shift=0.2)
"""The same with those that lie farthest beside the faces, as where these are half hidden."""
FOLLOWED = Spread((0.92, 1.1), 0.04, 5.0)
"""Of a face that has been seen before: what its landmarks are off, and what it moves in a frame."""
FEWER_PIXELS = (-1.2, 1.2)
"""Logarithms of how many pixels across a face's view has of its own; half of the views have all of them."""

UNEVEN = 0.35
"""Standard deviation of the logarithm of the light on a ninth of a picture."""


def first_spread(size: int) -> Spread:
    """The spread of the views in which a network for crops of this size first sees faces: the SFN in boxes
    from anywhere, a smaller one in those of the MFN that it belongs to.
    """
    return ROUGH if size == SINGLE_SIZE else FOUND


def place(
    image: np.ndarray,
    span: float,
    parameters: np.ndarray,
    landmarks: np.ndarray,
    *,
    scale: float,
    shift: np.ndarray,
    roll: float,
    mirrored: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut an SFN crop out of a stored crop.

    image: uint8 (s, s, 3) showing `span` sides. landmarks: (k, 2) in sides, y down. scale: the crop over the
    face. shift: (2,) sides, y down. roll: radians, anticlockwise as seen. mirrored: whether the picture, but
    not yet its labels, is to be mirrored first. Returns the crop
    (128, 128, 3), its parameters (104,) (translation and scale unchanged: they are learned from the
    landmarks) and landmarks (k, 2) in sides of the new crop.
    """
    matrix = turn(roll)
    stored = image.shape[0] / span
    pixels = SINGLE_SIZE / CROP_MARGIN / scale / stored
    enlarged = pixels * matrix
    middle = (image.shape[0] - 1) / 2 + shift * stored
    window = np.concatenate([enlarged, ((SINGLE_SIZE - 1) / 2 - enlarged @ middle)[:, None]], axis=1)
    if mirrored:
        window[:, 2] += window[:, 0] * (image.shape[1] - 1)
        window[:, 0] *= -1
    crop = cv2.warpAffine(
        image, window, (SINGLE_SIZE, SINGLE_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    placed = parameters.copy()
    placed[ROTATION] = turned(parameters[ROTATION], roll)
    return crop, placed, ((landmarks - shift) @ matrix.T / scale).astype(np.float32)


def random_place(
    image: np.ndarray,
    span: float,
    parameters: np.ndarray,
    landmarks: np.ndarray,
    pixel: float,
    rng: np.random.Generator,
    points_mirror: Sequence[int] = MIRROR_LANDMARKS,
    *,
    flips: bool = True,
    spread: Spread = ROUGH,
    upright: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`place` at random, with `flips` mirrored half the time; `pixel` is the photograph's, in sides.

    spread: of the view around the face. upright: how often the view is instead the one that a face which has
    been seen before is read in, nearly.
    points_mirror: (k,), which of the landmarks each becomes in a mirror, where there are more than 68.
    """
    mirrored = rng.random() < 0.5 * flips
    if mirrored:
        parameters = mirror(parameters[None])[0]
        offset = np.array([2 * MARK_OFFSET * pixel, 0], np.float32)
        landmarks = landmarks[list(points_mirror)] * np.array([-1, 1], np.float32) + offset
    view = View(np.zeros(2), 1.0)
    if upright and rng.random() < upright:
        view, spread = View.upright(landmarks[:LANDMARKS], parameters[ROTATION]), FOLLOWED
    return place(
        image,
        span,
        parameters,
        landmarks,
        scale=view.side * spread.aim * rng.uniform(*spread.scales),
        shift=view.centre + rng.uniform(-spread.shift, spread.shift, 2),
        roll=np.radians(spread.roll * np.clip(rng.normal(), -3, 3)) - view.roll,
        mirrored=mirrored,
    )


def random_view(
    shard: Shard, row: int, rng: np.random.Generator, *, spread: Spread, upright: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`random_place` of a shard's row, around it within a spread, or, so often, `upright`."""
    return random_place(
        shard.images[row],
        SHARD_SPAN,
        shard.parameters[row],
        shard.landmarks[row],
        float(shard.pixel[row]),
        rng,
        spread=spread,
        upright=upright,
    )


def unevenly_lit(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture uint8 (s, s, 3) as if a part of it lay in shadow and another in light, softly, often."""
    if rng.random() < 0.5:
        return image
    gains = rng.normal(0, UNEVEN, (3, 3, 1)) + rng.normal(0, UNEVEN / 10, (3, 3, 3))
    field = cv2.resize(np.exp(gains).astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.multiply(image, field, dtype=cv2.CV_8U))


def photographic(image: np.ndarray, rng: np.random.Generator, *, hidden: float = 0.12) -> np.ndarray:
    """What cameras and codecs do: exposure, colour, blur, low resolution, noise, compression. As often as
    `hidden` says, something hides a part.
    """
    size = image.shape[0]
    if rng.random() < 0.25:
        small = max(16, int(size * rng.uniform(0.2, 0.8)))
        image = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (size, size), interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    if rng.random() < 0.15:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    elif rng.random() < 0.1:
        length = int(rng.integers(3, 9))
        kernel = np.zeros((length, length), np.float32)
        kernel[length // 2] = 1 / length
        turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), rng.uniform(0, 180), 1)
        kernel = cv2.warpAffine(kernel, turn, (length, length))
        image = cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6))
    if rng.random() < 0.15:
        image = cv2.transform(image, np.full((3, 3), 1 / 3))
    tint = rng.uniform(0.85, 1.15, 3)
    mean = float((tint * cv2.mean(image)[:3]).mean())
    shades = (np.arange(256)[:, None] * tint - mean) * rng.uniform(0.65, 1.35) + mean * rng.uniform(0.6, 1.4)
    image = cv2.LUT(image, shades.clip(0, 255).astype(np.uint8)[None])
    if rng.random() < 0.3:
        noise = rng.standard_normal((size, size), np.float32) * rng.uniform(1, 10)
        image = cv2.add(image, cv2.merge([noise] * 3), dtype=cv2.CV_8U)
    if rng.random() < 0.2:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    if rng.random() < hidden:
        height, width = (rng.uniform(0.1, 0.35, 2) * size).astype(int)
        top, left = rng.integers(0, size - height), rng.integers(0, size - width)
        image[top : top + height, left : left + width] = rng.integers(0, 255, 3)
    return image


def seen_small(crop: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """What a picture of many people leaves of a face's crop: uint8 (size, size, 3), often of fewer pixels."""
    pixels = min(size, round(size * float(np.exp(rng.uniform(*FEWER_PIXELS)))))
    small = cv2.resize(crop, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
