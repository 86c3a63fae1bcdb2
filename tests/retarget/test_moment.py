"""One moment of a performer."""

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Performer
from facert_blender.retarget.adjust import Adjustments
from facert_blender.retarget.moment import weights_at

JAW = EXPRESSIONS.index("jawOpen")


@pytest.fixture
def performer():
    """The jaw opens from 0 to 1 in a second, is away for two, and is half open for a moment."""
    times = np.array([*np.linspace(0, 1, 11), 3.0])
    weights = np.zeros((12, 46), np.float32)
    weights[:, JAW] = [*np.linspace(0, 1, 11), 0.5]
    return Performer(
        id=1,
        frames=np.rint(times * 10).astype(np.int32),
        times=times,
        weights=weights,
        rotation=np.tile(np.float32([1, 0, 0, 0]), (12, 1)),
        boxes=np.zeros((12, 4), np.float32),
        confidence=np.ones(12, np.float32),
        identity=np.zeros(50, np.float32),
    )


@pytest.mark.parametrize(
    ("time", "jaw"), [(0, 0), (0.25, 0.25), (1, 1), (1.2, 1), (2.9, 0.5), (3.1, 0.5), (-0.1, 0)]
)
def test_weights_lie_between_frames(performer, time, jaw):
    assert weights_at(performer, Adjustments(), time)[JAW] == pytest.approx(jaw, abs=1e-6)


@pytest.mark.parametrize("time", [-1, 2, 4])
def test_nobody_is_there(performer, time):
    assert weights_at(performer, Adjustments(), time) is None


def test_adjustments_count(performer):
    assert weights_at(performer, Adjustments(gains={"jaw": 0.5}), 0.5)[JAW] == pytest.approx(0.25)
