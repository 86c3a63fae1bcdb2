"""Baking: what the Actions make characters do."""

import math

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion, Vector

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import CharacterError, MappingError, TakeError
from facert_blender.retarget.adjust import REGIONS, Adjustments
from facert_blender.retarget.mapping import Row
from facert_blender.retarget.matching import match
from facert_blender.scene.actions import SLOTTED, read_curves
from facert_blender.scene.bake import WRITING, BakeOptions, Role, bake, baking, scene_frame
from facert_blender.scene.characters import find_character, targets

SECOND = np.arange(31) / 30
RAW = Adjustments(smoothing=dict.fromkeys(REGIONS, 0.0))
ROWS = [Row("jawOpen", "jawOpen")]


def camera(vector):
    """A world direction as (right, up, towards the camera) in the front view."""
    return np.array([vector.x, vector.z, -vector.y])


def turning(performer, quaternion):
    """Make `performer` hold its head by one rotation throughout."""
    performer.rotation[:] = quaternion
    return performer


def value(mesh, key, frame):
    bpy.context.scene.frame_set(frame)
    return mesh.data.shape_keys.key_blocks[key].value


def test_keys_follow_the_weights(scene, make_take, make_mesh):
    take = make_take(SECOND)
    mesh = make_mesh("Fern", ["jawOpen", "mouthSmileLeft"])
    rows = [*ROWS, Row("mouthSmileLeft", "mouthSmileLeft", gain=0.5)]
    report = bake(take, take.performers[0], find_character([mesh]), rows, scene=scene, adjustments=RAW)
    weights = take.performers[0].weights
    for frame in (1, 7, 31):
        assert value(mesh, "jawOpen", frame) == pytest.approx(
            weights[frame - 1, EXPRESSIONS.index("jawOpen")]
        )
        smile = weights[frame - 1, EXPRESSIONS.index("mouthSmileLeft")] / 2
        assert value(mesh, "mouthSmileLeft", frame) == pytest.approx(smile)
    assert report.frames == (1, 31)
    assert "jawOpen" not in report.unmapped
    assert "eyeBlinkLeft" in report.unmapped
    assert set(report.skipped) == set()


def test_action_is_readable_linear_and_kept(scene, make_take, make_mesh):
    take = make_take(SECOND)
    mesh = make_mesh("Fern", ["jawOpen"])
    report = bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene)
    action = mesh.data.shape_keys.animation_data.action
    assert action.name.startswith("Take 1 · Fern")
    assert report.actions[0] == action.name
    assert action.use_fake_user
    assert report.keys == sum(len(frames) for frames, _ in read_curves(mesh.data.shape_keys).values()) + sum(
        len(frames) for frames, _ in read_curves(mesh).values()
    )


@pytest.mark.skipif(not SLOTTED, reason="one Action holds all parts from Blender 4.4 on")
def test_one_action_for_all_parts(scene, make_take, make_mesh, make_armature, bind):
    take = make_take(SECOND)
    face, lashes, armature = make_mesh("Face", ["jawOpen"]), make_mesh("Lashes", ["jawOpen"]), make_armature()
    bind(armature, "head", face, lashes)
    bake(take, take.performers[0], find_character([face]), ROWS, scene=scene)
    parts = [face.data.shape_keys, lashes.data.shape_keys, armature]
    assert len({part.animation_data.action for part in parts}) == 1
    assert len({part.animation_data.action_slot.identifier for part in parts}) == 3
    assert value(lashes, "jawOpen", 9) == value(face, "jawOpen", 9) > 0


def test_time_decides_not_frame_numbers(scene, make_take, make_mesh):
    times = np.cumsum([0, *np.tile([0.02, 0.05, 0.04], 12)])  # a phone's variable rate
    take = make_take(times)
    mesh = make_mesh("Fern", ["jawOpen"])
    scene.render.fps, scene.render.fps_base = 24, 1.001
    report = bake(
        take, take.performers[0], find_character([mesh]), ROWS, scene=scene, start_frame=101, adjustments=RAW
    )
    column = take.performers[0].weights[:, EXPRESSIONS.index("jawOpen")]
    frames, values = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert values == pytest.approx(np.interp((frames - 101) * 1.001 / 24, times, column), abs=1e-5)
    assert report.frames == (101, int(frames[-1]))
    assert scene_frame(1.001, scene, 101) == pytest.approx(125)
    assert scene.render.fps == 24


