"""Punch-in: some frames of an Action are played again, and nothing else of it changes."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .actions import LINEAR, Curves, current_fcurves, fcurves_of
from .channels import Series

Edges = tuple[int | None, int | None]
"""The frames before and after which the old curves go on; None where there is nothing of them."""

KEY_NUMBERS = {
    "co": 2, "handle_left": 2, "handle_right": 2, "amplitude": 1, "back": 1, "period": 1,
    "interpolation": 1, "easing": 1, "handle_left_type": 1, "handle_right_type": 1, "type": 1,
}  # fmt: skip
"""What makes up a key, and of how many numbers."""
KEY_CHOICES = ("interpolation", "easing", "handle_left_type", "handle_right_type", "type")
"""What of it is a choice, which Blender numbers."""


def blended(
    datablock: bpy.types.ID, series: Series, frames: NDArray[np.int64], blend_in: int, blend_out: int
) -> Series:
    """`series` at `frames` (n,), passing over from and to what the Action of `datablock` does there.

    Over the first `blend_in` frames they come from the old curves, over the last `blend_out` they go back;
    where the Action has no keys before or after them there is nothing to blend with.
    """
    curves = _curves(datablock)
    low, high = _edges(curves, (frames[0], frames[-1]), blend_in, blend_out)
    share = np.ones(len(frames))
    if low is not None and blend_in:
        share = np.minimum(share, (frames - frames[0]) / blend_in)
    if high is not None and blend_out:
        share = np.minimum(share, (frames[-1] - frames) / blend_out)
    zone = share < 1
    if not zone.any():
        return series
    # Without corners where the blend begins and ends.
    share = share[zone] ** 2 * (3 - 2 * share[zone])
    old = {channel: _old(datablock, curves, channel, frames[zone]) for channel in series}
    turned = _opposite(series, old, zone)
    result = {}
    for channel, values in series.items():
        new = np.array(-values if channel[0] in turned else values, np.float64)
        new[zone] = old[channel] + share * (new[zone] - old[channel])
        result[channel] = new
    return result


def punch_in(
    datablock: bpy.types.ID, curves: Curves, span: tuple[int, int], blend_in: int, blend_out: int
) -> int:
    """Replace what the Action of `datablock` does in the frames of `span`, both included, by `curves`.

    `curves` are those of `blended`, with keys on both ends. Keys outside of `span` are not touched, and keys
    at its edges keep the old curves as they were up to there. Curves that the Action lacked begin and end
    with the value that their property has. Returns the number of keys written.
    """
    old_curves = _curves(datablock)
    low, high = _edges(old_curves, span, blend_in, blend_out)
    fcurves = fcurves_of(datablock.animation_data.action, datablock)
    for channel, (frames, values) in curves.items():
        edges = [edge for edge in (low, high) if edge is not None]
        heights = _old(datablock, old_curves, channel, np.array(edges))
        curve = old_curves.get(channel) or fcurves.new(channel[0], index=channel[1])
        for edge, height in zip(edges, heights, strict=True):
            _hold(curve, edge, height)
        inside = np.ones(len(frames), bool)
        if low is not None:
            inside &= frames > low
        if high is not None:
            inside &= frames < high
        _splice(curve, frames[inside], values[inside], span, (low, high))
    return sum(len(frames) for frames, _ in curves.values())


def _curves(datablock: bpy.types.ID) -> dict[tuple[str, int], Any]:
    return {
        (curve.data_path, curve.array_index): curve
        for curve in current_fcurves(datablock)
        if len(curve.keyframe_points)
    }


def _edges(curves: dict[tuple[str, int], Any], span: tuple[int, int], blend_in: int, blend_out: int) -> Edges:
    """Where the old curves end and begin again: at the ends of `span` if they blend, else just outside."""
    first, last = span
    ranges = [curve.range() for curve in curves.values()]
    before = any(start < first for start, _ in ranges)
    after = any(end > last for _, end in ranges)
    return (
        (first if blend_in else first - 1) if before else None,
        (last if blend_out else last + 1) if after else None,
    )


def _old(
    datablock: bpy.types.ID,
    curves: dict[tuple[str, int], Any],
    channel: tuple[str, int],
    frames: NDArray[Any],
) -> NDArray[np.float64]:
    """What `datablock` does at `frames` (n,) so far: by its curve, or where it has none by its own value."""
    curve = curves.get(channel)
    if curve is not None:
        return np.array([curve.evaluate(frame) for frame in frames])
    value = datablock.path_resolve(channel[0])
    return np.full(len(frames), value if isinstance(value, float) else value[channel[1]])


def _opposite(series: Series, old: Series, zone: NDArray[np.bool_]) -> set[str]:
    """The paths of quaternions that are the same rotation as the old ones by the opposite numbers."""
    likeness: dict[str, float] = {}
    for (path, index), values in series.items():
        if path.endswith("rotation_quaternion"):
            likeness[path] = likeness.get(path, 0) + float(values[zone][0] * old[path, index][0])
    return {path for path, cosine in likeness.items() if cosine < 0}


def _hold(curve: Any, frame: int, height: float) -> None:
    """See that `curve` has a key at `frame`, where it has that height."""
    frames = _numbers(curve, "co")[:, 0]
    if not (abs(frames - frame) < 1e-3).any():
        # Blender fits the handles around it, so that the curve stays as it was.
        curve.keyframe_points.insert(frame, height)


def _splice(
    curve: Any, frames: NDArray[Any], values: NDArray[Any], span: tuple[int, int], edges: Edges
) -> None:
    """Replace the keys of `curve` in `span`, except those on its edges, by LINEAR ones."""
    points = curve.keyframe_points
    count = len(points)
    points.add(len(frames))
    keys = {name: _numbers(curve, name) for name in KEY_NUMBERS}
    keys["co"][count:] = np.column_stack([frames, values])
    keys["interpolation"][count:] = LINEAR
    low, high = edges
    times = keys["co"][:count, 0]
    if low == span[0]:
        keys["interpolation"][:count][abs(times - low) < 1e-3] = LINEAR
    replaced = (times > (span[0] - 1e-3 if low is None else low + 1e-3)) & (
        times < (span[1] + 1e-3 if high is None else high - 1e-3)
    )
    rows = np.concatenate([np.flatnonzero(~replaced), np.arange(count, len(points))])
    rows = rows[np.argsort(keys["co"][rows, 0], kind="stable")]
    points.clear()
    points.add(len(rows))
    for name, numbers in keys.items():
        points.foreach_set(name, numbers[rows].ravel())
    curve.update()


def _numbers(curve: Any, name: str) -> NDArray[Any]:
    """One part of all keys of `curve`: (n, 2) float32, or (n,) float32 or int32."""
    width = KEY_NUMBERS[name]
    numbers = np.empty(len(curve.keyframe_points) * width, np.int32 if name in KEY_CHOICES else np.float32)
    curve.keyframe_points.foreach_get(name, numbers)
    return numbers.reshape(-1, width) if width > 1 else numbers
