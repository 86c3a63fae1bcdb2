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


@numba.njit(cache=True, fastmath=True)
def normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals float32 (V, 3) of the vertices (V, 3), weighed by the triangles' areas."""
    result = np.zeros((len(points), 3), np.float32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in range(3):
            i = triangles[t, corner]
            result[i, 0] += nx
            result[i, 1] += ny
            result[i, 2] += nz
    for i in range(len(result)):
        length = np.sqrt(result[i, 0] ** 2 + result[i, 1] ** 2 + result[i, 2] ** 2) + 1e-12
        for k in range(3):
            result[i, k] /= length
    return result


@numba.njit(cache=True, fastmath=True)
def sample(picture: np.ndarray, x: float, y: float, channel: int) -> float:
    """A channel of the picture float32 (height, width, k) between pixels, its edges continued."""
    height, width = picture.shape[:2]
    x, y = min(max(x, 0.0), width - 1.001), min(max(y, 0.0), height - 1.001)
    column, row = int(x), int(y)
    u, v = x - column, y - row
    return (picture[row, column, channel] * (1 - u) + picture[row, column + 1, channel] * u) * (1 - v) + (
        picture[row + 1, column, channel] * (1 - u) + picture[row + 1, column + 1, channel] * u
    ) * v


@numba.njit(cache=True, fastmath=True)
def paint(
    seen: np.ndarray, place: np.ndarray, triangles: np.ndarray, surface: np.ndarray, photograph: np.ndarray
) -> np.ndarray:
    """Colour and opacity, float32 (height, width, 4), colours multiplied by the opacity.

    surface: float32 (V, 10): where the vertex lies in the photograph (x, y), where its mirror image does,
    how much of each colour there it takes, a colour (3) added to both, and its opacity.
    photograph: float32 (h, w, 3).
    """
    height, width = seen.shape
    result = np.zeros((height, width, 4), np.float32)
    at = np.zeros(10, np.float32)
    for y in range(height):
        for x in range(width):
            t = seen[y, x]
            if t < 0:
                continue
            for k in range(10):
                at[k] = 0
                for corner in range(3):
                    at[k] += place[y, x, corner] * surface[triangles[t, corner], k]
            for channel in range(3):
                colour = at[6 + channel]
                if at[4] > 0.003:
                    colour += at[4] * sample(photograph, at[0], at[1], channel)
                if at[5] > 0.003:
                    colour += at[5] * sample(photograph, at[2], at[3], channel)
                result[y, x, channel] = min(max(colour, 0.0), 255.0) * at[9]
            result[y, x, 3] = at[9]
    return result
