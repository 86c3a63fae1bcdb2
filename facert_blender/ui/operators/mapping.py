"""How the expressions move a character."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from dataclasses import replace

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...capture.contract import EXPRESSIONS
from ...retarget.mapping import Row, load_mapping, save_mapping
from .. import casting
from .reporting import Explained, counted, reported, without_character


def matched(item: bpy.types.PropertyGroup) -> str:
    """What to tell about a character whose mapping was matched."""
    missing = len(casting.unmapped(item))
    found = counted(len(EXPRESSIONS) - missing, "expression")
    return f"{item.name}: {found} matched, {missing} without a target."


class MatchMapping(Explained, bpy.types.Operator):
    """Fill the table again, by the names of the character's shape keys and bones"""

    bl_idname = "facert.match_mapping"
    bl_label = "Match"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Match the chosen character."""
        item = context.scene.facert.active_character
        return reported(self, lambda: self.match(item))

    def match(self, item: bpy.types.PropertyGroup) -> str:
        """Match one character."""
        casting.match_mapping(item)
        return matched(item)


class LoadMapping(Explained, bpy.types.Operator, ImportHelper):
    """Replace the table by one from a JSON file"""

    bl_idname = "facert.load_mapping"
    bl_label = "Load Mapping"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Read the file."""
        return reported(self, lambda: self.load(context.scene.facert.active_character))

    def load(self, item: bpy.types.PropertyGroup) -> str:
        """Give the rows of the file to a character."""
        casting.use_rows(item, load_mapping(self.filepath))
        return matched(item)


class SaveMapping(Explained, bpy.types.Operator, ExportHelper):
    """Write the table to a JSON file, for other characters of this kind"""

    bl_idname = "facert.save_mapping"
    bl_label = "Save Mapping"
    refusal = staticmethod(without_character)
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context):
        """Write the file."""
        return reported(self, lambda: self.save(context.scene.facert.active_character))

    def save(self, item: bpy.types.PropertyGroup) -> str:
        """Write the rows of a character."""
        save_mapping(casting.read_rows(item), self.filepath)
        return f"Wrote {self.filepath}."


class AddRow(Explained, bpy.types.Operator):
    """Add a row to the table, as a copy of the chosen one"""

    bl_idname = "facert.mapping_row_add"
    bl_label = "Add Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Add the row below the chosen one."""
        item = context.scene.facert.active_character
        rows = casting.read_rows(item)
        chosen = item.active_row_index
        rows.insert(chosen + 1, replace(rows[chosen]) if item.active_row else Row(EXPRESSIONS[0], ""))
        casting.write_rows(item, rows)
        item.active_row_index = min(chosen + 1, len(rows) - 1)
        return {"FINISHED"}


class RemoveRow(Explained, bpy.types.Operator):
    """Remove the chosen row from the table"""

    bl_idname = "facert.mapping_row_remove"
    bl_label = "Remove Row"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """A row must be chosen."""
        item = context.scene.facert.active_character
        return "" if item and item.active_row else "Choose a row of the table first"

    def execute(self, context):
        """Remove the row."""
        item = context.scene.facert.active_character
        item.rows.remove(item.active_row_index)
        item.active_row_index = max(0, item.active_row_index - 1)
        return {"FINISHED"}


CLASSES = (MatchMapping, LoadMapping, SaveMapping, AddRow, RemoveRow)
