"""What looks a little like a face and is none: letters, rings, dots and blots, drawn into scenes.

A detector that has only seen photographs takes the bright, outlined letters of titles for faces.
"""

from __future__ import annotations

import string

import cv2
import numpy as np

LETTERS = np.array(list(string.ascii_letters + string.digits + "&%@?!"))
MOST = 6
"""Things drawn at once."""
HIDDEN = 0.15
"""The share of faces that something is drawn before."""
SOFT = 4
"""How many pixels an edge is softened over, at most."""


def draw_clutter(canvas: np.ndarray, kept: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a few things into uint8 (s, s, 3), which changes, apart from the boxes `kept` (n, 4), pixels."""
    side = canvas.shape[0]
    for _ in range(rng.integers(1, MOST + 1)):
        layer, mask = canvas.copy(), np.zeros((side, side), np.uint8)
        draw = (_word, _rings, _dots)[rng.choice(3, p=(0.6, 0.2, 0.2))]
        draw(layer, mask, rng)
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            continue
        box = np.array([left, top, left + width, top + height])
        apart = (box[:2] >= kept[:, 2:]) | (box[2:] <= kept[:, :2])
        if not apart.any(1).all():
            continue
        around, soft = _softened(mask, rng)
        soft = soft * rng.uniform(0.6, 1)
        canvas[around] = (canvas[around] * (1 - soft) + layer[around] * soft).astype(np.uint8)


def hide_in_part(canvas: np.ndarray, faces: np.ndarray, rng: np.random.Generator) -> None:
    """Draw something over the edge of some faces, boxes (n, 4), pixels, in uint8 (s, s, 3), which changes:
    a blot of one colour, often the face's own, as a hand, an arm or a glass would be.
    """
    side = canvas.shape[0]
    for box in faces[rng.random(len(faces)) < HIDDEN]:
        middle, size = (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max())
        angle = rng.uniform(0, 2 * np.pi)
        where = middle + rng.uniform(0.45, 0.7) * size * np.array([np.cos(angle), np.sin(angle)])
        x, y = (middle if rng.random() < 0.6 else rng.uniform(0, side, 2)).astype(int).clip(0, side - 1)
        colour = canvas[y, x] * rng.uniform(0.6, 1.2)
        mask = np.zeros((side, side), np.uint8)
        axes = tuple(int(v) for v in size * rng.uniform((0.1, 0.2), (0.3, 0.7)) + 1)
        centre = (int(where[0]), int(where[1]))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        around, soft = _softened(mask, rng)
        canvas[around] = (canvas[around] * (1 - soft) + colour.clip(0, 255) * soft).astype(np.uint8)


def _softened(mask: np.ndarray, rng: np.random.Generator) -> tuple[tuple[slice, slice], np.ndarray]:
    """Where something drawn lies, by its mask uint8 (s, s), and how much it covers there, (h, w, 1) to 1."""
    left, top, width, height = cv2.boundingRect(mask)
    around = np.s_[max(top - SOFT, 0) : top + height + SOFT, max(left - SOFT, 0) : left + width + SOFT]
    return around, cv2.GaussianBlur(mask[around], (0, 0), rng.uniform(0.3, 1.2))[..., None] / 255


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    r, g, b = rng.integers(0, 256, 3).tolist()
    return r, g, b


def _word(layer: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> None:
    """A word, outlined as titles are, at any size that fits."""
    side = layer.shape[0]
    text = "".join(rng.choice(LETTERS, rng.integers(1, 12)))
    font, scale = int(rng.integers(0, 8)), float(np.exp(rng.uniform(np.log(0.3), np.log(3))))
    thick = max(1, round(scale * rng.uniform(1, 5)))
    where = (int(rng.integers(-side // 8, side)), int(rng.integers(side // 10, side)))
    outline = thick + int(rng.integers(0, 2 + int(3 * scale)))
    for colour, width in ((_colour(rng), outline), (_colour(rng), thick)):
        cv2.putText(layer, text, where, font, scale, colour, width, cv2.LINE_AA)
    cv2.putText(mask, text, where, font, scale, 255, outline, cv2.LINE_AA)


def _rings(layer: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> None:
    """Ellipses inside each other, such as wheels, plates and lamps."""
    side = layer.shape[0]
    centre = tuple(int(v) for v in rng.integers(0, side, 2))
    axes = np.exp(rng.uniform(np.log(4), np.log(60))) * rng.uniform(0.6, 1, 2)
    angle = float(rng.uniform(0, 180))
    for shrink in np.sort(rng.uniform(0.2, 1, rng.integers(1, 4)))[::-1]:
        size = tuple(int(v) for v in axes * shrink + 1)
        cv2.ellipse(layer, centre, size, angle, 0, 360, _colour(rng), -1, cv2.LINE_AA)
        cv2.ellipse(mask, centre, size, angle, 0, 360, 255, -1, cv2.LINE_AA)


def _dots(layer: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> None:
    """Dots strewn over a patch, such as leaves, buttons and pebbles."""
    side = layer.shape[0]
    reach = float(np.exp(rng.uniform(np.log(6), np.log(40))))
    middle, colour = rng.uniform(0, side, 2), np.array(_colour(rng))
    for _ in range(rng.integers(3, 25)):
        where = tuple(int(v) for v in middle + rng.normal(0, reach, 2))
        radius = int(rng.integers(1, 2 + int(reach / 3)))
        shade = tuple(int(v) for v in np.clip(colour + rng.normal(0, 30, 3), 0, 255))
        cv2.circle(layer, where, radius, shade, -1, cv2.LINE_AA)
        cv2.circle(mask, where, radius, 255, -1, cv2.LINE_AA)
