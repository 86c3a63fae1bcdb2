"""Faces are read where they are."""

from collections.abc import Callable

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN, MOST_READ, MULTI_SIZE

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.export import MultiFaceOutputs, difference, halve, to_onnx  # noqa: E402
from models.face_reader import VIEW_SIZE, given, views  # noqa: E402
from models.multi_face import to_read  # noqa: E402


@pytest.mark.parametrize("side", [0.04, 0.09, 0.2, 0.5, 0.7])
def test_a_view_shows_its_own_face_in_its_own_picture(side: float) -> None:
    # Red grows to the right and green downwards; the second picture is the first one turned by a half.
    ramp = (np.arange(MULTI_SIZE) * 255 / MULTI_SIZE).astype(np.uint8)
    image = np.zeros((MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
    image[..., 0], image[..., 1] = ramp, ramp[:, None]
    levels = given(np.stack([image, image[::-1, ::-1]]))
    boxes = torch.tensor([[[0.5, 0.55, side, side / 2], [0.45, 0.5, side / 3, side]]]).repeat(2, 1, 1)
    shown = views(levels, boxes).reshape(2, 2, VIEW_SIZE, VIEW_SIZE, 3).numpy()
    reach = CROP_MARGIN * side / 2 * (1 - 1 / VIEW_SIZE)
    for picture, turned in enumerate((False, True)):
        for face, (x, y) in enumerate([(0.5, 0.55), (0.45, 0.5)]):
            across, down = (np.array([place - reach, place + reach]).clip(0, 1) for place in (x, y))
            red, green = (255 * (1 - place if turned else place) for place in (across, down))
            seen = shown[picture, face]
            np.testing.assert_allclose(seen[32, [0, -1], 0], red, atol=3)
            np.testing.assert_allclose(seen[[0, -1], 32, 1], green, atol=3)


def test_a_view_of_few_pixels_is_smooth_and_one_of_many_does_not_skip_any() -> None:
    stripes = np.zeros((1, MULTI_SIZE, MULTI_SIZE, 3), np.uint8)
    stripes[:, :, ::2] = 200
    levels = given(stripes)
    large = views(levels, torch.tensor([[[0.5, 0.5, 0.5, 0.5]]])).numpy()
    np.testing.assert_allclose(large, 100, atol=1)
    small = views(levels, torch.tensor([[[0.5, 0.5, 0.02, 0.02]]])).numpy()
    assert small.min() < 30 and small.max() > 170
    assert np.abs(np.diff(small, axis=2)).max() < 80


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


def test_export_of_a_network_that_reads_faces_where_they_are(
    narrow_networks: Callable[[], tuple[torch.nn.Module, torch.nn.Module]],
) -> None:
    finder, reader = narrow_networks()
    graph = MultiFaceOutputs(finder, reader).eval()
    levels = given(np.random.default_rng(0).integers(0, 255, (2, MULTI_SIZE, MULTI_SIZE, 3), np.uint8))
    with torch.no_grad():
        outputs = graph(*levels, torch.tensor(MOST_READ))
        own = reader(views(levels, outputs[0].gather(1, outputs[2][..., None].expand(-1, -1, 4))))
    assert [tuple(o.shape) for o in outputs] == [
        (2, 1377, 4), (2, 1377), (2, MOST_READ), (2, MOST_READ, 104), (2, MOST_READ, 68, 2)
    ]  # fmt: skip
    torch.testing.assert_close(outputs[3].flatten(0, 1), own[0])
    torch.testing.assert_close(outputs[4].flatten(0, 1), own[1])
    whole = to_onnx(graph, "multi")
    assert difference(graph, "multi", whole) < 1e-4
    assert difference(graph, "multi", halve(whole)) < 2e-2
