"""Faces are read where they are."""

from collections.abc import Callable

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN, MIRROR_LANDMARKS, MOST_READ, MULTI_SIZE, ROTATION

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.export import MultiFaceOutputs, difference, halve, to_onnx  # noqa: E402
from models.face_reader import (  # noqa: E402
    CLOSER,
    FEW,
    given,
    in_sides,
    read,
    read_twice,
    views,
)
from models.label import mirror  # noqa: E402
from models.multi_face import to_read  # noqa: E402
from models.single_face import SingleFaceNetwork  # noqa: E402

ACROSS = 56
"""Pixels across a view."""
Networks = Callable[[], tuple[torch.nn.Module, SingleFaceNetwork]]


@pytest.mark.parametrize("side", [0.04, 0.09, 0.2, 0.5, 0.7])
def test_a_view_shows_its_own_face_in_its_own_picture(side: float) -> None:
    # Red grows to the right and green downwards; the second picture is the first one turned by a half.
    ramp = (np.arange(MULTI_SIZE) * 255 / MULTI_SIZE).astype(np.uint8)
    image = np.zeros((MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
    image[..., 0], image[..., 1] = ramp, ramp[:, None]
    levels = given(np.stack([image, image[::-1, ::-1]]))
    boxes = torch.tensor([[[0.5, 0.55, side, side / 2], [0.45, 0.5, side / 3, side]]]).repeat(2, 1, 1)
    shown = views(levels, boxes, ACROSS).reshape(2, 2, ACROSS, ACROSS, 3).numpy()
    reach = CLOSER * CROP_MARGIN * side / 2 * (1 - 1 / ACROSS)
    for picture, turned in enumerate((False, True)):
        for face, (x, y) in enumerate([(0.5, 0.55), (0.45, 0.5)]):
            across, down = (np.array([place - reach, place + reach]).clip(0, 1) for place in (x, y))
            red, green = (255 * (1 - place if turned else place) for place in (across, down))
            seen = shown[picture, face]
            np.testing.assert_allclose(seen[ACROSS // 2, [0, -1], 0], red, atol=3)
            np.testing.assert_allclose(seen[[0, -1], ACROSS // 2, 1], green, atol=3)


def test_a_view_of_few_pixels_is_smooth_and_one_of_many_does_not_skip_any() -> None:
    stripes = np.zeros((1, MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
    stripes[:, :, ::2] = 200
    levels = given(stripes)
    large = views(levels, torch.tensor([[[0.5, 0.5, 0.5, 0.5]]]), ACROSS).numpy()
    np.testing.assert_allclose(large, 100, atol=1)
    small = views(levels, torch.tensor([[[0.5, 0.5, 0.02, 0.02]]]), ACROSS).numpy()
    assert small.min() < 30 and small.max() > 170
    assert np.abs(np.diff(small, axis=2)).max() < 80


@pytest.mark.parametrize("side", [0.06, 0.12, 0.3])
def test_what_lies_beside_the_middle_of_a_box_lies_there_in_its_view(side: float) -> None:
    x, y = 251, 300
    image = np.zeros((1, MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
    across, down = np.meshgrid(np.arange(MULTI_SIZE), np.arange(MULTI_SIZE))
    image[0, np.hypot(across - x, down - y) < side * MULTI_SIZE / 8] = 255
    beside = np.array([0.1, -0.2])
    middle = (np.array([x, y]) + 0.5) / MULTI_SIZE - beside * side
    box = torch.tensor([[[*middle, side, side]]]).float()
    bright = views(given(image), box, ACROSS)[0, ..., 0].numpy()
    places = ((np.arange(ACROSS) + 0.5) / ACROSS - 0.5) * CROP_MARGIN
    seen = np.array([(bright.sum(axis) * places).sum() for axis in (0, 1)]) / bright.sum()
    _, points = in_sides(torch.ones(1, 104), torch.from_numpy(seen)[None, None])
    np.testing.assert_allclose(points[0, 0], beside, atol=0.006)


def test_sizes_are_in_sides_of_the_face() -> None:
    parameters = torch.rand(2, 104)
    ours, _ = in_sides(parameters, torch.zeros(2, 68, 2))
    torch.testing.assert_close(ours[:, :103], parameters[:, :103])
    torch.testing.assert_close(ours[:, 103], CLOSER * parameters[:, 103])


def test_the_most_confident_are_read_and_no_face_twice() -> None:
    rng = np.random.default_rng(0)
    places = np.stack(np.meshgrid(np.arange(6), np.arange(5)), -1).reshape(-1, 2) / 6 + 0.1
    boxes = np.concatenate([places, np.full((30, 2), 0.1)], 1).repeat(3, 0)  # 30 faces, each seen three times
    boxes += rng.uniform(-0.005, 0.005, boxes.shape)
    logits = np.sort(rng.normal(size=90))[::-1].reshape(30, 3).copy()
    far = 405 - 90
    given = torch.from_numpy(np.concatenate([boxes, np.full((far, 4), 0.01)])).float()[None]
    sure = torch.from_numpy(np.concatenate([logits.ravel(), np.full(far, -9)])).float()[None]
    confidence = torch.sigmoid(sure)
    read = to_read(given, confidence, torch.tensor(0.0))[0].numpy()
    assert read.tolist() == [3 * face for face in range(MOST_READ)]
    for number in (1, 5):
        threshold = confidence[0, 3 * (number - 1)]
        assert to_read(given, confidence, threshold)[0].tolist() == read[:number].tolist()
    assert to_read(given, confidence, torch.tensor(1.0))[0].tolist() == [0]


def test_what_is_read_in_a_mirror_too_is_read_alike_in_a_mirror(narrow_networks: Networks) -> None:
    _, reader = narrow_networks()
    shown = torch.rand(3, ACROSS, ACROSS, 3) * 255
    with torch.no_grad():
        parameters, marks, likeness = read(reader, shown, torch.tensor(3))
        others, mirrored_marks, alike = read(reader, shown.flip(2), torch.tensor(3))
        once, located, _ = reader(shown)
    np.testing.assert_allclose(others, mirror(parameters.numpy()), atol=1e-5)
    assert np.abs(once.numpy() - parameters.numpy()).max() > 1e-3
    np.testing.assert_allclose(parameters[:, ROTATION].norm(dim=1), 1, atol=1e-6)
    torch.testing.assert_close(alike, likeness)
    # Where the face is across is the first reading's alone.
    first = reader.marks(located, once[:, ROTATION]).detach()
    np.testing.assert_allclose(marks[..., 0].mean(1), first[..., 0].mean(1), atol=1e-6)
    shapes = marks - marks.mean(1, keepdim=True)
    mirrored = mirrored_marks - mirrored_marks.mean(1, keepdim=True)
    np.testing.assert_allclose(shapes[:, list(MIRROR_LANDMARKS)] * torch.tensor([-1, 1]), mirrored, atol=1e-6)


def test_what_is_not_read_in_a_mirror_is_read_once(narrow_networks: Networks) -> None:
    _, reader = narrow_networks()
    shown = torch.rand(3, ACROSS, ACROSS, 3) * 255
    with torch.no_grad():
        for each, once, twice in zip(
            read(reader, shown, torch.tensor(1)),
            read(reader, shown, torch.tensor(0)),
            read(reader, shown, torch.tensor(3)),
            strict=True,
        ):
            torch.testing.assert_close(each[:1], twice[:1])
            torch.testing.assert_close(each[1:], once[1:])


def test_few_faces_are_read_in_a_mirror_too_and_nobody_is_not() -> None:
    sure = torch.tensor([[0.2, 0.6]])

    def number(pictures: int, faces: int, threshold: float) -> int:
        return int(read_twice(torch.zeros(pictures, faces), sure, torch.tensor(threshold)))

    assert [number(1, faces, 0.5) for faces in (1, FEW, FEW + 1, MOST_READ)] == [1, FEW, 0, 0]
    assert number(2, 3, 0.5) == 6
    assert number(1, 1, 0.7) == 0


def test_export_of_a_network_that_reads_faces_where_they_are(narrow_networks: Networks) -> None:
    finder, reader = narrow_networks()
    graph = MultiFaceOutputs(finder, reader).eval()
    levels = given(np.random.default_rng(0).integers(0, 255, (2, MULTI_SIZE, MULTI_SIZE, 3), np.uint8))
    with torch.no_grad():
        outputs = graph(*levels, torch.tensor(0.0))
        places = outputs[0].gather(1, outputs[2][..., None].expand(-1, -1, 4))
        own = reader(views(levels, places, reader.config.size))
    assert [tuple(o.shape) for o in outputs] == [
        (2, 1377, 4), (2, 1377), (2, MOST_READ), (2, MOST_READ, 104), (2, MOST_READ, 68, 2), (2, MOST_READ)
    ]  # fmt: skip
    *read, odds = own
    for output, expected in zip(outputs[3:], (*in_sides(*read), torch.sigmoid(odds)), strict=True):
        torch.testing.assert_close(output.flatten(0, 1), expected)
    whole = to_onnx(graph, "multi")
    assert difference(graph, "multi", whole) < 1e-4
    assert difference(graph, "multi", halve(whole)) < 2e-2
