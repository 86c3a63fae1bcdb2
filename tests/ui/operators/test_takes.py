"""Takes in and out of files."""

import json
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.take import Take, load_take, save_take
from facert_blender.scene.takes import names, read
from facert_blender.ui import casting
from facert_blender.ui.operators.takes import kept


def test_damaged_footage_is_told(scene: bpy.types.Scene, take: Take) -> None:
    take.notice = "duet.mp4 is damaged."
    assert kept(scene, take) == "duet.mp4: 2 performers in 10 frames. duet.mp4 is damaged."


def test_the_take_is_exported(scene: bpy.types.Scene, take: Take, tmp_path: Path) -> None:
    casting.keep_take(scene, take)
    path = tmp_path / "Aufnahme 1 ü.json"
    assert bpy.ops.facert.export_take(filepath=str(path)) == {"FINISHED"}
    assert [performer.id for performer in load_take(path).performers] == [1, 2]
    assert bpy.ops.facert.export_csv(directory=str(tmp_path / "tables")) == {"FINISHED"}
    assert sorted(file.name for file in (tmp_path / "tables").iterdir()) == [
        "duet.mp4 Performer 1.csv",
        "duet.mp4 Performer 2.csv",
    ]


def test_an_exported_take_is_imported(
    scene: bpy.types.Scene, take: Take, ana: bpy.types.PropertyGroup, tmp_path: Path
) -> None:
    path = tmp_path / "Aufnahme 1 ü.json"
    save_take(take, path)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.facert.import_take(filepath=str(path)) == {"FINISHED"}
    assert scene.facert.take == "duet.mp4"
    ana.performer_id = 1
    assert bpy.ops.facert.bake() == {"FINISHED"}
    assert bpy.ops.facert.import_take(filepath=str(path)) == {"FINISHED"}
    assert scene.facert.take == "duet.mp4.001"
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert names(bpy.context.scene) == []


@pytest.mark.parametrize("content", ["not a take", json.dumps({"version": 99})])
def test_a_take_that_cannot_be_read_changes_nothing(
    scene: bpy.types.Scene, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "take.json"
    path.write_text(content)
    with pytest.raises(RuntimeError, match=r"take\.json"):
        bpy.ops.facert.import_take(filepath=str(path))
    assert names(scene) == []


def test_an_export_that_cannot_be_written_is_a_sentence(
    scene: bpy.types.Scene, take: Take, tmp_path: Path
) -> None:
    casting.keep_take(scene, take)
    (tmp_path / "file").write_text("here before")
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.facert.export_take(filepath=str(tmp_path / "file" / "take.json"))
    with pytest.raises(RuntimeError, match="cannot be made"):
        bpy.ops.facert.export_csv(directory=str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "here before"


def test_tables_of_phones_become_one_take(scene: bpy.types.Scene, take: Take, tmp_path: Path) -> None:
    casting.keep_take(scene, take)
    bpy.ops.facert.export_csv(directory=str(tmp_path))
    chosen = [{"name": path.name} for path in sorted(tmp_path.iterdir())]
    assert bpy.ops.facert.import_csv(directory=str(tmp_path), files=chosen, fps=24) == {"FINISHED"}
    assert scene.facert.take == "duet.mp4 Performer 1"
    assert len(read(scene, scene.facert.take).performers) == 2
    assert bpy.ops.facert.import_csv(filepath=str(tmp_path / chosen[1]["name"])) == {"FINISHED"}
    assert len(read(scene, scene.facert.take).performers) == 1


def test_other_tables_change_nothing(scene: bpy.types.Scene, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("apples,1\n")
    with pytest.raises(RuntimeError, match="no table of Live Link Face"):
        bpy.ops.facert.import_csv(filepath=str(tmp_path / "prices.csv"))
    assert names(scene) == []
