"""The take that was read last, kept while it stays the same: reading one is too slow for every redraw."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..capture.take import Take
from ..scene.takes import read


class LastTake:
    """Holds the active take of the scene last looked at; keys moved by hand may count only later."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._seen: tuple[Any, ...] = ()
        self._take: Take | None = None

    def of(self, scene: bpy.types.Scene) -> Take:
        """The active take of `scene` with its repairs.

        Raises:
            TakeError: there is none, or it cannot be read.
        """
        name = scene.facert.take
        collection = bpy.data.collections.get(name)
        moved = [thing.animation_data for thing in collection.objects] if collection else []
        spans = [tuple(one.action.frame_range) for one in moved if one and one.action]
        seen = (collection and collection.session_uid, name, collection and collection.get("repairs"), *spans)
        if self._take is None or seen != self._seen:
            self._take = None
            self._take = read(scene, name)
            self._seen = seen
        return self._take

    def close(self) -> None:
        """Forget it."""
        self._seen, self._take = (), None


last_take = LastTake()


@persistent
def forget(*_arguments: object) -> None:
    """Another file is about to be loaded, or a step was undone."""
    last_take.close()


def register() -> None:
    """Watch for files being loaded and steps being undone."""
    for handlers in (bpy.app.handlers.load_pre, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(forget)


def unregister() -> None:
    """Forget everything."""
    for handlers in (bpy.app.handlers.load_pre, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.remove(forget)
    last_take.close()
