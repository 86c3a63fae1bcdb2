"""The buttons: when they are grey and why, what they change, and what they say when they cannot."""

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Take, load_take, save_take
from facert_blender.capture.worker import CaptureWorker
from facert_blender.scene.takes import names
from facert_blender.ui import casting
from facert_blender.ui.operators import kept
from facert_blender.ui.running import running

FaceMaker = Callable[..., bpy.types.Object]

ARKIT = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")


@pytest.fixture
def ana(scene: bpy.types.Scene, make_face: FaceMaker) -> bpy.types.PropertyGroup:
    """A character in the cast."""
    make_face("Ana", *ARKIT)
    assert bpy.ops.facert.add_character() == {"FINISHED"}
    return scene.facert.characters["Ana"]


def baked_actions() -> set[str]:
    """The names of the Actions baked onto Ana: several before Blender 4.4, where an Action has no slots."""
    return {action.name for action in bpy.data.actions if action.name.startswith("duet.mp4 · Ana")}


@pytest.mark.parametrize(
    ("operator", "reason"),
    [
        ("capture", "Choose a movie"),
        ("finish_capture", "No capture is running"),
        ("cancel_capture", "No capture is running"),
        ("export_take", "Capture footage first"),
        ("export_csv", "Capture footage first"),
        ("add_character", "Select a mesh"),
        ("remove_character", "Add a character"),
        ("match_mapping", "Add a character"),
        ("load_mapping", "Add a character"),
        ("save_mapping", "Add a character"),
        ("mapping_row_add", "Add a character"),
        ("mapping_row_remove", "Choose a row"),
        ("bake", "Capture footage first"),
    ],
)
def test_a_grey_button_says_why(operator: str, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason):
        getattr(bpy.ops.facert, operator)()


def test_bake_is_grey_until_somebody_plays(scene: bpy.types.Scene, take: Take, make_face: FaceMaker) -> None:
    casting.keep_take(scene, take)
    with pytest.raises(RuntimeError, match="Add a character"):
        bpy.ops.facert.bake()
    make_face("Ana", *ARKIT)
    bpy.ops.facert.add_character()
    with pytest.raises(RuntimeError, match="Choose who plays"):
        bpy.ops.facert.bake()


def test_only_one_capture_runs(
    scene: bpy.types.Scene, square_movie: Callable[..., Path], weights: Path
) -> None:
    scene.facert.path = "clip.mp4"
    running.start(CaptureWorker(square_movie(frames=600), weights=weights))
    try:
        with pytest.raises(RuntimeError, match="Press Esc"):
            bpy.ops.facert.capture()
    finally:
        running.close()


def test_a_script_must_say_how_long_a_camera_runs(scene: bpy.types.Scene) -> None:
    scene.facert.kind = "CAMERA"
    with pytest.raises(RuntimeError, match="Set a range"):
        bpy.ops.facert.capture()


def test_damaged_footage_is_told(scene: bpy.types.Scene, take: Take) -> None:
    take.notice = "duet.mp4 is damaged."
    assert kept(scene, take) == "duet.mp4: 2 performers in 10 frames. duet.mp4 is damaged."


def test_missing_footage_is_a_sentence(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.facert.path = str(tmp_path / "nowhere.mp4")
    with pytest.raises(RuntimeError, match=r"nowhere\.mp4 does not exist"):
        bpy.ops.facert.capture()


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
    scene.facert.overwrite = True
    bpy.ops.facert.bake()
    assert baked_actions() == twice


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


def test_a_removed_character_keeps_its_objects(scene: bpy.types.Scene, ana: bpy.types.PropertyGroup) -> None:
    bpy.ops.facert.add_demo_character(character="Coral")
    scene.facert.character_index = 0
    bpy.ops.facert.remove_character()
    assert [item.name for item in scene.facert.characters] == ["Coral"]
    assert scene.facert.active_character.name == "Coral"
    assert "Ana" in scene.objects
