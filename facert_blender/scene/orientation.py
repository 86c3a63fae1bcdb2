"""Where a head faces: the axes of a character's head frame in the space of its object."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)
"""Columns: x right in the front view, y up, z out of the face, of a head facing -Y with Z up (Blender)."""
Y_UP = np.eye(3)
"""The same for a head facing +Z with Y up (from other programs, turned upright by its object)."""


def head_frame(thing: bpy.types.Object, head_bone: str = "") -> NDArray[np.float64]:
    """The axes (3, 3), as columns, of the head's frame at rest in the local space of `thing`.

    An armature says by its bones which of its axes is up: the head is above the root. Where that tells
    nothing (one bone, no armature) it is the local axis that stands upright in the world.
    """
    if head_bone:
        bone = thing.data.bones[head_bone]
        root = bone.parent_recursive[-1] if bone.parent else bone
        above = bone.head_local - root.head_local
        if above.length > 1e-6:
            return Y_UP if above.y > abs(above.z) else Z_UP
    world = np.array(thing.matrix_world)[:3, :3]
    return Y_UP if abs(world[2, 1]) > abs(world[2, 2]) else Z_UP


def rotation_matrix(matrix: Any) -> NDArray[np.float64]:
    """The rotation (3, 3) in a Blender matrix, without its scale."""
    return np.array(matrix.to_quaternion().to_matrix(), np.float64)


def turned(rotations: NDArray[Any], axes: NDArray[Any]) -> NDArray[Any]:
    """Quaternions (n, 4) w, x, y, z of the head's frame, in the space in which that frame is `axes`."""
    return np.concatenate([rotations[:, :1], rotations[:, 1:] @ axes.T], axis=1)
