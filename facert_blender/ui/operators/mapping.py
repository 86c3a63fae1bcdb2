"""How the expressions move a character."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from functools import cache

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...capture.contract import EXPRESSIONS
from ...retarget.mapping import Row, load_mapping, save_mapping
from ...scene.drive import borrowed
from .. import casting, table
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


def others(_self, context) -> list[tuple[str, str, str]]:
    """The other characters of the cast."""
    chosen = context.scene.facert.active_character
    return [character_choice(item.name) for item in context.scene.facert.characters if item != chosen]


@cache
def character_choice(name: str) -> tuple[str, str, str]:
    """One entry of the menu, kept because Blender wants its strings to outlive the call."""
    return (name, name, f"Take over the table of {name}")


class CopyMapping(Explained, bpy.types.Operator):
    """Replace the table by that of another character of the cast"""

    bl_idname = "facert.copy_mapping"
    bl_label = "Copy Mapping"
    bl_options = {"REGISTER", "UNDO"}
    source: bpy.props.EnumProperty(name="From", description="Whose table to copy", items=others)

    @staticmethod
    def refusal(context):
        """There must be another character."""
        settings = context.scene.facert
        if without_character(context):
            return without_character(context)
        return "" if len(settings.characters) > 1 else "There is no other character in the cast to copy from"

    def execute(self, context):
        """Copy the rows."""
        settings = context.scene.facert
        return reported(self, lambda: self.copy(settings.active_character, settings.characters[self.source]))

    def copy(self, item: bpy.types.PropertyGroup, source: bpy.types.PropertyGroup) -> str:
        """Give the rows of one character to another."""
        casting.use_rows(item, casting.read_rows(source))
        return matched(item)


def without_row(context: bpy.types.Context) -> str:
    """Why nothing can be done with the chosen row."""
    item = context.scene.facert.active_character
    return "" if item and item.active_row else "Choose a row of the table first"


class AddRow(Explained, bpy.types.Operator):
    """Add a row without a target to the table, for the expression of the chosen one"""

    bl_idname = "facert.mapping_row_add"
    bl_label = "Add Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Add the row below the chosen one."""
        item = context.scene.facert.active_character
        chosen = item.active_row
        table.add_row(item, Row(chosen.expression if chosen else EXPRESSIONS[0], "", enabled=False))
        return {"FINISHED"}


class DuplicateRow(Explained, bpy.types.Operator):
    """Add a copy of the chosen row below it"""

    bl_idname = "facert.mapping_row_duplicate"
    bl_label = "Duplicate Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_row)

    def execute(self, context):
        """Add the copy."""
        item = context.scene.facert.active_character
        table.add_row(item, casting.read_rows(item)[item.active_row_index])
        return {"FINISHED"}


class RemoveRow(Explained, bpy.types.Operator):
    """Remove the chosen row from the table"""

    bl_idname = "facert.mapping_row_remove"
    bl_label = "Remove Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_row)

    def execute(self, context):
        """Remove the row."""
        item = context.scene.facert.active_character
        item.rows.remove(item.active_row_index)
        item.active_row_index = max(0, item.active_row_index - 1)
        table.refresh(context.scene)
        return {"FINISHED"}


class MoveRow(Explained, bpy.types.Operator):
    """Move the chosen row up or down in the table. The order changes nothing about the result"""

    bl_idname = "facert.mapping_row_move"
    bl_label = "Move Row"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_row)
    direction: bpy.props.EnumProperty(
        name="Direction",
        description="Where to move the row",
        items=[("UP", "Up", "Towards the first row"), ("DOWN", "Down", "Towards the last row")],
    )

    def execute(self, context):
        """Move the row by one place."""
        table.move_row(context.scene.facert.active_character, -1 if self.direction == "UP" else 1)
        return {"FINISHED"}


class UseTarget(Explained, bpy.types.Operator):
    """Let the expression move this one of the targets that it could mean"""

    bl_idname = "facert.use_target"
    bl_label = "Use Target"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)
    expression: bpy.props.StringProperty(name="Expression", description="The ambiguous expression")
    target: bpy.props.StringProperty(name="Target", description="The target that it is to move")

    def execute(self, context):
        """Connect the two."""
        item = context.scene.facert.active_character
        if self.expression not in item.problems:
            self.report({"ERROR"}, f"{self.expression} is not ambiguous. Choose its target in the table.")
            return {"CANCELLED"}
        table.use_target(item, self.expression, self.target)
        return {"FINISHED"}


class ShowExpression(Explained, bpy.types.Operator):
    """Pose the character with this one expression, to see what its rows do. Again puts the character back"""

    bl_idname = "facert.show_expression"
    bl_label = "Show This Expression"
    bl_options = {"REGISTER", "UNDO"}
    expression: bpy.props.EnumProperty(
        name="Expression",
        description="The expression to show",
        items=[(name, name, "") for name in EXPRESSIONS],
    )

    @staticmethod
    def refusal(context):
        """There must be a character, and nothing else that moves it."""
        if without_character(context):
            return without_character(context)
        scene = context.scene
        shows = any(item.shown for item in scene.facert.characters)
        if borrowed(scene) and not shows:
            return "The cast is being moved by a preview. Stop that first"
        return ""

    def execute(self, context):
        """Show the expression, or put the character back if it shows it already."""
        item = context.scene.facert.active_character
        return reported(self, lambda: self.toggle(item))

    def toggle(self, item: bpy.types.PropertyGroup) -> str:
        """Show, or put back."""
        if item.shown == self.expression:
            table.put_back(item.id_data)
            return f"{item.name} is back as it was."
        table.show(item, self.expression)
        return f"{item.name} shows {self.expression}. Press again to put it back."


CLASSES = (
    MatchMapping,
    CopyMapping,
    LoadMapping,
    SaveMapping,
    AddRow,
    DuplicateRow,
    RemoveRow,
    MoveRow,
    UseTarget,
    ShowExpression,
)
