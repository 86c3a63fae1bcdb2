"""Where a head faces, and what its bones or its object must do for it to turn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ..retarget.mapping import TargetKey
from .characters import Character, undrivable_bone, undrivable_turn

Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float64)
"""Columns: x right in the front view, y up, z out of the face, of a head facing -Y with Z up (Blender)."""
Y_UP = np.eye(3)
"""The same for a head facing +Z with Y up (from other programs, turned upright by its object)."""

LEFT = re.compile(r"(?<![A-Za-z])[Ll](?![A-Za-z])|[Ll]eft|LEFT")
"""What names a left bone: "eye.L", "CC_Base_L_Eye", "mixamorig:LeftEye"."""
RIGHT = {"L": "R", "l": "r", "Left": "Right", "left": "right", "LEFT": "RIGHT"}

Turns = dict[str | bpy.types.Object, NDArray[np.float64]]
"""Quaternions (n, 4) w, x, y, z of bones, by name, and of objects."""


def head_frame(thing: bpy.types.Object, head_bone: str = "") -> NDArray[np.float64]:
    """The axes (3, 3), as columns, of the head's frame at rest in the local space of `thing`.

    An armature says by its bones which of its axes is up (the head is above the root) and which is right in
    the front view (where its left bones are). Where that tells nothing (one bone, no armature), up is the
    local axis that stands upright in the world, and the head faces as Blender's characters do.
    """
    frame = _upright(thing, head_bone)
    across = _across(thing) if head_bone else None
    if across is None:
        return frame
    right = np.zeros(3)
    # Up is no candidate, however a bone may lean.
    level = np.abs(across) * (np.abs(frame[:, 1]) < 0.5)
    right[level.argmax()] = np.sign(across[level.argmax()])
    return np.column_stack([right, frame[:, 1], np.cross(right, frame[:, 1])])


def _upright(thing: bpy.types.Object, head_bone: str) -> NDArray[np.float64]:
    if head_bone:
        bone = thing.data.bones[head_bone]
        root = bone.parent_recursive[-1] if bone.parent else bone
        above = bone.head_local - root.head_local
        if above.length > 1e-6:
            return Y_UP if above.y > abs(above.z) else Z_UP
    world = np.array(thing.matrix_world)[:3, :3]
    return Y_UP if abs(world[2, 1]) > abs(world[2, 2]) else Z_UP


def _across(armature: bpy.types.Object) -> NDArray[np.float64] | None:
    """From the right bones of `armature` to their left namesakes on average, None without such pairs."""
    bones = armature.data.bones
    total = Vector((0, 0, 0))
    for bone in bones:
        other = bones.get(LEFT.sub(lambda side: RIGHT[side.group()], bone.name))
        if other is not None and other != bone:
            total += bone.head_local - other.head_local
    return np.array(total) if total.length > 1e-6 else None


def rotation_matrix(matrix: Any) -> NDArray[np.float64]:
    """The rotation (3, 3) in a Blender matrix, without its scale."""
    return np.array(matrix.to_quaternion().to_matrix(), np.float64)


def turned(rotations: NDArray[Any], axes: NDArray[Any]) -> NDArray[Any]:
    """Quaternions (n, 4) w, x, y, z of the head's frame, in the space in which that frame is `axes`."""
    return np.concatenate([rotations[:, :1], rotations[:, 1:] @ axes.T], axis=1)


def head_turns(character: Character, rotations: NDArray[Any], share: float = 0.0) -> Turns:
    """How `character` turns its head by `rotations` (n, 4), quaternions w, x, y, z in the camera's frame.

    Returns quaternions (n, 4): of bones, by name, their own rotation; of the object that carries a head
    without bones its delta rotation. The neck takes `share` (0..1) of each rotation and the head what is
    left of it, or all of it where the head does not follow the neck. Empty where `stiff` says why.
    """
    if stiff(character):
        return {}
    armature = character.armature
    if armature is None or not character.head_bone:
        thing: Any = character.head_object
        by_quaternion = thing.rotation_mode == "QUATERNION"
        own = thing.rotation_quaternion if by_quaternion else thing.rotation_euler.to_quaternion()
        return {thing: turned(rotations, np.array(own.to_matrix()) @ head_frame(thing))}
    head, neck = character.head_bone, character.neck_bone
    parts = {head: np.asarray(rotations, np.float64)}
    if share and neck and not undrivable_bone(armature, armature.pose.bones[neck], "rotation"):
        parts[neck] = _part(parts[head], share)
        if _follows(armature.data.bones[head], neck):
            parts[head] = _part(parts[head], 1 - share)
    return {bone: turned(part, _axes_of(character, bone)) for bone, part in parts.items()}


