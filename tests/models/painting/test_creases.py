"""Skin darkens in folds as expressions grow."""

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from models.painting.creases import Creases


def weights(*names: str) -> np.ndarray:
    return np.array([float(name in names) for name in EXPRESSIONS], np.float32)


def test_folds_darken_on_the_side_that_moves() -> None:
    places = {
        "fold left": (0.3, -0.1),
        "fold right": (-0.3, -0.1),
        "chin": (0.0, -0.9),
        "forehead": (0.0, 1.13),
    }
    neutral = np.array([(x, y, 0.5) for x, y in places.values()], np.float32)
    creases = Creases.on(neutral)
    strength = np.ones(creases.makes.shape[1], np.float32)
    smile = dict(zip(places, creases.shade(weights(), weights("mouthSmileLeft"), strength), strict=True))
    assert smile["fold left"] < 0.8 and smile["fold right"] > 0.97 and smile["forehead"] > 0.97
    back = dict(zip(places, creases.shade(weights("mouthSmileLeft"), weights(), strength), strict=True))
    assert back["fold left"] > 1.05  # the photograph's fold is smoothed
    raised = dict(zip(places, creases.shade(weights(), weights("browInnerUpLeft"), strength), strict=True))
    assert raised["forehead"] < 0.8 and raised["chin"] > 0.99
    np.testing.assert_allclose(creases.shade(weights(), weights("mouthSmileLeft"), 0 * strength), 1)
