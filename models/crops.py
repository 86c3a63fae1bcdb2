"""Square pieces cut out of pictures, where something lies in them."""

from __future__ import annotations

import cv2
import numpy as np

SMALLER = 0.6
"""Pictures that shrink further are smoothed before, so that no pixel is passed over."""


def window(centre: np.ndarray, side: float, size: int, span: float) -> np.ndarray:
    """The affine map (2, 3) from a picture's pixels to those of a piece of it.

    centre: (2,) and side of what it shows, in pixels. size: pixels of the piece a side. span: how many sides
    it spans.
    """
    scale = size / (span * side)
    return np.column_stack([scale * np.eye(2), (size - 1) / 2 - scale * np.asarray(centre)])


def cut_out(image: np.ndarray, centre: np.ndarray, side: float, size: int, span: float) -> np.ndarray:
    """The piece of a picture uint8 (h, w, 3) that `window` describes, uint8 (size, size, 3).

    Outside the picture its edge goes on.
    """
    mapped = window(centre, side, size, span)
    scale = float(mapped[0, 0])
    smooth = cv2.GaussianBlur(image, (0, 0), 0.4 / scale) if scale < SMALLER else image
    return np.asarray(cv2.warpAffine(smooth, mapped, (size, size), borderMode=cv2.BORDER_REPLICATE))
