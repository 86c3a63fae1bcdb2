"""What may run behind the window: a capture, or the live preview; and when it must end.

Its worker never touches Blender; what it has to say is fetched here, by a timer's tick on the main thread.
Nothing of this belongs to a scene, so undo cannot pull it away.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..capture.take import Take
from ..capture.worker import CaptureWorker, Progress
from ..scene.drive import BORROWED, give_back
from .live import live, stop_ticking


class RunningCapture:
    """Holds the worker of the capture in progress and how far it is."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._worker: CaptureWorker | None = None
        self.progress: Progress | None = None

    @property
    def active(self) -> bool:
        """Whether a capture is in progress."""
        return self._worker is not None

    def start(self, worker: CaptureWorker) -> None:
        """Start `worker`, and keep it until it ends."""
        self.close()
        self._worker = worker
        worker.start()

    def poll(self) -> Take | None:
        """The take once the capture is finished, None while it runs.

        Raises:
            CancelledError: it was cancelled.
            Exception: the error with which it failed.
        """
        if self._worker is None:
            return None
        try:
            take = self._worker.poll(self._note)
        except Exception:
            self.close()
            raise
        if take is not None:
            self.close()
        return take

    def cancel(self) -> None:
        """Ask the capture to give up; `poll` raises CancelledError once it has."""
        if self._worker is not None:
            self._worker.cancel()

    def stop(self) -> None:
        """Take the footage to end here; `poll` returns what was read so far."""
        if self._worker is not None:
            self._worker.stop()

    def close(self) -> None:
        """Stop the worker, wait for it and forget it."""
        worker, self._worker = self._worker, None
        self.progress = None
        if worker is not None:
            worker.cancel()
            worker.join()

    def _note(self, progress: Progress) -> None:
        self.progress = progress


running = RunningCapture()


@persistent
def close_before_load(*_arguments: object) -> None:
    """Another file is about to be loaded: the scene for which something runs goes away."""
    running.close()
    live.close()
    stop_ticking()


@persistent
def release_before_save(*_arguments: object) -> None:
    """What is saved are the characters as they are by themselves."""
    live.release()


@persistent
def give_back_what_is_left(*_arguments: object) -> None:
    """A file was loaded, or a step undone, that is of a moment in which the live preview ran."""
    for scene in bpy.data.scenes:
        settings = scene.facert
        moved = settings.preview or live.active or any(item.shown for item in settings.characters)
        if BORROWED in scene and not moved:
            give_back(scene)


HANDLERS = (
    ("load_pre", close_before_load),
    ("save_pre", release_before_save),
    ("load_post", give_back_what_is_left),
    ("undo_post", give_back_what_is_left),
    ("redo_post", give_back_what_is_left),
)
ESC = ("facert.stop_live", "ESC", "PRESS")


def register() -> None:
    """Watch for files being loaded and saved, for steps being undone, and for Esc."""
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    keys = bpy.context.window_manager.keyconfigs.addon
    if keys is not None:
        keys.keymaps.new("Window").keymap_items.new(*ESC)


def unregister() -> None:
    """Stop what runs, and watch for nothing any more."""
    keys = bpy.context.window_manager.keyconfigs.addon
    if keys is not None:
        items = keys.keymaps.new("Window").keymap_items
        for item in [item for item in items if item.idname == ESC[0]]:
            items.remove(item)
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    running.close()
    live.close()
    stop_ticking()
