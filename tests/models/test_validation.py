"""The validation set: what is planned, where heads are turned, what is written."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.face_shape import rotation_matrices
from models.evaluate.lists import FaceList
from models.evaluate.rotation import yaw
from models.expression_measures import ACTIVE, CATEGORIES
from models.label import quaternions
from models.validation import COUNTS, FAR, Maker, Plan, category_weights, plans, towards


def test_plans_cover_every_category_and_all_yaws_by_the_seed_alone() -> None:
    real = np.random.default_rng(1).uniform(0, 0.5, (9, 46)).astype(np.float32)
    made = list(plans(real, np.random.default_rng(0)))
    again = list(plans(real, np.random.default_rng(0)))
    assert all((a.weights == b.weights).all() and a.yaw == b.yaw for a, b in zip(made, again, strict=True))
    strong = np.stack([plan.weights for plan in made]) >= ACTIVE
    for channels in CATEGORIES.values():
        assert strong[:, [EXPRESSIONS.index(c) for c in channels]].any(1).sum() >= COUNTS["category"]
    aside = np.array([plan.yaw for plan in made])
    assert np.histogram(np.abs(aside), [0, 15, 30, 45, 60, FAR])[0].min() > 20
    neutral = [plan for plan in made if plan.kind == "neutral"]
    assert len(neutral) == COUNTS["neutral"] and max(plan.weights.max() for plan in neutral) == 0


def test_a_jaw_goes_one_way() -> None:
    weights = category_weights("jaw left/right", np.random.default_rng(0))
    assert (
        weights.sum() == 1
        and weights[[EXPRESSIONS.index("jawLeft"), EXPRESSIONS.index("jawRight")]].max() == 1
    )


def test_a_head_is_turned_to_the_planned_yaw_from_anywhere() -> None:
    q = np.array([0.9, 0.1, -0.3, 0.2], np.float32)
    q /= np.linalg.norm(q)
    plan = Plan("turned", np.zeros(46, np.float32), yaw=60, pitch=10)
    after = towards(q, plan) @ rotation_matrices(q[None])[0]
    assert yaw(quaternions(after[None]))[0] == pytest.approx(60, abs=0.1)


def test_both_lists_are_written_with_boxes_in_pixels(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    parameters = np.zeros(104, np.float32)
    parameters[50 + EXPRESSIONS.index("jawOpen")], parameters[96] = 1, 1
    corners = np.array([[-0.5, -0.5], [0.5, 0.5]], np.float32).repeat(34, 0)
    maker.add("edited_mouth_open_0000", np.zeros((100, 100, 3), np.uint8), parameters, corners)
    maker.finish()
    faces = FaceList.read(tmp_path / "expressions.csv")
    assert faces.files[0].exists() and faces.values[0, faces.columns.index("jawOpen")] == 1
    np.testing.assert_allclose(faces.boxes, [[24.5, 24.5, 74.5, 74.5]])
    np.testing.assert_array_equal(FaceList.read(tmp_path / "rotation.csv").values, [[1, 0, 0, 0]])
