"""Made expressions and turns: possible ones, and all that photographs lack."""

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from models.expressions import (
    CLOSING,
    INDEX,
    MOUTH,
    TEMPLATES,
    channels,
    closing,
    possible,
    sample_averted,
    sample_expression,
    sample_gaze,
    sample_mouth,
    sample_nod,
    sample_pose,
    turn,
    without_side,
)

RARE = (
    "eyeBlink", "eyeWide", "cheekPuff", "noseSneer", "cheekSquint", "jawForward", "jawLeft",
    "mouthRollLower", "mouthFunnel", "mouthPucker", "mouthFrown", "mouthDimple", "mouthShrugLower",
    "mouthClose",
)  # fmt: skip


def sampled(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    real = rng.uniform(0, 0.3, (20, 46)).astype(np.float32)
    return np.stack([sample_expression(real[0].copy(), real, rng) for _ in range(count)])


def test_sampled_expressions_are_possible() -> None:
    w = sampled(800)
    assert w.min() >= 0 and w.max() <= 1
    for name in ("jaw", "mouth"):
        assert (np.minimum(w[:, INDEX[name + "Left"]], w[:, INDEX[name + "Right"]]) == 0).all()
    assert (w[:, INDEX["mouthClose"]] <= 0.78 * w[:, INDEX["jawOpen"]] + 1e-6).all()
    for side in ("Left", "Right"):
        closed = sum((share * w[:, INDEX[name + side]] for name, share in CLOSING.items()), np.zeros(len(w)))
        assert closed.max() < 1.11  # the lids meet, and no more
    everything = possible(np.full(46, 2.0, np.float32))
    assert everything.max() <= 1 and everything[INDEX["eyeWideLeft"]] == 0


def test_every_expression_reaches_its_extreme_and_the_rare_ones_often() -> None:
    w = sampled(3000)
    tops = dict(zip(EXPRESSIONS, w.max(0), strict=True))
    assert min(tops.values()) > 0.7, tops
    for name in RARE:
        assert (w[:, channels(name)].max(1) > 0.5).mean() > 0.012, name
    assert (w[:, channels("eyeBlink")].min(1) > 0.9).mean() > 0.08  # both eyes quite closed
    winking = np.abs(w[:, INDEX["eyeBlinkLeft"]] - w[:, INDEX["eyeBlinkRight"]]) > 0.4
    assert winking.mean() > 0.05


def test_the_jaw_goes_sideways_whatever_the_mouth_does() -> None:
    w = sampled(3000)
    jaw = w[:, INDEX["jawLeft"]] - w[:, INDEX["jawRight"]]
    mouth = w[:, INDEX["mouthLeft"]] - w[:, INDEX["mouthRight"]]
    assert abs(np.corrcoef(jaw, mouth)[0, 1]) < 0.1


def test_templates_name_expressions() -> None:
    assert all(channels(name) for _, names in TEMPLATES for name in names)


def test_poses_reach_far_to_both_sides() -> None:
    rng = np.random.default_rng(0)
    looks = np.array([sample_pose(rng)[:, 2] for _ in range(500)])
    yaw = np.degrees(np.arctan2(looks[:, 0], looks[:, 2]))
    assert yaw.min() < -65 and yaw.max() > 65 and abs(yaw.mean()) < 6


def test_averted_heads_are_bent_or_in_profile() -> None:
    rng = np.random.default_rng(0)
    looks = np.array([sample_averted(rng)[:, 2] for _ in range(500)])
    yaw = np.abs(np.degrees(np.arctan2(looks[:, 0], looks[:, 2])))
    down = -np.degrees(np.arcsin(looks[:, 1]))
    profile = yaw > 55
    assert 0.4 < profile.mean() < 0.7 and yaw.max() > 90
    assert np.abs(down[~profile]).min() > 10 and 0.7 < (down[~profile] > 0).mean() < 0.95


def test_turns_are_by_yaw_and_pitch() -> None:
    np.testing.assert_allclose(turn(90, 0, 0) @ [0, 0, 1], [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(turn(0, 30, 0)[:, 2], [0, -0.5, np.sqrt(0.75)], atol=1e-6)


def test_another_mouth_leaves_all_above_it_as_it_is() -> None:
    rng = np.random.default_rng(0)
    real = rng.uniform(0, 0.6, (20, 46)).astype(np.float32)
    source = rng.uniform(0, 0.4, 46).astype(np.float32)
    w = np.stack([sample_mouth(source, real, rng) for _ in range(1500)])
    above = [i for i in range(len(EXPRESSIONS)) if i not in MOUTH]
    assert {without_side(EXPRESSIONS[i]) for i in above} == {
        "browDown", "browInnerUp", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeSquint",
        "eyeWide", "noseSneer",
    }  # fmt: skip
    assert (w[:, above] == source[above]).all()
    for name in ("jawOpen", "mouthSmile", "mouthFunnel", "mouthPucker", "mouthFrown", "jawLeft", "cheekPuff"):
        assert (w[:, channels(name)].max(1) > 0.7).any(), name
    assert (w[:, INDEX["jawOpen"]] > 0.5).mean() > 0.15


def test_nods_are_small_turns_up_and_down() -> None:
    rng = np.random.default_rng(0)
    turns = np.stack([sample_nod(rng) for _ in range(500)])
    angle = np.degrees(np.arccos((np.trace(turns, axis1=1, axis2=2) - 1) / 2))
    up = np.degrees(np.arcsin(turns[:, 1, 2]))
    assert angle.max() < 45 and np.abs(up).mean() > 7 and np.abs(up.mean()) < 2


def test_eyes_look_aside_together_or_cross() -> None:
    rng = np.random.default_rng(0)
    left, right = np.stack([sample_gaze(rng) for _ in range(500)]).transpose(1, 0, 2)
    crossed = (left[:, 0] < 0) & (right[:, 0] > 0)
    assert 0.2 < crossed.mean() < 0.5 and (left[:, 0] <= right[:, 0] + 1e-9).all()
    together = left[:, 0] == right[:, 0]
    assert together.mean() > 0.5 and (np.abs(left[together, 0]) > 0.4).mean() > 0.3
    assert np.abs(np.concatenate([left, right])).max() <= 0.75 and (left[:, 1] == right[:, 1]).all()


def test_lids_close_by_all_that_closes_them_and_no_further() -> None:
    weights = np.zeros(46, np.float32)
    assert closing(weights) == [0, 0]
    weights[INDEX["eyeSquintLeft"]] = 1
    weights[INDEX["eyeLookDownRight"]] = 1
    np.testing.assert_allclose(closing(weights), [CLOSING["eyeSquint"], CLOSING["eyeLookDown"]])
    weights[channels("eyeBlink")] = 0.9
    assert closing(weights) == [1, 1]
