"""What a person sets once for all files."""

# mypy: disable-error-code="valid-type"
import bpy

from .. import __package__ as addon


class Preferences(bpy.types.AddonPreferences):
    """FaceRT in Edit > Preferences > Add-ons."""

    bl_idname = addon

    threads: bpy.props.IntProperty(
        name="Network Threads",
        description="Processor threads that the networks use while capturing; 0 leaves one core for Blender. "
        "More is faster, and leaves less for the rest of Blender",
        default=0,
        min=0,
        max=64,
    )

    def draw(self, _context):
        """Show the settings."""
        self.layout.use_property_split = True
        self.layout.prop(self, "threads")


def threads(context: bpy.types.Context) -> int | None:
    """The number of threads set in the preferences; None leaves it to the capture."""
    enabled = context.preferences.addons.get(addon)
    return (enabled.preferences.threads or None) if enabled else None


def register() -> None:
    """Add the preferences."""
    bpy.utils.register_class(Preferences)


def unregister() -> None:
    """Remove the preferences; what was set stays set."""
    bpy.utils.unregister_class(Preferences)
