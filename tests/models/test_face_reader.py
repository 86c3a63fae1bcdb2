"""Faces are read where they are."""

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN, MOST_READ

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.export import MultiFaceOutputs, difference, halve, to_onnx  # noqa: E402
from models.face_reader import CUT, DEPTHS, FaceReader, cut, sampling  # noqa: E402
from models.multi_face import MultiFaceConfig, multi_face_network, to_read  # noqa: E402


@pytest.mark.parametrize("span", [0.05, 0.4, 1.5])
def test_a_cut_weighs_cells_by_how_near_they_are(span: float) -> None:
    weights = sampling(torch.tensor([0.5]), torch.tensor([span]), 36)
    assert weights.shape == (1, CUT, 36)
    np.testing.assert_allclose(weights.sum(-1).numpy(), 1, atol=1e-6)
    # The middle of what each step takes goes from edge to edge of the cut.
    middle = (weights @ ((torch.arange(36) + 0.5) / 36))[0].numpy()
    wanted = 0.5 + ((np.arange(CUT) + 0.5) / CUT - 0.5) * span
    inside = (wanted > 0.1) & (wanted < 0.9)
    np.testing.assert_allclose(middle[inside], wanted[inside], atol=0.01)


def test_a_cut_shows_its_own_face() -> None:
    # One feature grows to the right, the other downwards.
    place = (torch.arange(72) + 0.5) / 72
    features = torch.stack([place.expand(72, 72), place[:, None].expand(72, 72)])[None]
    boxes = torch.tensor([[[0.3, 0.6, 0.2, 0.1], [0.7, 0.4, 0.1, 0.3]]])
    cuts = cut(features, boxes)
    assert cuts.shape == (2, 2, CUT, CUT)
    for shown, (x, y, w, h) in zip(cuts, boxes[0].tolist(), strict=True):
        reach = CROP_MARGIN * max(w, h) / 2 * (1 - 1 / CUT)
        np.testing.assert_allclose(shown[0, 5, [0, -1]].numpy(), [x - reach, x + reach], atol=0.01)
        np.testing.assert_allclose(shown[1, [0, -1], 5].numpy(), [y - reach, y + reach], atol=0.01)


def test_a_reader_reads_each_face_by_itself() -> None:
    torch.manual_seed(0)
    reader = FaceReader((8, 12, 16)).eval()
    levels = (torch.randn(1, 8, 72, 72), torch.randn(1, 12, 36, 36), torch.randn(1, 16, 18, 18))
    boxes = torch.rand(1, 3, 4) * 0.3 + 0.3
    with torch.no_grad():
        prepared = reader.prepare(levels)
        parameters, points = reader(prepared, boxes)
        alone, _ = reader(prepared, boxes[:, 1:2])
    assert [p.shape[1] for p in prepared] == list(DEPTHS)
    assert parameters.shape == (3, 104) and points.shape == (3, 68, 2)
    np.testing.assert_allclose(alone[0].numpy(), parameters[1].numpy(), atol=1e-5)
    assert float((parameters[0] - parameters[1]).abs().max()) > 1e-4


def test_the_most_confident_are_read_and_no_face_twice() -> None:
    rng = np.random.default_rng(0)
    places = np.stack(np.meshgrid(np.arange(6), np.arange(5)), -1).reshape(-1, 2) / 6 + 0.1
    boxes = np.concatenate([places, np.full((30, 2), 0.1)], 1).repeat(3, 0)  # 30 faces, each seen three times
    boxes += rng.uniform(-0.005, 0.005, boxes.shape)
    logits = np.sort(rng.normal(size=90))[::-1].reshape(30, 3).copy()
    far = 405 - 90
    given = torch.from_numpy(np.concatenate([boxes, np.full((far, 4), 0.01)])).float()[None]
    sure = torch.from_numpy(np.concatenate([logits.ravel(), np.full(far, -9)])).float()[None]
    read = to_read(given, sure, torch.tensor(MOST_READ))[0].numpy()
    assert len(read) == MOST_READ
    assert read.tolist() == [3 * face for face in range(MOST_READ)]


def test_export_of_a_network_that_reads_faces_where_they_are() -> None:
    torch.manual_seed(0)
    graph = MultiFaceOutputs(multi_face_network(MultiFaceConfig(reader=True))).eval()
    with torch.no_grad():
        outputs = graph(torch.randint(0, 255, (2, 288, 288, 3), dtype=torch.uint8), torch.tensor(MOST_READ))
    assert [tuple(o.shape) for o in outputs] == [
        (2, 405, 4), (2, 405), (2, MOST_READ), (2, MOST_READ, 104), (2, MOST_READ, 68, 2)
    ]  # fmt: skip
    whole = to_onnx(graph, "multi")
    assert difference(graph, "multi", whole) < 1e-4
    assert difference(graph, "multi", halve(whole)) < 2e-2
