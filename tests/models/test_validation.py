"""The validation set: what is planned, where heads are turned, what is written."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, ROTATION
from models.datasets import PHOTOGRAPHS, Shard
from models.evaluate.lists import FaceList
from models.evaluate.rotation import yaw
from models.evaluate.twins import SHOWN
from models.expression_measures import ACTIVE, CATEGORIES
from models.expressions import MOUTH
from models.face_model import FaceMesh
from models.painting.head import Head
from models.shared_data import held_out
from models.validation import COUNTS, FAR, Maker, Painter, Plan, category_weights, planned, plans


@pytest.mark.parametrize("kind", ["edited", "rendered"])
def test_plans_cover_every_category_and_all_yaws_by_the_seed_alone(kind: str) -> None:
    counts = COUNTS[kind]
    real = np.random.default_rng(1).uniform(0, 0.5, (9, 46)).astype(np.float32)
    made = list(plans(counts, real, np.random.default_rng(0)))
    again = list(plans(counts, real, np.random.default_rng(0)))
    assert all((a.weights == b.weights).all() and a.yaw == b.yaw for a, b in zip(made, again, strict=True))
    strong = np.stack([plan.weights for plan in made]) >= ACTIVE
    for channels in CATEGORIES.values():
        assert strong[:, [EXPRESSIONS.index(c) for c in channels]].any(1).sum() >= counts["category"]
    aside = np.abs([plan.yaw for plan in made if plan.kind == "turned"])
    assert np.histogram(aside, [0, 15, 30, 45, 60, FAR])[0].min() > 10
    neutral = [plan for plan in made if plan.kind == "neutral"]
    assert len(neutral) == counts["neutral"] and max(plan.weights.max() for plan in neutral) == 0


def test_a_jaw_goes_one_way() -> None:
    weights = category_weights("jaw left/right", np.random.default_rng(0))
    assert (
        weights.sum() == 1
        and weights[[EXPRESSIONS.index("jawLeft"), EXPRESSIONS.index("jawRight")]].max() == 1
    )


def test_a_face_gets_the_planned_expression_and_pose_and_stays_itself() -> None:
    before = np.random.default_rng(0).uniform(0, 1, 104).astype(np.float32)
    plan = Plan("turned", np.full(46, 0.25, np.float32), yaw=60, pitch=10, roll=0)
    after = planned(before, plan)
    assert yaw(after[None, ROTATION])[0] == pytest.approx(60, abs=0.1)
    np.testing.assert_array_equal(after[EXPRESSION], plan.weights)
    np.testing.assert_array_equal(after[IDENTITY], before[IDENTITY])


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="photographs have not been cut (models.datasets)")
def test_only_held_out_people_are_painted() -> None:
    painter = Painter(Shard.open(PHOTOGRAPHS), Head.make(FaceMesh.load()))
    assert held_out(painter.photographs.person[painter.sources]).all() and len(painter.sources) > 50
    plan = Plan("neutral", np.zeros(46, np.float32), yaw=-20, pitch=0, roll=0)
    for paint in (painter.edited, painter.rendered):
        image, parameters, landmarks = paint(plan, np.random.default_rng(0))
        again = paint(plan, np.random.default_rng(0))[0]
        np.testing.assert_array_equal(image, again)
        assert image.shape == (192, 192, 3) and parameters[EXPRESSION].max() == 0
        assert np.abs(landmarks).max() < 0.6 and yaw(parameters[None, ROTATION])[0] == pytest.approx(
            -20, abs=0.2
        )


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="photographs have not been cut (models.datasets)")
@pytest.mark.parametrize("change", ["mouth", "turn", "gaze"])
def test_twins_differ_in_what_is_changed_and_show_something_above_the_mouth(change: str) -> None:
    painter = Painter(Shard.open(PHOTOGRAPHS), Head.make(FaceMesh.load()))
    assert held_out(painter.photographs.person[painter.expressive]).all() and len(painter.expressive) > 50
    (own, before, _), (another, after, _) = painter.twins(change, np.random.default_rng(0))
    changed = np.flatnonzero(before[EXPRESSION] != after[EXPRESSION])
    turned = np.abs(before[ROTATION] - after[ROTATION]).max()
    assert set(changed) <= set(MOUTH) and (len(changed) > 0) == (change == "mouth")
    assert (turned > 0.01) == (change == "turn") and (own != another).any()
    assert np.delete(before[EXPRESSION], MOUTH).max() >= SHOWN


def test_all_lists_are_written_with_boxes_in_pixels(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    parameters = np.zeros(104, np.float32)
    parameters[50 + EXPRESSIONS.index("jawOpen")], parameters[96] = 1, 1
    corners = np.array([[-0.5, -0.5], [0.5, 0.5]], np.float32).repeat(34, 0)
    maker.add("edited_mouth_open_0000", np.zeros((100, 100, 3), np.uint8), parameters.copy(), corners)
    parameters[50 + EXPRESSIONS.index("browDownLeft")] = 0.5
    for name in ("own", "another"):
        maker.add(f"mouth_{name}_0007", np.zeros((100, 100, 3), np.uint8), parameters, corners, pair=7)
    maker.finish()
    faces = FaceList.read(tmp_path / "expressions.csv")
    assert faces.files[0].exists() and faces.values[0, faces.columns.index("jawOpen")] == 1
    np.testing.assert_allclose(faces.boxes, [[24.5, 24.5, 74.5, 74.5]])
    np.testing.assert_array_equal(FaceList.read(tmp_path / "rotation.csv").values, [[1, 0, 0, 0]])
    two = FaceList.read(tmp_path / "twins.csv")
    assert [file.stem for file in two.files] == ["mouth_own_0007", "mouth_another_0007"]
    assert two.columns == ("pair", *EXPRESSIONS) and (two.values[:, 0] == 7).all()
    assert (two.values[:, two.columns.index("browDownLeft")] == 0.5).all()
