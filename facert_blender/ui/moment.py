"""What the rows of a table give at the current frame, kept for the list that is about to be drawn."""

from __future__ import annotations

import bpy

from ..capture.errors import FaceRTError
from ..retarget.mapping import TargetKey, evaluate
from . import casting, previewing
from .last_take import last_take
from .performing import footage_time


class Moment:
    """Holds the values of the table at the frame last looked at. Nothing of it belongs to a scene."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._values: dict[TargetKey, float] = {}

    def look(self, scene: bpy.types.Scene, item: bpy.types.PropertyGroup) -> None:
        """See what the performer of a character does at the current frame of `scene`."""
        self._values = {}
        if not item.performer_id or not scene.facert.take:
            return
        try:
            take = last_take.of(scene)
            performer = casting.performer_of(take, item)
            adjustments = casting.adjustments_of(item, take, performer)
            performance = previewing.moment(performer, adjustments, footage_time(scene))
            if performance.keyed[0]:
                values = evaluate(casting.read_rows(item), performance.weights[0])
                self._values = {key: float(value) for key, value in values.items()}
        except FaceRTError:
            # The panel tells elsewhere what is wrong with the take and the cast.
            return

    def value(self, row: bpy.types.PropertyGroup) -> float | None:
        """What the target of an enabled row is at that frame; None where nobody plays or is there."""
        key = (row.kind, row.target, casting.AXES.index(row.channel))
        return self._values.get(key) if row.enabled else None


moment = Moment()
