"""Writing the Actions."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
import bpy

from ...scene.bake import BakeReport
from .. import casting
from .reporting import Explained, counted, reported, without_character, without_take


class Bake(Explained, bpy.types.Operator):
    """Write the performance of everyone in the cast as Actions of the characters they play"""

    bl_idname = "facert.bake"
    bl_label = "Bake"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """There must be a take, and somebody who plays a character."""
        if without_take(context) or without_character(context):
            return without_take(context) or without_character(context)
        if not any(item.performer_id for item in context.scene.facert.characters):
            return "Choose who plays a character under Cast first"
        return ""

    def execute(self, context):
        """Bake the whole cast."""
        return reported(self, lambda: baked(casting.bake_cast(context.scene)))


def baked(reports: list[BakeReport]) -> str:
    """What to tell about a bake."""
    keys = sum(report.keys for report in reports)
    return f"Baked {counted(len(reports), 'character')} with {counted(keys, 'key')}."


CLASSES = (Bake,)
