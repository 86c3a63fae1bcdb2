"""What a performance moves of a character: the numbers over time of each of its datablocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ..retarget.mapping import TargetKey
from ..retarget.resample import continuous
from .characters import Character, undrivable_key
from .orientation import Turns, bone_moves, bone_turns, product

Series = dict[tuple[str, int], NDArray[Any]]
"""{(data path, array index): values (n,)}"""

Channels = dict[bpy.types.ID, Series]
"""The series of each datablock."""


def channels_of(
    character: Character, values: Mapping[TargetKey, NDArray[np.float32]], head: Turns
) -> Channels:
    """The series of all datablocks that evaluated `values` (n,) of the mapping and the turning `head` move.

    Shape keys that cannot be driven are left out; bones must be drivable. Rotations are in the rotation mode
    of their bone or object, which turns by its delta rotation and so keeps its own.
    """
    channels: Channels = defaultdict(dict)
    for (kind, name, _), series in values.items():
        for mesh in character.meshes if kind == "SHAPE_KEY" else ():
            shape_keys = mesh.data.shape_keys
            key = shape_keys.key_blocks.get(name) if shape_keys else None
            if key is not None and not undrivable_key(mesh, key):
                path = f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'
                channels[shape_keys][path, 0] = series
    armature: Any = character.armature
    rotations = bone_turns(character, values)
    for part, turns in head.items():
        if isinstance(part, str):
            rotations[part] = product(turns, rotations[part]) if part in rotations else turns
        else:
            channels[part] |= _rotation_series(part, "delta_", turns)
    for name, rotation in rotations.items():
        bone = armature.pose.bones[name]
        channels[armature] |= _rotation_series(bone, _bone_path(name) + ".", rotation)
    for name, places in bone_moves(character, values).items():
        channels[armature] |= {(_bone_path(name) + ".location", i): places[:, i] for i in range(3)}
    return channels


def units(datablock: bpy.types.ID, series: Series) -> NDArray[np.float64]:
    """What counts as 1 in each of the series (k,): the length of a bone for its location, else 1."""
    lengths = {}
    if isinstance(datablock, bpy.types.Object) and datablock.pose:
        lengths = {f"{_bone_path(bone.name)}.location": bone.length for bone in datablock.pose.bones}
    return np.array([lengths.get(path, 1.0) for path, _ in series])


def _bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def _rotation_series(thing: Any, prefix: str, rotations: NDArray[Any]) -> Series:
    """The series of `rotations` (n, 4) in the rotation mode of a bone or object."""
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