def test_long_gaps_get_no_keys(scene, make_take, make_mesh):
    take = make_take(np.concatenate([np.arange(10), np.arange(12, 20), np.arange(50, 61)]) / 30)
    mesh = make_mesh("Fern", ["jawOpen"])
    bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene)
    frames, _ = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert frames.tolist() == [*range(1, 21), *range(51, 62)]


def test_smoothing_leaves_the_take_alone(scene, make_take, make_mesh):
    take = make_take(SECOND)
    performer = take.performers[0]
    noise = np.random.default_rng(0).normal(0.5, 0.02, performer.weights.shape)
    performer.weights = noise.astype(np.float32)
    raw = performer.weights.copy()
    mesh = make_mesh("Fern", ["jawOpen"])
    bake(take, performer, find_character([mesh]), ROWS, scene=scene)
    _, values = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    column = raw[:, EXPRESSIONS.index("jawOpen")]
    assert np.abs(np.diff(values, 2)).mean() < 0.7 * np.abs(np.diff(column, 2)).mean()
    assert (performer.weights == raw).all()


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZXY", "AXIS_ANGLE"])
@pytest.mark.parametrize(("roll", "tail"), [(0, (0, 0, 2)), (73, (0, 0, 2)), (-160, (0.4, -0.8, 1.5))])
def test_head_bone_turns_as_the_performer(scene, make_take, make_mesh, make_armature, bind, roll, tail, mode):
    face, armature = make_mesh("Face", ["jawOpen"]), make_armature(roll=roll, tail=tail)
    bind(armature, "head", face)
    armature.pose.bones["head"].rotation_mode = mode
    turn = Euler((0.3, -0.5, 0.2)).to_quaternion()  # in the camera's axes
    take = make_take(SECOND)
    performer = turning(take.performers[0], turn)
    bake(take, performer, find_character([face]), ROWS, scene=scene)
    scene.frame_set(10)
    bone = armature.pose.bones["head"]
    moved = bone.matrix @ bone.bone.matrix_local.inverted()
    for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        rest = Vector((axis[0], -axis[2], axis[1]))  # the camera's axis in a world where faces look along -Y
        assert camera(moved.to_3x3() @ rest) == pytest.approx(np.array(turn @ Vector(axis)), abs=1e-4)


def test_rigs_with_y_up_turn_the_same_way(scene, make_take, make_mesh):
    """As imported from other programs: Y is up inside, and the object stands it upright."""
    mesh = make_mesh("Face", ["jawOpen"])
    mesh.rotation_euler = (math.pi / 2, 0, 0)
    bpy.context.view_layer.update()
    before = mesh.matrix_world.copy()
    turn = Quaternion((0, 1, 0), 0.6)
    take = make_take(SECOND)
    bake(take, turning(take.performers[0], turn), find_character([mesh]), ROWS, scene=scene)
    scene.frame_set(5)
    moved = (mesh.matrix_world @ before.inverted()).to_3x3()
    assert camera(moved @ Vector((0, -1, 0))) == pytest.approx(np.array(turn @ Vector((0, 0, 1))), abs=1e-5)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_object_turns_where_it_stands(scene, make_take, make_mesh, mode):
    """A head without bones that faces +X: nodding stays nodding, and its own rotation is not touched."""
    mesh = make_mesh("Face", ["jawOpen"])
    mesh.rotation_euler = (0, 0, math.pi / 2)
    mesh.rotation_mode = mode
    own = mesh.rotation_euler.copy() if mode == "XYZ" else mesh.rotation_quaternion.copy()
    take = make_take(SECOND)
    nod = Quaternion((1, 0, 0), 0.5)
    bake(take, turning(take.performers[0], nod), find_character([mesh]), ROWS, scene=scene)
    scene.frame_set(5)
    nose = mesh.matrix_world.to_3x3() @ Vector((0, -1, 0))
    assert np.array(nose) == pytest.approx([math.cos(0.5), 0, -math.sin(0.5)], abs=1e-5)
    assert (mesh.rotation_euler if mode == "XYZ" else mesh.rotation_quaternion) == own


