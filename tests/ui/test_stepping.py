"""The bake in the window: slices, the end, and being stopped."""

from collections.abc import Callable, Iterator

import bpy
import pytest

from facert_blender.capture.errors import TakeError
from facert_blender.capture.take import Take
from facert_blender.scene.bake import WRITING, BakeReport
from facert_blender.ui import casting
from facert_blender.ui.stepping import SteppingBake

FaceMaker = Callable[..., bpy.types.Object]


@pytest.fixture
def cast(scene: bpy.types.Scene, take: Take, make_face: FaceMaker) -> list[bpy.types.PropertyGroup]:
    """Two characters, played by the two performers of the take."""
    casting.keep_take(scene, take)
    items = []
    for number, name in enumerate(("Ana", "Ben"), 1):
        bpy.ops.object.select_all(action="DESELECT")
        item = casting.add_character(scene, [make_face(name, "jawOpen", "eyeBlinkLeft")])
        item.performer_id = number
        items.append(item.name)
    return [scene.facert.characters[name] for name in items]


def slices(bake: SteppingBake) -> Iterator[float]:
    """Do slices of `bake` until it is done; yields how far it is after each."""
    while bake.step() is None and bake.active:
        yield bake.progress


def test_slices_bake_the_whole_cast(scene: bpy.types.Scene, cast: list[bpy.types.PropertyGroup]) -> None:
    bake = SteppingBake()
    bake.start(casting.baking_cast(scene))
    assert bake.active and bake.stoppable
    for share in slices(bake):
        assert 0 <= share <= 1
        assert bake.stoppable == (share < WRITING)
    assert not bake.active and not bake.stoppable
    assert [bool(item.baked) for item in cast] == [True, True]
    assert scene.objects["Ana"].data.shape_keys.animation_data.action


def test_closing_writes_nothing(scene: bpy.types.Scene, cast: list[bpy.types.PropertyGroup]) -> None:
    before = set(bpy.data.actions)
    bake = SteppingBake()
    bake.start(casting.baking_cast(scene))
    bake.close()
    assert not bake.active
    assert bake.step() is None
    assert set(bpy.data.actions) == before
    assert [item.baked for item in cast] == ["", ""]


def test_one_step_may_be_all_that_fits_into_a_slice() -> None:
    def work() -> Iterator[float]:
        yield 0.25
        yield 0.5
        return [BakeReport("Ana", "Performer 1")]

    bake = SteppingBake()
    bake.start(work())
    reports = bake.step()
    assert reports and reports[0].character == "Ana"
    assert bake.progress == 0


def test_what_fails_is_over(scene: bpy.types.Scene, cast: list[bpy.types.PropertyGroup]) -> None:
    scene.facert.bake.use_range = True
    scene.facert.bake.start, scene.facert.bake.end = 500, 600
    before = set(bpy.data.actions)
    bake = SteppingBake()
    bake.start(casting.baking_cast(scene))
    with pytest.raises(TakeError, match="Performer 1 and Performer 2 cannot be seen"):
        list(slices(bake))
    assert not bake.active
    assert set(bpy.data.actions) == before
