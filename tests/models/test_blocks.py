"""The blocks that both networks are built of."""

import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.blocks import Fire  # noqa: E402


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
