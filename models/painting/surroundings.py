"""What is behind a painted face: a photograph without its face, and bent around another."""

from __future__ import annotations

import cv2
import numpy as np

COARSE = 4
"""How surroundings are bent is worked out at every so many pixels."""


def fill_in(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture float32 (h, w, 3) where `known` (h, w), smoothly continued elsewhere."""
    levels = [(image * known[..., None], known.astype(np.float32))]
    while min(levels[-1][1].shape) > 4:
        levels.append((cv2.pyrDown(levels[-1][0]), cv2.pyrDown(levels[-1][1])))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-3)[..., None]
    for colours, mass in reversed(levels[:-1]):
        result = cv2.resize(result, mass.shape[::-1], interpolation=cv2.INTER_LINEAR)
        result *= (1 - mass)[..., None]
        result += colours
    return np.asarray(result, np.float32)


def bent(picture: np.ndarray, axes: np.ndarray, source: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The surroundings of a moved face: a picture float32 (s, s, 3) bent with the face near it.

    axes: float32 (2, s), which column and row of the picture each column and row shows where nothing is
    bent. known: bool (s / COARSE, s / COARSE), where the face is, and source: float32 (n, 2), the place in
    the picture of what is seen at each of these.
    """
    size = picture.shape[0]
    start = np.stack(np.meshgrid(*axes[:, ::COARSE]), -1)
    offset = np.zeros_like(start)
    offset[known] = source - start[known]
    bend = cv2.resize(continued(offset, known), (size, size), interpolation=cv2.INTER_LINEAR)
    x, y = np.ascontiguousarray(np.moveaxis(bend, 2, 0))
    x += axes[0]
    y += axes[1, :, None]
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def continued(offset: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A displacement field (h, w, 2) continued smoothly from where it is known, fading with distance."""
    mass, field = known.astype(np.float32), offset
    near, near_mass = cv2.GaussianBlur(field, (0, 0), 1.5), cv2.GaussianBlur(mass, (0, 0), 1.5)
    far, far_mass = cv2.GaussianBlur(field, (0, 0), 6), cv2.GaussianBlur(mass, (0, 0), 6)
    around = (near + 0.05 * far) / (near_mass + 0.05 * far_mass + 0.004)[..., None]
    return np.where(known[..., None], offset, around).astype(np.float32)
