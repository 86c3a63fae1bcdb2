"""The list of performers follows the repairs, and its settings become adjustments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import FootageError, RepairError
from facert_blender.capture.repair import Repair
from facert_blender.capture.take import Take
from facert_blender.scene.actions import read_curves
from facert_blender.scene.takes import read, repairs
from facert_blender.ui import casting, performing

JAW = EXPRESSIONS.index("jawOpen")


@pytest.fixture
def stored(scene: bpy.types.Scene, take: Take) -> bpy.types.Collection:
    """The take of two, kept as the active one."""
    scene.render.fps = 24
    take.performers[0].portrait = np.full((96, 96, 3), 200, np.uint8)
    return bpy.data.collections[casting.keep_take(scene, take)]


def people(stored: bpy.types.Collection) -> list[tuple[int, str, int, int]]:
    return [(item.number, item.name, item.first, item.last) for item in stored.facert.performers]


def test_a_kept_take_lists_its_performers(stored: bpy.types.Collection) -> None:
    assert people(stored) == [(1, "Performer 1", 0, 9), (2, "Performer 2", 0, 9)]
    first, second = stored.facert.performers
    assert first.picture.packed_file is not None and tuple(first.picture.preview.image_size) == (96, 96)
    assert second.picture is None


def test_repairs_change_the_list_and_keep_what_was_set(
    scene: bpy.types.Scene, stored: bpy.types.Collection
) -> None:
    stored.facert.performers[1].gaps = "HOLD"
    stored.facert.performers[1].smoothing.jaw = 0.25
    performing.repair(scene, Repair("SPLIT", 1, 6))
    performing.repair(scene, Repair("DELETE", 1))
    assert people(stored) == [(2, "Performer 2", 0, 9), (3, "Performer 3", 6, 9)]
    assert stored.facert.performers[0].gaps == "HOLD"
    assert stored.facert.performers[0].smoothing.jaw == 0.25
    assert [performer.id for performer in read(scene, stored.name, raw=True).performers] == [1, 2]


def test_a_repair_is_taken_back_with_what_needs_it(
    scene: bpy.types.Scene, stored: bpy.types.Collection
) -> None:
    performing.repair(scene, Repair("SPLIT", 1, 6))
    performing.repair(scene, Repair("RENAME", 3, name="Ana"))
    assert performing.take_back(scene, 0) == "Took the repair back, and 1 that needed it."
    assert people(stored) == [(1, "Performer 1", 0, 9), (2, "Performer 2", 0, 9)]
    with pytest.raises(RepairError, match="no such repair"):
        performing.take_back(scene, 0)


def test_a_refused_repair_changes_nothing(scene: bpy.types.Scene, stored: bpy.types.Collection) -> None:
    with pytest.raises(RepairError, match="Choose a frame in between"):
        performing.repair(scene, Repair("SPLIT", 1, 40))
    assert repairs(stored) == [] and len(people(stored)) == 2


def test_names_are_typed_in_the_list(scene: bpy.types.Scene, stored: bpy.types.Collection) -> None:
    first, second = stored.facert.performers
    first.name = "An"
    first.name = " Ana "
    second.name = "Ana"
    assert [item.name for item in stored.facert.performers] == ["Ana", "Ana 2"]
    assert [performer.name for performer in read(scene, stored.name).performers] == ["Ana", "Ana 2"]
    assert len(repairs(stored)) == 2  # the first attempt is forgotten
    second.name = ""
    assert second.name == "Performer 2"


def test_doubts_are_listed_repaired_and_settled(scene: bpy.types.Scene, stored: bpy.types.Collection) -> None:
    [line] = stored.facert.doubts  # both are at the same place all along
    assert (line.performer, line.other, line.repair) == (1, 2, "SWAP")
    assert performing.described(stored, performing.offer(line)) == (
        f"Swap Performer 1 and Performer 2 from {line.frame}"
    )
    performing.repair(scene, performing.settle(line))
    assert len(stored.facert.doubts) == 0
    performing.take_back(scene, 0)
    [line] = stored.facert.doubts
    performing.repair(scene, performing.offer(line))
    assert len(stored.facert.doubts) == 0
    assert repairs(stored)[0].kind == "SWAP"


def test_frames_of_footage_and_timeline(scene: bpy.types.Scene, take: Take, stored: object) -> None:
    scene.render.fps = 48
    scene.facert.start_frame = 101
    assert performing.scene_frame_of(scene, take, 6) == 113
    for frame, expected in ((101, 0), (113, 6), (114, 6), (119, 9), (1, 0), (500, 19)):
        scene.frame_set(frame)
        assert performing.footage_frame(scene, take) == expected


def test_pictures_come_from_the_footage(
    scene: bpy.types.Scene, stored: bpy.types.Collection, square_movie: Callable[..., Path]
) -> None:
    with pytest.raises(FootageError):
        performing.take_pictures(scene)
    stored["footage"] = str(square_movie())
    performing.take_pictures(scene)
    assert all(item.picture.packed_file for item in stored.facert.performers)


def test_settings_become_adjustments(
    scene: bpy.types.Scene, stored: bpy.types.Collection, ana: bpy.types.PropertyGroup
) -> None:
    scene.facert.smoothing = 0.5
    ana.gains.mouth, ana.mirror = 1.5, True
    ana.head_offset = (0, np.radians(20), 0)
    person = stored.facert.performers[0]
    person.smoothing.eyes, person.gaps, person.neutral = 0.2, "EASE", "FRAME"
    person.neutral_frame, person.neutral_head = 0, True
    take = read(scene, stored.name)
    adjustments = performing.adjustments_of(ana, take, take.performers[0])
    assert adjustments.gains["mouth"] == 1.5 and adjustments.gains["jaw"] == 1
    assert adjustments.mirror and adjustments.gaps == "EASE"
    assert adjustments.smoothing["eyes"] == pytest.approx(0.1) and adjustments.smoothing["jaw"] == 0.5
    turn = [np.cos(np.radians(10)), 0, np.sin(np.radians(10)), 0]
    assert adjustments.head_offset == pytest.approx(turn, abs=1e-6)
    # The median of the first three frames, a tenth of a second.
    assert adjustments.neutral[JAW] == pytest.approx(1 / 9)
    assert adjustments.neutral_rotation == pytest.approx([1, 0, 0, 0])


def test_nothing_is_taken_off_as_captured(
    scene: bpy.types.Scene, stored: bpy.types.Collection, ana: bpy.types.PropertyGroup
) -> None:
    take = read(scene, stored.name)
    take.performers[0].weights[:, 0] = 0.25
    assert performing.adjustments_of(ana, take, take.performers[0]).neutral[0] == pytest.approx(0.25)
    stored.facert.performers[0].neutral = "NONE"
    assert performing.adjustments_of(ana, take, take.performers[0]).neutral.max() == 0


def test_the_bake_follows_the_adjustments(
    scene: bpy.types.Scene, stored: bpy.types.Collection, ana: bpy.types.PropertyGroup
) -> None:
    scene.facert.smoothing = 0
    ana.performer_id = 1
    ana.gains.jaw = 0.5
    stored.facert.performers[0].neutral = "NONE"
    casting.bake_cast(scene)
    keys = ana.parts[0].object.data.shape_keys
    _, values = read_curves(keys)['key_blocks["jawOpen"].value', 0]
    assert (values[0], values[-1]) == pytest.approx((0, 0.5), abs=1e-6)
