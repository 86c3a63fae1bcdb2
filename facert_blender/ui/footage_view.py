"""The footage of the take in the corner of the 3D views, at the current frame: who is whom, who is chosen."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..capture.errors import FaceRTError
from ..capture.face_shape import FaceShape
from ..capture.network import weights_folder
from ..capture.overlay import colour_of, draw, performer_landmarks
from ..capture.take import Take
from ..capture.viewer import FootageViewer, View
from . import performing
from .last_take import last_take
from .live import live, redraw
from .picture import picture

TICK = 1 / 20
"""Seconds between two looks at the timeline."""
PICTURE = 640
"""Pixels on the longer side of what is read."""


class FootageView:
    """Holds the viewer of the footage while it is shown. sentence: why it ended, "" where it was wished."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self.sentence = ""
        self._viewer: FootageViewer | None = None
        self._path = ""
        self._wished = -1
        self._shown: Any = None
        self._points: tuple[Take, list[np.ndarray]] | None = None

    @property
    def active(self) -> bool:
        """Whether footage is shown."""
        return self._viewer is not None

    def open(self, scene: bpy.types.Scene) -> None:
        """Show the footage of the active take of `scene`.

        Raises:
            TakeError: there is no take, or it cannot be read.
        """
        self.close()
        self.sentence = ""
        self._path = last_take.of(scene).footage
        self._viewer = FootageViewer(bpy.path.abspath(self._path), PICTURE)
        picture.open()

    def tick(self, scene: bpy.types.Scene) -> bool:
        """Show the picture of the current frame of `scene` once it is there. False once it is over."""
        if self._viewer is None or live.active:
            self._end()
            return False
        try:
            take = last_take.of(scene)
            if take.footage != self._path:
                self.open(scene)
            index = performing.footage_frame(scene, take)
            if index != self._wished:
                self._wished = index
                self._viewer.wish(index)
            self._show(scene, take, self._viewer.latest())
        except FaceRTError as error:
            self.close()
            self.sentence = str(error)
            return False
        return True

    def close(self) -> None:
        """Show nothing any more."""
        if self._viewer is not None:
            picture.close()
        self._end()

    def _end(self) -> None:
        viewer, self._viewer = self._viewer, None
        self._wished, self._shown, self._points = -1, None, None
        if viewer is not None:
            viewer.close()

    def _show(self, scene: bpy.types.Scene, take: Take, view: View | None) -> None:
        item = performing.chosen(scene)
        number = item.number if item else 0
        state = (view, take, number)
        if view is not None and state != self._shown:
            self._shown = state
            picture.show(self._drawn(take, view, number), f"Frame {view.index}")
            redraw()

    def _drawn(self, take: Take, view: View, number: int) -> np.ndarray:
        """The view with the faces that the take has there; performer `number` stands out."""
        if self._points is None or self._points[0] is not take:
            shape = FaceShape.load(weights_folder() / "face_shape.npz")
            self._points = (take, [performer_landmarks(one, shape) for one in take.performers])
        here = [
            (performer, place, points[place])
            for performer, points in zip(take.performers, self._points[1], strict=True)
            for place in np.flatnonzero(performer.frames == view.index)
        ]
        chosen = [place for place, (performer, _, _) in enumerate(here) if performer.id == number]
        return draw(
            view.image,
            np.array([performer.boxes[place] * view.scale for performer, place, _ in here]),
            np.array([points * view.scale for _, _, points in here]),
            [performer.name for performer, _, _ in here],
            [colour_of(performer.id) for performer, _, _ in here],
            chosen[0] if chosen else None,
        )


footage_view = FootageView()


def on_timer() -> float | None:
    """What Blender's timer calls."""
    return TICK if footage_view.tick(bpy.context.scene) else None


def start_ticking() -> None:
    """Let Blender's timer look at the timeline until the footage is not shown any more."""
    if not bpy.app.timers.is_registered(on_timer):
        bpy.app.timers.register(on_timer, first_interval=0.0)


@persistent
def close_before_load(*_arguments: object) -> None:
    """Another file is about to be loaded."""
    footage_view.close()


def register() -> None:
    """Watch for files being loaded."""
    bpy.app.handlers.load_pre.append(close_before_load)


def unregister() -> None:
    """Show nothing any more."""
    bpy.app.handlers.load_pre.remove(close_before_load)
    if bpy.app.timers.is_registered(on_timer):
        bpy.app.timers.unregister(on_timer)
    footage_view.close()
