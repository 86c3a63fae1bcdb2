"""The series of a performance: on which datablocks they lie, in which mode, in which unit."""

import numpy as np
import pytest
from mathutils import Quaternion

from facert_blender.scene.channels import channels_of, units
from facert_blender.scene.characters import find_character

SPIN = np.linspace(0, 3 * np.pi, 40)
TURNS = np.column_stack([np.cos(SPIN / 2), 0 * SPIN, np.sin(SPIN / 2), 0 * SPIN])
ONES = np.ones(40, np.float32)


def test_a_key_moves_on_each_mesh_where_it_is_free(scene, make_mesh, make_armature, bind):
    face, lashes, teeth = (make_mesh(name, ["wide", "jaw"]) for name in ("Face", "Lashes", "Teeth"))
    bind(make_armature(), "head", face, lashes, teeth)
    teeth.data.shape_keys.driver_add('key_blocks["wide"].value')
    channels = channels_of(find_character([face]), {("SHAPE_KEY", "wide", 0): ONES}, {})
    assert set(channels) == {face.data.shape_keys, lashes.data.shape_keys}
    assert all(set(series) == {('key_blocks["wide"].value', 0)} for series in channels.values())


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "YXZ", "AXIS_ANGLE"])
def test_turns_are_the_same_in_every_mode_and_do_not_jump(scene, make_mesh, make_armature, bind, mode):
    face, armature = make_mesh("Face", ["jaw"]), make_armature()
    bind(armature, "head", face)
    bone = armature.pose.bones["head"]
    bone.rotation_mode = mode
    series = channels_of(find_character([face]), {}, {"head": TURNS})[armature]
    attribute = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        mode, "rotation_euler"
    )
    assert {path for path, _ in series} == {f'pose.bones["head"].{attribute}'}
    values = np.stack([series[channel] for channel in sorted(series, key=lambda channel: channel[1])], 1)
    for value, turn in zip(values, TURNS, strict=True):
        setattr(bone, attribute, value)
        scene.view_layers[0].update()
        shown = bone.matrix_basis.to_quaternion()
        assert abs(shown.dot(Quaternion(turn))) == pytest.approx(1, abs=1e-5)
    if mode == "QUATERNION" or mode == "YXZ":
        assert np.abs(np.diff(values, axis=0)).max() < 0.4


def test_a_bones_location_counts_in_its_lengths(scene, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["jaw"]), make_armature()
    bind(armature, "head", face)
    values = {("BONE_LOCATION", "head", 1): ONES, ("BONE_ROTATION", "jaw", 0): ONES}
    series = channels_of(find_character([face]), values, {})[armature]
    length = armature.pose.bones["head"].length
    found = dict(zip(series, units(armature, series), strict=True))
    assert {found['pose.bones["head"].location', axis] for axis in range(3)} == {length}
    assert {value for (path, _), value in found.items() if "jaw" in path} == {1.0}
