"""Capturing footage."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from typing import Any

import bpy

from ...capture.errors import FaceRTError
from ...capture.worker import CaptureWorker, capture
from ..live import live
from ..preferences import threads
from ..running import running
from ..wheels import missing_part
from .reporting import Explained, refused, reported
from .takes import kept

TICK = 0.1
"""Seconds between two looks at the capture in progress."""


def without_capture(_context: bpy.types.Context) -> str:
    """Why there is nothing to stop."""
    return "" if running.active else "No capture is running"


def capture_arguments(context: bpy.types.Context) -> dict[str, Any]:
    """The settings of the footage as the arguments of a capture."""
    settings = context.scene.facert
    return {
        "source": settings.source,
        "quality": settings.quality,
        "start": settings.start if settings.use_range else None,
        "end": settings.end if settings.use_range else None,
        "threads": threads(),
    }


class Capture(Explained, bpy.types.Operator):
    """Find every performer in the footage and keep what their faces do as a take"""

    bl_idname = "facert.capture"
    bl_label = "Capture"
    bl_options = {"UNDO"}

    @staticmethod
    def refusal(context):
        """There must be footage and nothing else running."""
        settings = context.scene.facert
        if missing_part():
            return missing_part()
        if running.active:
            return "A capture is running. Press Esc to cancel it"
        if live.active:
            return "The live preview is running. Stop it first"
        if settings.kind == "FILE" and not settings.path:
            return "Choose a movie or a sequence of pictures first"
        return ""

    def execute(self, context):
        """Capture and wait: for scripts."""
        arguments = capture_arguments(context)
        if isinstance(arguments["source"], int) and arguments["end"] is None:
            self.report(
                {"ERROR"}, "A camera does not end by itself. Set a range, or press Capture in the panel."
            )
            return {"CANCELLED"}
        return reported(self, lambda: kept(context.scene, capture(**arguments)))

    def invoke(self, context, _event):
        """Capture behind the window."""
        running.start(CaptureWorker(**capture_arguments(context)))
        self.scene_name = context.scene.name
        self.timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Look at the capture at every tick; Esc cancels; everything else is Blender's."""
        if event.type == "ESC" and event.value == "PRESS":
            running.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        redraw_panels(context)
        try:
            told = tick(bpy.data.scenes.get(self.scene_name, context.scene))
        except FaceRTError as error:
            return refused(self, error)
        finally:
            if not running.active:
                context.window_manager.event_timer_remove(self.timer)
        if not told:
            return {"PASS_THROUGH"} if running.active else {"CANCELLED"}
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def cancel(self, _context):
        """Blender takes the operator away: a file is loaded, or Blender ends."""
        running.close()


def tick(scene: bpy.types.Scene) -> str:
    """The work of one tick: once the capture is finished, keep its take in `scene` and say so; else "".

    Raises:
        FaceRTError: why the capture ended without a take.
    """
    take = running.poll()
    return kept(scene, take) if take else ""


def redraw_panels(context: bpy.types.Context) -> None:
    """Show the progress wherever the panel is."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


class FinishCapture(Explained, bpy.types.Operator):
    """Take the footage to end here and keep what was captured so far"""

    bl_idname = "facert.finish_capture"
    bl_label = "Finish Now"
    refusal = staticmethod(without_capture)

    def execute(self, _context):
        """Stop reading; the next tick keeps the take."""
        running.stop()
        return {"FINISHED"}


class CancelCapture(Explained, bpy.types.Operator):
    """Stop the capture and keep nothing of it"""

    bl_idname = "facert.cancel_capture"
    bl_label = "Cancel"
    refusal = staticmethod(without_capture)

    def execute(self, _context):
        """Stop; the next tick says so."""
        running.cancel()
        return {"FINISHED"}


CLASSES = (Capture, FinishCapture, CancelCapture)
