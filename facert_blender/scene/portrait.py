"""Performers' faces as small packed images, with previews that lists can show as icons."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

ICON = 32
"""Pixels of an icon's side."""


def new_portrait(name: str, picture: NDArray[np.uint8]) -> bpy.types.Image:
    """An image of `picture`, uint8 (h, w, 3) RGB, packed into the .blend; works without a window."""
    height, width = picture.shape[:2]
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = picture[::-1] / np.float32(255)
    image = bpy.data.images.new(name, width, height)
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    preview = image.preview_ensure()
    preview.image_size = (width, height)
    preview.image_pixels_float.foreach_set(pixels.ravel())
    step = max(1, max(width, height) // ICON)
    small = np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step])
    preview.icon_size = small.shape[1::-1]
    preview.icon_pixels_float.foreach_set(small.ravel())
    return image
