"""How the expressions move the chosen character."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from ...capture.contract import EXPRESSIONS
from ...retarget.matching import MISSING
from ...retarget.names import normalise
from .. import casting
from ..moment import moment
from .layout import CharacterPanel, TabPanel, draw_names, draw_sentence


class MappingList(bpy.types.UIList):
    """The rows of a mapping table."""

    bl_idname = "FACERT_UL_mapping"

    def draw_item(self, _context, layout, data, item, _icon, _active_data, _active_property, _index=0):
        """Draw one row in brief: whether it is on, its two names, and what its target is now."""
        row = layout.row(align=True)
        row.prop(item, "enabled", text="")
        value = moment.value(item)
        row = row.split(factor=1.0 if value is None else 0.85)
        names = row.row()
        names.active = item.enabled
        icon = "HIDE_OFF" if data.shown == item.expression else "NONE"
        # Most rigs spell the expression's own name: once is enough, for the sidebar is narrow.
        if normalise(item.expression) == normalise(item.target):
            names.label(text=item.expression, icon=icon)
        else:
            names = names.split(factor=0.5)
            names.label(text=item.expression, icon=icon)
            if item.target:
                names.label(text=item.target)
            else:
                names.prop(item, "target", text="")
        if value is not None:
            row.progress(text="", factor=reached(item, value))

    def draw_filter(self, _context, layout):
        """Search and filter stand above the list, where they are seen."""

    def filter_items(self, context, data, property_name):
        """List what the search and the filter leave."""
        table = context.scene.facert.table
        listed = listing(data, table.show, table.search)
        return [self.bitflag_filter_item * one for one in listed], []


def listing(item: bpy.types.PropertyGroup, show: str, search: str) -> list[bool]:
    """Which rows of a character's table a filter and a search leave."""
    ambiguous = {problem.name for problem in item.problems if problem.kind == "AMBIGUOUS"}
    missing = {problem.name for problem in item.problems if problem.reason == MISSING}
    sought = search.casefold()

    def kept(row: bpy.types.PropertyGroup) -> bool:
        return {
            "ALL": True,
            "ON": row.enabled,
            "UNMATCHED": not row.target or row.target in missing,
            "AMBIGUOUS": row.expression in ambiguous,
            "OFF": bool(row.target) and not row.enabled,
        }[show]

    return [kept(row) and sought in f"{row.expression} {row.target}".casefold() for row in item.rows]


def reached(row: bpy.types.PropertyGroup, value: float) -> float:
    """How much of its way (0..1) the target of a row has gone at `value`."""
    way = max(abs(row.minimum), abs(row.maximum))
    return min(1.0, abs(value) / way) if way else 0.0


class MappingMenu(bpy.types.Menu):
    """Where a table may come from and go to."""

    bl_idname = "FACERT_MT_mapping"
    bl_label = "Table"

    def draw(self, _context):
        """Draw the entries."""
        self.layout.operator_menu_enum("facert.copy_mapping", "source", text="Copy From", icon="DUPLICATE")
        self.layout.operator("facert.load_mapping", icon="IMPORT")
        self.layout.operator("facert.save_mapping", icon="EXPORT")


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
        row.menu("FACERT_MT_mapping", text="", icon="DOWNARROW_HLT")

        table = context.scene.facert.table
        row = layout.row(align=True)
        row.prop(table, "search", text="", icon="VIEWZOOM")
        row.prop(table, "show", text="")
        moment.look(context.scene, item)
        column = layout.column(align=True)
        column.template_list("FACERT_UL_mapping", "", item, "rows", item, "active_row_index", rows=8)
        row = column.row(align=True)
        row.operator("facert.mapping_row_add", text="", icon="ADD")
        row.operator("facert.mapping_row_duplicate", text="", icon="DUPLICATE")
        row.operator("facert.mapping_row_remove", text="", icon="REMOVE")
        row.separator()
        row.operator("facert.mapping_row_move", text="", icon="TRIA_UP").direction = "UP"
        row.operator("facert.mapping_row_move", text="", icon="TRIA_DOWN").direction = "DOWN"
        value = moment.value(item.active_row) if item.active_row else None
        if value is not None:
            row.label(text=f"now {value:.2f}")
        if item.active_row:
            draw_row(layout, item, item.active_row)
        row = layout.row(align=True)
        row.prop(item, "head_rotation")
        share = row.row()
        share.active = item.head_rotation
        share.prop(item, "neck_share", slider=True)


class ReportPanel(CharacterPanel, bpy.types.Panel):
    """Tell which expressions move nothing, and why."""

    bl_idname = "FACERT_PT_report"
    bl_label = "Match Report"
    bl_options = {"DEFAULT_CLOSED"}
    bl_parent_id = "FACERT_PT_mapping"

    def draw(self, context):
        """Draw the counts and the lists."""
        item = context.scene.facert.active_character
        layout = self.layout
        ambiguous = [problem for problem in item.problems if problem.kind == "AMBIGUOUS"]
        blocked = [problem for problem in item.problems if problem.kind == "NOT_DRIVABLE"]
        missing = casting.unmapped(item)
        known = {problem.name for problem in ambiguous}
        found = len(EXPRESSIONS) - len(missing)
        scheme = f" by {item.scheme}" if item.scheme else ""
        draw_sentence(layout, f"{found} of {len(EXPRESSIONS)} expressions matched{scheme}", icon="CHECKMARK")
        draw_names(layout, "Unmatched", [name for name in missing if name not in known])
        if ambiguous:
            draw_choices(layout, ambiguous)
        draw_names(layout, "Not drivable", [f"{problem.name}: {problem.reason}" for problem in blocked])


def draw_row(layout: bpy.types.UILayout, item: bpy.types.PropertyGroup, row: bpy.types.PropertyGroup) -> None:
    """Draw the chosen row of a table in full."""
    shown = item.shown == row.expression
    text = f"Put {item.name} Back" if shown else "Show This Expression"
    look = layout.operator("facert.show_expression", text=text, icon="HIDE_OFF", depress=shown)
    look.expression = row.expression
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


def draw_choices(layout: bpy.types.UILayout, problems: list[bpy.types.PropertyGroup]) -> None:
    """Draw the ambiguous expressions, each with a button for every target that it could mean."""
    column = layout.column(align=True)
    column.label(text=f"Ambiguous ({len(problems)}): choose", icon="ERROR")
    for problem in problems:
        column.label(text=problem.name, icon="BLANK1")
        row = column.row(align=True)
        for target in problem.choices.splitlines():
            choice = row.operator("facert.use_target", text=target)
            choice.expression, choice.target = problem.name, target


CLASSES = (MappingList, MappingMenu, MappingPanel, ReportPanel)