def stiff(character: Character) -> dict[str, str]:
    """Why the head of `character` cannot turn: {what: reason}, empty if it can."""
    armature = character.armature
    if armature is not None and character.head_bone:
        reason = undrivable_bone(armature, armature.pose.bones[character.head_bone], "rotation")
        return {character.head_bone: reason} if reason else {}
    thing = character.head_object
    if thing is None:
        return {"head": "its objects have no common parent to turn: parent them to one, or to a head bone"}
    reason = undrivable_turn(thing)
    return {"head": reason} if reason else {}


def bone_turns(character: Character, values: Mapping[TargetKey, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The rotations, quaternions (n, 4) of each bone's own, in evaluated `values` (n,) of the mapping."""
    return {
        bone: turned(_from_vectors(np.radians(vectors)), _axes_of(character, bone))
        for bone, vectors in _vectors(values, "BONE_ROTATION").items()
    }


def bone_moves(character: Character, values: Mapping[TargetKey, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The locations (n, 3) of each bone's own, in evaluated `values` (n,) of the mapping."""
    bones = character.armature.data.bones if character.armature else {}
    return {
        bone: vectors * bones[bone].length @ _axes_of(character, bone).T
        for bone, vectors in _vectors(values, "BONE_LOCATION").items()
    }


def product(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Quaternions (n, 4) that turn by `second`, then by `first`."""
    w1, v1, w2, v2 = first[:, :1], first[:, 1:], second[:, :1], second[:, 1:]
    scalar = w1 * w2 - (v1 * v2).sum(1, keepdims=True)
    return np.concatenate([scalar, w1 * v2 + w2 * v1 + np.cross(v1, v2)], axis=1)


def _axes_of(character: Character, bone: str) -> NDArray[np.float64]:
    """The head's frame in the space of `bone` at rest."""
    armature: Any = character.armature
    rest = rotation_matrix(armature.data.bones[bone].matrix_local)
    frame = head_frame(armature, character.head_bone) if character.frame is None else character.frame
    return rest.T @ frame


def _follows(bone: bpy.types.Bone, ancestor: str) -> bool:
    """Whether `bone` turns with the bone called `ancestor`."""
    while bone.parent and bone.use_inherit_rotation:
        bone = bone.parent
        if bone.name == ancestor:
            return True
    return False


def _part(rotations: NDArray[Any], share: float) -> NDArray[Any]:
    """`share` (0..1) of each of the rotations, quaternions (n, 4), about its own axis."""
    # The shorter way round.
    rotations = np.where(rotations[:, :1] < 0, -rotations, rotations)
    sine = np.linalg.norm(rotations[:, 1:], axis=1, keepdims=True)
    half = np.arctan2(sine, rotations[:, :1])
    axis = rotations[:, 1:] / np.maximum(sine, 1e-9)
    return np.concatenate([np.cos(share * half), axis * np.sin(share * half)], axis=1)


def _vectors(values: Mapping[TargetKey, NDArray[Any]], kind: str) -> dict[str, NDArray[Any]]:
    """{bone: vectors (n, 3)} of the targets of one kind; channels that no row drives are 0."""
    vectors: dict[str, NDArray[Any]] = {}
    for (target_kind, name, channel), series in values.items():
        if target_kind == kind:
            vectors.setdefault(name, np.zeros((len(series), 3)))[:, channel] = series
    return vectors


def _from_vectors(vectors: NDArray[Any]) -> NDArray[Any]:
    """Quaternions (n, 4) that turn about vectors (n, 3) by their lengths in radians."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    # sin(a/2)/a, without dividing by nothing.
    return np.concatenate([np.cos(angle / 2), vectors * np.sinc(angle / (2 * np.pi)) / 2], axis=1)
