"""How well expression weights are read: the paper's nine categories (table 5), and what it leaves out."""

from __future__ import annotations

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS

from .measures import mean

CATEGORIES: dict[str, tuple[str, ...]] = {
    "eye close": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eye wide": ("eyeWideLeft", "eyeWideRight"),
    "brow raise": ("browInnerUpLeft", "browInnerUpRight", "browOuterUpLeft", "browOuterUpRight"),
    "brow anger": ("browDownLeft", "browDownRight"),
    "mouth open": ("jawOpen",),
    "jaw left/right": ("jawLeft", "jawRight"),
    "lip roll": ("mouthRollLower", "mouthRollUpper"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "kiss": ("mouthPucker",),
}
ACTIVE = 0.8
"""A channel is active in a face whose true weight is at least this; the paper's faces are posed, at 1."""
REST = 0.05
"""A face is neutral if none of its true weights is larger."""


def expression_errors(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Mean absolute error (46,) of weights (n, 46) by channel; NaN where the truth is."""
    return np.abs(found - truth).mean(0)


def category_errors(found: np.ndarray, truth: np.ndarray) -> dict[str, float | None]:
    """The paper's measure, mean |1 - w| of each category's active channels, on weights (n, 46).

    Taken over the faces in which the truth activates the category; None where it does so in none.
    """
    errors: dict[str, float | None] = {}
    for category, channels in _indices().items():
        active = truth[:, channels] >= ACTIVE
        errors[category] = mean(np.abs(1 - found[:, channels])[active])
    return errors


def neutral_activation(found: np.ndarray, truth: np.ndarray) -> float | None:
    """Mean weight found in neutral faces, of weights (n, 46); None where there are no neutral faces."""
    known = np.isfinite(truth).any(0)
    neutral = (np.nan_to_num(truth) <= REST).all(1)
    return float(found[neutral][:, known].mean()) if neutral.any() else None


def off_category_error(found: np.ndarray, truth: np.ndarray) -> float | None:
    """Mean absolute error of weights (n, 46) outside the categories that a face activates.

    It shows what always answering 1 hides from the categories' own errors. None without such faces.
    """
    inside = np.zeros(truth.shape, bool)
    for channels in _indices().values():
        inside[:, channels] |= (truth[:, channels] >= ACTIVE).any(1)[:, None]
    outside = ~inside & inside.any(1)[:, None] & np.isfinite(truth)
    return mean(np.abs(found - truth)[outside])


def _indices() -> dict[str, list[int]]:
    return {name: [EXPRESSIONS.index(c) for c in channels] for name, channels in CATEGORIES.items()}
