"""Moves characters without keys, as a bake would, and gives them back as they were.

What a character had of its own is kept on the scene for as long as it is moved. So the scene knows it is
moved: undoing into such a moment, or opening a file saved in it, gives the character back all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ..retarget.mapping import Row, TargetKey
from .characters import Character
from .orientation import bone_moves, bone_turns, head_frame, head_turns, product

BORROWED = "facert_borrowed"
"""The scene's custom property that keeps what its moved characters had of their own, as JSON."""

ROTATIONS = ("rotation_quaternion", "rotation_euler", "rotation_axis_angle")
DELTA_ROTATIONS = ("delta_rotation_quaternion", "delta_rotation_euler")

Before = dict[str, dict[str, float | list[float]]]
"""{object: {data path from the object: value}}: plain data, which outlives undo and files."""


class Whereabouts:
    """A character by the names of its objects: references to them do not outlive undo."""

    def __init__(self, character: Character) -> None:
        """Note where `character` is."""
        self._meshes = tuple(mesh.name for mesh in character.meshes)
        self._armature = character.armature.name if character.armature else ""
        armature = character.armature
        frame = head_frame(armature, character.head_bone) if armature else None
        self._rest = replace(character, meshes=(), armature=None, frame=frame)

    def find(self) -> Character | None:
        """The character now, None where one of its objects is gone."""
        meshes = [_local(name) for name in self._meshes]
        armature = _local(self._armature) if self._armature else None
        if None in meshes or (self._armature and armature is None):
            return None
        return replace(self._rest, meshes=tuple(meshes), armature=armature)


def remember(character: Character, rows: Iterable[Row]) -> Before:
    """What `character` has of its own wherever the enabled `rows` and its head's rotation would move it."""
    before: Before = {}
    driving = [row for row in rows if row.enabled]
    wanted = {row.target for row in driving if row.kind == "SHAPE_KEY"}
    for mesh in character.meshes:
        shape_keys = mesh.data.shape_keys
        for key in shape_keys.key_blocks if shape_keys else ():
            if key.name in wanted:
                path = f'data.shape_keys.key_blocks["{bpy.utils.escape_identifier(key.name)}"].value'
                before.setdefault(mesh.name, {})[path] = key.value
    armature: Any = character.armature
    bones = {row.target for row in driving if row.kind != "SHAPE_KEY"}
    for name in bones | {character.head_bone, character.neck_bone} if armature else ():
        bone = armature.pose.bones.get(name)
        for attribute in (*ROTATIONS, "location") if bone else ():
            path = f'pose.bones["{bpy.utils.escape_identifier(name)}"].{attribute}'
            before.setdefault(armature.name, {})[path] = list(getattr(bone, attribute))
    thing = character.head_object
    if thing is not None and not (armature and character.head_bone):
        before.setdefault(thing.name, {}).update(
            {attribute: list(getattr(thing, attribute)) for attribute in DELTA_ROTATIONS}
        )
    return before


def drive(
    character: Character,
    values: Mapping[TargetKey, NDArray[Any]],
    head: NDArray[Any] | None = None,
    neck_share: float = 0.0,
) -> None:
    """Move `character`: what a bake would key at one moment.

    values: what `mapping.evaluate` makes of weights (1, 46), arrays (1,). head: the head's rotation (4,), a
    quaternion w, x, y, z in the camera's frame; None leaves the head alone. neck_share: how much of it (0..1)
    the neck takes.
    """
    keys = {name: float(value[0]) for (kind, name, _), value in values.items() if kind == "SHAPE_KEY"}
    for mesh in character.meshes:
        _set_keys(mesh, keys)
    turns = {} if head is None else head_turns(character, np.asarray(head)[None], neck_share)
    rotations = bone_turns(character, values)
    for part, turn in turns.items():
        if isinstance(part, str):
            rotations[part] = product(turn, rotations[part]) if part in rotations else turn
        else:
            _set_rotation(part, "delta_", turn[0])
    bones = character.armature.pose.bones if character.armature else {}
    for name, rotation in rotations.items():
        _set_rotation(bones[name], "", rotation[0])
    for name, place in bone_moves(character, values).items():
        bones[name].location = place[0]


def restore(before: Before) -> None:
    """Give back what `remember` noted; what was deleted since is passed over."""
    for name, values in before.items():
        thing = _local(name)
        for path, value in values.items() if thing is not None else ():
            owner_path, _, attribute = path.rpartition(".")
            owner = _resolved(thing, owner_path)
            if owner is not None:
                setattr(owner, attribute, value)


def borrow(scene: bpy.types.Scene, before: Before) -> None:
    """Keep on `scene` what its characters have of their own; what is kept there already stays."""
    kept = borrowed(scene)
    for name, values in before.items():
        kept[name] = values | kept.get(name, {})
    scene[BORROWED] = json.dumps(kept)


def borrowed(scene: bpy.types.Scene) -> Before:
    """What `scene` keeps for characters that are moved, {} when none is."""
    kept: Before = json.loads(scene.get(BORROWED, "{}"))
    return kept


def give_back(scene: bpy.types.Scene) -> None:
    """Give the moved characters of `scene` back what they had of their own, and forget it."""
    if BORROWED in scene:
        restore(borrowed(scene))
        del scene[BORROWED]


def _set_keys(mesh: bpy.types.Object, keys: Mapping[str, float]) -> None:
    """Set those shape keys of `mesh` that it has."""
    shape_keys = mesh.data.shape_keys
    if shape_keys is None:
        return
    blocks = shape_keys.key_blocks
    places = [(place, keys[name]) for place, name in enumerate(blocks.keys()) if name in keys]
    if not places:
        return
    values = np.empty(len(blocks), np.float32)
    blocks.foreach_get("value", values)
    for place, value in places:
        values[place] = value
    blocks.foreach_set("value", values)
    shape_keys.update_tag()


def _set_rotation(thing: Any, prefix: str, rotation: NDArray[Any]) -> None:
    """Turn a bone or object by a quaternion (4,), in its own rotation mode."""
    turn = Quaternion(rotation)
    if thing.rotation_mode == "QUATERNION":
        setattr(thing, f"{prefix}rotation_quaternion", turn)
    elif thing.rotation_mode == "AXIS_ANGLE":
        axis, angle = turn.to_axis_angle()
        setattr(thing, f"{prefix}rotation_axis_angle", (angle, *axis))
    else:
        setattr(thing, f"{prefix}rotation_euler", turn.to_euler(thing.rotation_mode))


def _local(name: str) -> bpy.types.Object | None:
    """The object of this name in the file itself; a library may have a namesake."""
    return bpy.data.objects.get((name, None))


def _resolved(thing: bpy.types.Object, path: str) -> Any:
    """What `path` from `thing` leads to, None where it is gone."""
    try:
        return thing.path_resolve(path) if path else thing
    except ValueError:
        return None
