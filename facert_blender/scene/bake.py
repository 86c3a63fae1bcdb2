"""Bakes a performer onto a character: take + mapping -> Action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import MappingError
from ..capture.smoothing import smooth, smooth_rotations
from ..capture.take import Performer, Take
from ..retarget.mapping import Row, TargetKey, evaluate
from ..retarget.matching import check
from ..retarget.resample import continuous, covered, resample, resample_rotations
from .actions import joined, new_actions, write_curves
from .characters import Character, targets, undrivable_key
from .orientation import Turns, bone_moves, bone_turns, head_turns, product, stiff

GAP = 0.5
"""Seconds: where a performer was away for longer, no keys are written."""

Series = dict[tuple[str, int], NDArray[Any]]
"""{(data path, array index): values (n,)}"""

Channels = dict[bpy.types.ID, Series]
"""The series of each datablock."""


@dataclass
class BakeReport:
    """What a bake did.

    `actions` are the names of the Actions written, `keys` the number of keys in them, `frames` the first and
    last scene frame. `skipped` gives the reason for each target of an enabled row, and for the head, that was
    not driven; `unmapped` lists the expressions that drive nothing, `replaced` the Actions that the
    character had before and that are kept in the file.
    """

    character: str
    performer: str
    actions: list[str] = field(default_factory=list)
    keys: int = 0
    frames: tuple[int, int] = (0, 0)
    skipped: dict[str, str] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def scene_frame(time: float, scene: bpy.types.Scene, start_frame: int = 1) -> float:
    """The frame of `scene` at which the footage's `time` in seconds lies, when it begins at `start_frame`."""
    return float(start_frame + time * scene.render.fps / scene.render.fps_base)


def bake(
    take: Take,
    performer: Performer,
    character: Character,
    rows: Sequence[Row],
    *,
    scene: bpy.types.Scene,
    start_frame: int = 1,
    smoothing: float = 1.0,
    head_rotation: bool = True,
    neck_share: float = 0.0,
    overwrite: bool = False,
) -> BakeReport:
    """Write what `performer` does as an Action of `character`, called "<take> · <character>".

    Times are taken from the footage and resampled to whole frames of `scene` at its own frame rate; the
    footage's beginning lies at `start_frame`. `smoothing` is the strength for `capture.smoothing` (0: off);
    the take itself is not changed. The neck takes `neck_share` (0..1) of the head's
    rotation. An Action of that name is replaced only if `overwrite`.

    Raises:
        CharacterError: the character cannot be animated as it is.
        MappingError: no enabled row drives anything of this character.
    """
    scene.view_layers[0].update()
    report = BakeReport(character.name, performer.name, skipped=check(rows, targets(character)))
    driving = [row for row in rows if row.enabled and row.target not in report.skipped]
    if not driving:
        raise MappingError(
            f"No row of the mapping drives anything of {character.name}. Choose its preset and press Match."
        )
    used = {row.expression for row in driving}
    report.unmapped = [name for name in EXPRESSIONS if name not in used]

    frames, times = _scene_times(performer.times, scene, start_frame)
    weights = resample(performer.times, smooth(performer.times, performer.weights, strength=smoothing), times)
    rotation = resample_rotations(
        performer.times, smooth_rotations(performer.times, performer.rotation, strength=smoothing), times
    )
    values = evaluate(driving, weights)
    channels: Channels = defaultdict(dict)
    _key_channels(character, values, channels)
    if head_rotation:
        report.skipped |= stiff(character)
    turns = head_turns(character, rotation, neck_share) if head_rotation else {}
    _bone_channels(character, values, turns, channels)

    report.frames = (int(frames[0]), int(frames[-1]))
    name = joined(take.name, character.name)
    for datablock, action in zip(
        channels, new_actions(name, list(channels), overwrite=overwrite), strict=True
    ):
        before = datablock.animation_data.action if datablock.animation_data else None
        if before not in (None, action) and before.name not in report.replaced:
            report.replaced.append(before.name)
        curves = {channel: (frames, series) for channel, series in channels[datablock].items()}
        report.keys += write_curves(datablock, action, curves)
        if action.name not in report.actions:
            report.actions.append(action.name)
    return report


def _scene_times(
    times: NDArray[np.float64], scene: bpy.types.Scene, start_frame: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The whole scene frames (m,) in which a performer seen at `times` gets keys, and the footage's times."""
    rate = scene_frame(1, scene, 0)
    first, last = times[0] * rate, times[-1] * rate
    # A hair of tolerance, so that rounding loses no frame where both rates are the same.
    frames = np.arange(np.ceil(first - 1e-3), np.floor(last + 1e-3) + 1)
    new_times = np.clip(frames / rate, times[0], times[-1])
    kept = covered(times, new_times, GAP)
    if not kept.any():
        return np.array([round(first) + start_frame]), times[:1]
    return frames[kept].astype(np.int64) + start_frame, new_times[kept]


def _key_channels(
    character: Character, values: dict[TargetKey, NDArray[np.float32]], channels: Channels
) -> None:
    for (kind, name, _), series in values.items():
        for mesh in character.meshes if kind == "SHAPE_KEY" else ():
            shape_keys = mesh.data.shape_keys
            key = shape_keys.key_blocks.get(name) if shape_keys else None
            if key is not None and not undrivable_key(mesh, key):
                path = f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'
                channels[shape_keys][path, 0] = series


def _bone_channels(
    character: Character,
    values: dict[TargetKey, NDArray[np.float32]],
    head: Turns,
    channels: Channels,
) -> None:
    """What rows and the turning `head` do to bones, and to the object of a head without bones."""
    armature: Any = character.armature
    rotations = bone_turns(character, values)
    for part, turns in head.items():
        if isinstance(part, str):
            rotations[part] = product(turns, rotations[part]) if part in rotations else turns
        else:
            channels[part] |= _rotation_channels(part, "delta_", turns)
    for name, rotation in rotations.items():
        bone = armature.pose.bones[name]
        channels[armature] |= _rotation_channels(bone, _bone_path(name) + ".", rotation)
    for name, places in bone_moves(character, values).items():
        channels[armature] |= {(_bone_path(name) + ".location", i): places[:, i] for i in range(3)}


def _bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def _rotation_channels(
    thing: Any, prefix: str, rotations: NDArray[Any]
) -> dict[tuple[str, int], NDArray[Any]]:
    """The curves of `rotations` (n, 4) in the rotation mode of a bone or object."""
    rotations = continuous(rotations)
    if thing.rotation_mode == "QUATERNION":
        return {(f"{prefix}rotation_quaternion", i): rotations[:, i] for i in range(4)}
    if thing.rotation_mode == "AXIS_ANGLE":
        sine = np.linalg.norm(rotations[:, 1:], axis=1)
        angle = 2 * np.arctan2(sine, rotations[:, 0])
        axis = np.where(sine[:, None] > 1e-9, rotations[:, 1:] / np.maximum(sine, 1e-9)[:, None], (0, 1, 0))
        columns = np.column_stack([angle, axis])
        return {(f"{prefix}rotation_axis_angle", i): columns[:, i] for i in range(4)}
    eulers = [Quaternion(rotations[0]).to_euler(thing.rotation_mode)]
    for rotation in rotations[1:]:
        eulers.append(Quaternion(rotation).to_euler(thing.rotation_mode, eulers[-1]))
    columns = np.array(eulers)
    return {(f"{prefix}rotation_euler", i): columns[:, i] for i in range(3)}
