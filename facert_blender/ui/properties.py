"""The settings of FaceRT, one group on each scene, saved in the .blend."""

# mypy: disable-error-code="valid-type"
from functools import cache

import bpy

from ..capture.contract import EXPRESSIONS
from ..capture.errors import FaceRTError
from ..retarget.presets import list_presets, load_preset
from ..scene import takes
from ..scene.characters import targets
from .casting import AUTOMATIC, AXES, character_of

NOBODY = 0


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


@cache
def performer_choice(number: int, seen: bool) -> tuple[str, str, str, int]:
    """One entry of the menu of performers, kept for the same reason."""
    if number == NOBODY:
        return ("0", "Nobody", "Leave this character as it is", NOBODY)
    if seen:
        return (str(number), f"Performer {number}", "Plays this character", number)
    return (str(number), f"Performer {number} (not in take)", "Choose another performer", number)


def performer_choices(self, _context) -> list[tuple[str, str, str, int]]:
    """Nobody, the performers of the active take, and the present choice even where it is not among them."""
    seen = takes.performer_ids(self.id_data, self.id_data.facert.take)
    absent = [self.performer_id] if self.performer_id not in (NOBODY, *seen) else []
    return [
        performer_choice(NOBODY, True),
        *(performer_choice(number, True) for number in seen),
        *(performer_choice(number, False) for number in absent),
    ]


@cache
def take_choice(number: int, name: str) -> tuple[str, str, str, int]:
    """One entry of the menu of takes, kept for the same reason."""
    return (name, name, "", number)


def take_choices(self, _context) -> list[tuple[str, str, str, int]]:
    """The takes of the scene."""
    return [take_choice(number, name) for number, name in enumerate(takes.names(self.id_data))]


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
    minimum: bpy.props.FloatProperty(name="Min", description="The target never goes below this")
    maximum: bpy.props.FloatProperty(name="Max", description="The target never goes above this", default=1.0)


class PartProperties(bpy.types.PropertyGroup):
    """One object of a character."""

    object: bpy.props.PointerProperty(name="Object", type=bpy.types.Object)


class ProblemProperties(bpy.types.PropertyGroup):
    """An expression or target, by name, that the last match could not connect, with the reason."""

    kind: bpy.props.EnumProperty(
        name="Kind",
        items=[
            ("AMBIGUOUS", "Ambiguous", "Several targets have names that fit"),
            ("NOT_DRIVABLE", "Not Drivable", "The target cannot be animated"),
        ],
    )
    reason: bpy.props.StringProperty(name="Reason")


class CharacterProperties(bpy.types.PropertyGroup):
    """One character of the cast: its objects, who plays it, and its mapping table."""

    name: bpy.props.StringProperty(name="Name", description="The character's name, which its Actions carry")
    parts: bpy.props.CollectionProperty(type=PartProperties)
    performer_id: bpy.props.IntProperty(
        name="Performer Number", description="Who plays this character; 0 is nobody", min=NOBODY
    )
    performer: bpy.props.EnumProperty(
        name="Performer",
        description="Who plays this character. One performer may play several",
        items=performer_choices,
        get=lambda self: self.performer_id,
        set=lambda self, number: setattr(self, "performer_id", number),
    )
    head_rotation: bpy.props.BoolProperty(
        name="Head Rotation", description="Turn the character's head as the performer does", default=True
    )
    preset: bpy.props.EnumProperty(
        name="Preset", description="The naming scheme of the character's shape keys", items=preset_choices
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


class Settings(bpy.types.PropertyGroup):
    """Everything that FaceRT keeps on a scene beside the takes."""

    kind: bpy.props.EnumProperty(
        name="Footage",
        description="Where the pictures come from",
        items=[
            ("FILE", "File", "A movie or a sequence of pictures", "FILE_MOVIE", 0),
            ("CAMERA", "Camera", "A camera connected to this computer", "CAMERA_DATA", 1),
        ],
    )
    path: bpy.props.StringProperty(
        name="File",
        description="A movie, a folder of pictures, or one picture of a numbered sequence",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set(),
    )
    camera: bpy.props.IntProperty(
        name="Camera", description="Number of the camera; 0 is the first one", min=0, max=63
    )
    quality: bpy.props.EnumProperty(
        name="Quality",
        description="How closely each face is read",
        items=[
            ("best", "Best", "Read every face closely from the full picture"),
            ("fast", "Fast", "Read all faces of a frame at once, in the same time for any number of them"),
        ],
    )
    use_range: bpy.props.BoolProperty(name="Range", description="Capture only a part of the footage")
    start: bpy.props.IntProperty(
        name="Start", description="First frame of the footage to capture, counted from 0", min=0
    )
    end: bpy.props.IntProperty(
        name="End", description="Frame of the footage to stop before", min=1, default=250
    )

    take_index: bpy.props.IntProperty(
        name="Take Number", description="The take to cast and bake, counted from 0"
    )
    take_choice: bpy.props.EnumProperty(
        name="Take",
        description="The take to cast and bake",
        items=take_choices,
        get=lambda self: self.take_index,
        set=lambda self, number: setattr(self, "take_index", number),
    )
    performer_index: bpy.props.IntProperty(name="Performer", description="A performer of the take")

    characters: bpy.props.CollectionProperty(type=CharacterProperties)
    character_index: bpy.props.IntProperty(
        name="Character", description="The character whose mapping is shown"
    )

    start_frame: bpy.props.IntProperty(
        name="Start Frame", description="Scene frame at which the footage begins", default=1
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="How much jitter is removed; 0 leaves the raw values. The take itself stays raw",
        default=1.0,
        min=0.0,
        soft_max=3.0,
    )
    overwrite: bpy.props.BoolProperty(
        name="Overwrite",
        description="Replace the Actions of an earlier bake of this take, rather than number new ones",
    )

    @property
    def source(self) -> str | int:
        """The footage as `open_footage` takes it."""
        return self.camera if self.kind == "CAMERA" else bpy.path.abspath(self.path)

    @property
    def take(self) -> str:
        """The name of the active take, "" when there is none."""
        names = takes.names(self.id_data)
        return names[self.take_index] if 0 <= self.take_index < len(names) else ""

    @property
    def active_character(self) -> CharacterProperties | None:
        """The character whose mapping is shown."""
        return (
            self.characters[self.character_index]
            if 0 <= self.character_index < len(self.characters)
            else None
        )


CLASSES = (RowProperties, PartProperties, ProblemProperties, CharacterProperties, Settings)


def register() -> None:
    """Put the settings on every scene."""
    for group in CLASSES:
        bpy.utils.register_class(group)
    bpy.types.Scene.facert = bpy.props.PointerProperty(name="FaceRT", type=Settings)


def unregister() -> None:
    """Take the settings off; what is saved in a .blend stays there."""
    del bpy.types.Scene.facert
    for group in reversed(CLASSES):
        bpy.utils.unregister_class(group)
