"""Reading lids from the gaps between them."""

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from models.lids import CLOSED, MARKED, OPEN, evened, gaps, joined, lid_weights, set_lids, usual_gap

NONE = np.zeros((1, 2), np.float32)


def read(left: float, right: float, **known: np.ndarray) -> dict[str, np.ndarray]:
    thought = {"look_down": NONE, "squint": NONE, "raised": NONE} | known
    return lid_weights(np.array([[left, right]]), np.array([OPEN]), **thought)


def test_a_gap_does_not_change_with_size_and_turn_of_the_head() -> None:
    points = np.zeros((3, 68, 2))
    half = 0.5
    turned = np.array([[1, 0, 0, 0], [np.cos(half), 0, np.sin(half), 0], [0, 0, 0, 1]])
    for eye, height in zip(MARKED, (0.1, 0.05), strict=True):
        for upper, lower in eye:
            points[:, upper, 1] = -height * 0.99 * np.array([100, 100, -30])
            points[:, lower] = 0
    found = gaps(points, MARKED, turned, np.array([100, 100, 30]))
    np.testing.assert_allclose(found[:2], [[0.1, 0.05]] * 2, rtol=0.03)
    np.testing.assert_allclose(found[2], [0.1, 0.05], rtol=0.03)


def test_open_eyes_are_open_and_closed_eyes_closed() -> None:
    assert read(OPEN, 0.9 * OPEN)["eyeBlink"].max() == 0
    assert read(CLOSED, 0.0)["eyeBlink"].min() == 1


def test_a_wink_is_of_one_eye() -> None:
    found = read(CLOSED, OPEN, look_down=np.array([[0.8, 0.1]]))
    np.testing.assert_array_equal(found["eyeBlink"], [[1, 0]])
    assert found["eyeLookDown"].max() < 0.11


def test_lowered_eyes_look_down_rather_than_blink() -> None:
    down = np.array([[0.6, 0.6]])
    found = read(0.06, 0.06, look_down=down)
    assert found["eyeBlink"].max() < 0.15 < 0.5 < found["eyeLookDown"].min()
    assert read(CLOSED, CLOSED, look_down=down)["eyeLookDown"].max() == 0


def test_large_eyes_are_wide_only_under_raised_brows() -> None:
    raised = np.array([[0.5, 0.0]])
    found = read(0.18, 0.18, raised=raised)["eyeWide"]
    assert found[0, 0] > 0.6 and found[0, 1] == 0


def test_narrow_eyes_of_a_person_are_open_eyes() -> None:
    people = np.array([1] * 20 + [2])
    narrow = np.full(21, 0.075)
    usual = usual_gap(narrow, people)
    assert usual[0] < 0.085 and usual[20] == pytest.approx(OPEN)


def test_one_opinion_stands_where_there_is_no_other() -> None:
    marked = np.array([[0.0, 0.1], [np.nan, np.nan], [0.0, OPEN]])
    taught = np.array([[0.04, np.nan], [0.05, 0.06], [np.nan, np.nan]])
    found = joined(marked, taught)
    np.testing.assert_allclose(found[0, 0], (CLOSED + 0.04) / 2)
    np.testing.assert_allclose(found[1], taught[1])
    np.testing.assert_allclose(found[2], [CLOSED, OPEN])


def test_what_lids_say_replaces_the_prior_of_known_faces() -> None:
    mean, spread = np.full((2, 46), 0.5), np.full((2, 46), 0.2)
    set_lids(mean, spread, {"eyeBlink": np.array([[1.0, 0.0], [1.0, 0.0]])}, np.array([True, False]))
    left, right = EXPRESSIONS.index("eyeBlinkLeft"), EXPRESSIONS.index("eyeBlinkRight")
    assert mean[0, left] == 1 and mean[0, right] == 0 and spread[0, left] < 0.05
    assert (mean[1] == 0.5).all() and (spread[1] == 0.2).all()


def test_only_eyes_that_are_seen_well_wink() -> None:
    gap = np.array([[0.01, 0.11]] * 4)
    half = np.radians(40) / 2
    right, left = [np.cos(half), 0, np.sin(half), 0], [np.cos(half), 0, -np.sin(half), 0]
    turned = np.array([[1, 0, 0, 0], right, left, [1, 0, 0, 0]])
    found = evened(gap, turned, np.array([150, 150, 150, 50]))
    np.testing.assert_allclose(found[0], gap[0])
    np.testing.assert_allclose(found[1], 0.11, atol=1e-6)  # the nose points to the right of the picture
    np.testing.assert_allclose(found[2], 0.01, atol=1e-6)
    np.testing.assert_allclose(found[3], 0.06)
