"""Errors of expression weights on cases small enough to check by hand."""

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from models.expression_measures import (
    CATEGORIES,
    category_errors,
    expression_errors,
    neutral_activation,
    off_category_error,
)


def weights(**values: float) -> np.ndarray:
    row = np.zeros((1, 46))
    for name, value in values.items():
        row[0, EXPRESSIONS.index(name)] = value
    return row


def test_a_category_counts_only_the_faces_and_channels_that_are_active() -> None:
    truth = np.concatenate([weights(jawLeft=1), weights(eyeBlinkLeft=1, eyeBlinkRight=1), weights()])
    found = np.concatenate(
        [weights(jawLeft=0.7), weights(eyeBlinkLeft=1, eyeBlinkRight=0.6), weights(jawRight=1)]
    )
    errors = category_errors(found, truth)
    assert errors["jaw left/right"] == pytest.approx(0.3)
    assert errors["eye close"] == pytest.approx(0.2)
    assert errors["smile"] is None and set(errors) == set(CATEGORIES)


def test_always_answering_one_is_seen_in_neutral_and_off_category() -> None:
    truth = np.concatenate([weights(mouthPucker=1), weights()])
    always = np.ones((2, 46))
    assert category_errors(always, truth)["kiss"] == 0
    assert neutral_activation(always, truth) == 1 and off_category_error(always, truth) == 1
    assert neutral_activation(truth, truth) == 0 and off_category_error(truth, truth) == 0
    assert (
        neutral_activation(truth[:1], truth[:1]) is None and off_category_error(truth[1:], truth[1:]) is None
    )


def test_unknown_channels_count_nowhere() -> None:
    truth = np.full((1, 46), np.nan)
    truth[0, EXPRESSIONS.index("jawOpen")] = 1
    truth[0, EXPRESSIONS.index("browDownLeft")] = 0
    found = np.full((1, 46), 0.4)
    assert np.isfinite(expression_errors(found, truth)).sum() == 2
    assert off_category_error(found, truth) == pytest.approx(0.4)
    truth[0, EXPRESSIONS.index("jawOpen")] = 0
    assert neutral_activation(found, truth) == pytest.approx(0.4)
