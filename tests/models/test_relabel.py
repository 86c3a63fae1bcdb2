"""Labels from the SFN."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, TRANSLATION
from facert_blender.capture.network import SingleFaceNetwork

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.datasets import LAYOUT, Shard
from models.relabel import as_one, label

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


def test_a_label_is_what_the_network_reads_and_the_rest_stays() -> None:
    rng = np.random.default_rng(0)
    image = np.repeat(np.repeat(rng.integers(0, 255, (25, 30, 3), np.uint8), 8, 0), 8, 1)
    box = np.array([60, 40, 160, 140], np.float32)
    network = SingleFaceNetwork(WEIGHTS / "single.onnx", closely=True)
    before = rng.normal(size=104).astype(np.float32)
    read = label(network, image, box, before)
    (face,) = network.read(image, box[None])
    np.testing.assert_array_equal(read[EXPRESSION], face.weights)
    np.testing.assert_array_equal(read[ROTATION], face.rotation)
    np.testing.assert_array_equal(read[IDENTITY], face.identity)
    np.testing.assert_array_equal(read[TRANSLATION], before[TRANSLATION])


def test_what_stays_in_both_pictures_of_a_pair_is_labelled_alike() -> None:
    shard = Shard(**{name: np.zeros((5, *shape), dtype) for name, (dtype, shape) in LAYOUT.items()})
    shard.pair[:] = [1, 0, -1, 4, 3]
    shard.exact[3:] = True
    first = EXPRESSION.start
    shard.parameters[1, first] = 0.5  # what was changed
    read = np.random.default_rng(0).uniform(0, 1, (5, 104)).astype(np.float32)
    before = read.copy()
    one = as_one(read, shard)
    np.testing.assert_array_equal(read, before)
    stayed = slice(first + 1, EXPRESSION.stop)
    for row in (0, 1):
        np.testing.assert_allclose(one[row, stayed], (read[0, stayed] + read[1, stayed]) / 2)
    one[:2, stayed] = read[:2, stayed]
    np.testing.assert_array_equal(one, read)
