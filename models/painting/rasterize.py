"""A depth-buffered triangle rasteriser, compiled by Numba: which triangle is seen at each pixel, and where in
it; what surfaces look like there, and what a mesh is like around each vertex.
"""

from __future__ import annotations

import numba
import numpy as np

NONE, QUARTER, ONE = np.float32(0), np.float32(0.25), np.float32(1)
index = np.uint32
"""Where arrays are looked into most: of what may be negative Numba first asks whether it is, which takes as
long as the rest."""
FINE = 2
"""Pictures are painted this many times larger, and `compose` averages them."""
NOTHING = np.float32(0.003)
"""Shares of a colour below this are not looked up."""
OUTSIDE = np.float32(-1e-5)
"""Barycentric coordinates down to this count as inside, so that no gap opens between triangles."""


@numba.njit(cache=True, fastmath=True)
def inside(
    left: np.float32, right: np.float32, start: np.float32, slope: np.float32
) -> tuple[np.float32, np.float32]:
    """What of an interval is inside a triangle's edge, where `start + slope * x` is not negative. Where none
    is, the right end comes before the left, by a pixel at most.
    """
    if slope > 0:
        return min(max(left, (OUTSIDE - start) / slope), right + ONE), right
    if slope < 0:
        return left, max(min(right, (OUTSIDE - start) / slope), left - ONE)
    return left, right if start >= OUTSIDE else left - ONE


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
        a, b, c = index(triangles[t, 0]), index(triangles[t, 1]), index(triangles[t, 2])
        ax, ay, az = points[a, 0], points[a, 1], points[a, 2]
        bx, by, bz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
        cx, cy, cz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
        area = bx * cy - cx * by
        if area >= -1e-9:  # y points down, so what faces the viewer has negative area
            continue
        vx, vy, wx, wy = cy / area, -cx / area, -by / area, bx / area
        ux, uy = -vx - wx, -vy - wy
        first, last = max(ax + min(bx, cx, NONE), NONE), min(ax + max(bx, cx, NONE), np.float32(width - 1))
        top = max(int(np.ceil(ay + min(by, cy, NONE))), 0)
        bottom = min(int(np.floor(ay + max(by, cy, NONE))), height - 1)
        for row in range(top, bottom + 1):
            y = np.float32(row) - ay
            u, v, w = ONE + uy * y, vy * y, wy * y
            left, right = inside(first - ax, last - ax, u, ux)
            left, right = inside(left, right, v, vx)
            left, right = inside(left, right, w, wx)
            for column in range(int(np.ceil(left + ax)), int(np.floor(right + ax)) + 1):
                x = np.float32(column) - ax
                z = az + (v + vx * x) * bz + (w + wx * x) * cz
                if z > depth[row, column]:
                    depth[row, column] = z
                    seen[row, column] = t
                    place[row, column, 0] = u + ux * x
                    place[row, column, 1] = v + vx * x
                    place[row, column, 2] = w + wx * x
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
def depths(
    points: np.ndarray, outward: np.ndarray, first: np.ndarray, others: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """How deep the first n vertices lie under the weighted means of their neighbours, along their normals:
    float32 (n,).

    points, outward: float32 (V, 3). The neighbours of vertex i are `others[first[i] : first[i + 1]]`, with
    their shares, as in a sparse matrix by rows.
    """
    result = np.zeros(len(first) - 1, np.float32)
    for i in range(len(result)):
        x, y, z = -points[i, 0], -points[i, 1], -points[i, 2]
        for k in range(first[i], first[i + 1]):
            other = index(others[k])
            x += share[k] * points[other, 0]
            y += share[k] * points[other, 1]
            z += share[k] * points[other, 2]
        result[i] = x * outward[i, 0] + y * outward[i, 1] + z * outward[i, 2]
    return result


@numba.njit(cache=True, fastmath=True)
def paint(
    seen: np.ndarray, place: np.ndarray, triangles: np.ndarray, surface: np.ndarray, photograph: np.ndarray
) -> np.ndarray:
    """Colour and opacity, float32 (height, width, 4), colours multiplied by the opacity.

    surface: float32 (V, 10): where the vertex lies in the photograph (x, y), where its mirror image does,
    how much of each colour there it takes, a colour (3) added to both, and its opacity.
    photograph: float32 (h, w, 3), its edges continued.
    """
    height, width = seen.shape
    high, wide = photograph.shape[0], photograph.shape[1]
    result = np.zeros((height, width, 4), np.float32)
    for row in range(height):
        for column in range(width):
            if seen[row, column] < 0:
                continue
            t = index(seen[row, column])
            a, b, c = index(triangles[t, 0]), index(triangles[t, 1]), index(triangles[t, 2])
            u, v, w = place[row, column, 0], place[row, column, 1], place[row, column, 2]
            red = u * surface[a, 6] + v * surface[b, 6] + w * surface[c, 6]
            green = u * surface[a, 7] + v * surface[b, 7] + w * surface[c, 7]
            blue = u * surface[a, 8] + v * surface[b, 8] + w * surface[c, 8]
            for half in range(2):
                share = u * surface[a, 4 + half] + v * surface[b, 4 + half] + w * surface[c, 4 + half]
                if share <= NOTHING:
                    continue
                x = u * surface[a, 2 * half] + v * surface[b, 2 * half] + w * surface[c, 2 * half]
                y = u * surface[a, 2 * half + 1] + v * surface[b, 2 * half + 1] + w * surface[c, 2 * half + 1]
                x = min(max(x, NONE), np.float32(wide - 1.001))
                y = min(max(y, NONE), np.float32(high - 1.001))
                left, top = index(x), index(y)
                dx, dy = x - np.float32(left), y - np.float32(top)
                for k in range(4):
                    shown = photograph[top + index(k // 2), left + index(k % 2)]
                    part = share * (dx if k % 2 else ONE - dx) * (dy if k // 2 else ONE - dy)
                    red += part * shown[0]
                    green += part * shown[1]
                    blue += part * shown[2]
            opacity = u * surface[a, 9] + v * surface[b, 9] + w * surface[c, 9]
            result[row, column, 0] = min(max(red, NONE), np.float32(255)) * opacity
            result[row, column, 1] = min(max(green, NONE), np.float32(255)) * opacity
            result[row, column, 2] = min(max(blue, NONE), np.float32(255)) * opacity
            result[row, column, 3] = opacity
    return result


@numba.njit(cache=True, fastmath=True)
def compose(painted: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """The means of two by two pixels of what `paint` made, before a picture half as large: uint8 (h, w, 3).

    painted: float32 (2 * h, 2 * w, 4). behind: float32 (h, w, 3).
    """
    height, width = behind.shape[0], behind.shape[1]
    result = np.empty((height, width, 3), np.uint8)
    for row in range(height):
        for column in range(width):
            top, left = 2 * row, 2 * column
            a, b = painted[top, left], painted[top, left + 1]
            c, d = painted[top + 1, left], painted[top + 1, left + 1]
            through = ONE - (a[3] + b[3] + c[3] + d[3]) * QUARTER
            for k in range(3):
                colour = (a[k] + b[k] + c[k] + d[k]) * QUARTER
                colour += behind[row, column, k] * through
                result[row, column, k] = np.rint(min(max(colour, NONE), np.float32(255)))
    return result
