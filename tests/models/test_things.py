"""What is cut out of photographs because it is no face."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.things import LEAST, found, searched, touches  # noqa: E402


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


def test_things_touch_no_face() -> None:
    faces = np.array([[100.0, 100, 200, 200]])
    boxes = np.array([[300.0, 300, 340, 340], [110, 110, 120, 120], [90, 90, 300, 300], [195, 100, 295, 200]])
    assert touches(boxes, faces).tolist() == [False, True, True, False]
    assert touches(boxes, np.zeros((0, 4))).tolist() == [False] * 4
