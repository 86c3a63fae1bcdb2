"""What is cut out of photographs because it is no face."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.things import LEAST, about, cut, found, no_faces, searched  # noqa: E402


def test_large_pictures_are_searched_in_parts_that_cover_them() -> None:
    small, large = np.zeros((200, 300, 3), np.uint8), np.zeros((600, 900, 3), np.uint8)
    assert [part.shape for part, _ in searched(small)] == [(200, 300, 3)]
    covered = np.zeros((600, 900), int)
    for part, (x, y) in searched(large):
        covered[int(y) : int(y) + part.shape[0], int(x) : int(x) + part.shape[1]] += 1
    assert covered.min() == 2 and covered.max() == 5


def test_what_is_found_in_parts_lies_where_it_is() -> None:
    # A finder that sees a box at a tenth of whatever it is shown, and another that is hardly anything.
    boxes = torch.tensor([[[0.1, 0.1, 0.1, 0.1], [0.5, 0.5, 0.1, 0.1]]])
    logits = torch.logit(torch.tensor([[0.6, LEAST / 2]]))

    def finder(_: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(boxes=boxes, logits=logits)

    places, confidence = found(finder, np.zeros((900, 900, 3), np.uint8))  # type: ignore[arg-type]
    assert confidence == pytest.approx([0.6] * 5)
    corners = sorted(map(tuple, np.round(places[:, :2] + 0.5)))
    assert corners == [(27, 27), (27, 387), (45, 45), (387, 27), (387, 387)]
    assert sorted(np.round(places[:, 2] - places[:, 0])) == [54, 54, 54, 54, 90]


def test_things_may_have_a_part_of_a_face_but_are_none_that_is_badly_placed() -> None:
    faces = np.array([[100.0, 100, 200, 200], [220, 100, 320, 200]])
    elsewhere, eye, between, both = (
        [300, 300, 340, 340], [110, 110, 140, 140], [165, 100, 255, 200], [60, 60, 360, 360],
    )  # fmt: skip
    found, aside, smaller = [100, 102, 201, 199], [125, 120, 225, 220], [110, 110, 180, 180]
    boxes = np.array([elsewhere, eye, between, both, found, aside, smaller], float)
    assert no_faces(boxes, faces).tolist() == [True] * 4 + [False] * 3
    assert no_faces(boxes, np.zeros((0, 4))).all()


def test_boxes_about_faces_hold_a_part_or_several_or_one_far_too_small() -> None:
    faces = np.array([[100.0, 100, 140, 140], [150, 100, 190, 140]])
    rng = np.random.default_rng(0)
    boxes = np.concatenate([about(faces, (240, 320, 3), rng) for _ in range(40)])
    size = boxes[:, 2:] - boxes[:, :2]
    assert np.allclose(size[:, 0], size[:, 1]) and size.min() >= 0.35 * 40 - 1e-6 and size.max() <= 160
    assert (boxes >= -0.05 * size[:, :1]).all()
    assert (boxes[:, 2:] <= np.array([320, 240]) + 0.05 * size).all()
    boxes = boxes[no_faces(boxes, faces)]
    first, second = (((boxes[:, :2] <= f[:2]) & (boxes[:, 2:] >= f[2:])).all(1) for f in faces)
    inside = [((boxes[:, :2] >= f[:2]) & (boxes[:, 2:] <= f[2:])).all(1) for f in faces]
    between = ~first & ~second & (abs(boxes[:, [0, 2]].mean(1) - 145) < 10)
    for kind in (first & second, first ^ second, inside[0] | inside[1], between):
        assert kind.sum() > 10


def test_the_first_boxes_that_are_no_faces_are_cut_out() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[50:90, 200:240] = 200
    boxes = np.array(
        [[20.0, 20, 60, 60], [200, 50, 240, 90], [120, 20, 130, 30], [180, 120, 220, 160], [0, 0, 40, 40]]
    )
    shard = cut(image, "ytf/Somebody_1.jpg", boxes, np.array([0.5, 0.4, 0.3, 0.2, 0.1]), boxes[:1], 1)
    assert shard.confidence.tolist() == pytest.approx([0.4]) and shard.person.tolist() == ["Somebody"]
    middle = len(shard.images[0]) // 2
    assert (shard.images[0, middle, middle] == 200).all() and shard.pixel[0] == pytest.approx(1 / 40)
