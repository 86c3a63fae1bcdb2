"""Writing the Actions."""

from __future__ import annotations

import bpy

from .layout import TabPanel, draw_sentence


class BakePanel(TabPanel, bpy.types.Panel):
    """Write the Actions."""

    bl_idname = "FACERT_PT_bake"
    bl_label = "Bake"

    def draw(self, context):
        """Draw the settings, the button, and what the last bake wrote."""
        settings = context.scene.facert
        layout = self.layout
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "start_frame")
        column.prop(settings, "smoothing")
        column.prop(settings, "overwrite")
        row = layout.row()
        row.scale_y = 1.5
        row.operator("facert.bake", icon="ACTION")
        for item in settings.characters:
            if item.baked:
                layout.label(text=f"{item.name}: {item.baked}", icon="CHECKMARK")
            if item.skipped:
                draw_sentence(layout, f"Not moved: {item.skipped}", icon="ERROR")


CLASSES = (BakePanel,)
