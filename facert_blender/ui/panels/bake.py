"""Writing the Actions."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ..properties.bake import FACE
from ..stepping import stepping
from .layout import TabPanel, draw_sentence


class BakePanel(TabPanel, bpy.types.Panel):
    """Write the Actions."""

    bl_idname = "FACERT_PT_bake"
    bl_label = "Bake"

    def draw(self, context):
        """Draw the settings, the button or the progress, and what the last bake wrote."""
        settings = context.scene.facert
        options = settings.bake
        layout = self.layout
        column = layout.column()
        column.enabled = not stepping.active
        column.row(align=True).prop(options, "regions")
        split = column.column()
        split.use_property_split = True
        split.use_property_decorate = False
        split.prop(settings, "start_frame")
        row = split.row(align=True, heading="Range")
        row.prop(options, "use_range", text="")
        limits = row.row(align=True)
        limits.active = options.use_range
        limits.prop(options, "start", text="")
        limits.prop(options, "end", text="")
        split.prop(options, "destination")
        if options.destination != "NEW":
            blend = split.column(align=True)
            blend.prop(options, "blend_in")
            blend.prop(options, "blend_out")
        if stepping.active:
            text = "Esc cancels" if stepping.stoppable else "Writing"
            layout.progress(text=f"{stepping.progress:.0%}  {text}", factor=stepping.progress)
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("facert.bake", icon="ACTION")
        for item in settings.characters:
            if item.baked:
                layout.label(text=f"{item.name}: {item.baked}", icon="CHECKMARK")
            if item.skipped:
                draw_sentence(layout, f"Not moved: {item.skipped}", icon="ERROR")
        if options.silence:
            draw_sentence(layout, f"No sound: {options.silence}", icon="INFO")


class BakeOptionsPanel(TabPanel, bpy.types.Panel):
    """Settle what is rarely changed."""

    bl_idname = "FACERT_PT_bake_options"
    bl_label = "Options"
    bl_options = {"DEFAULT_CLOSED"}
    bl_parent_id = "FACERT_PT_bake"

    def draw(self, context):
        """Draw the settings."""
        settings = context.scene.facert
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings.bake, "tolerance")
        layout.prop(settings.bake, "sound")
        layout.prop(settings.bake, "overwrite")
        layout.prop(settings, "smoothing")


class BakeExpressionsPanel(TabPanel, bpy.types.Panel):
    """Choose single expressions."""

    bl_idname = "FACERT_PT_bake_expressions"
    bl_label = "Expressions"
    bl_options = {"DEFAULT_CLOSED"}
    bl_parent_id = "FACERT_PT_bake"

    def draw(self, context):
        """Draw a button for each expression of the chosen parts."""
        options = context.scene.facert.bake
        for region in FACE:
            if region in options.regions:
                column = self.layout.column(align=True)
                column.label(text=region.title())
                column.grid_flow(columns=2, align=True, row_major=True).prop(options, region)


CLASSES = (BakePanel, BakeOptionsPanel, BakeExpressionsPanel)
