"""Characters, their performers and their tables, as the panel and the command line handle them."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import CharacterError, MappingError, TakeError
from facert_blender.capture.take import Take
from facert_blender.retarget.mapping import Row
from facert_blender.ui import casting

FaceMaker = Callable[..., bpy.types.Object]

ARKIT = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
ROWS = [
    Row("jawOpen", "jawOpen", gain=0.5, offset=0.25, minimum=-0.5, maximum=0.75, combine="MAX"),
    Row("jawLeft", "jaw", gain=-8, minimum=-8, maximum=8, kind="BONE_ROTATION", channel=2, enabled=False),
]


def test_a_character_comes_with_its_mapping(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    item = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    assert scene.facert.active_character == item
    rows = casting.read_rows(item)
    assert {row.target for row in rows if row.enabled} == set(ARKIT)
    assert [row.expression for row in rows if not row.target] == casting.unmapped(item)
    assert [row.expression for row in rows] == sorted([row.expression for row in rows], key=EXPRESSIONS.index)
    assert item.scheme == "ARKit"
    assert not set(ARKIT) & set(casting.unmapped(item))
    assert "browDownLeft" in casting.unmapped(item)


def test_a_character_is_in_the_cast_once(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    face = make_face("Ana", *ARKIT)
    casting.add_character(scene, [face])
    with pytest.raises(CharacterError, match="Ana is in the cast already"):
        casting.add_character(scene, [face])


def test_characters_of_one_name_are_told_apart(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    faces = [make_face(name, *ARKIT) for name in ("Face", "Other", "Third")]
    added = [casting.add_character(scene, [face], "Ana").name for face in faces]
    assert added == ["Ana", "Ana 2", "Ana 3"]
    found = [casting.character_of(item) for item in scene.facert.characters]
    assert [character.meshes for character in found] == [(face,) for face in faces]
    with pytest.raises(CharacterError, match="Ana 2 is in the cast already"):
        casting.add_character(scene, [faces[1]])


def test_a_mesh_without_shape_keys_is_refused(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    with pytest.raises(CharacterError, match="no shape keys"):
        casting.add_character(scene, [make_face("Rock")])
    assert len(scene.facert.characters) == 0


def test_what_cannot_be_matched_is_listed(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    face = make_face("Ana", *ARKIT, "JawOpen")
    face.data.shape_keys.key_blocks["eyeBlinkLeft"].driver_add("value")
    item = casting.add_character(scene, [face])
    problems = {problem.name: (problem.kind, problem.reason) for problem in item.problems}
    assert problems["jawOpen"] == ("AMBIGUOUS", "it could be jawOpen or JawOpen")
    assert problems["eyeBlinkLeft"] == ("NOT_DRIVABLE", "it has a driver")
    assert {"jawOpen", "eyeBlinkLeft", "browDownLeft"} <= set(casting.unmapped(item))


def test_rows_survive_the_table_and_the_file(
    scene: bpy.types.Scene, make_face: FaceMaker, tmp_path: Path
) -> None:
    item = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    casting.write_rows(item, ROWS)
    assert casting.read_rows(item) == ROWS
    path = str(tmp_path / "Ana.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    (item,) = bpy.context.scene.facert.characters
    assert casting.read_rows(item) == ROWS
    assert casting.character_of(item).name == "Ana"


def test_rows_that_do_not_fit_the_character_are_listed(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    item = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    casting.use_rows(item, [Row("jawOpen", "mouth_open")])
    assert [(problem.name, problem.reason) for problem in item.problems] == [
        ("mouth_open", "the character has none of that name")
    ]


def test_chosen_bones_take_the_place_of_those_found(scene: bpy.types.Scene) -> None:
    item = casting.add_demo_character(scene, "Fern")
    assert casting.character_of(item).head_bone == "head"
    item.head_bone, item.jaw_bone, item.neck_bone = "neck", "head", "nonsense"
    character = casting.character_of(item)
    assert (character.head_bone, character.jaw_bone, character.neck_bone) == ("neck", "head", "neck")


def test_a_deleted_character_is_named(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    item = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    bpy.data.objects.remove(bpy.data.objects["Ana"])
    with pytest.raises(CharacterError, match="The objects of Ana are gone"):
        casting.character_of(item)


def test_one_performer_plays_two_characters(scene: bpy.types.Scene, make_face: FaceMaker, take: Take) -> None:
    assert casting.keep_take(scene, take) == scene.facert.take == "duet.mp4"
    for name in ("Ana", "Bo", "Cy"):
        casting.add_character(scene, [make_face(name, *ARKIT)])
    ana, bo, cy = scene.facert.characters
    ana.performer = bo.performer = "1"
    first, second = casting.bake_cast(scene)
    assert (first.character, second.character) == ("Ana", "Bo")
    assert ana.baked == f"{first.keys:,} keys on frames 1 to 10"
    assert cy.baked == ""
    scene.frame_set(10)
    for name, jaw in (("Ana", 1.0), ("Bo", 1.0), ("Cy", 0.0)):
        keys = bpy.data.objects[name].data.shape_keys
        assert keys.key_blocks["jawOpen"].value == pytest.approx(jaw, abs=0.05)


def test_nothing_is_baked_if_anything_is_wrong(
    scene: bpy.types.Scene, make_face: FaceMaker, take: Take
) -> None:
    with pytest.raises(TakeError):
        casting.bake_cast(scene)
    casting.keep_take(scene, take)
    ana = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    with pytest.raises(CharacterError, match="Nobody plays"):
        casting.bake_cast(scene)
    ana.performer_id = 1
    casting.add_character(scene, [make_face("Bo", *ARKIT)]).performer_id = 7
    with pytest.raises(TakeError, match="Performer 7, who plays Bo"):
        casting.bake_cast(scene)
    ana = scene.facert.characters["Ana"]
    assert bpy.data.objects["Ana"].data.shape_keys.animation_data is None
    assert ana.baked == ""


def test_a_table_without_rows_is_refused(scene: bpy.types.Scene, make_face: FaceMaker, take: Take) -> None:
    casting.keep_take(scene, take)
    item = casting.add_character(scene, [make_face("Ana", *ARKIT)])
    item.performer_id = 1
    item.rows.clear()
    with pytest.raises(MappingError, match="press Match"):
        casting.bake_cast(scene)


def test_demo_characters_stand_beside_each_other(scene: bpy.types.Scene) -> None:
    for name in ("Fern", "Coral", "Fern"):
        item = casting.add_demo_character(scene, name)
        assert casting.unmapped(item) == []
    assert [item.name for item in scene.facert.characters] == ["Fern", "Coral", "Fern.001"]
    places = [casting.character_of(item).armature.location.x for item in scene.facert.characters]
    assert places == pytest.approx([0, 0.4, 0.8])
