"""The add-on comes and goes without a trace."""

from typing import Any

import bpy

import facert_blender

INHERITED = {"rna_type", "bl_idname", "filepath", "check_existing"}
"""What Blender gives to all groups, preferences and file buttons."""


def test_registering_again_and_again() -> None:
    for _ in range(2):
        facert_blender.unregister()
        assert not hasattr(bpy.types.Scene, "facert")
        assert not hasattr(bpy.types, "FACERT_OT_capture")
        facert_blender.register()
        assert bpy.context.scene.facert.quality == "best"
        assert hasattr(bpy.types, "FACERT_PT_footage")


def ours(kind: type) -> list[type]:
    """The classes of FaceRT among those of a kind that Blender knows."""
    return [known for known in kind.__subclasses__() if known.__module__.startswith("facert_blender.")]


def settings_of(owner: Any) -> dict[str, bpy.types.Property]:
    """The settings of a group or a button that a person sees, by their full names."""
    return {
        f"{owner.identifier}.{setting.identifier}": setting
        for setting in owner.properties
        if setting.identifier not in INHERITED and setting.type != "COLLECTION" and not setting.is_hidden
    }


def test_every_button_panel_and_list_tells_what_it_is_for() -> None:
    buttons = [getattr(bpy.ops.facert, name).get_rna_type() for name in dir(bpy.ops.facert)]
    assert buttons
    assert [button.identifier for button in buttons if not button.description] == []
    assert [button.identifier for button in buttons if button.description.endswith(".")] == []
    shown = [*ours(bpy.types.Panel), *ours(bpy.types.UIList), *ours(bpy.types.Menu)]
    assert shown
    assert [kind.__name__ for kind in shown if not kind.__doc__] == []


def test_every_setting_has_a_tooltip() -> None:
    groups = [kind.bl_rna for kind in (*ours(bpy.types.PropertyGroup), *ours(bpy.types.AddonPreferences))]
    buttons = [getattr(bpy.ops.facert, name).get_rna_type() for name in dir(bpy.ops.facert)]
    settings = {
        name: setting for owner in (*groups, *buttons) for name, setting in settings_of(owner).items()
    }
    assert "Settings.quality" in settings and "Preferences.threads" in settings
    assert [name for name, setting in settings.items() if not setting.description] == []
