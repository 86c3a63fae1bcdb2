"""Writing the Actions."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
import bpy

from ...capture.errors import CancelledError, FaceRTError
from ...scene.bake import BakeReport
from .. import casting
from ..live import live
from ..stepping import stepping
from .footage import redraw_panels
from .reporting import Explained, counted, refused, reported, without_character, without_take

TICK = 0.01
"""Seconds between two slices of a bake."""


class Bake(Explained, bpy.types.Operator):
    """Write the performance of everyone in the cast as keys of the characters they play"""

    bl_idname = "facert.bake"
    bl_label = "Bake"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """There must be a take, somebody who plays a character, and something to bake."""
        settings = context.scene.facert
        if without_take(context) or without_character(context):
            return without_take(context) or without_character(context)
        if not any(item.performer_id for item in settings.characters):
            return "Choose who plays a character under Cast first"
        if live.active:
            return "The live preview moves the characters. Stop it first"
        if not settings.bake.regions:
            return "Choose which parts of the performance to bake first"
        if settings.bake.use_range and settings.bake.end <= settings.bake.start:
            return "The range to bake ends before it begins"
        return ""

    def execute(self, context):
        """Bake the whole cast and wait: for scripts."""
        context.scene.facert.preview = False
        return reported(self, lambda: baked(context.scene, casting.bake_cast(context.scene)))

    def invoke(self, context, _event):
        """Bake in slices between redraws."""
        context.scene.facert.preview = False
        stepping.start(casting.baking_cast(context.scene))
        self.timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw_panels(context)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Do a slice at every tick; Esc cancels before it writes; till the end nothing else may change."""
        if event.type == "ESC" and event.value == "PRESS" and stepping.stoppable:
            self.end(context)
            return refused(self, CancelledError("The bake was cancelled; nothing was changed."))
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        redraw_panels(context)
        try:
            reports = stepping.step()
        except FaceRTError as error:
            return refused(self, error)
        finally:
            if not stepping.active:
                self.end(context)
        if reports is None:
            return {"RUNNING_MODAL"} if stepping.active else {"CANCELLED"}
        self.report({"INFO"}, baked(context.scene, reports))
        return {"FINISHED"}

    def end(self, context):
        """Let go of what the slices needed."""
        stepping.close()
        context.window_manager.event_timer_remove(self.timer)
        redraw_panels(context)

    def cancel(self, _context):
        """Blender takes the operator away: a file is loaded, or Blender ends."""
        stepping.close()


def baked(scene: bpy.types.Scene, reports: list[BakeReport]) -> str:
    """What to tell about a bake in `scene`."""
    keys = sum(report.keys for report in reports)
    count = sum(bool(report.keys) for report in reports)
    told = f"Baked {counted(count, 'character')} with {counted(keys, 'key')}."
    silence = scene.facert.bake.silence
    return f"{told} No sound was placed: {silence}." if silence else told


CLASSES = (Bake,)
