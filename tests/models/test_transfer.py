"""What the SFN has learned, in a network that sees fewer pixels."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.single_face import SingleFaceConfig, SingleFaceNetwork  # noqa: E402
from models.transfer import between, cells, finer, give_head, give_seen, settle, transfer  # noqa: E402

NARROW = SingleFaceConfig(128, 16, 2, (32, 32, 32), (8, 8, 8), spatial=2, hidden=16, seen=4)
SMALL = replace(NARROW, size=56, stride=1)
WIDER = replace(SMALL, spatial=5, hidden=24, seen=6, alike=True)


def soft(count: int, side: int) -> torch.Tensor:
    """Pictures uint8 (count, side, side, 3) in which neighbours are alike, with a grey edge."""
    coarse = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (count, 3, 6, 6))).float()
    picture = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    picture = picture.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    edge = torch.full((count, side, side, 3), 127, dtype=torch.uint8)
    edge[:, 5:-5, 5:-5] = picture[:, 5:-5, 5:-5]
    return edge


def trained(config: SingleFaceConfig) -> SingleFaceNetwork:
    """A network whose every part does something."""
    torch.manual_seed(0)
    network = SingleFaceNetwork(config)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.uniform_(part.bias, -0.5, 0.5)
    torch.nn.init.normal_(network.expression.at_points.weight, std=0.2)
    settle(network, [soft(16, config.size)])
    return network


def test_values_between_others_are_interpolated_and_beyond_them_are_the_last() -> None:
    weights = between(np.array([-1.0, 0.25, 2.0, 2.75, 9.0]), 4)
    found = weights @ torch.tensor([0.0, 10.0, 20.0, 40.0])
    torch.testing.assert_close(found, torch.tensor([0.0, 2.5, 20.0, 35.0, 40.0]))


def test_finer_filters_see_what_the_others_see_in_a_picture_made_twice_as_large() -> None:
    torch.manual_seed(0)
    filters, small = torch.randn(4, 3, 7, 7), torch.randn(2, 3, 20, 20)
    large = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    expected = torch.conv2d(large, filters, stride=2, padding=3)
    found = torch.conv2d(small, finer(filters), padding=2)
    torch.testing.assert_close(found[..., 2:-2, 2:-2], expected[..., 2:-2, 2:-2])


def test_places_of_a_map_are_found_in_one_that_covers_less() -> None:
    def lying(side: int, span: float) -> torch.Tensor:
        """How far to the right each place of a map lies."""
        return (((torch.arange(side) + 0.5) / side - 0.5) * span).repeat(side, 1)

    found = cells(8, 7, 0.9) @ lying(7, 0.9).flatten()
    edge = 3 / 7 * 0.9  # the middle of the last place
    torch.testing.assert_close(found.view(8, 8), lying(8, 1).clamp(-edge, edge))


def test_points_begin_where_the_other_sees_them_in_a_view_made_twice_as_large() -> None:
    other, small = trained(NARROW), soft(4, 64)
    torch.manual_seed(1)
    network = SingleFaceNetwork(replace(WIDER, size=64))
    transfer(network, other)
    large = torch.nn.functional.interpolate(
        small.permute(0, 3, 1, 2).float(), scale_factor=2, mode="bilinear"
    )
    # Both standardise what they get by these pictures alone.
    network.train(), other.train()
    with torch.no_grad():
        (_, found, _), (_, expected, _) = network(small), other(large.permute(0, 2, 3, 1))
    assert expected.std(0).mean() > 0.005  # They tell the pictures apart.
    torch.testing.assert_close(found, expected, atol=0.001, rtol=0)


def test_a_head_begins_as_the_other_on_the_same_features() -> None:
    other = trained(NARROW).expression.train()
    torch.manual_seed(1)
    network = SingleFaceNetwork(replace(WIDER, size=64))
    mine = network.expression.train()
    x, points, seen = torch.randn(8, 160, 8, 8), torch.randn(8, 68, 2), torch.randn(8, 68, 6)
    with torch.no_grad():
        give_head(mine, other, torch.eye(64))
        give_seen(mine, other, 68)
        found, expected = mine(x, points, seen), other(x, points, seen[..., :4])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_what_is_new_changes_nothing_and_can_learn() -> None:
    other = trained(NARROW)
    networks = []
    for config in (SMALL, WIDER):
        torch.manual_seed(1)
        network = SingleFaceNetwork(config)
        transfer(network, other)
        settle(network, [soft(16, 56)])
        networks.append(network)
    narrow, wide = networks
    with torch.no_grad():
        for one, same in zip(wide(soft(4, 56))[:2], narrow(soft(4, 56))[:2], strict=True):
            torch.testing.assert_close(one, same, atol=1e-5, rtol=1e-4)
    parameters, *_ = wide(soft(4, 56))
    parameters.square().sum().backward()
    assert wide.expression.out.weight.grad[:, 16:].abs().max() > 0
    assert wide.expression.at_points.weight.grad.abs().max() > 0


def test_normalisations_settle_on_what_is_shown() -> None:
    network = trained(SMALL)
    seen: dict[str, torch.Tensor] = {}
    network.level1[1].norm.register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
    shown = soft(8, 56)
    settle(network, [shown])
    assert not network.training
    network.train()
    with torch.no_grad():
        network(shown)
    torch.testing.assert_close(
        seen["x"].mean((0, 2, 3)), network.level1[1].norm.running_mean, atol=1e-4, rtol=1e-3
    )
