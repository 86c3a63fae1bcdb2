"""Fewer filters in the first convolution."""

import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

import torch

from models.narrow import narrowed
from models.single_face import SingleFaceConfig, SingleFaceNetwork


def test_filters_that_repeat_others_are_dropped_without_loss() -> None:
    torch.manual_seed(0)
    wide = SingleFaceNetwork(SingleFaceConfig(stem=16)).eval()
    images = torch.randint(0, 255, (2, 128, 128, 3), dtype=torch.uint8)
    with torch.no_grad():
        wide.stem[0][0].weight[8:] = 2 * wide.stem[0][0].weight[:8]
        wide.level1[0].squeeze[1].running_mean += 0.3
        expected = wide(images)
    weights, lost = narrowed(wide, images, 8)
    narrow = SingleFaceNetwork(SingleFaceConfig(stem=8)).eval()
    narrow.load_state_dict(weights)
    with torch.no_grad():
        assert torch.allclose(narrow(images), expected, atol=1e-4)
    assert lost < 1e-4


def test_what_is_lost_is_told() -> None:
    torch.manual_seed(0)
    network = SingleFaceNetwork(SingleFaceConfig(stem=16)).eval()
    images = torch.randint(0, 255, (2, 128, 128, 3), dtype=torch.uint8)
    losses = [narrowed(network, images, count)[1] for count in (15, 8, 2)]
    assert 0 < losses[0] < losses[1] < losses[2] < 1
