"""The losses: zero when right, and what counts more than what."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, ROTATION, SCALE
from facert_blender.capture.face_shape import FaceShape

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.face_model import Projection  # noqa: E402
from models.losses import (  # noqa: E402
    FaceLoss,
    LossWeights,
    complete_iou,
    expression_cost,
    objectness,
    people_confusion,
    points_distance,
    quaternion_distance,
    twins_confusion,
)

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"
JAW = EXPRESSION.start + EXPRESSIONS.index("jawLeft")


@pytest.fixture(scope="module")
def projection() -> Projection:
    return Projection(FaceShape.load(WEIGHTS / "face_shape.npz"))


def resting_face() -> torch.Tensor:
    face = torch.zeros(1, 104)
    face[:, ROTATION.start] = 1
    face[:, SCALE] = 0.5
    return face


def loss_of(
    projection: Projection, found: torch.Tensor, truth: torch.Tensor, *, exact: bool, **weights: float
) -> float:
    face_loss = FaceLoss(projection, LossWeights(landmark=0, distance=0, **weights))
    one = torch.ones(1)
    return float(face_loss(found, truth, projection(truth), one, torch.tensor([exact]), 100))


def test_the_face_loss_is_zero_when_right_and_counts_missed_expressions_more_than_made_up_ones(
    projection: Projection,
) -> None:
    rest, moved = resting_face(), resting_face()
    moved[:, JAW] = 1
    assert loss_of(projection, moved, moved, exact=True) == pytest.approx(0, abs=1e-3)
    missed = loss_of(projection, rest, moved, exact=True)
    made_up = loss_of(projection, moved, rest, exact=True)
    assert missed == pytest.approx(2 * made_up, rel=1e-3)
    assert missed > loss_of(projection, rest, moved, exact=False)


def test_fitted_and_exact_labels_have_cross_entropies_of_their_own(projection: Projection) -> None:
    rest, moved = resting_face(), resting_face()
    moved[:, JAW] = 1

    def costs(**weights: float) -> list[float]:
        return [loss_of(projection, rest, moved, exact=exact, **weights) for exact in (True, False)]

    without, exact, fitted = (
        costs(entropy=0, fitted_entropy=0),
        costs(entropy=1, fitted_entropy=0),
        costs(entropy=0, fitted_entropy=1),
    )
    assert exact[0] > 2 * without[0] and exact[1] == without[1]
    assert fitted[1] > 2 * without[1] and fitted[0] == without[0]


def test_exact_jaws_that_move_aside_count_for_more_where_that_is_asked_for(projection: Projection) -> None:
    rest, aside, smile = resting_face(), resting_face(), resting_face()
    aside[:, JAW] = 1
    smile[:, EXPRESSION.start + EXPRESSIONS.index("mouthSmileLeft")] = 1

    def ratio(moved: torch.Tensor, *, exact: bool) -> float:
        asked, usual = (loss_of(projection, rest, moved, exact=exact, aside=a) for a in (2.5, 1.0))
        return asked / usual

    assert ratio(aside, exact=True) == pytest.approx(2.5, rel=1e-3)
    assert ratio(aside, exact=False) == pytest.approx(1)
    assert ratio(smile, exact=True) == pytest.approx(1, rel=1e-3)


def test_losses_are_zero_when_right_and_fall_towards_right() -> None:
    box = torch.tensor([[0.5, 0.5, 0.2, 0.3]])
    assert float(complete_iou(box, box)) == pytest.approx(1)
    assert float(complete_iou(box + 0.05, box)) > float(complete_iou(box + 0.1, box))
    q = torch.tensor([[0.8, 0.6, 0.0, 0.0]])
    assert float(quaternion_distance(q, -q)) == 0
    weights = torch.tensor([[0.0, 0.4, 1.0]])
    right = expression_cost(weights, weights, 1.0)
    torch.testing.assert_close(right, torch.zeros(1, 3), atol=1e-3, rtol=0)
    half = torch.full((1, 3), 0.7)
    assert (expression_cost(half, weights, 1.0) > right + 0.1).all()
    torch.testing.assert_close(expression_cost(half, weights, 0.0), (half - weights).abs())


def test_objectness_leaves_out_what_is_not_counted() -> None:
    logits = torch.tensor([[4.0, 4.0]])
    target = torch.tensor([[1.0, 0.0]])
    both = objectness(logits, target, torch.ones(1, 2))
    one = objectness(logits, target, torch.tensor([[1.0, 0.0]]))
    assert float(one) < 0.1 < float(both)


def test_twins_may_differ_in_what_was_changed_alone() -> None:
    rng = np.random.default_rng(0)
    truth = torch.from_numpy(rng.random((3, 104)).astype(np.float32))
    twin = torch.tensor([-1, 0, -1])
    offset = torch.from_numpy(rng.random(104).astype(np.float32))
    assert float(twins_confusion(truth + offset, truth, twin)) < 1e-6
    confused = truth.clone()
    confused[1, 60] += 0.46
    assert abs(float(twins_confusion(confused, truth, twin)) - 0.46 / 46 / 3) < 1e-6
    assert float(twins_confusion(confused, truth, torch.full((3,), -1))) == 0


def test_points_distance_leaves_out_what_is_unknown() -> None:
    truth = torch.zeros(1, 4, 2)
    found = torch.tensor([[[3.0, 4.0], [0.0, 0.0], [90.0, 0.0], [0.0, 0.0]]])
    weight = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    assert abs(float(points_distance(found, truth, weight)[0]) - 2.5) < 1e-3


def test_people_are_told_apart_by_the_order_of_distances_alone() -> None:
    person = torch.tensor([0, 0, 1, 1, 2])
    identity = torch.zeros(5, 50)
    identity[:2, 0], identity[2:4, 1], identity[4, 2] = 1, 1, 1
    sorted_well = float(people_confusion(identity, person))
    assert float(people_confusion(10 * identity, person)) == pytest.approx(sorted_well, rel=1e-4)
    assert float(people_confusion(identity[[0, 2, 1, 3, 4]], person)) > sorted_well + 1
    assert float(people_confusion(identity, torch.arange(5))) == 0
