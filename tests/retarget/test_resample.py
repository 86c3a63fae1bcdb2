"""Resampling: by time, on the shorter arc, and never across a long absence."""

import numpy as np
import pytest

from facert_blender.capture.take import Performer, Take
from facert_blender.retarget.resample import continuous, covered, frame_times, resample, resample_rotations


def test_values_lie_on_the_lines_between():
    times = np.array([0.0, 0.1, 0.4])
    values = np.array([[0, 1], [1, 0], [4, 3]], np.float32)
    result = resample(times, values, np.array([-1, 0, 0.05, 0.1, 0.2, 0.4, 9]))
    assert result == pytest.approx(np.array([[0, 1], [0, 1], [0.5, 0.5], [1, 0], [2, 1], [4, 3], [4, 3]]))
    assert result.dtype == np.float32


def test_one_sample_is_held():
    assert resample(np.array([2.0]), np.array([[5.0]]), np.array([1.0, 2.0, 3.0])).tolist() == [[5], [5], [5]]


def test_rotations_turn_evenly_on_the_shorter_arc():
    def about_y(angle):
        return [np.cos(angle / 2), 0, np.sin(angle / 2), 0]

    start, end = np.array(about_y(0.2)), -np.array(about_y(1.2))  # the sign says nothing
    result = resample_rotations(np.array([0.0, 1.0]), np.stack([start, end]), np.array([0, 0.25, 0.5, 1]))
    assert result == pytest.approx(
        np.array([about_y(0.2), about_y(0.45), about_y(0.7), about_y(1.2)]), abs=1e-6
    )


def test_equal_rotations_stay_what_they_are():
    same = np.tile([[0.6, 0, 0.8, 0]], (2, 1))
    assert resample_rotations(np.array([0.0, 1.0]), same, np.array([0.3])) == pytest.approx(same[:1])


def test_neighbours_have_equal_sign():
    turns = np.array([[1, 0, 0, 0], [-0.99, 0.1, 0, 0], [0.98, -0.2, 0, 0], [0, 0, 0, 1]])
    result = continuous(turns)
    assert ((result[1:] * result[:-1]).sum(1) >= 0).all()
    assert np.linalg.norm(result, axis=1) == pytest.approx(np.ones(4))


def test_gaps_are_not_covered_but_their_edges_are():
    times = np.array([0, 0.1, 0.2, 1.0, 1.1])
    new_times = np.array([-0.1, 0, 0.15, 0.2, 0.3, 0.9, 1.0, 1.05, 1.1, 1.2])
    assert covered(times, new_times, 0.5).tolist() == [0, 1, 1, 1, 0, 0, 1, 1, 1, 0]
    assert covered(times, new_times, 0.9).tolist() == [0, 1, 1, 1, 1, 1, 1, 1, 1, 0]


def test_frames_have_the_times_in_which_somebody_was_seen():
    def performer(number, frames, times):
        count = len(frames)
        return Performer(
            id=number,
            frames=np.array(frames, np.int32),
            times=np.array(times, np.float64),
            weights=np.zeros((count, 46), np.float32),
            rotation=np.tile(np.float32([1, 0, 0, 0]), (count, 1)),
            boxes=np.zeros((count, 4), np.float32),
            confidence=np.ones(count, np.float32),
            identity=np.zeros(50, np.float32),
        )

    performers = [performer(1, [10, 11, 12], [1.0, 1.15, 1.25]), performer(2, [12, 20], [1.25, 2.05])]
    take = Take("Take", "clip.mp4", 10.0, (640, 360), 11, performers)
    times = frame_times(take, np.array([0, 10, 11, 12, 16, 20, 25]))
    assert times == pytest.approx([0, 1, 1.15, 1.25, 1.65, 2.05, 2.55])
