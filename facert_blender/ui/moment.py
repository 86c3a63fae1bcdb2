"""What the rows of a table give at the current frame, kept for the list that is about to be drawn.

A take is read once and kept until another one is looked at. Nothing of this belongs to a scene.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..capture.errors import FaceRTError
from ..capture.take import Take
from ..retarget.mapping import TargetKey, evaluate
from ..retarget.moment import weights_at
from ..scene import takes
from ..scene.bake import scene_frame
from . import casting


class Moment:
    """Holds the take last looked at, and the values of the table at the frame last looked at."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._seen: tuple[Any, ...] = ()
        self._take: Take | None = None
        self._values: dict[TargetKey, float] = {}

    def look(self, scene: bpy.types.Scene, item: bpy.types.PropertyGroup) -> None:
        """See what the performer of a character does at the current frame of `scene`."""
        self._values = {}
        take = self._read(scene) if item.performer_id else None
        if take is None:
            return
        time = (scene.frame_current_final - scene.facert.start_frame) / scene_frame(1, scene, 0)
        try:
            performer = casting.performer_of(take, item)
            weights = weights_at(performer, casting.adjustments_of(item, take, performer), time)
            if weights is not None:
                values = evaluate(casting.read_rows(item), weights)
                self._values = {key: float(value) for key, value in values.items()}
        except FaceRTError:
            # The panel tells elsewhere what is wrong with the cast.
            return

    def value(self, row: bpy.types.PropertyGroup) -> float | None:
        """What the target of an enabled row is at that frame; None where nobody plays or is there."""
        key = (row.kind, row.target, casting.AXES.index(row.channel))
        return self._values.get(key) if row.enabled else None

    def close(self) -> None:
        """Forget everything."""
        self._seen, self._take, self._values = (), None, {}

    def _read(self, scene: bpy.types.Scene) -> Take | None:
        name = scene.facert.take
        if not name:
            return None
        collection = bpy.data.collections[name]
        moved = [thing.animation_data for thing in collection.objects]
        spans = [tuple(one.action.frame_range) for one in moved if one and one.action]
        seen = (collection.session_uid, collection.get("repairs"), *spans)
        if seen != self._seen:
            self._seen = seen
            try:
                self._take = takes.read(scene, name)
            except FaceRTError:
                self._take = None
        return self._take


moment = Moment()


@persistent
def forget_before_load(*_arguments: object) -> None:
    """Another file is about to be loaded."""
    moment.close()


def register() -> None:
    """Watch for files being loaded."""
    bpy.app.handlers.load_pre.append(forget_before_load)


def unregister() -> None:
    """Forget everything."""
    bpy.app.handlers.load_pre.remove(forget_before_load)
    moment.close()
