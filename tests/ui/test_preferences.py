"""What the preferences decide until a scene decides otherwise."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from facert_blender.ui.preferences import takes_path, threads


@pytest.fixture
def preferences() -> Iterator[bpy.types.AddonPreferences]:
    """FaceRT enabled in Blender's preferences."""
    enabled = bpy.context.preferences.addons.new()
    enabled.module = "facert_blender"
    yield enabled.preferences
    bpy.context.preferences.addons.remove(enabled)


def test_a_scene_takes_what_is_preferred_until_it_chooses(
    scene: bpy.types.Scene, preferences: bpy.types.AddonPreferences
) -> None:
    settings = scene.facert
    assert (settings.quality, settings.camera) == ("best", 0)
    preferences.quality, preferences.camera = "fast", 2
    assert (settings.quality, settings.camera) == ("fast", 2)
    settings.quality, settings.camera = "best", 0
    assert (settings.quality, settings.camera) == ("best", 0)
    assert bpy.data.scenes.new("Other").facert.quality == "fast"


def test_defaults_stand_where_nothing_can_be_preferred(scene: bpy.types.Scene) -> None:
    assert (scene.facert.quality, scene.facert.camera, threads()) == ("best", 0, None)


def test_threads_are_preferred(preferences: bpy.types.AddonPreferences) -> None:
    assert threads() is None
    preferences.threads = 3
    assert threads() == 3


def test_files_go_where_it_is_preferred(preferences: bpy.types.AddonPreferences, tmp_path: Path) -> None:
    assert Path(takes_path("duet.json")) == Path.home() / "duet.json"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert Path(takes_path("a/b.json")) == tmp_path / "a_b.json"
    preferences.takes_folder = str(tmp_path / "takes")
    assert Path(takes_path("duet.json")) == tmp_path / "takes" / "duet.json"
    assert takes_path() == f"{tmp_path / 'takes'}/"
