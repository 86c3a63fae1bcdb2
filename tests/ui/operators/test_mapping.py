"""The buttons of the mapping table."""

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Take
from facert_blender.retarget.mapping import Row
from facert_blender.ui import casting


def test_a_mapping_is_saved_and_loaded(ana: bpy.types.PropertyGroup, tmp_path: Path) -> None:
    ana.rows[0].gain = 0.3
    rows = casting.read_rows(ana)
    path = str(tmp_path / "Ana.json")
    assert bpy.ops.facert.save_mapping(filepath=path) == {"FINISHED"}
    ana.rows.clear()
    assert bpy.ops.facert.load_mapping(filepath=path) == {"FINISHED"}
    assert casting.read_rows(ana) == rows


@pytest.mark.parametrize("content", ["not a mapping", json.dumps({"version": 99, "rows": []})])
def test_a_mapping_that_cannot_be_read_changes_nothing(
    ana: bpy.types.PropertyGroup, tmp_path: Path, content: str
) -> None:
    rows = casting.read_rows(ana)
    path = tmp_path / "Ana.json"
    path.write_text(content)
    with pytest.raises(RuntimeError, match=r"Ana\.json"):
        bpy.ops.facert.load_mapping(filepath=str(path))
    assert casting.read_rows(ana) == rows


def test_match_brings_the_table_back(ana: bpy.types.PropertyGroup) -> None:
    rows = casting.read_rows(ana)
    ana.rows[0].gain = 0.3
    ana.rows.remove(1)
    assert bpy.ops.facert.match_mapping() == {"FINISHED"}
    assert casting.read_rows(ana) == rows
    ana.preset = "vrm"
    bpy.ops.facert.match_mapping()
    assert len(casting.unmapped(ana)) == len(EXPRESSIONS)


def test_rows_are_added_and_removed(ana: bpy.types.PropertyGroup) -> None:
    rows = casting.read_rows(ana)
    ana.active_row_index = 1
    bpy.ops.facert.mapping_row_add()
    added = Row(rows[1].expression, "", enabled=False)
    assert casting.read_rows(ana) == [*rows[:2], added, *rows[2:]]
    bpy.ops.facert.mapping_row_remove()
    bpy.ops.facert.mapping_row_duplicate()
    assert casting.read_rows(ana) == [*rows[:2], rows[1], *rows[2:]]
    bpy.ops.facert.mapping_row_move(direction="DOWN")
    assert casting.read_rows(ana) == [*rows[:3], rows[1], *rows[3:]]
    bpy.ops.facert.mapping_row_remove()
    assert casting.read_rows(ana) == rows
    ana.rows.clear()
    bpy.ops.facert.mapping_row_add()
    assert casting.read_rows(ana) == [Row("browDownLeft", "", enabled=False)]
    assert ana.active_row == ana.rows[0]


def test_a_table_is_copied(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, make_face: Callable[..., bpy.types.Object]
) -> None:
    with pytest.raises(RuntimeError, match="no other character"):
        bpy.ops.facert.copy_mapping()
    next(row for row in ana.rows if row.expression == "jawOpen").exponent = 2.0
    bo = casting.add_character(scene, [make_face("Bo", "jawOpen")])
    assert bpy.ops.facert.copy_mapping(source="Ana") == {"FINISHED"}
    assert casting.read_rows(bo) == casting.read_rows(scene.facert.characters["Ana"])
    assert {problem.name for problem in bo.problems} == {
        "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight",
    }  # fmt: skip


def test_an_expression_is_shown_and_put_back(ana: bpy.types.PropertyGroup) -> None:
    key = bpy.data.objects["Ana"].data.shape_keys.key_blocks["jawOpen"]
    bpy.ops.facert.show_expression(expression="jawOpen")
    assert (key.value, ana.shown) == (1.0, "jawOpen")
    bpy.ops.facert.show_expression(expression="mouthSmileLeft")
    assert (key.value, ana.shown) == (0.0, "mouthSmileLeft")
    bpy.ops.facert.show_expression(expression="mouthSmileLeft")
    assert ana.shown == ""


def test_nothing_is_shown_while_a_preview_moves_the_cast(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, take: Take
) -> None:
    casting.keep_take(scene, take)
    ana.performer_id = 1
    scene.facert.preview = True
    with pytest.raises(RuntimeError, match="being moved by a preview"):
        bpy.ops.facert.show_expression(expression="jawOpen")
    scene.facert.preview = False
    assert bpy.ops.facert.show_expression(expression="jawOpen") == {"FINISHED"}


def test_only_ambiguous_expressions_are_given_a_target(ana: bpy.types.PropertyGroup) -> None:
    with pytest.raises(RuntimeError, match="jawOpen is not ambiguous"):
        bpy.ops.facert.use_target(expression="jawOpen", target="jawOpen")
