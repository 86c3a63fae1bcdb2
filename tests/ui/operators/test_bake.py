"""The button that writes the Actions."""

from collections.abc import Callable

import bpy
import pytest

from facert_blender.capture.take import Take
from facert_blender.ui import casting
from tests.ui.snapshot import snapshot

ARKIT = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
FaceMaker = Callable[..., bpy.types.Object]


def baked_actions() -> set[str]:
    """The names of the Actions baked onto Ana: several before Blender 4.4, where an Action has no slots."""
    return {action.name for action in bpy.data.actions if action.name.startswith("duet.mp4 · Ana")}


def test_bake_is_grey_until_somebody_plays(scene: bpy.types.Scene, take: Take, make_face: FaceMaker) -> None:
    casting.keep_take(scene, take)
    with pytest.raises(RuntimeError, match="Add a character"):
        bpy.ops.facert.bake()
    make_face("Ana", *ARKIT)
    bpy.ops.facert.add_character()
    with pytest.raises(RuntimeError, match="Choose who plays"):
        bpy.ops.facert.bake()


def test_bake_writes_actions_and_undo_takes_them_back(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.facert.bake() == {"FINISHED"}
    assert baked_actions()
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert not baked_actions()
    assert bpy.context.scene.facert.characters["Ana"].performer_id == 1


def test_baking_again_numbers_or_overwrites(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    bpy.ops.facert.bake()
    once = baked_actions()
    bpy.ops.facert.bake()
    twice = baked_actions()
    assert twice == once | {f"{name}.001" for name in once}
    scene.facert.bake.overwrite = True
    bpy.ops.facert.bake()
    assert baked_actions() == twice


@pytest.mark.parametrize("destination", ["CURRENT", "NLA"])
def test_undo_takes_back_a_bake_to_wherever(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup, destination: str
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    bpy.ops.facert.bake()
    scene.facert.bake.destination = destination
    scene.facert.bake.use_range, scene.facert.bake.end = True, 5
    bpy.ops.ed.undo_push(message="before")
    before = snapshot()
    assert bpy.ops.facert.bake("EXEC_DEFAULT", True) == {"FINISHED"}
    after = snapshot()
    assert after != before
    bpy.ops.ed.undo()
    assert snapshot() == before
    bpy.ops.ed.redo()
    assert snapshot() == after


def test_bake_is_grey_where_there_is_nothing_to_bake(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    scene.facert.bake.use_range = True
    scene.facert.bake.start, scene.facert.bake.end = 10, 10
    with pytest.raises(RuntimeError, match="ends before it begins"):
        bpy.ops.facert.bake()
    scene.facert.bake.use_range = False
    scene.facert.bake.regions = set()
    with pytest.raises(RuntimeError, match="Choose which parts"):
        bpy.ops.facert.bake()


def test_the_preview_gives_way_to_what_is_baked(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    jaw = scene.objects["Ana"].data.shape_keys.key_blocks["jawOpen"]
    jaw.value = 0.125
    scene.facert.preview = True
    bpy.ops.facert.bake()
    assert not scene.facert.preview
    scene.frame_set(10)
    shown = jaw.value
    assert shown > 0.5
    bpy.ops.facert.bake()
    assert jaw.value == shown


def test_missing_sound_is_told(scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    bpy.ops.facert.bake()
    assert "duet.mp4" in scene.facert.bake.silence
    scene.facert.bake.sound = False
    bpy.ops.facert.bake()
    assert scene.facert.bake.silence == ""
