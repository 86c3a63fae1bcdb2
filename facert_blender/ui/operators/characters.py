"""Who is in the cast."""

# mypy: disable-error-code="valid-type"
# ruff: noqa: RUF012 (Blender wants bl_options to be a plain set)
from functools import cache

import bpy

from ...capture.errors import CharacterError
from ...scene.characters import members, sources
from ...scene.demo import NAMES
from .. import casting, table
from ..previewing import refresh
from .mapping import matched
from .reporting import Explained, counted, reported, without_character

ICONS = {bpy.types.Collection: "OUTLINER_COLLECTION", bpy.types.Object: "ARMATURE_DATA"}


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


@cache
def source_choice(name: str, icon: str, number: int) -> tuple[str, str, str, str, int]:
    """One entry of the menu, kept because Blender wants its strings to outlive the call."""
    return (name, name, f"Add the character of {name}", icon, number)


def source_choices(_self, context) -> list[tuple[str, str, str, str, int]]:
    """The collections and armatures of the scene that are characters and not in the cast yet."""
    cast = {part for item in context.scene.facert.characters for part in casting.parts_of(item)}
    return [
        source_choice(name, ICONS[type(source)], number)
        for number, (name, source) in enumerate(sources(context.scene).items())
        if cast.isdisjoint(members(source))
    ]


class AddSource(bpy.types.Operator):
    """Add the character that a collection or an armature holds, and match its mapping by name"""

    bl_idname = "facert.add_source"
    bl_label = "Add From"
    bl_options = {"REGISTER", "UNDO"}
    source: bpy.props.EnumProperty(
        name="Source", description="The collection or armature", items=source_choices
    )

    def execute(self, context):
        """Add the character."""
        return reported(self, lambda: matched(self.add(context.scene)))

    def add(self, scene: bpy.types.Scene) -> bpy.types.PropertyGroup:
        """Add what the chosen source holds, by its name."""
        if not self.source:
            raise CharacterError(
                "No collection or armature of the scene is a character that is not in the cast already. "
                "Select its meshes and press Add Selected."
            )
        return casting.add_character(scene, members(sources(scene)[self.source]), self.source)


class AddParts(Explained, bpy.types.Operator):
    """Add the selected objects to the chosen character: teeth, tongue, lashes, an armature"""

    bl_idname = "facert.add_parts"
    bl_label = "Add Selected Parts"
    bl_options = {"REGISTER", "UNDO"}

    @staticmethod
    def refusal(context):
        """There must be a character, and something selected."""
        if without_character(context):
            return without_character(context)
        return "" if context.selected_objects else "Select the meshes to add in the viewport first"

    def execute(self, context):
        """Add the parts."""
        item = context.scene.facert.active_character
        return reported(self, lambda: self.add(item, context.selected_objects))

    def add(self, item: bpy.types.PropertyGroup, objects: list[bpy.types.Object]) -> str:
        """Make the objects parts of one character."""
        rows = table.add_parts(item, objects)
        parts = counted(len(casting.parts_of(item)), "part")
        return f"{item.name} has {parts} now, and {counted(rows, 'new row')}."


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
        table.put_back(context.scene)
        settings = context.scene.facert
        settings.characters.remove(settings.character_index)
        settings.character_index = max(0, settings.character_index - 1)
        refresh(settings, context)
        return {"FINISHED"}


CLASSES = (AddCharacter, AddSource, AddParts, AddDemoCharacter, RemoveCharacter)
