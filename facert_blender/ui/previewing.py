"""Shows on the timeline what a bake would make of the take, without one.

After Blender has evaluated a frame, and with it any Action, the characters are moved as the take says: so
the preview is seen although a character has an Action, and no Action is changed. What the characters had of
their own is kept on the scene and given back when the preview is switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from functools import lru_cache
from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..capture.errors import FaceRTError
from ..capture.take import Performer
from ..retarget.adjust import REGIONS, Adjustments, Performance, perform, smoothed
from ..retarget.mapping import Row, evaluate
from ..retarget.matching import check
from ..scene.bake import Role
from ..scene.characters import Character, targets
from ..scene.drive import borrow, drive, give_back, remember
from . import casting
from .last_take import last_take
from .performing import footage_time

RAW = dict.fromkeys(REGIONS, 0.0)
"""Smoothing switched off, where it was done before."""


class Preview:
    """Moves the cast of a scene whose preview is on, and knows what it showed last."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self._shown: list[Any] = []
        self._cast: list[Any] = []
        self._stuck: dict[str, tuple[Any, set[str]]] = {}

    def show(self, scene: bpy.types.Scene, *, again: bool = True) -> None:
        """Move the cast as the take says at the current frame; unless `again`, only if that has changed."""
        if not scene.facert.preview:
            return
        roles = self._roles(scene)
        cast = [(role.character.name, role.performer.id) for role in roles]
        if cast != self._cast:
            # Who does not play any more gets back what was their own.
            give_back(scene)
            self._cast, self._shown = cast, []
        time = footage_time(scene)
        performances = [moment(role.performer, role.adjustments, time) for role in roles]
        values = [
            evaluate(self._rows(role), one.weights) for role, one in zip(roles, performances, strict=True)
        ]
        heads = [
            one.rotation[0] if role.head_rotation else None
            for role, one in zip(roles, performances, strict=True)
        ]
        shown = [
            (role.neck_share, str(head), {key: float(series[0]) for key, series in part.items()})
            for role, head, part in zip(roles, heads, values, strict=True)
        ]
        if again or shown != self._shown:
            self._shown = shown
            for role, head, part in zip(roles, heads, values, strict=True):
                borrow(scene, remember(role.character, role.rows))
                drive(role.character, part, head, role.neck_share)

    def close(self) -> None:
        """Forget everything."""
        self._shown, self._cast, self._stuck = [], [], {}
        _smoothed.cache_clear()

    def _roles(self, scene: bpy.types.Scene) -> list[Role]:
        roles = []
        for item in scene.facert.characters:
            if item.performer_id:
                try:
                    roles.append(casting.role_of(last_take.of(scene), item))
                except FaceRTError:
                    continue  # the panel and the bake tell what is wrong with the cast
        return roles

    def _rows(self, role: Role) -> list[Row]:
        """The rows that move something; looked up again only when the table or the character changes."""
        key = (_parts(role.character), [astuple(row) for row in role.rows])
        if role.character.name not in self._stuck or self._stuck[role.character.name][0] != key:
            self._stuck[role.character.name] = (key, set(check(role.rows, targets(role.character))))
        stuck = self._stuck[role.character.name][1]
        return [row for row in role.rows if row.target not in stuck]


preview = Preview()


def moment(performer: Performer, adjustments: Adjustments, time: float) -> Performance:
    """What a bake gives at one time in seconds of the footage; in gaps without keys, what lies between."""
    calm = _smoothed(performer, tuple(adjustments.smoothing.get(region, 1.0) for region in REGIONS))
    return perform(calm, replace(adjustments, smoothing=RAW), np.array([time]))


def switched(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """The preview was switched on or off."""
    scene = settings.id_data
    if settings.preview:
        last_take.close()
        preview.show(scene)
    else:
        give_back(scene)
        preview.close()
        # What has an Action follows it again.
        scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)


def refresh(_owner: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Something was set that may change what the preview shows: have `settings_changed` look at it soon."""
    if context.scene.facert.preview:
        context.scene.update_tag()


@persistent
def frame_changed(scene: bpy.types.Scene, _depsgraph: bpy.types.Depsgraph) -> None:
    """Blender has evaluated another frame."""
    preview.show(scene)


@persistent
def settings_changed(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Something has changed; where it is the scene, it may be the take, the cast or a mapping."""
    if scene.facert.preview and any(isinstance(update.id, bpy.types.Scene) for update in depsgraph.updates):
        preview.show(scene, again=False)


@persistent
def forget(*_arguments: object) -> None:
    """Another file is about to be loaded, or a step was undone."""
    preview.close()


HANDLERS = (
    ("frame_change_post", frame_changed),
    ("depsgraph_update_post", settings_changed),
    ("load_pre", forget),
    ("undo_post", forget),
    ("redo_post", forget),
)


def register() -> None:
    """Watch the timeline and the settings."""
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Give all characters back what was their own, and stop watching."""
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    for scene in bpy.data.scenes:
        if scene.facert.preview:
            give_back(scene)
            scene.facert.preview = False
    preview.close()


@lru_cache(maxsize=8)
def _smoothed(performer: Performer, strengths: Sequence[float]) -> Performer:
    weights, rotation = smoothed(performer, dict(zip(REGIONS, strengths, strict=True)))
    return replace(performer, weights=weights, rotation=rotation)


def _parts(character: Character) -> tuple[str, ...]:
    armature = character.armature.name if character.armature else ""
    return (armature, character.head_bone, *(mesh.name for mesh in character.meshes))
