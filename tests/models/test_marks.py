"""What people mark is fitted to what a network locates."""

import math

import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.marks import Marks, facing  # noqa: E402


def turned(degrees: float, count: int) -> torch.Tensor:
    """Heads turned to one side."""
    half = math.radians(degrees) / 2
    return torch.tensor([math.cos(half), 0, math.sin(half), 0]).expand(count, 4)


def test_nothing_is_corrected_until_it_is_fitted() -> None:
    points = torch.randn(5, 80, 2)
    torch.testing.assert_close(Marks(80)(points, turned(0, 5)), points[:, :68])


def test_what_people_mark_otherwise_is_learned() -> None:
    torch.manual_seed(0)
    points = torch.randn(600, 70, 2) * 0.2
    marks = points[:, :68].clone()
    marks[:, 3, 0] += 0.02 + 0.5 * points[:, 69, 1]
    layer = Marks(70)
    layer.fit(points[:500], turned(10, 500), marks[:500])
    corrected = layer(points[500:], turned(10, 100))
    assert (corrected - marks[500:]).abs().max() < 1e-3 < (points[500:, :68] - marks[500:]).abs().max()


def test_the_correction_fades_where_people_marked_nobody() -> None:
    assert [round(float(facing(turned(d, 1))), 2) for d in (0, 29, 61, 90)] == [1, 1, 0, 0]
    assert 0.1 < float(facing(turned(45, 1))) < 0.9
    rolled = torch.tensor([[math.cos(0.6), 0.0, 0.0, math.sin(0.6)]])
    assert float(facing(rolled)) == 1
