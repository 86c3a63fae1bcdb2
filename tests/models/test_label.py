"""Labels: what is known of a face before and after the fit."""

import numpy as np
import pytest

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITY,
    MIRROR,
    MIRROR_LANDMARKS,
    ROTATION,
    SCALE,
)
from facert_blender.capture.face_shape import FaceShape

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.label import (
    AT_REST,
    MARK_OFFSET,
    SCORE_NAMES,
    Readings,
    known_people,
    landmarks_of,
    learn_landmark_map,
    less_rest,
    map_landmarks,
    mirror,
    repeated,
    score_prior,
)
from models.shared_data import WEIGHTS


def test_prior_trusts_the_teacher_only_where_it_is_good() -> None:
    scores = np.ones((1, 52), np.float32)
    mean, spread = score_prior(scores)
    assert mean[0, EXPRESSIONS.index("eyeBlinkLeft")] == 1
    assert mean[0, EXPRESSIONS.index("browInnerUpRight")] == 1
    for dead in ("cheekPuff", "noseSneerLeft", "jawForward", "eyeWideRight"):
        assert mean[0, EXPRESSIONS.index(dead)] == 0
    assert (spread > 0).all() and len(SCORE_NAMES) == 52


def test_mirrors_are_their_own_inverse() -> None:
    assert [MIRROR_LANDMARKS[i] for i in MIRROR_LANDMARKS] == list(range(68))
    assert [MIRROR[i] for i in MIRROR] == list(range(46))


def test_the_mirrored_face_lies_where_the_mirror_shows_it() -> None:
    rng = np.random.default_rng(0)
    parameters = np.zeros((50, 104), np.float32)
    parameters[:, IDENTITY] = rng.normal(0, 1, (50, 50))
    parameters[:, 0] = 1
    parameters[:, EXPRESSION] = rng.uniform(0, 1, (50, 46)) ** 3
    rotation = rng.normal((1, 0, 0, 0), 0.15, (50, 4))
    parameters[:, ROTATION] = rotation / np.linalg.norm(rotation, axis=1, keepdims=True)
    parameters[:, ROTATION.stop] = 0.1
    parameters[:, SCALE] = 0.45
    shape = FaceShape.load(WEIGHTS / "face_shape.npz")
    in_mirror = shape.project(parameters)[:, list(MIRROR_LANDMARKS)] * (-1, 1)
    np.testing.assert_allclose(shape.project(mirror(parameters)), in_mirror, atol=0.003)


def test_landmark_map_learns_a_linear_relation() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 40, (120, 478, 3)).astype(np.float32)
    points[:, 33, :2], points[:, 263, :2] = (-50, 0), (50, 0)
    human = points[:, :68, :2] * 0.5 + points[:, 100:168, :2] * 0.5
    mapping = learn_landmark_map(points, human, ridge=1e-6)
    np.testing.assert_allclose(map_landmarks(points, mapping), human, atol=0.5)


def test_the_teachers_resting_scores_are_no_expression() -> None:
    scores = np.zeros((1, 52), np.float32)
    scores[0, SCORE_NAMES.index("eyeSquintLeft")] = AT_REST["eyeSquint"]
    scores[0, SCORE_NAMES.index("eyeSquintRight")] = 1
    mean = score_prior(scores)[0][0]
    assert mean[EXPRESSIONS.index("eyeSquintLeft")] == 0
    assert mean[EXPRESSIONS.index("eyeSquintRight")] == 1


def test_what_still_faces_show_is_taken_off_all() -> None:
    roll, left, right = (EXPRESSIONS.index(n) for n in ("mouthRollUpper", "mouthLeft", "mouthRight"))
    prior = np.zeros((60, 46), np.float32)
    prior[50:, roll] = 0.9
    weights = np.zeros((60, 46), np.float32)
    weights[:, roll] = 0.2
    weights[50:, roll] = 1
    weights[:, left], weights[:, right] = 0.1, 0.1
    weights[55, left] = 0.6
    found = less_rest(weights, prior)
    assert np.abs(found[:50]).max() < 1e-6 and (found[50:, roll] == 1).all()
    assert found[55, left] == pytest.approx(0.5) and found[55, right] == 0


def readings(photos: list[str], human: np.ndarray, points: np.ndarray) -> Readings:
    n = len(photos)
    box = np.tile(np.array([0, 0, 10, 10], np.float32), (n, 1))
    return Readings(np.array(photos), box, human, points, np.zeros((n, 52), np.float32))


def test_peoples_marks_stand_and_automatic_ones_give_way() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(0, 40, (60, 478, 3)).astype(np.float32)
    points[:, 33, :2], points[:, 263, :2] = (-50, 0), (50, 0)
    human = points[:, :68, :2] + np.array([MARK_OFFSET, 0], np.float32)
    photos = [f"helen-train/{i}.jpg" for i in range(57)] + ["300w-lp/HELEN_7_3.jpg"]
    photos += ["ytf/A_1.jpg", "ytf/A_2.jpg"]
    human[58:] += 20
    human[0] += 3
    human[57] += 3
    points[59] = np.nan
    landmarks, mapped = landmarks_of(readings(photos, human, points))
    np.testing.assert_array_equal(landmarks[0], human[0])
    np.testing.assert_array_equal(
        landmarks[57], human[57]
    )  # a turned copy of a photograph that people marked
    np.testing.assert_array_equal(landmarks[58], mapped[58])
    np.testing.assert_array_equal(landmarks[59], human[59])
    assert np.abs(mapped[58] - human[58]).mean() > 10 and np.isnan(mapped[59]).all()


def test_people_are_known_where_a_picture_shows_one() -> None:
    photos = ["ytf/Ann_01.jpg", "ytf/Ann_02.jpg", "ytf/Ann_03.jpg", "ytf/Ann_03.jpg", "helen-train/a.jpg"]
    found = known_people(np.array(photos))
    assert found[0] == found[1] and len(set(found)) == 4


def test_a_face_listed_twice_is_used_once() -> None:
    nothing = np.zeros((3, 68, 2), np.float32)
    found = repeated(readings(["ytf/A_1.jpg"] * 2 + ["ytf/A_2.jpg"], nothing, np.zeros((3, 478, 3))))
    np.testing.assert_array_equal(found, [False, True, False])
