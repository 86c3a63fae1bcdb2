"""The timeline shows what a bake would make, gives everything back, and does not fight Actions."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from facert_blender.capture.take import Take
from facert_blender.ui import casting
from facert_blender.ui.last_take import last_take


@pytest.fixture(autouse=True)
def cast(scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup:
    """Ana, whose jaw is at 0.3 of its own, is played by the one whose jaw opens within ten frames."""
    scene.render.fps = 24
    scene.facert.smoothing = 0
    name = casting.keep_take(scene, take)
    for item in bpy.data.collections[name].facert.performers:
        item.neutral = "NONE"
    ana.performer_id = 1
    ana.parts[0].object.data.shape_keys.key_blocks["jawOpen"].value = 0.3
    scene.frame_set(10)
    return ana


def jaw() -> float:
    """What the viewport shows."""
    face = bpy.data.objects["Ana"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    return face.data.shape_keys.key_blocks["jawOpen"].value


def test_scrubbing_shows_the_take_and_gives_it_back(scene: bpy.types.Scene) -> None:
    assert jaw() == pytest.approx(0.3)
    scene.facert.preview = True
    assert jaw() == pytest.approx(1)
    scene.frame_set(4)
    assert jaw() == pytest.approx(3 / 9)
    scene.facert.preview = False
    assert jaw() == pytest.approx(0.3)
    scene.frame_set(7)
    assert jaw() == pytest.approx(0.3)


def test_nothing_is_keyed(scene: bpy.types.Scene) -> None:
    before = len(bpy.data.actions)
    scene.facert.preview = True
    scene.frame_set(4)
    assert len(bpy.data.actions) == before
    assert bpy.data.objects["Ana"].data.shape_keys.animation_data is None


def test_settings_show_at_once(scene: bpy.types.Scene, cast: bpy.types.PropertyGroup) -> None:
    scene.facert.preview = True
    cast.gains.jaw = 0.5
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.5)
    row = next(row for row in cast.rows if row.expression == "jawOpen")
    row.gain = 0.4
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.2)
    person = bpy.data.collections[scene.facert.take].facert.performers[0]
    person.neutral, person.neutral_frame = "FRAME", 9
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.2 * (1 - 8 / 9) * 9, abs=0.1)


def test_a_preview_shows_what_the_bake_makes(scene: bpy.types.Scene, cast: bpy.types.PropertyGroup) -> None:
    scene.facert.smoothing = 1
    cast.gains.jaw = 0.7
    scene.facert.preview = True
    shown = []
    for frame in range(1, 11):
        scene.frame_set(frame)
        shown.append(jaw())
    scene.facert.preview = False
    casting.bake_cast(scene)
    baked = []
    for frame in range(1, 11):
        scene.frame_set(frame)
        baked.append(jaw())
    assert shown == pytest.approx(baked, abs=1e-5)
    assert np.ptp(shown) > 0.5


def test_a_preview_wins_over_an_action_and_leaves_it_alone(
    scene: bpy.types.Scene, cast: bpy.types.PropertyGroup
) -> None:
    casting.bake_cast(scene)
    action = bpy.data.objects["Ana"].data.shape_keys.animation_data.action
    cast.gains.jaw = 0.5
    scene.frame_set(4)
    assert jaw() == pytest.approx(3 / 9)
    scene.facert.preview = True
    assert jaw() == pytest.approx(3 / 18)
    scene.frame_set(10)
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.5)
    scene.facert.preview = False
    assert jaw() == pytest.approx(1)
    assert bpy.data.objects["Ana"].data.shape_keys.animation_data.action == action


def test_who_does_not_play_any_more_is_as_before(
    scene: bpy.types.Scene, cast: bpy.types.PropertyGroup
) -> None:
    scene.facert.preview = True
    cast.performer_id = 0
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.3)
    cast.performer_id = 1
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(1)
    bpy.ops.facert.remove_character()
    bpy.context.view_layer.update()
    assert jaw() == pytest.approx(0.3)


def test_a_deleted_character_and_a_lost_take_do_no_harm(scene: bpy.types.Scene) -> None:
    scene.facert.preview = True
    bpy.data.objects.remove(bpy.data.objects["Ana"])
    scene.frame_set(5)
    bpy.data.collections.remove(bpy.data.collections[scene.facert.take])
    scene.frame_set(6)
    scene.facert.preview = False


def test_undo_and_redo_while_it_is_on(scene: bpy.types.Scene) -> None:
    bpy.ops.ed.undo_push(message="before")
    scene.facert.preview = True
    bpy.ops.ed.undo_push(message="preview")
    bpy.ops.ed.undo()
    assert not bpy.context.scene.facert.preview
    assert jaw() == pytest.approx(0.3)
    bpy.ops.ed.redo()
    bpy.context.scene.frame_set(4)
    assert jaw() == pytest.approx(3 / 9)
    bpy.context.scene.facert.preview = False
    assert jaw() == pytest.approx(0.3)


def test_a_take_is_read_once(scene: bpy.types.Scene) -> None:
    scene.facert.preview = True
    first = last_take.of(scene)
    scene.frame_set(4)
    assert last_take.of(scene) is first
    bpy.ops.facert.delete_performer()
    assert last_take.of(scene) is not first
