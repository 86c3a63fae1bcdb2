"""The assignment is the cheapest one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from facert_blender.capture.assignment import assign


def best_total(costs: np.ndarray) -> tuple[int, float]:
    """(minus the number of pairs, their cost) of the best assignment, by trying all."""
    if costs.shape[0] > costs.shape[1]:
        costs = costs.T
    rows = range(costs.shape[0])
    totals = []
    for columns in permutations(range(costs.shape[1]), costs.shape[0]):
        chosen = [costs[row, column] for row, column in zip(rows, columns, strict=True)]
        finite = [cost for cost in chosen if np.isfinite(cost)]
        totals.append((-len(finite), sum(finite)))
    return min(totals)


@pytest.mark.parametrize("seed", range(30))
def test_assignment_is_as_cheap_as_the_best_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = random.normal(size=random.integers(1, 6, 2))
    costs[random.random(costs.shape) < 0.3] = np.inf
    pairs = assign(costs)
    total = (-len(pairs), sum(costs[pair] for pair in pairs))
    assert total == pytest.approx(best_total(costs))
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_assign(shape: tuple[int, int]) -> None:
    assert assign(np.empty(shape)) == []


def test_forbidden_pairs_are_never_made() -> None:
    assert assign(np.full((2, 3), np.inf)) == []
