"""The paper's measures on cases small enough to check by hand."""

import numpy as np
import pytest

from models.measures import (
    area_under_curve,
    area_under_roc,
    average_precision,
    correlation,
    f1,
    identity,
    landmark_errors,
    recall,
    second_differences,
)


def test_landmark_error_is_in_boxes() -> None:
    truth = np.zeros((1, 68, 2))
    truth[0, 0], truth[0, 1] = (0, 0), (30, 40)
    error, diagonal = landmark_errors(truth + np.array([3, 4]), truth)
    np.testing.assert_allclose(error, 5 / np.sqrt(1200))
    np.testing.assert_allclose(diagonal, 5 / 50)


def test_area_under_curve_counts_failures_as_nothing() -> None:
    assert area_under_curve(np.array([0.0, 0.025, np.inf]), limit=0.05) == 0.5


BOXES = np.array([[0, 0, 10, 10], [20, 0, 30, 10.0]])
NONE = np.zeros((0, 4))


def test_average_precision_of_perfect_and_half_right_detections() -> None:
    sure = [np.array([0.9, 0.8])]
    assert average_precision([BOXES], sure, [BOXES], [NONE], 0.75) == 1
    wrong = np.array([[50, 50, 60, 60], [0, 0, 10, 10.0]])
    half = average_precision([wrong], sure, [BOXES], [NONE], 0.5)
    np.testing.assert_allclose(half, 0.5 * 51 / 101, atol=1e-9)
    assert average_precision([np.zeros((0, 4))], [np.zeros(0)], [BOXES], [NONE], 0.5) == 0


def test_what_is_to_be_ignored_is_neither_missed_nor_wrong() -> None:
    seen, sure = BOXES[[1, 0]], [np.array([0.9, 0.8])]
    assert average_precision([seen], sure, [BOXES[:1]], [NONE], 0.5) == pytest.approx(0.5)
    assert average_precision([seen], sure, [BOXES[:1]], [BOXES[1:]], 0.5) == 1
    assert average_precision([seen[:0]], [np.zeros(0)], [BOXES[:1]], [BOXES[1:]], 0.5) == 0


def test_a_face_found_twice_is_right_once() -> None:
    twice = BOXES[[0, 0]]
    assert average_precision([twice], [np.array([0.9, 0.8])], [BOXES[:1]], [NONE], 0.5) == 1
    assert average_precision([twice], [np.array([0.9, 0.8])], [BOXES], [NONE], 0.5) < 0.6
    assert recall([twice], [BOXES], 0.5) == 0.5


def test_identity_counts_a_swap() -> None:
    truth = [{"a": BOXES[0], "b": BOXES[1]} for _ in range(10)]
    right = [{1: BOXES[0], 2: BOXES[1]} for _ in range(10)]
    assert identity(truth, right) == {"id_switches": 0, "idf1": 1.0, "coverage": 1.0}
    swapped = right[:5] + [{1: BOXES[1], 2: BOXES[0]} for _ in range(5)]
    result = identity(truth, swapped)
    assert result["id_switches"] == 2
    assert result["idf1"] == 0.5
    lost = identity(truth, [*right[:5], *({} for _ in range(5))])
    assert lost["coverage"] == 0.5 and lost["id_switches"] == 0


def test_correlation_of_a_still_curve_is_unknown() -> None:
    moving = np.sin(np.arange(20.0))
    assert correlation(moving, np.zeros(20)) is None
    np.testing.assert_allclose(correlation(moving, 3 * moving + 1), 1)


def test_f1_counts_what_is_found_and_what_is_there() -> None:
    truth = np.array([1, 1, 1, 0, 0], bool)
    found = np.array([1, 1, 0, 1, 0], bool)
    assert f1(truth, truth) == (1, 1, 1)
    np.testing.assert_allclose(f1(found, truth), 2 / 3)
    assert f1(~truth, truth)[0] == 0


def test_area_under_roc_is_the_share_of_pairs_in_order() -> None:
    positive = np.array([True, True, False, False])
    assert area_under_roc(np.array([4, 3, 2, 1.0]), positive) == 1
    assert area_under_roc(np.array([4, 1, 2, 3.0]), positive) == 0.5
    assert area_under_roc(np.array([2, 2, 2, 1.0]), positive) == 0.75
    assert area_under_roc(np.zeros(2), np.ones(2, bool)) is None


def test_second_differences_need_three_frames_in_a_row() -> None:
    curve = np.array([0, 1, 0, 5, 6, 9.0])[:, None]
    np.testing.assert_allclose(second_differences(np.arange(6), curve), (2 + 6 + 4 + 2) / 4)
    np.testing.assert_allclose(second_differences(np.array([0, 1, 2, 7, 8, 9]), curve), (2 + 2) / 2)
    np.testing.assert_array_equal(second_differences(np.array([0, 5, 9]), curve[:3]), 0)
