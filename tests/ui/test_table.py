"""Rows, a look at one expression, more parts for a character."""

from collections.abc import Callable

import bpy
import pytest

from facert_blender.capture.errors import CharacterError
from facert_blender.retarget.mapping import Row
from facert_blender.ui import casting, table
from facert_blender.ui.panels.mapping import listing

FaceMaker = Callable[..., bpy.types.Object]


def names(item: bpy.types.PropertyGroup) -> list[str]:
    return [row.expression for row in item.rows]


def value(thing: bpy.types.Object, key: str) -> float:
    return thing.data.shape_keys.key_blocks[key].value


def test_rows_come_below_the_chosen_one(ana: bpy.types.PropertyGroup) -> None:
    before = casting.read_rows(ana)
    ana.active_row_index = 3
    table.add_row(ana, Row("jawOpen", "jawOpen", gain=0.5, exponent=2.0))
    rows = casting.read_rows(ana)
    assert rows[:4] + rows[5:] == before
    assert rows[4] == Row("jawOpen", "jawOpen", gain=0.5, exponent=2.0)
    assert ana.active_row_index == 4


def test_rows_move_as_far_as_the_table_goes(ana: bpy.types.PropertyGroup) -> None:
    first, second, *_ = names(ana)
    ana.active_row_index = 1
    table.move_row(ana, -1)
    assert names(ana)[:2] == [second, first]
    table.move_row(ana, -1)
    assert (names(ana)[:2], ana.active_row_index) == ([second, first], 0)
    ana.active_row_index = len(ana.rows) - 1
    table.move_row(ana, 1)
    assert ana.active_row_index == len(ana.rows) - 1


def test_a_row_that_is_given_a_target_is_on(ana: bpy.types.PropertyGroup) -> None:
    waiting = next(row for row in ana.rows if row.expression == "cheekPuff")
    assert not waiting.enabled
    waiting.target = "jawOpen"
    assert waiting.enabled
    assert "cheekPuff" not in casting.unmapped(ana)


def test_one_of_several_targets_is_used(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    item = casting.add_character(scene, [make_face("Bo", "jawOpen", "JawOpen", "eyeBlinkLeft")])
    assert item.problems["jawOpen"].choices.splitlines() == ["jawOpen", "JawOpen"]
    table.use_target(item, "jawOpen", "JawOpen")
    assert [row.target for row in item.rows if row.expression == "jawOpen"] == ["JawOpen"]
    assert "jawOpen" not in item.problems
    assert "jawOpen" not in casting.unmapped(item)


@pytest.mark.parametrize(
    ("show", "search", "expected"),
    [
        ("ALL", "jawopen", ["jawOpen"]),
        ("ALL", "BLINKL", ["eyeBlinkLeft", "eyeLookDownLeft"]),
        ("ON", "mouthSmile", ["mouthSmileLeft", "mouthSmileRight"]),
        ("OFF", "", ["eyeBlinkRight"]),
        ("AMBIGUOUS", "", []),
        ("UNMATCHED", "mouthSmile", []),
        ("UNMATCHED", "brow", 6),
    ],
)
def test_search_and_filter(
    ana: bpy.types.PropertyGroup, show: str, search: str, expected: list[str] | int
) -> None:
    next(row for row in ana.rows if row.expression == "eyeBlinkRight").enabled = False
    listed = [row.expression for row, one in zip(ana.rows, listing(ana, show, search), strict=True) if one]
    assert (len(listed) if isinstance(expected, int) else listed) == expected


def test_rows_of_absent_targets_count_as_unmatched(ana: bpy.types.PropertyGroup) -> None:
    casting.use_rows(ana, [Row("jawOpen", "mouth_open"), Row("eyeBlinkLeft", "eyeBlinkLeft")])
    assert listing(ana, "UNMATCHED", "") == [True, False]


def test_ambiguous_rows_are_found(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    item = casting.add_character(scene, [make_face("Bo", "jawOpen", "JawOpen", "eyeBlinkLeft")])
    assert [
        row.expression for row, one in zip(item.rows, listing(item, "AMBIGUOUS", ""), strict=True) if one
    ] == ["jawOpen"]


def test_a_shown_expression_follows_the_table_and_is_put_back(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup
) -> None:
    face = bpy.data.objects["Ana"]
    keys = face.data.shape_keys.key_blocks
    keys["jawOpen"].value, keys["mouthSmileLeft"].value = 0.25, 0.5
    table.show(ana, "jawOpen")
    assert (value(face, "jawOpen"), value(face, "mouthSmileLeft")) == (1.0, 0.0)
    next(row for row in ana.rows if row.expression == "jawOpen").gain = 0.5
    assert value(face, "jawOpen") == 0.5
    table.show(ana, "mouthSmileLeft")
    assert (value(face, "jawOpen"), value(face, "mouthSmileLeft")) == (0.0, 1.0)
    table.put_back(scene)
    assert (value(face, "jawOpen"), value(face, "mouthSmileLeft")) == (0.25, 0.5)
    assert ana.shown == ""


def test_another_character_shows_only_one_at_a_time(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, make_face: FaceMaker
) -> None:
    bo = casting.add_character(scene, [make_face("Bo", "jawOpen", "eyeBlinkLeft")])
    table.show(scene.facert.characters["Ana"], "jawOpen")
    table.show(bo, "jawOpen")
    assert (value(bpy.data.objects["Ana"], "jawOpen"), value(bpy.data.objects["Bo"], "jawOpen")) == (0.0, 1.0)


def test_a_deleted_character_shows_nothing(scene: bpy.types.Scene, ana: bpy.types.PropertyGroup) -> None:
    table.show(ana, "jawOpen")
    bpy.data.objects.remove(bpy.data.objects["Ana"])
    ana.rows[0].gain = 0.5
    assert ana.shown == ""
    table.put_back(scene)


def test_more_parts_add_their_rows_and_keep_what_was_set(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, make_face: FaceMaker
) -> None:
    next(row for row in ana.rows if row.expression == "jawOpen").gain = 0.7
    lashes = make_face("Lashes", "eyeWideLeft", "jawOpen", "Lash_Curl")
    assert table.add_parts(ana, [lashes]) == 1
    assert {mesh.name for mesh in casting.character_of(ana).meshes} == {"Ana", "Lashes"}
    rows = {row.expression: row for row in casting.read_rows(ana)}
    assert rows["eyeWideLeft"].target == "eyeWideLeft"
    assert rows["jawOpen"].gain == pytest.approx(0.7)
    assert len(ana.rows) == len({row.expression for row in ana.rows})


def test_parts_belong_to_one_character(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, make_face: FaceMaker
) -> None:
    bo = make_face("Bo", "jawOpen", "eyeBlinkLeft")
    casting.add_character(scene, [bo])
    with pytest.raises(CharacterError, match="Bo belongs to Bo"):
        table.add_parts(scene.facert.characters["Ana"], [bo])
