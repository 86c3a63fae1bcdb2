"""Augmentation moves labels as it moves pictures."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN, ROTATION, SINGLE_SIZE
from facert_blender.capture.face_shape import FaceShape
from facert_blender.capture.view import head_roll, turned

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.augment import (
    Spread,
    first_spread,
    photographic,
    place,
    random_place,
    seen_small,
    unevenly_lit,
)
from models.datasets import held_out, stable_identity

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


def dots(landmarks: np.ndarray, size: int, span: float) -> np.ndarray:
    """A black picture with a white dot at each landmark (given in sides)."""
    image = np.zeros((size, size, 3), np.uint8)
    for x, y in np.rint(landmarks * size / span + (size - 1) / 2).astype(int):
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    return image


def test_landmarks_and_rotation_follow_the_picture() -> None:
    shape = FaceShape.load(WEIGHTS / "face_shape.npz")
    parameters = np.zeros(104, np.float32)
    parameters[0], parameters[96], parameters[103] = 1, 1, 0.45
    landmarks = shape.project(parameters[None])[0]
    image = dots(landmarks, 384, 2.0)
    crop, turned, moved = place(
        image, 2.0, parameters, landmarks, scale=1.1, shift=np.array([0.05, -0.04]), roll=0.4
    )
    pixels = moved * (SINGLE_SIZE / CROP_MARGIN) + (SINGLE_SIZE - 1) / 2
    inside = np.rint(pixels).astype(int)
    assert (crop[inside[:, 1], inside[:, 0], 0] > 40).mean() > 0.95
    again = shape.project(turned[None])[0][17:]
    centred, expected = again - again.mean(0), moved[17:] - moved[17:].mean(0)
    np.testing.assert_allclose(centred / 1.1, expected, atol=1e-3)


def test_a_mirrored_view_is_the_view_of_the_mirrored_picture() -> None:
    image = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    face, marks = np.zeros(104, np.float32), np.zeros((68, 2), np.float32)
    face[96] = 1
    view = {"scale": 0.9, "shift": np.array([0.1, -0.03]), "roll": 0.3}
    mirrored, _, _ = place(image, 2.0, face, marks, **view, mirrored=True)
    expected, _, _ = place(np.ascontiguousarray(image[:, ::-1]), 2.0, face, marks, **view)
    off = np.abs(mirrored.astype(int) - expected)
    assert np.median(off) <= 1 and off.max() < 40  # OpenCV rounds to 32 places between two pixels.


def test_photographs_keep_their_shades_in_order_and_near_what_they_were() -> None:
    ramp = np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[None, :, None], 128, 0).repeat(3, 2)
    slopes, means = [], []
    for seed in range(60):
        changed = photographic(ramp.copy(), np.random.default_rng(seed)).astype(float)
        columns = np.median(changed, (0, 2))
        slopes.append((columns[96] - columns[32]) / 128)
        means.append(columns.mean())
    assert 0.5 < min(slopes) < 0.8 and 1.1 < max(slopes) < 1.6
    assert 60 < min(means) < 100 and 150 < max(means) < 200


def test_light_differs_softly_from_place_to_place_and_not_always() -> None:
    grey = np.full((128, 128, 3), 100, np.uint8)
    lit = [unevenly_lit(grey, np.random.default_rng(seed)).astype(float) for seed in range(60)]
    ranges = np.array([np.ptp(picture.mean(2)) for picture in lit])
    assert 0.3 < (ranges == 0).mean() < 0.7
    assert 50 < np.median(ranges[ranges > 0]) < 200
    steps = [np.abs(np.diff(picture, axis=axis)).max() for picture in lit for axis in (0, 1)]
    assert max(steps) < 20
    assert (grey == 100).all()


def test_photographs_stay_pictures() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (128, 128, 3), np.uint8)
    for _ in range(40):
        changed = photographic(image.copy(), rng)
        assert changed.shape == image.shape and changed.dtype == np.uint8


def test_a_person_is_held_out_altogether_and_has_one_identity() -> None:
    people = np.array(["a", "b", "a", "c"])
    assert held_out(people)[0] == held_out(people)[2]
    parameters = np.random.default_rng(0).normal(size=(4, 104)).astype(np.float32)
    shared = stable_identity(parameters, np.array([1, 1, 3, 1.0]), people)
    np.testing.assert_allclose(
        shared[0, :50], 0.25 * parameters[0, :50] + 0.75 * parameters[2, :50], rtol=1e-4
    )
    np.testing.assert_array_equal(shared[0, :50], shared[2, :50])
    np.testing.assert_array_equal(shared[:, 50:], parameters[:, 50:])


def test_faces_are_mirrored_half_the_time_or_never() -> None:
    image = np.zeros((384, 384, 3), np.uint8)
    image[:, :192] = 255
    face, marks = np.zeros(104, np.float32), np.zeros((68, 2), np.float32)
    face[96] = 1

    def left_is_white(seed: int, flips: bool) -> bool:
        rng = np.random.default_rng(seed)
        crop = random_place(image, 2.0, face, marks, 0.01, rng, flips=flips)[0]
        return bool(crop[:, :20].mean() > crop[:, -20:].mean())

    assert 20 < sum(left_is_white(seed, True) for seed in range(60)) < 40
    assert all(left_is_white(seed, False) for seed in range(60))


def test_most_views_are_those_of_a_face_that_was_seen_before() -> None:
    marks = np.random.default_rng(0).uniform((-0.3, -0.4), (0.3, 0.4), (68, 2)).astype(np.float32)
    face = np.zeros(104, np.float32)
    face[ROTATION] = turned(np.array([1.0, 0, 0, 0]), 0.8)
    image = np.zeros((64, 64, 3), np.uint8)

    def placed(seed: int, upright: float) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        _, p, moved = random_place(image, 2.0, face, marks + 0.3, 0.01, rng, flips=False, upright=upright)
        low, high = moved.min(axis=0), moved.max(axis=0)
        return abs(head_roll(p[ROTATION])), float(np.abs(low + high).max() / 2)

    near = np.array([placed(seed, 1.0) for seed in range(100)])
    assert near[:, 0].max() <= np.radians(15.1) and near[:, 0].mean() < 0.1
    assert near[:, 1].max() < 0.08
    share = np.mean([placed(seed, 0.7)[1] < 0.08 for seed in range(200)])
    assert 0.6 < share < 0.8
    assert np.mean([placed(seed, 0.0)[1] < 0.08 for seed in range(50)]) < 0.1


def test_views_lie_no_further_off_than_their_spread() -> None:
    marks = np.random.default_rng(0).uniform((-0.3, -0.4), (0.3, 0.4), (68, 2)).astype(np.float32)
    face, image = np.zeros(104, np.float32), np.zeros((64, 64, 3), np.uint8)
    face[96] = 1

    def placed(seed: int, spread: Spread) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        moved = random_place(image, 2.0, face, marks, 0.01, rng, flips=False, spread=spread)[2]
        scale = np.linalg.norm(marks[1] - marks[0]) / np.linalg.norm(moved[1] - moved[0])
        return float(scale), float(np.linalg.norm(moved.mean(0) * scale) - np.linalg.norm(marks.mean(0)))

    narrow = Spread((0.95, 1.05), 0.02, 10.0)
    scales, shifts = np.array([placed(seed, narrow) for seed in range(100)]).T
    assert 0.95 <= scales.min() < 0.96 and 1.04 < scales.max() <= 1.05
    assert 0.01 < np.abs(shifts).max() <= 0.02 * np.sqrt(2)
    anywhere, found = first_spread(SINGLE_SIZE), first_spread(64)
    assert found.shift < anywhere.shift
    assert found.scales[0] > anywhere.scales[0] and found.scales[1] < anywhere.scales[1]


def test_small_views_keep_the_place_and_often_lose_detail() -> None:
    crop = np.zeros((SINGLE_SIZE, SINGLE_SIZE, 3), np.uint8)
    crop[32:64, 64:96] = 255
    crop[1::2, :32] = 255  # stripes too fine for any smaller view
    sharp = []
    for seed in range(40):
        small = seen_small(crop, 64, np.random.default_rng(seed))
        assert small.shape == (64, 64, 3)
        bright = np.argwhere(small[:, 24:, 0] > 127)
        np.testing.assert_allclose(bright.mean(0), [23.5, 15.5], atol=0.6)
        assert abs(int(small[40, 5, 0]) - 127) < 30
        sharp.append(int(np.abs(np.diff(small[24, :, 0].astype(int))).max()) > 200)
    assert 0.3 < np.mean(sharp) < 0.7
