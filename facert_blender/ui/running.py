"""The one thing that may run behind the window: a capture.

Its worker never touches Blender; what it has to say is fetched here, by a timer's tick on the main thread.
Nothing of this belongs to a scene, so undo cannot pull it away.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..capture.take import Take
from ..capture.worker import CaptureWorker, Progress


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
    """Another file is about to be loaded: the scene that the capture was for goes away."""
    running.close()


def register() -> None:
    """Watch for files being loaded."""
    bpy.app.handlers.load_pre.append(close_before_load)


def unregister() -> None:
    """Stop what runs."""
    bpy.app.handlers.load_pre.remove(close_before_load)
    running.close()
