"""How the expressions move the chosen character."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ...capture.contract import EXPRESSIONS
from .. import casting
from .layout import TabPanel, draw_names


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


class MappingPanel(TabPanel, bpy.types.Panel):
    """Say how the expressions move the chosen character."""

    bl_idname = "FACERT_PT_mapping"
    bl_label = "Mapping"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context):
        """Say whose table this is and how complete, also while the panel is closed."""
        item = context.scene.facert.active_character
        if item:
            found = len(EXPRESSIONS) - len(casting.unmapped(item))
            self.layout.label(text=f"{item.name}  {found}/{len(EXPRESSIONS)}")

    def draw(self, context):
        """Draw the table."""
        item = context.scene.facert.active_character
        layout = self.layout
        if item is None:
            layout.label(text="Add a character under Cast", icon="INFO")
            return
        row = layout.row(align=True)
        row.prop(item, "preset", text="")
        row.operator("facert.match_mapping", icon="FILE_REFRESH")
        row.separator()
        row.operator("facert.load_mapping", text="", icon="IMPORT")
        row.operator("facert.save_mapping", text="", icon="EXPORT")

        column = layout.column(align=True)
        column.template_list("FACERT_UL_mapping", "", item, "rows", item, "active_row_index", rows=6)
        row = column.row(align=True)
        row.operator("facert.mapping_row_add", icon="ADD")
        row.operator("facert.mapping_row_remove", icon="REMOVE")
        if item.active_row:
            draw_row(layout, item.active_row)
        row = layout.row(align=True)
        row.prop(item, "head_rotation")
        share = row.row()
        share.active = item.head_rotation
        share.prop(item, "neck_share", slider=True)


class ReportPanel(TabPanel, bpy.types.Panel):
    """Tell which expressions move nothing, and why."""

    bl_idname = "FACERT_PT_report"
    bl_label = "Match Report"
    bl_options = {"DEFAULT_CLOSED"}
    bl_parent_id = "FACERT_PT_mapping"

    @classmethod
    def poll(cls, context):
        """There must be a table to tell about."""
        return context.scene.facert.active_character is not None

    def draw(self, context):
        """Draw the counts and the lists."""
        item = context.scene.facert.active_character
        layout = self.layout
        ambiguous = [problem for problem in item.problems if problem.kind == "AMBIGUOUS"]
        blocked = [problem for problem in item.problems if problem.kind == "NOT_DRIVABLE"]
        missing = casting.unmapped(item)
        known = {problem.name for problem in ambiguous}
        found = len(EXPRESSIONS) - len(missing)
        layout.label(text=f"{found} of {len(EXPRESSIONS)} expressions matched", icon="CHECKMARK")
        draw_names(layout, "Unmatched", [name for name in missing if name not in known])
        draw_names(layout, "Ambiguous", [f"{problem.name}: {problem.reason}" for problem in ambiguous])
        draw_names(layout, "Not drivable", [f"{problem.name}: {problem.reason}" for problem in blocked])


def draw_row(layout: bpy.types.UILayout, row: bpy.types.PropertyGroup) -> None:
    """Draw the chosen row of a table in full."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(row, "expression")
    column.prop(row, "kind")
    column.prop(row, "target")
    if row.kind != "SHAPE_KEY":
        column.row().prop(row, "channel", expand=True)
    numbers = column.column(align=True)
    numbers.prop(row, "gain")
    numbers.prop(row, "exponent")
    numbers.prop(row, "offset")
    numbers = column.column(align=True)
    numbers.prop(row, "minimum")
    numbers.prop(row, "maximum")
    column.row().prop(row, "combine", expand=True)


CLASSES = (MappingList, MappingPanel, ReportPanel)
