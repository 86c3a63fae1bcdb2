"""The FaceRT tab of the sidebar: the way from footage to an animated character, from top to bottom."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import textwrap

import bpy

from ..capture.contract import EXPRESSIONS
from . import casting
from .running import running
from .wheels import missing_part

LINE = 38
"""Characters that fit on a line of the sidebar as wide as Blender opens it."""


class TabPanel:
    """Where all panels of FaceRT are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "FaceRT"


class FootagePanel(TabPanel, bpy.types.Panel):
    """Choose footage and capture it."""

    bl_idname = "FACERT_PT_footage"
    bl_label = "Footage"

    def draw(self, context):
        """Draw the settings, and the button or the progress of the capture."""
        settings = context.scene.facert
        layout = self.layout
        column = layout.column()
        column.enabled = not running.active
        column.row().prop(settings, "kind", expand=True)
        column.prop(settings, "camera" if settings.kind == "CAMERA" else "path", text="")
        column.row().prop(settings, "quality", expand=True)
        row = column.row(align=True, heading="Range")
        row.prop(settings, "use_range", text="")
        limits = row.row(align=True)
        limits.active = settings.use_range
        limits.prop(settings, "start", text="")
        limits.prop(settings, "end", text="")

        if missing_part():
            draw_sentence(layout, missing_part(), icon="ERROR")
        if running.active:
            draw_progress(layout)
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("facert.capture", icon="REC")


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
        row = layout.row(align=True)
        row.operator("facert.import_take", text="", icon="IMPORT")
        row.operator("facert.export_take", text="JSON", icon="EXPORT")
        row.operator("facert.export_csv", text="Live Link CSV", icon="EXPORT")


class CastPanel(TabPanel, bpy.types.Panel):
    """Say who plays which character."""

    bl_idname = "FACERT_PT_cast"
    bl_label = "Cast"

    def draw(self, context):
        """Draw the characters and how to add more."""
        settings = context.scene.facert
        layout = self.layout
        if settings.characters:
            row = layout.row()
            row.template_list(
                "FACERT_UL_cast", "", settings, "characters", settings, "character_index", rows=2, maxrows=6
            )
            row.operator("facert.remove_character", text="", icon="REMOVE")
        row = layout.row(align=True)
        row.operator("facert.add_character", icon="ADD")
        row.operator_menu_enum("facert.add_demo_character", "character", text="Add Demo", icon="MONKEY")


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
        layout.prop(item, "head_rotation")


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


def draw_progress(layout: bpy.types.UILayout) -> None:
    """Draw how far the capture in progress is, and how to end it."""
    progress = running.progress
    if progress is None:
        layout.progress(text="Starting", factor=0.0)
    else:
        of_total = f" of {progress.total}" if progress.total else ""
        text = f"Frame {progress.done}{of_total} · faces: {progress.faces} · {progress.fps:.0f} frames/s"
        layout.progress(text=text, factor=min(1.0, progress.done / progress.total) if progress.total else 0.0)
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.operator("facert.finish_capture", icon="CHECKMARK")
    row.operator("facert.cancel_capture", text="Cancel (Esc)", icon="X")


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
    numbers.prop(row, "offset")
    numbers = column.column(align=True)
    numbers.prop(row, "minimum")
    numbers.prop(row, "maximum")
    column.row().prop(row, "combine", expand=True)


def draw_names(layout: bpy.types.UILayout, title: str, names: list[str]) -> None:
    """Draw a list of names under a title with their number; nothing when there are none."""
    if names:
        column = layout.column(align=True)
        column.label(text=f"{title} ({len(names)})", icon="ERROR")
        for name in names:
            draw_sentence(column, name, icon="BLANK1")


def draw_sentence(layout: bpy.types.UILayout, sentence: str, icon: str) -> None:
    """Draw a sentence on as many lines as the sidebar needs."""
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence, LINE)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


register, unregister = bpy.utils.register_classes_factory(
    (FootagePanel, PerformersPanel, CastPanel, MappingPanel, ReportPanel, BakePanel)
)
