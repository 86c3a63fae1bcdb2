"""Adjustments: what is taken off, what is held, and that acting survives."""

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Performer
from facert_blender.retarget.adjust import (
    REGIONS,
    Adjustments,
    adjust_frame,
    estimate_neutral,
    neutral_at,
    perform,
    region_of,
)

JAW, SMILE_LEFT, SMILE_RIGHT = (
    EXPRESSIONS.index(name) for name in ("jawOpen", "mouthSmileLeft", "mouthSmileRight")
)
BLINKS = [EXPRESSIONS.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight")]
RAW = dict.fromkeys(REGIONS, 0.0)
"""Smoothing switched off."""


def about(axis, degrees):
    half = np.radians(degrees) / 2
    return np.array([np.cos(half), *(np.sin(half) * np.eye(3)["xyz".index(axis)])], np.float32)


def degrees_about(axis, rotation):
    assert np.linalg.norm(rotation, axis=-1) == pytest.approx(1, abs=1e-6)
    return np.degrees(2 * np.arctan2(rotation[..., 1 + "xyz".index(axis)], rotation[..., 0]))


def performer(times, weights=None, rotation=None):
    times = np.asarray(times, np.float64)
    count = len(times)
    return Performer(
        id=1,
        frames=np.rint(times * 30).astype(np.int32),
        times=times,
        weights=np.zeros((count, 46), np.float32) if weights is None else weights.astype(np.float32),
        rotation=np.tile(about("y", 0), (count, 1)) if rotation is None else np.stack(rotation),
        boxes=np.zeros((count, 4), np.float32),
        confidence=np.ones(count, np.float32),
        identity=np.zeros(50, np.float32),
    )


def face(**weights):
    values = np.zeros(46, np.float32)
    for name, weight in weights.items():
        values[EXPRESSIONS.index(name)] = weight
    return values


@pytest.mark.parametrize(
    ("expression", "region"),
    [
        ("browInnerUpLeft", "brows"),
        ("eyeBlinkRight", "eyes"),
        ("eyeLookDownLeft", "eyes"),
        ("eyeSquintLeft", "eyes"),
        ("cheekSquintLeft", "mouth"),
        ("cheekPuff", "mouth"),
        ("noseSneerRight", "mouth"),
        ("mouthClose", "mouth"),
        ("jawOpen", "jaw"),
    ],
)
def test_every_expression_has_its_region(expression, region):
    assert region_of(expression) == region


def test_as_they_come_adjustments_change_nothing_but_jitter():
    weights = np.random.default_rng(1).random((20, 46))
    rotation = [about("y", angle) for angle in np.linspace(-30, 30, 20)]
    actor = performer(np.arange(20) / 30, weights, rotation)
    result = perform(actor, Adjustments(smoothing=RAW), actor.times)
    assert result.weights == pytest.approx(actor.weights, abs=1e-6)
    assert degrees_about("y", result.rotation) == pytest.approx(np.linspace(-30, 30, 20), abs=1e-3)
    assert result.keyed.all()


def test_neutral_is_taken_off_and_one_stays_in_reach():
    adjustments = Adjustments(neutral=face(jawOpen=0.2), neutral_rotation=about("y", 15))
    for raw, expected in ((0.1, 0), (0.2, 0), (0.6, 0.5), (1, 1)):
        weights, rotation = adjust_frame(face(jawOpen=raw), about("y", 40), adjustments)
        assert weights[JAW] == pytest.approx(expected, abs=1e-6)
        assert degrees_about("y", rotation) == pytest.approx(25, abs=1e-3)


def test_nodding_stays_nodding_before_a_camera_at_the_side():
    side = about("y", 60)
    nod = about("x", 10)
    seen = np.array(
        [  # the nod as the camera sees it: side * nod
            side[0] * nod[0],
            side[0] * nod[1],
            side[2] * nod[0],
            -side[2] * nod[1],
        ]
    )
    _, rotation = adjust_frame(face(), seen, Adjustments(neutral_rotation=side))
    assert rotation == pytest.approx(nod, abs=1e-6)


def test_gain_of_a_region_leaves_the_others_alone():
    adjustments = Adjustments(gains={"mouth": 2.0, "head": 0.5})
    weights, rotation = adjust_frame(face(mouthSmileLeft=0.3, jawOpen=0.3), about("x", -40), adjustments)
    assert weights[[SMILE_LEFT, JAW]] == pytest.approx([0.6, 0.3])
    assert degrees_about("x", rotation) == pytest.approx(-20, abs=1e-3)


def test_head_gain_takes_the_shorter_way_whatever_the_sign():
    _, rotation = adjust_frame(face(), -about("y", 40), Adjustments(gains={"head": 1.5}))
    assert degrees_about("y", rotation) == pytest.approx(60, abs=1e-3)


def test_mirror_swaps_sides_and_keeps_nods():
    weights, turned = adjust_frame(face(mouthSmileLeft=0.7), about("y", 25), Adjustments(mirror=True))
    assert weights[[SMILE_LEFT, SMILE_RIGHT]] == pytest.approx([0, 0.7])
    assert degrees_about("y", turned) == pytest.approx(-25, abs=1e-3)
    assert degrees_about("x", adjust_frame(face(), about("x", 25), Adjustments(mirror=True))[1]) == (
        pytest.approx(25, abs=1e-3)
    )
    assert degrees_about("z", adjust_frame(face(), about("z", 25), Adjustments(mirror=True))[1]) == (
        pytest.approx(-25, abs=1e-3)
    )


def test_offset_comes_last_and_is_not_mirrored():
    adjustments = Adjustments(mirror=True, head_offset=about("y", 10), gains={"head": 2})
    _, rotation = adjust_frame(face(), about("y", 20), adjustments)
    assert degrees_about("y", rotation) == pytest.approx(-30, abs=1e-3)


def test_smoothing_has_a_strength_per_region_and_keeps_blinks():
    times = np.arange(120) / 30
    noise = np.random.default_rng(3).normal(0, 0.015, (120, 46))
    weights = 0.2 + noise
    weights[60:63, BLINKS] = [[0.6], [1.0], [0.6]]
    actor = performer(times, weights)
    result = perform(actor, Adjustments(smoothing=RAW | {"eyes": 1.0, "jaw": 1.0}), times)
    assert result.weights[61, BLINKS] == pytest.approx([1, 1], abs=0.03)

    def jitter(values, column):
        return np.abs(np.diff(values[:50, column], 2)).mean()

    assert jitter(result.weights, JAW) < 0.6 * jitter(actor.weights, JAW)
    assert jitter(result.weights, BLINKS[0]) < 0.6 * jitter(actor.weights, BLINKS[0])
    assert result.weights[:, SMILE_LEFT] == pytest.approx(actor.weights[:, SMILE_LEFT], abs=1e-6)


@pytest.fixture
def absent():
    """Seen for a second with the jaw at 0.8 and the head at 40, away for two, back at 0.2 and 10."""
    times = np.concatenate([np.arange(31), np.arange(90, 121)]) / 30
    weights = np.zeros((62, 46))
    weights[:31, JAW], weights[31:, JAW] = 0.8, 0.2
    return performer(times, weights, [about("y", 40)] * 31 + [about("y", 10)] * 31)


ALL = np.arange(-30, 151) / 30


def at(result, moment):
    index = np.abs(result.times - moment).argmin()
    return result.weights[index, JAW], degrees_about("y", result.rotation[index])


def test_unkeyed_gaps_have_no_keys(absent):
    result = perform(absent, Adjustments(), ALL)
    keyed = result.times[result.keyed]
    assert keyed == pytest.approx(absent.times)


def test_short_absences_are_bridged():
    times = np.array([0, 0.1, 0.5, 0.6])
    actor = performer(times, np.stack([face(jawOpen=value) for value in (0, 0, 0.8, 0.8)]))
    for gaps in ("HOLD", "EASE", "UNKEYED"):
        result = perform(actor, Adjustments(gaps=gaps, smoothing=RAW), np.array([0.1, 0.3, 0.5]))
        assert result.weights[:, JAW] == pytest.approx([0, 0.4, 0.8])
        assert result.keyed.all()


def test_held_gaps_stay_until_the_performer_is_about_to_be_back(absent):
    result = perform(absent, Adjustments(gaps="HOLD"), ALL)
    assert result.keyed.all()
    for moment in (-1, 0, 1, 2, 2.5):
        assert at(result, moment) == pytest.approx((0.8, 40), abs=1e-3)
    for moment in (3, 4, 5):
        assert at(result, moment) == pytest.approx((0.2, 10), abs=1e-3)
    assert (np.abs(np.diff(result.weights[:, JAW])) < 0.1).all()


def test_eased_gaps_come_to_rest_and_wake_without_a_jump(absent):
    offset = about("y", 5)
    result = perform(absent, Adjustments(gaps="EASE", head_offset=offset), ALL)
    assert result.keyed.all()
    for moment in (-1, 1.5, 2, 2.5, 5):
        assert at(result, moment) == pytest.approx((0, 5), abs=1e-3)
    assert at(result, 1) == pytest.approx((0.8, 45), abs=1e-3)
    assert at(result, 3) == pytest.approx((0.2, 15), abs=1e-3)
    assert (np.abs(np.diff(result.weights[:, JAW])) < 0.15).all()


def test_neighbouring_rotations_have_one_sign(absent):
    absent.rotation[::2] *= -1
    result = perform(absent, Adjustments(gaps="EASE"), ALL)
    assert ((result.rotation[1:] * result.rotation[:-1]).sum(axis=1) > 0.9).all()


def test_one_sight_is_enough():
    actor = performer([2.0], face(jawOpen=0.4)[None])
    for gaps in ("HOLD", "EASE", "UNKEYED"):
        result = perform(actor, Adjustments(gaps=gaps), np.array([2.0]))
        assert result.weights[0, JAW] == pytest.approx(0.4)
        assert result.keyed.all()
    weights, rotation = estimate_neutral(actor)
    assert weights[JAW] == 0  # so open it is acted
    assert degrees_about("y", rotation) == pytest.approx(0, abs=1e-3)


def test_neutral_is_found_between_the_acting():
    times = np.arange(240) / 30
    noise = np.random.default_rng(5)
    rest = face(mouthPucker=0.2, eyeSquintLeft=0.1, browDownLeft=0.05)
    weights = np.tile(rest, (240, 1)) + noise.normal(0, 0.01, (240, 46))
    weights[:, JAW] += np.where(times < 4, 0.3 + 0.3 * np.sin(9 * times), 0)  # speaks, then listens
    weights[180:210, SMILE_LEFT] += 0.7  # and smiles for a while
    weights[215:220, BLINKS] = 0.9
    weights[220:, BLINKS] = 1.0  # and falls asleep: the calmest moment of all
    turn = [about("y", 20 + (15 * np.sin(5 * t) if t < 4 else 0)) for t in times]
    found, rotation = estimate_neutral(performer(times, weights.clip(0, 1), turn))
    assert found == pytest.approx(rest, abs=0.03)
    assert degrees_about("y", rotation) == pytest.approx(20, abs=1)


def test_what_is_always_acted_is_not_neutral():
    acted = face(mouthSmileLeft=0.9, mouthSmileRight=0.25, browInnerUpLeft=0.8, mouthPucker=0.15)
    found, _ = estimate_neutral(performer(np.arange(30) / 30, np.tile(acted, (30, 1))))
    expected = face(mouthSmileRight=0.125, browInnerUpLeft=0.3, mouthPucker=0.15)
    assert found == pytest.approx(expected, abs=1e-6)


def test_neutral_of_a_frame_is_the_face_around_it():
    weights = np.zeros((60, 46))
    weights[30:, JAW] = 0.4
    weights[40, JAW] = 0.9  # a frame that jumped
    turn = [about("y", 0)] * 30 + [about("y", 30)] * 30
    found, rotation = neutral_at(performer(np.arange(60) / 30, weights, turn), 40)
    assert found[JAW] == pytest.approx(0.4)
    assert degrees_about("y", rotation) == pytest.approx(30, abs=1e-3)
    assert neutral_at(performer([0.0, 5.0], weights[[0, 40]]), 100)[0][JAW] == pytest.approx(0.9)


def test_even_a_full_expression_may_be_neutral():
    weights, _ = adjust_frame(face(jawOpen=1), about("y", 0), Adjustments(neutral=face(jawOpen=1)))
    assert weights[JAW] == pytest.approx(1)
    assert np.isfinite(weights).all()
