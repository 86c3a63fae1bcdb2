"""Takes in and out of files."""

# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from __future__ import annotations

import bpy

from .layout import TabPanel


class TakesPanel(TabPanel, bpy.types.Panel):
    """Exchange takes with other files and other programs."""

    bl_idname = "FACERT_PT_takes"
    bl_label = "Exchange"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context):
        """Draw a row for each kind of file."""
        column = self.layout.column(align=True)
        column.label(text="Take (JSON)")
        row = column.row(align=True)
        row.operator("facert.import_take", text="Import", icon="IMPORT")
        row.operator("facert.export_take", text="Export", icon="EXPORT")
        column.separator()
        column.label(text="Live Link Face (CSV)")
        row = column.row(align=True)
        row.operator("facert.import_csv", text="Import", icon="IMPORT")
        row.operator("facert.export_csv", text="Export", icon="EXPORT")


CLASSES = (TakesPanel,)
