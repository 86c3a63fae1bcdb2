"""Actions: curves written and read, slots shared, nothing overwritten."""

import bpy
import numpy as np
import pytest

from facert_blender.scene.actions import SLOTTED, new_actions, read_curves, write_curves

FRAMES = np.array([1.0, 2.0, 5.5])


@pytest.fixture
def things(scene):
    """Two objects."""
    things = [bpy.data.objects.new(name, None) for name in ("First", "Second")]
    for thing in things:
        scene.collection.objects.link(thing)
    return things


def test_curves_come_back_as_written(things):
    [action] = new_actions("Walk", things[:1])
    curves = {("location", 0): (FRAMES, np.array([0.1, 0.2, 0.7])), ("rotation_euler", 2): (FRAMES, -FRAMES)}
    assert write_curves(things[0], action, curves) == 6
    read = read_curves(things[0])
    assert set(read) == set(curves)
    for channel, (frames, values) in curves.items():
        assert (read[channel][0] == frames.astype(np.float32)).all()
        assert (read[channel][1] == values.astype(np.float32)).all()


def test_keys_are_linear_and_the_action_survives(scene, things):
    [action] = new_actions("Walk", things[:1])
    write_curves(things[0], action, {("location", 0): (np.array([1, 11]), np.array([0.0, 1.0]))})
    scene.frame_set(4)
    assert things[0].location.x == pytest.approx(0.3)
    assert action.use_fake_user


@pytest.mark.skipif(not SLOTTED, reason="slots came with Blender 4.4")
def test_slots_are_shared_and_found_again(things):
    actions = new_actions("Walk", things)
    for _ in range(2):
        for thing, action in zip(things, actions, strict=True):
            write_curves(thing, action, {("location", 0): (FRAMES, FRAMES)})
        assert actions[0] == actions[1]
        assert len(actions[0].slots) == 2
        assert new_actions("Walk", things, overwrite=True) == actions


def test_names_are_kept_apart(things):
    [first] = new_actions("Walk", things[:1])
    [second] = new_actions("Walk", things[:1])
    assert first != second
    assert (first.name, second.name) == ("Walk", "Walk.001")


def test_replaced_action_is_kept(things):
    things[0].keyframe_insert("location", frame=1)
    by_hand = things[0].animation_data.action
    [action] = new_actions("Walk", things[:1])
    write_curves(things[0], action, {("location", 0): (FRAMES, FRAMES)})
    assert by_hand.use_fake_user
    assert things[0].animation_data.action == action


def test_nothing_to_read(things):
    assert read_curves(things[0]) == {}
