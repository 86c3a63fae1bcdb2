"""Who was found in the footage."""

from __future__ import annotations

import bpy

from .layout import TabPanel


class PerformerList(bpy.types.UIList):
    """The performers of a take and the frames of the footage between which each was seen."""

    bl_idname = "FACERT_UL_performers"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one performer; `item` is the Empty that holds it."""
        animation = item.animation_data
        row = layout.split(factor=0.5)
        row.label(text=f"Performer {item['performer']}", icon="USER")
        if animation and animation.action:
            first, last = animation.action.frame_range
            row.label(text=f"frames {first:.0f} – {last:.0f}")  # noqa: RUF001

    def filter_items(self, _context, data, property_name):
        """Show only what holds a performer."""
        shown = [self.bitflag_filter_item * ("performer" in item) for item in getattr(data, property_name)]
        return shown, []


class PerformersPanel(TabPanel, bpy.types.Panel):
    """Look at who was found."""

    bl_idname = "FACERT_PT_performers"
    bl_label = "Performers"

    def draw(self, context):
        """Draw the take and its performers."""
        settings = context.scene.facert
        layout = self.layout
        if not settings.take:
            layout.label(text="Capture footage to find its performers", icon="INFO")
            layout.operator("facert.import_take", icon="IMPORT")
            return
        layout.prop(settings, "take_choice", text="", icon="OUTLINER_OB_CAMERA")
        take = bpy.data.collections[settings.take]
        layout.template_list(
            "FACERT_UL_performers", "", take, "objects", settings, "performer_index", rows=2, maxrows=5
        )


CLASSES = (PerformerList, PerformersPanel)
