"""The live preview and its recordings."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
import bpy

from ...capture.live import LiveWorker
from ..live import live, redraw, start_ticking, stop_ticking
from ..running import running
from ..wheels import missing_part
from .footage import capture_arguments
from .reporting import Explained, reported


def without_live(_context: bpy.types.Context) -> str:
    """Why there is nothing to stop."""
    return "" if live.active else "The live preview is not running"


class StartLive(Explained, bpy.types.Operator):
    """Move the cast in the viewport as people in the camera or the footage do. No keys are written"""

    bl_idname = "facert.start_live"
    bl_label = "Start Live"

    @staticmethod
    def refusal(context):
        """There must be footage and nothing else running."""
        settings = context.scene.facert
        if missing_part():
            return missing_part()
        if live.active or running.active:
            return (
                "The live preview is running" if live.active else "A capture is running. Wait, or cancel it"
            )
        if settings.kind == "FILE" and not settings.path:
            return "Choose a movie, a sequence of pictures or a camera under Footage first"
        return ""

    def execute(self, context):
        """Start the worker, and the timer that looks at it."""
        scene = context.scene
        live.start(LiveWorker(**capture_arguments(context), loop=scene.facert.live.loop), scene)
        start_ticking()
        return {"FINISHED"}


class StopLive(Explained, bpy.types.Operator):
    """Stop the live preview and give the characters back as they were. What was being recorded is kept"""

    bl_idname = "facert.stop_live"
    bl_label = "Stop Live"
    refusal = staticmethod(without_live)

    def execute(self, _context):
        """Keep what was recorded, and stop."""
        live.stop()
        stop_ticking()
        redraw()
        return {"FINISHED"}


class RecordLive(Explained, bpy.types.Operator):
    """Keep what is seen as a take, from the end of the count-in on"""

    bl_idname = "facert.record_live"
    bl_label = "Record"

    @staticmethod
    def refusal(context):
        """The preview must run and not record yet."""
        return without_live(context) or ("It is recording already" if live.recording else "")

    def execute(self, context):
        """Begin to count in."""
        live.record(context.scene)
        return {"FINISHED"}


class FinishRecording(Explained, bpy.types.Operator):
    """End the recording and keep it as a take like any other, ready to be baked"""

    bl_idname = "facert.finish_recording"
    bl_label = "Finish Recording"
    bl_options = {"UNDO"}

    @staticmethod
    def refusal(_context):
        """There must be a recording."""
        return "" if live.recording else "Nothing is being recorded"

    def execute(self, _context):
        """Keep the take."""
        return reported(self, lambda: f"Recorded {live.finish()}.")


class RestLive(Explained, bpy.types.Operator):
    """Everybody looks straight ahead and relaxes, then press: that counts as neutral until live stops"""

    bl_idname = "facert.rest_live"
    bl_label = "Set Neutral"

    @staticmethod
    def refusal(context):
        """Somebody must be seen."""
        seen = live.frame is not None and live.frame.faces
        return without_live(context) or ("" if seen else "Nobody is seen at the moment")

    def execute(self, _context):
        """Take the faces seen now for neutral."""
        live.rest()
        return {"FINISHED"}


CLASSES = (StartLive, StopLive, RecordLive, FinishRecording, RestLive)
