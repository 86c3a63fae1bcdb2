"""The blocks that both networks are built of."""

import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.blocks import Fire, SqueezeExcite, Stem  # noqa: E402


@pytest.mark.parametrize("stride", [1, 2])
def test_a_folded_fire_module_does_the_same(stride: int) -> None:
    torch.manual_seed(0)
    fire = Fire(16, 8, 16, stride)
    x = torch.randn(4, 16, 12, 12)
    for _ in range(5):
        fire(x + torch.randn_like(x))  # its normalisation gets means and spreads of its own
    torch.nn.init.uniform_(fire.norm.weight, 0.5, 2)
    torch.nn.init.uniform_(fire.norm.bias, -1, 1)
    fire.eval()
    with torch.no_grad():
        before = fire(x)
        fire.fold()
        assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fire.children())
        torch.testing.assert_close(fire(x), before, atol=1e-5, rtol=1e-4)
        fire.fold()
        torch.testing.assert_close(fire(x), before, atol=1e-5, rtol=1e-4)


def test_weights_of_channels_that_are_spread_do_the_same() -> None:
    torch.manual_seed(0)
    excite, x = SqueezeExcite(16), torch.randn(2, 16, 6, 6)
    before = excite(x)
    excite.spread()
    torch.testing.assert_close(excite(x), before)


def stem_of_edges(outputs: int) -> Stem:
    """A stem whose filters are smooth, as learned ones are, with a normalisation that weighs them unlike."""
    torch.manual_seed(0)
    stem = Stem(outputs).eval()
    coarse = torch.randn(outputs, 3, 4, 4)
    with torch.no_grad():
        stem[0][0].weight.copy_(torch.nn.functional.interpolate(coarse, size=(7, 7), mode="bicubic"))
    torch.nn.init.uniform_(stem[0][1].running_var, 0.1, 4)
    torch.nn.init.uniform_(stem[0][1].bias, -1, 1)
    return stem


def test_a_factored_stem_does_nearly_the_same_with_fewer_filters() -> None:
    stem = stem_of_edges(64)
    coarse = torch.randn(2, 1, 8, 8) + 0.2 * torch.randn(2, 3, 8, 8)
    soft = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bicubic")
    with torch.no_grad():
        before = stem(soft)
        stem.factor()
        after = stem(soft)
    few = stem[0][0][0].weight.shape[0]
    assert few < 64 and few % 8 == 0
    assert after.shape == before.shape
    assert 0 < float((after - before).norm() / before.norm()) < 0.05


def test_a_stem_stays_whole_where_factors_would_save_nothing() -> None:
    torch.manual_seed(0)
    stem = Stem(16).eval()
    whole = stem[0][0]
    stem.factor()
    assert stem[0][0] is whole


@pytest.mark.parametrize(("side", "stride"), [(64, 2), (32, 1)])
def test_a_stem_with_half_of_the_stride_gives_as_much_for_half_of_the_pixels(side: int, stride: int) -> None:
    assert Stem(16, stride)(torch.zeros(1, 3, side, side)).shape == (1, 16, 16, 16)
