"""The settings on a scene."""

from collections.abc import Callable
from pathlib import Path

import bpy

from facert_blender.capture.take import Take
from facert_blender.ui import casting


def test_the_source_is_a_path_or_a_camera(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.facert
    settings.path = "//clip.mp4"
    assert Path(settings.source) == tmp_path / "clip.mp4"
    settings.kind, settings.camera = "CAMERA", 2
    assert settings.source == 2


def test_the_take_is_chosen_by_name(scene: bpy.types.Scene, take: Take) -> None:
    settings = scene.facert
    assert settings.take == ""
    first, second = casting.keep_take(scene, take), casting.keep_take(scene, take)
    assert settings.take == settings.take_choice == second != first
    settings.take_choice = first
    assert settings.take == first


def test_a_performer_who_is_not_in_the_take_stays_chosen(
    scene: bpy.types.Scene, take: Take, make_face: Callable[..., bpy.types.Object]
) -> None:
    casting.keep_take(scene, take)
    item = casting.add_character(scene, [make_face("Ana", "jawOpen", "eyeBlinkLeft", "eyeBlinkRight")])
    assert item.performer == "0"
    item.performer = "2"
    assert item.performer_id == 2
    item.performer_id = 9
    assert item.performer == "9"
