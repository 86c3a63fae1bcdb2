"""Moving characters without keys: the same as a bake, and nothing is left of it afterwards."""

import bpy
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.retarget.mapping import Row, evaluate
from facert_blender.scene.bake import bake
from facert_blender.scene.characters import find_character
from facert_blender.scene.drive import Whereabouts, borrow, borrowed, drive, give_back, remember, restore
from facert_blender.scene.orientation import head_frame

ROWS = [
    Row("jawOpen", "jawOpen"),
    Row("jawOpen", "jaw", kind="BONE_ROTATION", gain=20, maximum=30),
    Row("jawForward", "jaw", kind="BONE_LOCATION", channel=2, gain=0.2),
]
TILTED = np.array([0.9, 0.1, 0.4, -0.1]) / np.linalg.norm([0.9, 0.1, 0.4, -0.1])


def state(*things):
    """All that a character may be moved by, as plain numbers."""
    bpy.context.view_layer.update()
    numbers = []
    for thing in things:
        shape_keys = thing.data.shape_keys if thing.type == "MESH" else None
        numbers += [key.value for key in shape_keys.key_blocks] if shape_keys else []
        numbers += np.array(thing.matrix_world).ravel().tolist()
        for bone in thing.pose.bones if thing.type == "ARMATURE" else ():
            numbers += np.array(bone.matrix).ravel().tolist()
    return np.array(numbers)


def weights(**expressions):
    """Weights (1, 46)."""
    row = np.zeros((1, len(EXPRESSIONS)), np.float32)
    for name, weight in expressions.items():
        row[0, EXPRESSIONS.index(name)] = weight
    return row


@pytest.fixture
def rig(make_armature, make_mesh, bind):
    """A mesh with shape keys on an armature, and the armature."""
    armature, mesh = make_armature(roll=30), make_mesh("Fern", ["jawOpen", "mouthFunnel"])
    bind(armature, "head", mesh)
    return mesh, armature


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_drives_as_a_bake_does(scene, make_take, rig, mode):
    mesh, armature = rig
    for bone in armature.pose.bones:
        bone.rotation_mode = mode
    take = make_take([0.0, 0.1])
    performer = take.performers[0]
    performer.weights[:] = weights(jawOpen=0.6, jawForward=0.5)
    performer.rotation[:] = TILTED
    character = find_character([mesh])
    kept = remember(character, ROWS)
    drive(character, evaluate(ROWS, performer.weights[:1]), performer.rotation[0])
    driven = state(mesh, armature)
    restore(kept)
    bake(take, performer, character, ROWS, scene=scene)
    scene.frame_set(1)
    assert state(mesh, armature) == pytest.approx(driven, abs=1e-5)
    assert mesh.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.6)


def test_a_head_without_bones_turns_as_an_object(make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    mesh.rotation_euler = (0.1, 0.2, 0.3)
    character = find_character([mesh])
    before, kept = state(mesh), remember(character, ROWS)
    drive(character, evaluate(ROWS[:1], weights(jawOpen=1)), TILTED)
    assert np.abs(state(mesh) - before).max() > 0.1
    restore(kept)
    assert state(mesh) == pytest.approx(before)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_everything_is_given_back(rig, mode):
    mesh, armature = rig
    mesh.data.shape_keys.key_blocks["jawOpen"].value = 0.2
    mesh.data.shape_keys.key_blocks["mouthFunnel"].value = 0.7
    for bone in armature.pose.bones:
        bone.rotation_mode = mode
    armature.pose.bones["jaw"].location = (0.1, 0.2, 0.3)
    armature.pose.bones["head"].rotation_euler = (0.3, 0, 0)
    armature.pose.bones["head"].rotation_quaternion = (0.8, 0.6, 0, 0)
    character = find_character([mesh])
    before, kept = state(mesh, armature), remember(character, ROWS)
    drive(character, evaluate(ROWS, weights(jawOpen=1, jawForward=1)), TILTED)
    assert mesh.data.shape_keys.key_blocks["mouthFunnel"].value == pytest.approx(0.7)
    restore(kept)
    assert state(mesh, armature) == pytest.approx(before, abs=1e-6)


def test_rows_that_are_off_move_and_keep_nothing(rig):
    mesh, _ = rig
    row = Row("jawOpen", "jawOpen", enabled=False)
    character = find_character([mesh])
    assert mesh.name not in remember(character, [row])
    drive(character, evaluate([row], weights(jawOpen=1)))
    assert mesh.data.shape_keys.key_blocks["jawOpen"].value == 0


def test_what_was_deleted_is_passed_over(rig):
    mesh, armature = rig
    kept = remember(find_character([mesh]), ROWS)
    mesh.shape_key_remove(mesh.data.shape_keys.key_blocks["jawOpen"])
    bpy.data.objects.remove(armature)
    restore(kept)
    assert mesh.name in bpy.data.objects


def test_the_scene_keeps_what_was_there_first(scene, rig):
    mesh, _ = rig
    character = find_character([mesh])
    jaw = mesh.data.shape_keys.key_blocks["jawOpen"]
    jaw.value = 0.3
    borrow(scene, remember(character, ROWS[:1]))
    drive(character, evaluate(ROWS[:1], weights(jawOpen=1)))
    funnel = [*ROWS[:1], Row("mouthFunnel", "mouthFunnel")]
    borrow(scene, remember(character, funnel))
    drive(character, evaluate(funnel, weights(jawOpen=1, mouthFunnel=1)))
    give_back(scene)
    assert jaw.value == pytest.approx(0.3)
    assert mesh.data.shape_keys.key_blocks["mouthFunnel"].value == 0
    assert borrowed(scene) == {}
    jaw.value = 0.5
    give_back(scene)
    assert jaw.value == 0.5


def test_characters_are_found_again_by_name(scene, rig):
    mesh, _armature = rig
    found = find_character([mesh])
    whereabouts = Whereabouts(found)
    bpy.ops.ed.undo_push(message="before")
    mesh.location.x = 1
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    again = whereabouts.find()
    assert again.armature == bpy.data.objects[again.armature.name]
    assert [thing.name for thing in again.meshes] == ["Fern"]
    assert (again.name, again.head_bone, again.jaw_bone) == (found.name, "head", "jaw")
    assert (again.frame == head_frame(again.armature, "head")).all()
    bpy.data.objects.remove(again.armature)
    assert whereabouts.find() is None
