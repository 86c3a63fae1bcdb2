"""The cast: characters and who plays them."""

# mypy: disable-error-code="valid-type"
from functools import cache

import bpy

from ...capture.take import default_name
from ...scene import takes
from ..live import live
from ..previewing import refresh
from .mapping import ProblemProperties, RowProperties, preset_choices
from .performers import RegionProperties

NOBODY = 0


@cache
def performer_choice(number: int, name: str) -> tuple[str, str, str, int]:
    """One entry of the menu of performers, "" for one who is not in the take; kept for the same reason."""
    if number == NOBODY:
        return ("0", "Nobody", "Leave this character as it is", NOBODY)
    if name:
        return (str(number), name, "Plays this character", number)
    return (str(number), f"{default_name(number)} (not in take)", "Choose another performer", number)


def performer_choices(self, _context) -> list[tuple[str, str, str, int]]:
    """Nobody, the performers of the active take and those seen live, and the present choice in any case."""
    seen = takes.performer_names(self.id_data, self.id_data.facert.take)
    seen |= {number: default_name(number) for number in live.people if number not in seen}
    absent = [self.performer_id] if self.performer_id not in (NOBODY, *seen) else []
    return [
        performer_choice(NOBODY, "Nobody"),
        *(performer_choice(number, name) for number, name in seen.items()),
        *(performer_choice(number, "") for number in absent),
    ]


class PartProperties(bpy.types.PropertyGroup):
    """One object of a character."""

    object: bpy.props.PointerProperty(
        name="Object", description="A mesh or the armature of the character", type=bpy.types.Object
    )


def bone_names(self, _context, _typed: str) -> list[str]:
    """The bones of the character's armature."""
    rigs = [part.object for part in self.parts if part.object and part.object.type == "ARMATURE"]
    return [bone.name for rig in rigs for bone in rig.data.bones]


class CharacterProperties(bpy.types.PropertyGroup):
    """One character of the cast: its objects, who plays it, and its mapping table."""

    name: bpy.props.StringProperty(name="Name", description="The character's name, which its Actions carry")
    parts: bpy.props.CollectionProperty(type=PartProperties)
    performer_id: bpy.props.IntProperty(
        name="Performer Number",
        description="Who plays this character; 0 is nobody",
        min=NOBODY,
        update=refresh,
    )
    performer: bpy.props.EnumProperty(
        name="Performer",
        description="Who plays this character. One performer may play several",
        items=performer_choices,
        get=lambda self: self.performer_id,
        set=lambda self, number: setattr(self, "performer_id", number),
    )
    head_rotation: bpy.props.BoolProperty(
        name="Head Rotation",
        description="Turn the character's head as the performer does",
        default=True,
        update=refresh,
    )
    neck_share: bpy.props.FloatProperty(
        name="Neck",
        description="How much of the head's rotation the neck takes, if the character has a neck bone",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=refresh,
    )
    head_bone: bpy.props.StringProperty(
        name="Head", description="The bone that turns the head; empty finds it by name", search=bone_names
    )
    neck_bone: bpy.props.StringProperty(
        name="Neck Bone",
        description="The bone that turns the neck; empty finds it by name",
        search=bone_names,
    )
    jaw_bone: bpy.props.StringProperty(
        name="Jaw",
        description="The bone that opens the jaw; empty finds it by name. Then press Match",
        search=bone_names,
    )
    gains: bpy.props.PointerProperty(
        name="Gain", description="How strongly each region of the face acts", type=RegionProperties
    )
    mirror: bpy.props.BoolProperty(
        name="Mirror", description="Act left what the performer does right", update=refresh
    )
    head_offset: bpy.props.FloatVectorProperty(
        name="Head Offset",
        description="Turns the head all along: up and down, to the side, and tilted",
        subtype="EULER",
        size=3,
        update=refresh,
    )
    preset: bpy.props.EnumProperty(
        name="Preset", description="The naming scheme of the character's shape keys", items=preset_choices
    )
    scheme: bpy.props.StringProperty(
        name="Scheme", description="The naming scheme by which the table was matched"
    )
    shown: bpy.props.StringProperty(
        name="Shown", description="The expression that the character shows for a look"
    )
    rows: bpy.props.CollectionProperty(type=RowProperties)
    active_row_index: bpy.props.IntProperty(name="Row", description="The row shown in full below the table")
    problems: bpy.props.CollectionProperty(type=ProblemProperties)
    baked: bpy.props.StringProperty(name="Baked", description="What the last bake wrote")
    skipped: bpy.props.StringProperty(
        name="Skipped", description="What the last bake could not move, and why"
    )

    @property
    def active_row(self) -> RowProperties | None:
        """The row shown in full."""
        return self.rows[self.active_row_index] if 0 <= self.active_row_index < len(self.rows) else None


CLASSES = (PartProperties, CharacterProperties)
