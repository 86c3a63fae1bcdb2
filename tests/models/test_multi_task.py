"""The MFN's task: scenes as the network is told of them."""

import numpy as np
import pytest

from facert_blender.capture.contract import FINDING_SIZE, PARAMETERS

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.multi_task import padded
from models.scenes import MOST_FACES, Scene


def test_boxes_are_fractions_of_the_picture_from_edge_to_edge() -> None:
    low, high = -0.5, FINDING_SIZE - 0.5  # the picture's edges, since pixels' centres lie at whole numbers
    middle = (FINDING_SIZE - 1) / 2
    marks = np.full((1, 68, 2), middle, np.float32)
    marks[0, :2] = [[low, middle - 36], [high, middle + 36]]
    one = np.ones(1, np.float32)
    zone = np.array([[low, low, middle, middle]], np.float32)
    image = np.zeros((FINDING_SIZE, FINDING_SIZE, 3), np.uint8)
    scene = Scene(image, np.ones((1, PARAMETERS), np.float32), marks, one, np.array([True]), zone)
    told = padded(scene)
    np.testing.assert_allclose(told["boxes"][0], [0.5, 0.5, 1, 0.25], atol=1e-6)
    np.testing.assert_allclose(told["landmarks"][0, 0], [0, 0.375], atol=1e-6)
    np.testing.assert_allclose(told["landmarks"][0, 2], [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(told["ignored"][0], [0.25, 0.25, 0.5, 0.5], atol=1e-6)
    assert told["boxes"].shape == (MOST_FACES, 4) and not told["boxes"][1:].any()
    assert told["confidence"].sum() == 1
