"""A depth-buffered triangle rasteriser, compiled by Numba: which triangle is seen at each pixel, and where in
it.
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)
def rasterize(
    points: np.ndarray, triangles: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rasterise triangles that face the viewer.

    points: float32 (V, 3), x and y in pixels (y down, centres at integers), greater z is nearer.
    triangles: int32 (T, 3), anticlockwise when seen from outside with y up.
    Returns the triangle seen at each pixel, int32 (height, width), -1 for none, and float32 (height, width,
    3), its barycentric coordinates there.
    """
    seen = np.full((height, width), -1, np.int32)
    depth = np.full((height, width), -1e9, np.float32)
    place = np.zeros((height, width, 3), np.float32)
    for t in range(len(triangles)):
        ax, ay, az = points[triangles[t, 0]]
        bx, by, bz = points[triangles[t, 1]]
        cx, cy, cz = points[triangles[t, 2]]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area >= -1e-9:  # y points down, so what faces the viewer has negative area
            continue
        left = max(int(np.ceil(min(ax, bx, cx))), 0)
        right = min(int(np.floor(max(ax, bx, cx))), width - 1)
        top = max(int(np.ceil(min(ay, by, cy))), 0)
        bottom = min(int(np.floor(max(ay, by, cy))), height - 1)
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
                w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
                u = 1 - v - w
                if u < -1e-5 or v < -1e-5 or w < -1e-5:
                    continue
                z = u * az + v * bz + w * cz
                if z > depth[y, x]:
                    depth[y, x] = z
                    seen[y, x] = t
                    place[y, x, 0] = u
                    place[y, x, 1] = v
                    place[y, x, 2] = w
    return seen, place


@numba.njit(cache=True, fastmath=True)
def interpolate(seen: np.ndarray, place: np.ndarray, triangles: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (V, k) at the vertices, interpolated at each pixel: float32 (height, width, k), zero where none
    is seen.
    """
    height, width = seen.shape
    result = np.zeros((height, width, values.shape[1]), np.float32)
    for y in range(height):
        for x in range(width):
            t = seen[y, x]
            if t >= 0:
                for k in range(values.shape[1]):
                    for corner in range(3):
                        result[y, x, k] += place[y, x, corner] * values[triangles[t, corner], k]
    return result
