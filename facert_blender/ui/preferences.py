"""What a person sets once for all files."""

# mypy: disable-error-code="valid-type"
import os
from pathlib import Path
from typing import Any

import bpy

from .. import __package__ as addon
from ..capture.output import file_name

QUALITIES = (
    ("best", "Best", "Read every face closely from the full picture"),
    ("fast", "Fast", "Read all faces of a frame in one pass, which takes little longer for more of them"),
)


class Preferences(bpy.types.AddonPreferences):
    """FaceRT in Edit > Preferences > Add-ons."""

    bl_idname = addon

    quality: bpy.props.EnumProperty(
        name="Quality", description="How closely faces are read, until a scene chooses", items=QUALITIES
    )
    camera: bpy.props.IntProperty(
        name="Camera",
        description="Number of the camera used until a scene chooses; 0 is the first one",
        min=0,
        max=63,
    )
    threads: bpy.props.IntProperty(
        name="Network Threads",
        description="Processor threads that the networks use while capturing; 0 leaves one core for Blender. "
        "More is faster, and leaves less for the rest of Blender",
        default=0,
        min=0,
        max=64,
    )
    takes_folder: bpy.props.StringProperty(
        name="Takes",
        description="Folder where takes are first written to and looked for; empty is beside the .blend",
        subtype="DIR_PATH",
    )

    def draw(self, _context):
        """Show the settings."""
        layout = self.layout
        layout.use_property_split = True
        layout.row().prop(self, "quality", expand=True)
        layout.prop(self, "camera")
        layout.prop(self, "threads")
        layout.prop(self, "takes_folder")


def preferred(name: str) -> Any:
    """What is set in the preferences, or the default where FaceRT runs without being enabled there."""
    enabled = bpy.context.preferences.addons.get(addon)
    return getattr(enabled.preferences, name) if enabled else Preferences.bl_rna.properties[name].default


def threads() -> int | None:
    """The number of threads set in the preferences; None leaves it to the capture."""
    return preferred("threads") or None


def takes_path(name: str = "") -> str:
    """Where a file called `name` goes unless a person chooses another place; without a name, the folder."""
    beside_blend = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
    folder = Path(bpy.path.abspath(preferred("takes_folder")) or beside_blend)
    return os.path.join(folder, file_name(name))


def register() -> None:
    """Add the preferences."""
    bpy.utils.register_class(Preferences)


def unregister() -> None:
    """Remove the preferences; what was set stays set."""
    bpy.utils.unregister_class(Preferences)
