"""How strongly a character acts what its performer does."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ...retarget.adjust import REGIONS
from .layout import CharacterPanel


class ActingPanel(CharacterPanel, bpy.types.Panel):
    """Adjust how the chosen character acts, whoever plays it."""

    bl_idname = "FACERT_PT_acting"
    bl_label = "Acting"
    bl_parent_id = "FACERT_PT_cast"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context):
        """Say who it is."""
        self.layout.label(text=context.scene.facert.active_character.name)

    def draw(self, context):
        """Draw gain, mirror and head offset."""
        item = context.scene.facert.active_character
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(align=True)
        column.label(text="Gain")
        for region in REGIONS:
            column.prop(item.gains, region, slider=True)
        layout.prop(item, "mirror")
        layout.prop(item, "head_offset")


CLASSES = (ActingPanel,)
