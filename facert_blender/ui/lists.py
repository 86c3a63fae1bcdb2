"""The lists of the panel: performers, cast, mapping rows."""

from __future__ import annotations

import bpy


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


class CastList(bpy.types.UIList):
    """The characters and who plays them."""

    bl_idname = "FACERT_UL_cast"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one character."""
        row = layout.split(factor=0.45)
        row.prop(item, "name", text="", icon="OUTLINER_OB_ARMATURE", emboss=False)
        row.prop(item, "performer", text="")


class MappingList(bpy.types.UIList):
    """The rows of a mapping table."""

    bl_idname = "FACERT_UL_mapping"

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one row in brief."""
        row = layout.row(align=True)
        row.prop(item, "enabled", text="")
        row.active = item.enabled
        names = row.split(factor=0.5)
        names.label(text=item.expression)
        names.label(text=item.target or "no target", icon="NONE" if item.target else "ERROR")

    def filter_items(self, _context, data, property_name):
        """Search in the names of expressions and targets."""
        sought = self.filter_name.casefold()
        shown = [
            self.bitflag_filter_item * (sought in f"{row.expression} {row.target}".casefold())
            for row in getattr(data, property_name)
        ]
        return shown, []


register, unregister = bpy.utils.register_classes_factory((PerformerList, CastList, MappingList))
