"""What the preview makes of a frame of the footage."""

import numpy as np
import pytest

from facert_blender.preview import annotated, reduced
from tests.ui.conftest import make_take


def test_reduced_is_the_mean_of_blocks() -> None:
    image = np.zeros((5, 4, 3), np.uint8)
    image[:2, :2, 0] = 100
    image[1, 3] = 40
    assert reduced(image, 2)[..., 0].tolist() == [[100, 10], [0, 0]]
    assert reduced(image, 1) == pytest.approx(image)


def test_only_who_is_there_is_drawn() -> None:
    take = make_take()
    for performer in take.performers:
        performer.frames = performer.frames + 5
    landmarks = [np.full((10, 68, 2), 30, np.float32) for _ in take.performers]
    image = np.zeros((60, 80, 3), np.uint8)
    assert not annotated(image, take, landmarks, 4, 0.5).any()
    drawn = annotated(image, take, landmarks, 5, 0.5)
    assert drawn[15, 15].any(), "the points"
    assert drawn[30, 20].any(), "the lower edge of the box"
    assert not drawn[40:].any(), "nothing beyond the box"
