"""Labels from the SFN: the same for a face and for its mirror image."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSION, MIRROR, ROTATION, TRANSLATION
from facert_blender.capture.network import SingleFaceNetwork

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.relabel import Labeller

WEIGHTS = Path(__file__).parents[2] / "models" / "weights"


def test_a_mirrored_face_gets_mirrored_labels_and_the_rest_stays() -> None:
    rng = np.random.default_rng(0)
    image = np.repeat(np.repeat(rng.integers(0, 255, (25, 30, 3), np.uint8), 8, 0), 8, 1)
    box = np.array([60, 40, 160, 140], np.float32)
    flipped = np.array([239 - 160, 40, 239 - 60, 140], np.float32)
    labeller = Labeller(SingleFaceNetwork(WEIGHTS / "single.onnx"), np.eye(50, dtype=np.float32))
    before = rng.normal(size=104).astype(np.float32)
    label = labeller.label(image, box, before)
    other = labeller.label(np.ascontiguousarray(image[:, ::-1]), flipped, before)
    np.testing.assert_allclose(other[EXPRESSION], label[EXPRESSION][list(MIRROR)], atol=1e-3)
    np.testing.assert_allclose(np.abs(other[ROTATION]), np.abs(label[ROTATION]), atol=1e-3)
    np.testing.assert_array_equal(label[TRANSLATION], before[TRANSLATION])
    assert label[EXPRESSION].std() > 0 and np.linalg.norm(label[ROTATION]) == pytest.approx(1, abs=1e-4)
