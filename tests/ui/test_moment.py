"""What rows give at the current frame."""

import bpy
import pytest

from facert_blender.capture.take import Take
from facert_blender.ui import casting
from facert_blender.ui.moment import moment


def seen(scene: bpy.types.Scene, item: bpy.types.PropertyGroup, frame: int) -> float | None:
    scene.frame_set(frame)
    moment.look(scene, item)
    return moment.value(next(row for row in item.rows if row.expression == "jawOpen"))


def test_values_are_those_of_the_frame(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    scene.render.fps = 24
    assert seen(scene, ana, 1) is None
    casting.keep_take(scene, take)
    assert seen(scene, ana, 1) is None
    ana.performer_id = 1
    assert seen(scene, ana, 1) == pytest.approx(0)
    assert seen(scene, ana, 10) == pytest.approx(1)
    row = next(row for row in ana.rows if row.expression == "jawOpen")
    row.gain = 0.5
    assert seen(scene, ana, 10) == pytest.approx(0.5)
    row.enabled = False
    assert seen(scene, ana, 10) is None
    row.enabled = True
    assert seen(scene, ana, 100) is None


def test_another_performer_and_start_frame(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    scene.render.fps = 24
    casting.keep_take(scene, take)
    ana.performer_id = 2
    assert seen(scene, ana, 10) == pytest.approx(0)
    ana.performer_id = 1
    scene.facert.start_frame = 11
    assert seen(scene, ana, 20) == pytest.approx(1)
    ana.performer_id = 9
    assert seen(scene, ana, 20) is None


def test_a_new_take_is_read(scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup) -> None:
    scene.render.fps = 24
    casting.keep_take(scene, take)
    ana.performer_id = 1
    assert seen(scene, ana, 10) == pytest.approx(1)
    take.performers[0].weights *= 0.5
    casting.keep_take(scene, take)
    assert seen(scene, ana, 10) == pytest.approx(0.5)