def test_jaw_bone_opens_and_shifts(scene, make_take, make_mesh, make_armature, bind):
    """Jaw rows turn in the head's axes whatever the bone's roll: open is down, left the performer's left."""
    face, armature = make_mesh("Face", ["eyeBlinkLeft"]), make_armature(roll=50)
    bind(armature, "head", face)
    character = find_character([face])
    take = make_take(SECOND)
    performer = turning(take.performers[0], (1, 0, 0, 0))
    performer.weights[:] = 0
    performer.weights[:, [EXPRESSIONS.index("jawOpen"), EXPRESSIONS.index("jawLeft")]] = 1
    rows = match(targets(character)).rows
    bake(take, performer, character, rows, scene=scene, adjustments=RAW)
    scene.frame_set(5)
    right, up, out = camera(armature.pose.bones["jaw"].vector)
    assert up < -0.2
    assert right > 0.1
    assert out > 0.8


def test_driven_and_locked_targets_are_reported(scene, make_take, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["jawOpen", "mouthClose"]), make_armature()
    bind(armature, "head", face)
    face.data.shape_keys.driver_add('key_blocks["mouthClose"].value')
    armature.pose.bones["head"].lock_rotation = (True, True, True)
    take = make_take(SECOND)
    rows = [*ROWS, Row("mouthClose", "mouthClose"), Row("mouthPucker", "kiss")]
    report = bake(take, take.performers[0], find_character([face]), rows, scene=scene)
    assert set(report.skipped) == {"mouthClose", "kiss", "head"}
    assert "driver" in report.skipped["mouthClose"]
    assert report.skipped["head"] == "it is locked"
    assert set(read_curves(face.data.shape_keys)) == {('key_blocks["jawOpen"].value', 0)}


def test_existing_actions_are_never_lost(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    shape_keys = mesh.data.shape_keys
    shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=3)
    by_hand = shape_keys.animation_data.action
    take = make_take(SECOND)
    character = find_character([mesh])
    first = bake(take, take.performers[0], character, ROWS, scene=scene)
    assert first.replaced == [by_hand.name]
    assert by_hand.use_fake_user
    before = {name: bpy.data.actions[name] for name in first.actions}
    second = bake(take, take.performers[0], character, ROWS, scene=scene)
    assert not set(second.actions) & set(first.actions)
    assert all(bpy.data.actions.get(name) == action for name, action in before.items())


