"""The settings of FaceRT, one group on each scene, saved in the .blend."""

# mypy: disable-error-code="valid-type"
from functools import cache

import bpy

from ...scene import takes
from .. import previewing
from ..preferences import QUALITIES, preferred
from . import bake, characters, live, mapping, performers
from .bake import BakeProperties
from .characters import CharacterProperties
from .live import LiveProperties
from .mapping import TableProperties
from .performers import TakeProperties

NOT_CHOSEN = -1
QUALITY_NAMES = [name for name, _title, _description in QUALITIES]


@cache
def take_choice(number: int, name: str) -> tuple[str, str, str, int]:
    """One entry of the menu of takes, kept for the same reason."""
    return (name, name, "", number)


def take_choices(self, _context) -> list[tuple[str, str, str, int]]:
    """The takes of the scene."""
    return [take_choice(number, name) for number, name in enumerate(takes.names(self.id_data))]


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
        name="Camera",
        description="Number of the camera; 0 is the first one",
        min=0,
        max=63,
        get=lambda self: preferred("camera") if self.chosen_camera == NOT_CHOSEN else self.chosen_camera,
        set=lambda self, number: setattr(self, "chosen_camera", number),
    )
    chosen_camera: bpy.props.IntProperty(
        name="Chosen Camera",
        description="Number of the camera that this scene chose; -1 is the one of the preferences",
        default=NOT_CHOSEN,
    )
    quality: bpy.props.EnumProperty(
        name="Quality",
        description="How closely each face is read",
        items=QUALITIES,
        get=lambda self: QUALITY_NAMES.index(self.chosen_quality or preferred("quality")),
        set=lambda self, number: setattr(self, "chosen_quality", QUALITY_NAMES[number]),
    )
    chosen_quality: bpy.props.StringProperty(
        name="Chosen Quality",
        description="Quality that this scene chose; empty is the preferred one",
    )
    use_range: bpy.props.BoolProperty(name="Range", description="Capture only a part of the footage")
    start: bpy.props.IntProperty(
        name="Start", description="First frame of the footage to capture, counted from 0", min=0
    )
    end: bpy.props.IntProperty(
        name="End", description="Frame of the footage to stop before", min=1, default=250
    )

    take_index: bpy.props.IntProperty(
        name="Take Number",
        description="The take to cast and bake, counted from 0",
        update=previewing.refresh,
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

    table: bpy.props.PointerProperty(
        name="Table", description="How the mapping table is listed", type=TableProperties
    )

    start_frame: bpy.props.IntProperty(
        name="Start Frame",
        description="Scene frame at which the footage begins",
        default=1,
        update=previewing.refresh,
    )
    preview: bpy.props.BoolProperty(
        name="Preview on Timeline",
        description="Move the characters as the take says while the timeline is scrubbed, without keys. "
        "Switched off, they are as before",
        update=previewing.switched,
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="How much jitter is removed; 0 leaves the raw values. The take itself stays raw",
        default=1.0,
        min=0.0,
        soft_max=3.0,
        update=previewing.refresh,
    )
    live: bpy.props.PointerProperty(
        name="Live", description="How the live preview plays, shows and records", type=LiveProperties
    )
    bake: bpy.props.PointerProperty(name="Bake", description="How to bake", type=BakeProperties)

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


PARTS = (performers, mapping, characters, live, bake)
CLASSES = (*(group for part in PARTS for group in part.CLASSES), Settings)


def register() -> None:
    """Put the settings on every scene, and what belongs to takes on collections."""
    for group in CLASSES:
        bpy.utils.register_class(group)
    bpy.types.Scene.facert = bpy.props.PointerProperty(name="FaceRT", type=Settings)
    bpy.types.Collection.facert = bpy.props.PointerProperty(name="FaceRT", type=TakeProperties)


def unregister() -> None:
    """Take the settings off; what is saved in a .blend stays there."""
    del bpy.types.Collection.facert
    del bpy.types.Scene.facert
    for group in reversed(CLASSES):
        bpy.utils.unregister_class(group)
