"""The cheapest way to pair rows with columns, each used once."""

from __future__ import annotations

import numpy as np


def assign(costs: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost among finite costs (n, m); as many pairs as those allow.

    Shortest augmenting paths (the Hungarian method), exact, O(n^2 m): Blender brings no scipy.
    """
    if not costs.size or not np.isfinite(costs).any():
        return []
    if costs.shape[0] > costs.shape[1]:
        return sorted((row, column) for column, row in assign(costs.T))
    forbidden = 1 + 2 * np.abs(costs[np.isfinite(costs)]).sum()
    full = np.where(np.isfinite(costs), costs, forbidden)
    rows, columns = full.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns + 1)
    owner = np.full(columns + 1, -1)  # row that owns a column; the extra last column starts each path
    for row in range(rows):
        owner[columns] = row
        column = columns
        cheapest = np.full(columns, np.inf)
        came_from = np.full(columns, columns)
        visited = np.zeros(columns + 1, bool)
        while owner[column] >= 0:
            visited[column] = True
            reduced = full[owner[column]] - row_price[owner[column]] - column_price[:columns]
            better = ~visited[:columns] & (reduced < cheapest)
            cheapest[better], came_from[better] = reduced[better], column
            following = int(np.argmin(np.where(visited[:columns], np.inf, cheapest)))
            step = cheapest[following]
            row_price[owner[visited]] += step
            column_price[visited] -= step
            cheapest[~visited[:columns]] -= step
            column = following
        while column != columns:
            owner[column] = owner[came_from[column]]
            column = came_from[column]
    pairs = [(int(owner[column]), column) for column in range(columns) if owner[column] >= 0]
    return sorted((row, column) for row, column in pairs if np.isfinite(costs[row, column]))