def test_overwrite_fills_the_same_action_again(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen", "mouthClose"])
    take = make_take(SECOND)
    character = find_character([mesh])
    first = bake(take, take.performers[0], character, [*ROWS, Row("mouthClose", "mouthClose")], scene=scene)
    again = bake(take, take.performers[0], character, ROWS, scene=scene, overwrite=True)
    assert again.actions == first.actions
    assert again.replaced == []
    assert set(read_curves(mesh.data.shape_keys)) == {('key_blocks["jawOpen"].value', 0)}


def test_long_names_keep_the_character_apart_and_are_found_again(scene, make_take, make_mesh):
    take = make_take(SECOND, name="Ein sehr langer Name, wie ihn Telefone geben, 2024-01-01 um 10.10.10.mp4")
    cast = [find_character([make_mesh(name, ["jawOpen"])]) for name in ("Fern", "Slate")]
    first, again = (
        [bake(take, take.performers[0], one, ROWS, scene=scene, overwrite=more).actions[0] for one in cast]
        for more in (False, True)
    )
    assert [name.rsplit(" · ")[-1].removesuffix(" Key") for name in first] == ["Fern", "Slate"]
    assert again == first


def test_one_performer_plays_several_and_several_play(scene, make_take, make_mesh):
    take = make_take(SECOND, SECOND)
    fern, slate, coral = (make_mesh(name, ["jawOpen"]) for name in ("Fern", "Slate", "Coral"))
    first, second = take.performers
    for performer, mesh in ((first, fern), (first, slate), (second, coral)):
        bake(take, performer, find_character([mesh]), ROWS, scene=scene)
    assert value(fern, "jawOpen", 12) == value(slate, "jawOpen", 12) != value(coral, "jawOpen", 12)


def test_nothing_to_drive_says_so(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take(SECOND)
    with pytest.raises(MappingError, match="Match"):
        bake(take, take.performers[0], find_character([mesh]), [Row("jawOpen", "kiss")], scene=scene)
    assert mesh.data.shape_keys.animation_data is None


def test_tweak_mode_says_so(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take(SECOND)
    character = find_character([mesh])
    bake(take, take.performers[0], character, ROWS, scene=scene)
    animation = mesh.data.shape_keys.animation_data
    strip = animation.nla_tracks.new().strips.new("strip", 1, animation.action)
    animation.action = None
    strip.select = True
    animation.use_tweak_mode = True
    if not animation.use_tweak_mode:
        pytest.skip("this Blender enters tweak mode only in a window")
    before = list(bpy.data.actions)
    with pytest.raises(CharacterError, match="tweak mode"):
        bake(take, take.performers[0], character, ROWS, scene=scene)
    assert list(bpy.data.actions) == before


def test_single_frame_gets_one_key(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take([0.51])
    report = bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene)
    frames, _ = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert frames.tolist() == [16]
    assert report.frames == (16, 16)


def test_range_of_the_footage_lies_where_it_belongs(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    scene.render.fps = 24
    take = make_take(2 + np.arange(90) / 30)  # frames 60 to 149
    performer, character = take.performers[0], find_character([mesh])
    report = bake(
        take, performer, character, ROWS, scene=scene, adjustments=RAW, start_frame=101, frame_range=(90, 121)
    )
    assert report.frames == (101 + 72, 101 + 96)
    frames, values = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert frames.tolist() == list(range(173, 198))
    column = performer.weights[:, EXPRESSIONS.index("jawOpen")]
    assert values == pytest.approx(np.interp((frames - 101) / 24, performer.times, column), abs=1e-5)


def test_nobody_in_the_range_says_so_and_writes_nothing(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take(SECOND)
    with pytest.raises(TakeError, match="Performer 1 cannot be seen"):
        bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene, frame_range=(500, 600))
    assert mesh.data.shape_keys.animation_data is None


def test_who_is_not_in_the_range_is_left_alone(scene, make_take, make_mesh):
    take = make_take(SECOND, 3 + SECOND)
    meshes = [make_mesh(name, ["jawOpen"]) for name in ("Fern", "Slate")]
    roles = [
        Role(performer, find_character([mesh]), ROWS)
        for performer, mesh in zip(take.performers, meshes, strict=True)
    ]
    fern, slate = run(baking(take, roles, scene, BakeOptions(frame_range=(0, 31))))
    assert fern.keys and not slate.keys
    assert "nothing is seen" in slate.skipped["Performer 2"]
    assert meshes[1].data.shape_keys.animation_data is None


def run(work):
    """The reports of a bake done step by step; each step says that more is done."""
    shares = []
    while True:
        try:
            shares.append(next(work))
        except StopIteration as done:
            assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == pytest.approx(1)
            return done.value


def test_some_expressions_bring_whole_targets(scene, make_take, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["smile", "kiss", "wide"]), make_armature()
    bind(armature, "head", face)
    take = make_take(SECOND)
    rows = [
        Row("mouthSmileLeft", "smile", gain=0.5),
        Row("mouthFrownLeft", "smile", gain=-0.5, offset=0.5),
        Row("mouthPucker", "kiss"),
        Row("jawOpen", "jaw", kind="BONE_ROTATION", channel=0, gain=20, maximum=90),
        Row("jawLeft", "jaw", kind="BONE_ROTATION", channel=1, gain=20, maximum=90),
    ]
    character = find_character([face])
    whole = bake(take, take.performers[0], character, rows, scene=scene)
    everything = read_curves(face.data.shape_keys) | read_curves(armature)
    part = bake(
        take,
        take.performers[0],
        character,
        rows,
        scene=scene,
        expressions=["mouthSmileLeft", "jawLeft"],
        head=False,
    )
    some = read_curves(face.data.shape_keys) | read_curves(armature)
    jaw = {('pose.bones["jaw"].rotation_quaternion', i) for i in range(4)}
    assert set(some) == {('key_blocks["smile"].value', 0), *jaw}
    assert all((some[channel][1] == everything[channel][1]).all() for channel in some)
    assert part.keys < whole.keys
    assert part.unmapped == whole.unmapped


def test_only_the_head(scene, make_take, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["jawOpen"]), make_armature()
    bind(armature, "head", face)
    take = make_take(SECOND)
    character = find_character([face])
    bake(take, take.performers[0], character, ROWS, scene=scene, expressions=[])
    assert not read_curves(face.data.shape_keys)
    assert {path for path, _ in read_curves(armature)} == {'pose.bones["head"].rotation_quaternion'}
    with pytest.raises(MappingError, match="Choose more of the face"):
        bake(take, take.performers[0], character, ROWS, scene=scene, expressions=[], head_rotation=False)


def test_fewer_keys_stay_within_the_tolerance(scene, make_take, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["jawOpen", "smile"]), make_armature()
    bind(armature, "head", face)
    take = make_take(np.arange(300) / 30)
    rows = [*ROWS, Row("mouthSmileLeft", "smile"), Row("jawOpen", "jaw", kind="BONE_LOCATION", channel=1)]
    character = find_character([face])
    exact = bake(take, take.performers[0], character, rows, scene=scene)
    frames = np.arange(1, 301)
    all_keys = read_curves(face.data.shape_keys) | read_curves(armature)
    fewer = bake(take, take.performers[0], character, rows, scene=scene, tolerance=0.01)
    for channel, (at, values) in (read_curves(face.data.shape_keys) | read_curves(armature)).items():
        assert np.abs(np.interp(frames, at, values) - all_keys[channel][1]).max() < 0.01 + 1e-6
    assert fewer.keys < 0.6 * exact.keys
    turning = [at.tolist() for (path, _), (at, _) in read_curves(armature).items() if "head" in path]
    assert len(turning) == 4 and all(at == turning[0] for at in turning)


def test_punch_in_replaces_the_range_in_the_same_actions(scene, make_take, make_mesh, make_armature, bind):
    face, armature = make_mesh("Face", ["jawOpen"]), make_armature()
    bind(armature, "head", face)
    take = make_take(np.arange(121) / 30, np.arange(121) / 30)
    character = find_character([face])
    first = bake(take, take.performers[0], character, ROWS, scene=scene)
    parts = [face.data.shape_keys, armature]
    before = [part.animation_data.action for part in parts]
    curves = [read_curves(part) for part in parts]
    again = bake(
        take,
        take.performers[1],
        character,
        ROWS,
        scene=scene,
        frame_range=(40, 81),
        destination="CURRENT",
        blend_in=6,
        blend_out=6,
    )
    assert [part.animation_data.action for part in parts] == before
    assert (again.actions, again.replaced, again.frames) == (first.actions, [], (41, 81))
    for part, old in zip(parts, curves, strict=True):
        for channel, (frames, values) in read_curves(part).items():
            assert (frames == old[channel][0]).all()
            outside = (frames < 41) | (frames > 81)
            assert (values[outside] == old[channel][1][outside]).all()
            # The scene's keys are float32.
            assert values[[40, 80]] == pytest.approx(old[channel][1][[40, 80]], abs=1e-6)
    frames, values = read_curves(parts[0])['key_blocks["jawOpen"].value', 0]
    bake(take, take.performers[1], character, ROWS, scene=scene)
    wanted = read_curves(parts[0])['key_blocks["jawOpen"].value', 0][1]
    assert values[46:75] == pytest.approx(wanted[46:75], abs=1e-6)


def test_current_action_of_nobody_is_a_new_one(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take(SECOND)
    report = bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene, destination="CURRENT")
    assert mesh.data.shape_keys.animation_data.action.name in report.actions


def test_strip_plays_the_performance_above_what_was_there(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen", "smile"])
    keys = mesh.data.shape_keys
    for frame, height in ((1, 0.25), (200, 0.75)):
        for key in keys.key_blocks[1:]:
            key.value = height
            key.keyframe_insert("value", frame=frame)
    by_hand = keys.animation_data.action
    take = make_take(np.arange(91) / 30)
    performer, character = take.performers[0], find_character([mesh])
    report = bake(
        take, performer, character, ROWS, scene=scene, adjustments=RAW, destination="NLA", start_frame=50
    )
    animation = keys.animation_data
    assert animation.action is None
    assert [[strip.action for strip in track.strips] for track in animation.nla_tracks] == [
        [by_hand],
        [bpy.data.actions[name] for name in report.actions if "Key" in name or len(report.actions) == 1],
    ]
    assert report.replaced == [by_hand.name]
    column = performer.weights[:, EXPRESSIONS.index("jawOpen")]
    assert value(mesh, "jawOpen", 80) == pytest.approx(column[30], abs=1e-5)
    assert 0.25 < value(mesh, "smile", 80) < 0.75
    assert value(mesh, "jawOpen", 1) == pytest.approx(0.25)
    assert value(mesh, "jawOpen", 200) == pytest.approx(0.75)


def test_strip_is_used_again_when_its_action_is(scene, make_take, make_mesh):
    mesh = make_mesh("Fern", ["jawOpen"])
    take = make_take(np.arange(91) / 30)
    character = find_character([mesh])
    for end, fade in ((91, 0), (46, 7)):
        bake(
            take,
            take.performers[0],
            character,
            ROWS,
            scene=scene,
            destination="NLA",
            frame_range=(0, end),
            blend_out=fade,
            overwrite=True,
        )
    [track] = mesh.data.shape_keys.animation_data.nla_tracks
    [strip] = track.strips
    assert (strip.frame_start, strip.frame_end, strip.blend_out) == (1, 46, 7)
    assert strip.action_frame_end == 46


def test_stopped_before_it_writes_nothing_has_changed(scene, make_take, make_mesh):
    take = make_take(SECOND, SECOND)
    meshes = [make_mesh(name, ["jawOpen"]) for name in ("Fern", "Slate")]
    roles = [
        Role(performer, find_character([mesh]), ROWS)
        for performer, mesh in zip(take.performers, meshes, strict=True)
    ]
    bake(take, take.performers[1], roles[0].character, ROWS, scene=scene)
    before = {name: action.frame_range[:] for name, action in bpy.data.actions.items()}
    keys = read_curves(meshes[0].data.shape_keys)
    work = baking(take, roles, scene, BakeOptions(destination="CURRENT", frame_range=(5, 15)))
    assert WRITING in work  # gone through until then
    work.close()
    assert {name: action.frame_range[:] for name, action in bpy.data.actions.items()} == before
    again = read_curves(meshes[0].data.shape_keys)
    assert all((again[channel][1] == keys[channel][1]).all() for channel in keys)
    assert meshes[1].data.shape_keys.animation_data is None


def test_one_who_cannot_be_baked_stops_all(scene, make_take, make_mesh):
    take = make_take(SECOND)
    meshes = [make_mesh(name, ["jawOpen"]) for name in ("Fern", "Slate")]
    roles = [
        Role(take.performers[0], find_character([mesh]), rows)
        for mesh, rows in zip(meshes, (ROWS, [Row("jawOpen", "gone")]), strict=True)
    ]
    with pytest.raises(MappingError, match="Slate"):
        run(baking(take, roles, scene, BakeOptions()))
    assert not bpy.data.actions


def test_gaps_can_be_held(scene, make_take, make_mesh):
    take = make_take(np.concatenate([np.arange(10), np.arange(50, 61)]) / 30, np.arange(91) / 30)
    mesh = make_mesh("Fern", ["jawOpen"])
    held = Adjustments(smoothing=RAW.smoothing, gaps="HOLD")
    bake(take, take.performers[0], find_character([mesh]), ROWS, scene=scene, adjustments=held)
    frames, values = read_curves(mesh.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert frames.tolist() == list(range(1, 92))
    assert values[20] == pytest.approx(values[9])
    assert values[90] == pytest.approx(values[60])
