"""The table of a character, and what matching could not do."""

# mypy: disable-error-code="valid-type"
from functools import cache

import bpy

from ...capture.contract import EXPRESSIONS
from ...capture.errors import FaceRTError
from ...retarget.presets import list_presets, load_preset
from ...scene.characters import targets
from ..casting import AUTOMATIC, AXES, character_of


@cache
def presets() -> list[tuple[str, str, str]]:
    """The naming schemes, kept because Blender wants the strings of a menu to outlive the call."""
    return [
        (AUTOMATIC, "Automatic", "The naming scheme that fits this character best"),
        *((preset.name, preset.title, preset.source) for preset in map(load_preset, list_presets())),
    ]


def preset_choices(_self, _context) -> list[tuple[str, str, str]]:
    """What a character can be matched with."""
    return presets()


def target_names(self, _context, _typed: str) -> list[str]:
    """What a row of the active character's table can move; nothing where the character is gone."""
    item = self.id_data.facert.active_character
    try:
        available = targets(character_of(item))
    except FaceRTError:
        return []
    return [target.name for target in available if target.kind == self.kind]


class RowProperties(bpy.types.PropertyGroup):
    """One row of a mapping table: how one expression moves one target."""

    enabled: bpy.props.BoolProperty(name="On", description="Use this row", default=True)
    expression: bpy.props.EnumProperty(
        name="Expression",
        description="What the performer's face does",
        items=[(name, name, "") for name in EXPRESSIONS],
    )
    kind: bpy.props.EnumProperty(
        name="Moves",
        description="What kind of target the row moves",
        items=[
            (
                "SHAPE_KEY",
                "Shape Key",
                "The shape key of this name on every mesh of the character that has it",
            ),
            ("BONE_ROTATION", "Bone Rotation", "Degrees that the bone turns at full expression"),
            ("BONE_LOCATION", "Bone Location", "Lengths of the bone that it moves at full expression"),
        ],
    )
    target: bpy.props.StringProperty(
        name="Target", description="The shape key or bone that moves", search=target_names
    )
    channel: bpy.props.EnumProperty(
        name="Axis",
        description="Axis of the face at rest",
        items=[
            (AXES[0], "X", "To the right, seen from the front"),
            (AXES[1], "Y", "Up"),
            (AXES[2], "Z", "Out of the face"),
        ],
    )
    combine: bpy.props.EnumProperty(
        name="Combine",
        description="What happens when several rows move the same target",
        items=[
            ("SUM", "Sum", "The rows add up"),
            ("MAX", "Largest", "Only the largest of these rows counts"),
        ],
    )
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How strongly the expression moves the target; below zero it moves the other way",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        step=5,
    )
    offset: bpy.props.FloatProperty(
        name="Offset",
        description="Where the target rests without the expression",
        soft_min=-1.0,
        soft_max=1.0,
        step=5,
    )
    exponent: bpy.props.FloatProperty(
        name="Curve",
        description="Response curve: above 1 small expressions move less, below 1 they move more",
        default=1.0,
        min=0.1,
        max=10.0,
        soft_min=0.25,
        soft_max=4.0,
        step=5,
    )
    minimum: bpy.props.FloatProperty(name="Min", description="The target never goes below this")
    maximum: bpy.props.FloatProperty(name="Max", description="The target never goes above this", default=1.0)


class ProblemProperties(bpy.types.PropertyGroup):
    """An expression or target, by name, that the last match could not connect, with the reason."""

    kind: bpy.props.EnumProperty(
        name="Kind",
        description="What is in the way",
        items=[
            ("AMBIGUOUS", "Ambiguous", "Several targets have names that fit"),
            ("NOT_DRIVABLE", "Not Drivable", "The target cannot be animated"),
        ],
    )
    reason: bpy.props.StringProperty(
        name="Reason", description="Why the expression or target could not be connected"
    )


CLASSES = (RowProperties, ProblemProperties)
