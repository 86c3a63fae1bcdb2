"""The table of a character, and what matching could not do."""

# mypy: disable-error-code="valid-type"

from functools import cache

import bpy

from ...capture.contract import EXPRESSIONS
from ...capture.errors import FaceRTError
from ...retarget.presets import list_presets, load_preset
from ...scene.characters import targets
from .. import previewing
from ..casting import AUTOMATIC, AXES, character_of
from ..table import refresh


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


def row_changed(self, context) -> None:
    """A character that shows an expression, or is previewed, moves as the table says now."""
    refresh(self.id_data)
    previewing.refresh(self, context)


def target_chosen(self, context) -> None:
    """A row that is given a target is wanted."""
    if self.target:
        self.enabled = True
    row_changed(self, context)


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

    enabled: bpy.props.BoolProperty(name="On", description="Use this row", default=True, update=row_changed)
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
        update=row_changed,
    )
    target: bpy.props.StringProperty(
        name="Target",
        description="The shape key or bone that moves",
        search=target_names,
        update=target_chosen,
    )
    channel: bpy.props.EnumProperty(
        name="Axis",
        description="Axis of the face at rest",
        items=[
            (AXES[0], "X", "To the right, seen from the front"),
            (AXES[1], "Y", "Up"),
            (AXES[2], "Z", "Out of the face"),
        ],
        update=row_changed,
    )
    combine: bpy.props.EnumProperty(
        name="Combine",
        description="What happens when several rows move the same target",
        items=[
            ("SUM", "Sum", "The rows add up"),
            ("MAX", "Largest", "Only the largest of these rows counts"),
        ],
        update=row_changed,
    )
    gain: bpy.props.FloatProperty(
        name="Gain",
        description="How strongly the expression moves the target; below zero it moves the other way",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        step=5,
        update=row_changed,
    )
    offset: bpy.props.FloatProperty(
        name="Offset",
        description="Where the target rests without the expression",
        soft_min=-1.0,
        soft_max=1.0,
        step=5,
        update=row_changed,
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
        update=row_changed,
    )
    minimum: bpy.props.FloatProperty(
        name="Min", description="The target never goes below this", update=row_changed
    )
    maximum: bpy.props.FloatProperty(
        name="Max", description="The target never goes above this", default=1.0, update=row_changed
    )


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
    choices: bpy.props.StringProperty(
        name="Choices", description="The targets that an ambiguous expression could mean, one a line"
    )
    reason: bpy.props.StringProperty(
        name="Reason", description="Why the expression or target could not be connected"
    )


class TableProperties(bpy.types.PropertyGroup):
    """Which rows of the table are listed."""

    search: bpy.props.StringProperty(
        name="Search",
        description="List only rows with this in the name of their expression or target",
        options={"TEXTEDIT_UPDATE"},
    )
    show: bpy.props.EnumProperty(
        name="Show",
        description="Which rows to list",
        items=[
            ("ALL", "All", "Every row"),
            ("ON", "On", "Rows that move something"),
            ("UNMATCHED", "Unmatched", "Rows without a target, or whose target the character does not have"),
            ("AMBIGUOUS", "Ambiguous", "Rows of expressions that several targets could mean"),
            ("OFF", "Off", "Rows that are turned off"),
        ],
    )


CLASSES = (RowProperties, ProblemProperties, TableProperties)
