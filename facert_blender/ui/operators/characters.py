"""Who is in the cast."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
import bpy

from ...scene.demo import NAMES
from .. import casting
from .mapping import matched
from .reporting import Explained, reported, without_character


class AddCharacter(Explained, bpy.types.Operator):
    """Add the character that the selected objects belong to, and match its mapping by name"""

    bl_idname = "facert.add_character"
    bl_label = "Add Selected"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """Something must be selected."""
        return "" if context.selected_objects else "Select a mesh of the character in the viewport first"

    def execute(self, context):
        """Add the character."""
        return reported(self, lambda: matched(casting.add_character(context.scene, context.selected_objects)))


class AddDemoCharacter(bpy.types.Operator):
    """Add a head that comes with FaceRT, ready to be cast"""

    bl_idname = "facert.add_demo_character"
    bl_label = "Add Demo Character"
    bl_options = {"REGISTER", "UNDO"}
    character: bpy.props.EnumProperty(
        name="Character",
        description="Each has shape keys of another naming scheme",
        items=[(name, name, "") for name in NAMES],
    )

    def execute(self, context):
        """Append it and add it to the cast."""
        return reported(self, lambda: matched(casting.add_demo_character(context.scene, self.character)))


class RemoveCharacter(Explained, bpy.types.Operator):
    """Take the character off the cast. Its objects and Actions stay"""

    bl_idname = "facert.remove_character"
    bl_label = "Remove Character"
    bl_options = {"REGISTER", "UNDO"}
    refusal = staticmethod(without_character)

    def execute(self, context):
        """Forget the character and its mapping."""
        settings = context.scene.facert
        settings.characters.remove(settings.character_index)
        settings.character_index = max(0, settings.character_index - 1)
        return {"FINISHED"}


CLASSES = (AddCharacter, AddDemoCharacter, RemoveCharacter)
