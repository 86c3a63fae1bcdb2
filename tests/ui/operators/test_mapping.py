"""The buttons of the mapping table."""

import json
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.contract import EXPRESSIONS
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
    assert casting.read_rows(ana) == [*rows[:2], rows[1], *rows[2:]]
    assert ana.active_row_index == 2
    bpy.ops.facert.mapping_row_remove()
    assert casting.read_rows(ana) == rows
    ana.rows.clear()
    bpy.ops.facert.mapping_row_add()
    assert [row.target for row in casting.read_rows(ana)] == [""]
    assert ana.active_row == ana.rows[0]
