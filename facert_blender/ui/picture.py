"""The picture of the live preview, in the lower left corner of the 3D views."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

MARGIN = 12
"""Pixels between the picture and the corner, and around the caption."""
CAPTION = 28
"""Size of the caption's letters."""
WHITE, BLACK = (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0)


def levels(linear: bool) -> NDArray[np.float32]:
    """What to draw (256,) for each value of a picture: its light, or the value as it is."""
    values = np.linspace(0, 1, 256)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return (light if linear else values).astype(np.float32)


LEVELS = levels(linear=bpy.app.version < (5, 0, 0))
"""Until 5.0 views are drawn in light and turned to values at the end; from then on they hold values."""


class LivePicture:
    """Draws the latest picture; a texture is made of it where it is first drawn."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._handler: Any = None
        self._image: NDArray[np.uint8] | None = None
        self._caption = ""
        self._texture: Any = None
        self._fresh = False

    @property
    def drawing(self) -> bool:
        """Whether pictures are shown."""
        return self._handler is not None

    def open(self) -> None:
        """Show pictures from now on."""
        self.close()
        self._handler = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def show(self, image: NDArray[np.uint8], caption: str) -> None:
        """Show another picture, uint8 (h, w, 3) RGB, with a few words in it."""
        self._image, self._caption, self._fresh = image, caption, True

    def close(self) -> None:
        """Show nothing any more."""
        if self._handler is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handler, "WINDOW")
        self._handler = self._image = self._texture = None

    def _draw(self) -> None:
        # Only a window has these; Blender without one cannot even import some of them.
        import blf
        from gpu_extras.presets import draw_texture_2d

        context = bpy.context
        settings = context.scene.facert.live
        if self._image is None or not settings.picture:
            return
        if self._fresh:
            # Here and not before: only drawing has a graphics card to let go of the last one.
            self._texture, self._fresh = texture(self._image), False
        height, width = self._image.shape[:2]
        scale = settings.picture_size / 100 * context.region.width / width
        draw_texture_2d(self._texture, (MARGIN, MARGIN), width * scale, height * scale)
        if self._caption:
            blf.size(0, CAPTION * context.preferences.system.ui_scale)
            blf.color(0, *WHITE)
            blf.position(0, 2 * MARGIN, 2 * MARGIN, 0)
            blf.enable(0, blf.SHADOW)
            blf.shadow(0, 5, *BLACK)
            blf.draw(0, self._caption)
            blf.disable(0, blf.SHADOW)


def texture(image: NDArray[np.uint8]) -> Any:
    """A picture, uint8 (h, w, 3) RGB, as a texture on the graphics card."""
    import gpu

    height, width = image.shape[:2]
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = LEVELS[image[::-1]]
    buffer = gpu.types.Buffer("FLOAT", height * width * 4, pixels.reshape(-1))
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=buffer)


picture = LivePicture()
