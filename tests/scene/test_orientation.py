"""Heads turn as the performer's does, however bones lie and whoever takes part."""

import math

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Quaternion

from facert_blender.scene.characters import find_character
from facert_blender.scene.orientation import bone_moves, bone_turns, head_frame, head_turns, stiff

TURN = np.array([[math.cos(0.3), 0.1, math.sqrt(math.sin(0.3) ** 2 - 0.01), 0]])


@pytest.fixture
def make_body():
    """Builds an armature of root, neck, head, jaw and eyes, turned by a matrix, its bones rolled."""

    def make(turn=None, *, roll=0.0, follow=True):
        armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
        bpy.context.scene.collection.objects.link(armature)
        bpy.context.view_layer.objects.active = armature
        bpy.ops.object.mode_set(mode="EDIT")
        bones = armature.data.edit_bones
        places = {
            "root": ((0, 0, 0), (0, 0.5, 0), None),
            "neck": ((0, 0, 0.8), (0, 0, 1), "root"),
            "head": ((0, 0, 1), (0, 0.1, 2), "neck"),
            "jaw": ((0, 0, 1.2), (0, -0.5, 1.1), "head"),
            "eye.L": ((0.2, -0.4, 1.5), (0.2, -0.6, 1.5), "head"),
            "eye.R": ((-0.2, -0.4, 1.5), (-0.2, -0.6, 1.5), "head"),
        }
        matrix = turn or Matrix.Identity(3)
        for name, (start, end, parent) in places.items():
            bone = bones.new(name)
            bone.head, bone.tail = matrix @ _vector(start), matrix @ _vector(end)
            bone.roll = math.radians(roll)
            bone.parent = bones[parent] if parent else None
        bones["head"].use_inherit_rotation = follow
        bpy.ops.object.mode_set(mode="OBJECT")
        return armature

    return make


def _vector(place):
    return Matrix.Translation(place).translation


def posed(armature, turns, bone):
    """How far `bone` is turned in the armature's space once the bones take `turns`."""
    for name, rotations in turns.items():
        armature.pose.bones[name].rotation_mode = "QUATERNION"
        armature.pose.bones[name].rotation_quaternion = Quaternion(rotations[0])
    bpy.context.view_layer.update()
    part = armature.pose.bones[bone]
    return (part.matrix @ part.bone.matrix_local.inverted()).to_quaternion()


def expected(rotation, frame):
    axes = Matrix([list(line) for line in frame])
    return (axes @ Quaternion(rotation).to_matrix() @ axes.transposed()).to_quaternion()


def same(one, other):
    return one.rotation_difference(other).angle < 1e-3 or one.rotation_difference(-other).angle < 1e-3


@pytest.mark.parametrize("roll", [0, 50, 180])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_neck_and_head_together_turn_the_head_fully(make_body, roll, share):
    armature = make_body(roll=roll)
    turns = head_turns(find_character([armature]), TURN, share)
    assert set(turns) == ({"head", "neck"} if share else {"head"})
    frame = head_frame(armature, "head")
    assert same(posed(armature, turns, "head"), expected(TURN[0], frame))
    half = posed(armature, turns, "neck").angle
    assert half == pytest.approx(share * 0.6, abs=1e-3)


def test_a_head_that_does_not_follow_the_neck_turns_by_itself(make_body):
    armature = make_body(follow=False)
    turns = head_turns(find_character([armature]), TURN, 0.4)
    assert same(posed(armature, turns, "head"), expected(TURN[0], head_frame(armature, "head")))
    assert same(posed(armature, turns, "neck"), expected(head_part(0.4), head_frame(armature, "head")))


def head_part(share):
    axis, angle = Quaternion(TURN[0]).to_axis_angle()
    return Quaternion(axis, angle * share)


def test_a_locked_neck_leaves_all_to_the_head(make_body):
    armature = make_body()
    armature.pose.bones["neck"].lock_rotation = (True, True, True)
    turns = head_turns(find_character([armature]), TURN, 0.4)
    assert set(turns) == {"head"}
    assert same(posed(armature, turns, "head"), expected(TURN[0], head_frame(armature, "head")))


def test_a_held_head_says_what_holds_it(make_body):
    armature = make_body()
    holder = armature.pose.bones["head"].constraints.new("DAMPED_TRACK")
    holder.target, holder.subtarget, holder.name = armature, "root", "Look"
    character = find_character([armature])
    assert head_turns(character, TURN, 0.4) == {}
    assert stiff(character) == {"head": "its constraint Look holds it"}
    holder.enabled = False
    assert stiff(character) == {}


@pytest.mark.parametrize(
    ("turn", "right", "up", "out"),
    [
        (None, (1, 0, 0), (0, 0, 1), (0, -1, 0)),
        (Matrix.Rotation(math.pi, 3, "Z"), (-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        (Matrix.Rotation(math.pi / 2, 3, "Z"), (0, 1, 0), (0, 0, 1), (1, 0, 0)),
        (Matrix.Rotation(-math.pi / 2, 3, "X"), (1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ],
)
def test_the_bones_say_where_a_head_faces(make_body, turn, right, up, out):
    frame = head_frame(make_body(turn), "head")
    assert pytest.approx(np.array([right, up, out], float)) == frame.T


@pytest.mark.parametrize("roll", [0, 37, 90, 180])
@pytest.mark.parametrize(
    "turn", [None, Matrix.Rotation(math.pi / 2, 3, "Z"), Matrix.Rotation(-1.5708, 3, "X")]
)
def test_a_jaw_opens_downwards_and_goes_forward_however_its_bone_lies(make_body, turn, roll):
    armature = make_body(turn, roll=roll)
    character = find_character([armature])
    right, up, out = head_frame(armature, "head").T
    jaw = armature.pose.bones["jaw"]
    before = np.array(jaw.tail)
    turns = bone_turns(character, {("BONE_ROTATION", "jaw", 0): np.array([20.0])})
    posed(armature, turns, "jaw")
    chin = np.array(jaw.tail) - before
    assert chin @ up < -0.1
    assert abs(chin @ right) < 1e-4
    posed(armature, bone_turns(character, {("BONE_ROTATION", "jaw", 1): np.array([8.0])}), "jaw")
    assert (np.array(jaw.tail) - before) @ right > 0.05
    jaw.rotation_quaternion = (1, 0, 0, 0)
    jaw.location = bone_moves(character, {("BONE_LOCATION", "jaw", 2): np.array([0.1])})["jaw"][0]
    bpy.context.view_layer.update()
    assert (np.array(jaw.tail) - before) @ out == pytest.approx(0.1 * jaw.bone.length, abs=1e-4)


def test_meshes_without_an_armature_turn_with_their_parent(make_mesh):
    mesh = make_mesh("Head", ["jawOpen"])
    mesh.rotation_euler = (0, 0, 1.0)
    character = find_character([mesh])
    [(thing, turns)] = head_turns(character, TURN, 0.4).items()
    assert thing == mesh
    mesh.delta_rotation_euler = Quaternion(turns[0]).to_euler()
    bpy.context.view_layer.update()
    own = Matrix.Rotation(1.0, 3, "Z")
    turned = mesh.matrix_world.to_3x3() @ own.inverted()
    axes = np.array(own) @ head_frame(mesh)
    assert same(turned.to_quaternion(), expected(TURN[0], axes))
    mesh.rotation_mode = "AXIS_ANGLE"
    assert "Axis Angle" in stiff(character)["head"]
