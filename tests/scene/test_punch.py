"""Punch-in: what is replaced, what blends, and what is never touched."""

import bpy
import numpy as np
import pytest

from facert_blender.scene.actions import new_actions, read_curves, write_curves
from facert_blender.scene.punch import blended, punch_in

X, Y = ("location", 0), ("location", 1)
TURN = [("rotation_quaternion", i) for i in range(4)]


@pytest.fixture
def thing(scene):
    """An object without animation."""
    thing = bpy.data.objects.new("Thing", None)
    scene.collection.objects.link(thing)
    return thing


def animate(thing, **curves):
    """Give `thing` an Action with LINEAR keys in every frame 1..100: location X and so on."""
    frames = np.arange(1, 101)
    [action] = new_actions("Old", [thing])
    write_curves(
        thing, action, {("location", "xyz".index(axis)): (frames, at(frames)) for axis, at in curves.items()}
    )


def shape(thing, channel, frames=np.arange(-20, 140, 0.5)):  # noqa: B008 (never written to)
    """The values of a curve at `frames`."""
    curves = {(c.data_path, c.array_index): c for c in fcurves(thing)}
    return np.array([curves[channel].evaluate(frame) for frame in frames])


def fcurves(thing):
    animation = thing.animation_data
    if bpy.app.version < (4, 4):
        return animation.action.fcurves
    return animation.action.layers[0].strips[0].channelbag(animation.action_slot).fcurves


def played_again(thing, series, first, last, blend_in=0, blend_out=0):
    """Punch `series` into the frames `first` to `last` of what `thing` does."""
    frames = np.arange(first, last + 1)
    ready = blended(thing, series, frames, blend_in, blend_out)
    curves = {channel: (frames, values) for channel, values in ready.items()}
    return punch_in(thing, curves, (first, last), blend_in, blend_out)


def half_waves(frames):
    return np.sin(frames / 7) / 2


def test_keys_outside_are_untouched_and_inside_are_new(thing):
    animate(thing, x=half_waves)
    before = read_curves(thing)[X]
    assert played_again(thing, {X: np.full(21, 9.0)}, 40, 60) == 21
    frames, values = read_curves(thing)[X]
    assert (frames == before[0]).all()
    inside = (frames >= 40) & (frames <= 60)
    assert (values[~inside] == before[1][~inside]).all()
    assert (values[inside] == 9).all()


def test_blends_pass_over_without_a_jump(thing):
    animate(thing, x=half_waves)
    before = read_curves(thing)[X][1]
    played_again(thing, {X: np.full(31, 1.0)}, 40, 70, blend_in=10, blend_out=5)
    frames, values = read_curves(thing)[X]
    assert (frames == np.arange(1, 101)).all()
    assert values[[39, 69]] == pytest.approx(before[[39, 69]])
    assert values[49:65] == pytest.approx(np.ones(16))
    assert values[44] == pytest.approx((before[44] + 1) / 2)
    assert np.abs(np.diff(values)).max() < 0.4
    assert (np.diff(values[39:50]) > 0).all()


@pytest.mark.parametrize("blend", [0, 4])
def test_reduced_curves_keep_their_shape_outside(thing, blend):
    [action] = new_actions("Old", [thing])
    write_curves(thing, action, {X: (np.array([1, 30, 100]), np.array([0.0, 2.0, -1.0]))})
    frames = np.concatenate([np.arange(-20, 50 - (not blend), 0.5), np.arange(60 + (not blend), 140, 0.5)])
    before = shape(thing, X, frames)
    played_again(thing, {X: np.full(11, 9.0)}, 50, 60, blend, blend)
    assert shape(thing, X, frames) == pytest.approx(before, abs=1e-4)
    assert shape(thing, X, [55]) == [9]
    assert set(read_curves(thing)[X][0][[0, 1, -1]]) == {1, 30, 100}


def test_keys_outside_keep_what_an_animator_made_of_them(thing):
    animate(thing, x=half_waves)
    [curve] = fcurves(thing)
    key = curve.keyframe_points[9]
    key.interpolation, key.easing, key.type = "ELASTIC", "EASE_OUT", "EXTREME"
    key.handle_left_type = key.handle_right_type = "FREE"
    key.handle_left, key.handle_right, key.amplitude = (8.5, 3), (11.5, 4), 0.25
    played_again(thing, {X: np.full(11, 9.0)}, 50, 60)
    key = fcurves(thing)[0].keyframe_points[9]
    assert (key.interpolation, key.easing, key.type) == ("ELASTIC", "EASE_OUT", "EXTREME")
    assert (key.handle_left_type, tuple(key.handle_left)) == ("FREE", (8.5, 3))
    assert (tuple(key.handle_right), key.amplitude) == ((11.5, 4), 0.25)
    assert fcurves(thing)[0].keyframe_points[55].interpolation == "LINEAR"


def test_free_handles_keep_their_curve_up_to_the_blend(thing):
    thing.keyframe_insert("location", index=0, frame=1)
    thing.location.x = 4
    thing.keyframe_insert("location", index=0, frame=100)
    for key in fcurves(thing)[0].keyframe_points:
        key.handle_left_type = key.handle_right_type = "FREE"
    frames = np.concatenate([np.arange(1, 40.5, 0.5), np.arange(70, 100.5, 0.5)])
    before = shape(thing, X, frames)
    played_again(thing, {X: np.full(31, 9.0)}, 40, 70, 5, 5)
    assert shape(thing, X, frames) == pytest.approx(before, abs=0.02)


def test_beyond_the_ends_there_is_nothing_to_blend_with(thing):
    animate(thing, x=half_waves)
    played_again(thing, {X: np.full(41, 9.0)}, 90, 130, blend_in=5, blend_out=5)
    frames, values = read_curves(thing)[X]
    assert frames.tolist() == list(range(1, 131))
    assert values[-36:].tolist() == [9] * 36


def test_curves_that_are_new_hold_the_value_that_was_there(thing):
    thing.location.y = 3
    animate(thing, x=half_waves)
    before = shape(thing, X)
    played_again(thing, {Y: np.full(31, 9.0)}, 40, 70, blend_in=5, blend_out=0)
    assert (shape(thing, X) == before).all()
    assert shape(thing, Y, [-10, 1, 40, 45, 70, 71, 100]).tolist() == [3, 3, 3, 9, 9, 3, 3]


def test_quaternions_of_the_other_sign_blend_the_short_way(thing):
    thing.rotation_mode = "QUATERNION"
    [action] = new_actions("Old", [thing])
    frames = np.arange(1, 101)
    write_curves(
        thing, action, {c: (frames, np.full(100, v)) for c, v in zip(TURN, (1, 0, 0, 0), strict=True)}
    )
    turned = {c: np.full(31, v) for c, v in zip(TURN, (-0.8, 0, -0.6, 0), strict=True)}
    played_again(thing, turned, 40, 70, 10, 10)
    turns = np.stack([shape(thing, channel, frames) for channel in TURN], 1)
    assert np.linalg.norm(turns, axis=1).min() > 0.9
    assert turns[55] == pytest.approx([0.8, 0, 0.6, 0])
