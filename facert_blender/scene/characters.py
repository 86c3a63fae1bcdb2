"""Characters: which objects belong together as one head, and what of them can be driven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import bpy
import numpy as np
from numpy.typing import NDArray

from ..capture.errors import CharacterError
from ..retarget.matching import TargetInfo
from ..retarget.names import find_head, find_jaw, find_neck

DRIVEN = "it has a driver"
LINKED = "it is linked from another file: make a library override"
LOCKED = "it is locked"


@dataclass(frozen=True)
class Character:
    """The parts of one character. Find it anew for each use: undo makes old references invalid.

    `meshes` are all its meshes, the one with most shape keys first; `head_bone`, `neck_bone` and `jaw_bone`
    are names in `armature`, "" when it has none. `frame` is its `orientation.head_frame` where that is known:
    to find it takes long with many bones.
    """

    name: str
    meshes: tuple[bpy.types.Object, ...]
    armature: bpy.types.Object | None = None
    head_bone: str = ""
    neck_bone: str = ""
    jaw_bone: str = ""
    frame: NDArray[np.float64] | None = field(default=None, compare=False)

    @property
    def head_object(self) -> bpy.types.Object | None:
        """What turns the head where no bone does: the object that carries all parts, if there is one."""
        lines = [[part, *_ancestors(part)] for part in self.meshes or (self.armature,)]
        return next((thing for thing in lines[0] if all(thing in line for line in lines)), None)


def find_character(objects: Iterable[bpy.types.Object], name: str = "") -> Character:
    """The character that `objects` (any part of it: a selection, a collection's objects) belong to.

    Its other meshes are found through the armature or the common parent. `name` "" takes the name of the
    collection that holds just this character, else that of the armature or the first mesh.

    Raises:
        CharacterError: nothing of its face can be animated, or the objects belong to several characters.
    """
    chosen = [thing for thing in objects if thing.type in {"MESH", "ARMATURE", "EMPTY"}]
    tops = list(dict.fromkeys(_top(thing) for thing in chosen))
    family = [thing for thing in _surroundings(tops) if thing.type == "MESH" and _top(thing) in tops]
    meshes = sorted(family, key=lambda mesh: (-len(_keys(mesh)), mesh.name))
    armatures = _playing([top for top in tops if top.type == "ARMATURE"], meshes)
    if len(armatures) > 1:
        parts = " and ".join(armature.name for armature in armatures)
        raise CharacterError(f"{parts} are different characters. Select the objects of one of them.")
    armature = armatures[0] if armatures else None
    bones = [bone.name for bone in armature.data.bones] if armature else []
    jaw = find_jaw(bones)
    if not jaw and not any(_keys(mesh) for mesh in meshes):
        label = name or (tops[0].name if tops else "The selection")
        raise CharacterError(
            f"{label} has no shape keys and no jaw bone. Choose a mesh with facial shape keys."
        )
    title = name or _collection_name([*meshes, *armatures]) or (armature or meshes[0]).name
    return Character(title, tuple(meshes), armature, find_head(bones), find_neck(bones), jaw)


def characters(scene: bpy.types.Scene) -> list[Character]:
    """Every character of `scene`, sorted by name: whatever has shape keys or a jaw bone, one for each rig."""
    faces = [thing for thing in scene.objects if _keys(thing) or _has_jaw(thing)]
    by_top = {_top(face): face for face in faces}
    return sorted((find_character([face]) for face in by_top.values()), key=lambda character: character.name)


def sources(scene: bpy.types.Scene) -> dict[str, bpy.types.Collection | bpy.types.Object]:
    """The collections and armatures of `scene` that are one character each, by name, collections first.

    Of a collection and an armature of the same name only the collection is there.
    """
    found: dict[str, bpy.types.Collection | bpy.types.Object] = {}
    for source in (*scene.collection.children_recursive, *scene.objects):
        if isinstance(source, bpy.types.Collection) or source.type == "ARMATURE":
            try:
                find_character(members(source))
            except CharacterError:
                continue
            found.setdefault(source.name, source)
    return found


def members(source: bpy.types.Collection | bpy.types.Object) -> list[bpy.types.Object]:
    """What a collection holds, or the armature itself."""
    return list(source.all_objects) if isinstance(source, bpy.types.Collection) else [source]


def targets(character: Character) -> list[TargetInfo]:
    """All shape keys and bones of the character, drivable or not, for `matching.match` and `check`."""
    found: dict[str, dict[str, str]] = {}
    for mesh in character.meshes:
        for key in _keys(mesh):
            found.setdefault(key.name, {})[mesh.name] = undrivable_key(mesh, key)
    keys = []
    for name, reasons in found.items():
        free = tuple(owner for owner, reason in reasons.items() if not reason)
        keys.append(
            TargetInfo(
                "SHAPE_KEY",
                name,
                bool(free),
                "" if free else next(iter(reasons.values())),
                free or tuple(reasons),
            )
        )
    return keys + list(_bone_targets(character))


def undrivable_key(mesh: bpy.types.Object, key: bpy.types.ShapeKey) -> str:
    """Why `key` of `mesh` cannot be animated, "" if it can."""
    shape_keys = mesh.data.shape_keys
    if shape_keys.library is not None:
        return LINKED
    if not shape_keys.use_relative:
        return "its shape keys are absolute: turn on Relative"
    if key.mute:
        return "it is muted"
    path = f'key_blocks["{bpy.utils.escape_identifier(key.name)}"].value'
    return DRIVEN if path in _driven(shape_keys) else ""


HOLDING = {
    "rotation": {
        *("COPY_ROTATION", "COPY_TRANSFORMS", "DAMPED_TRACK", "IK", "LOCKED_TRACK"),
        *("SPLINE_IK", "STRETCH_TO", "TRACK_TO"),
    },
    "location": {"COPY_LOCATION", "COPY_TRANSFORMS", "FOLLOW_PATH", "IK", "SPLINE_IK"},
}
"""Constraints that leave nothing of a bone's own rotation or location."""


def undrivable_bone(armature: bpy.types.Object, bone: bpy.types.PoseBone, channel: str) -> str:
    """Why "rotation" or "location" of `bone` cannot be animated, "" if it can."""
    if armature.library is not None:
        return LINKED
    if channel == "location" and bone.bone.use_connect:
        return "it is connected to its parent"
    if all(getattr(bone, f"lock_{channel}")):
        return LOCKED
    path = f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].{channel}'
    if any(driven.startswith(path) for driven in _driven(armature)):
        return DRIVEN
    holder = next((part for part in bone.constraints if _holds(part, channel)), None)
    return f"its constraint {holder.name} holds it" if holder else ""


def undrivable_turn(thing: bpy.types.Object) -> str:
    """Why the object `thing` cannot be turned by its delta rotation, "" if it can."""
    if thing.library is not None:
        return LINKED
    if thing.rotation_mode == "AXIS_ANGLE":
        return "its rotation mode is Axis Angle: choose Quaternion or XYZ Euler"
    return DRIVEN if any(path.startswith("delta_rotation") for path in _driven(thing)) else ""


def _holds(constraint: bpy.types.Constraint, channel: str) -> bool:
    """Whether `constraint` leaves nothing of its bone's own "rotation" or "location"."""
    mixes = getattr(constraint, "mix_mode", "REPLACE") != "REPLACE" or getattr(
        constraint, "use_offset", False
    )
    return (
        constraint.type in HOLDING[channel]
        and constraint.enabled
        and constraint.is_valid
        and constraint.influence == 1
        and not mixes
    )


def _bone_targets(character: Character) -> Iterator[TargetInfo]:
    armature = character.armature
    for bone in armature.pose.bones if armature else ():
        owners = tuple(_moved_by(character, bone)) if bone.name == character.jaw_bone else ()
        for kind, channel in (("BONE_ROTATION", "rotation"), ("BONE_LOCATION", "location")):
            reason = undrivable_bone(armature, bone, channel)
            yield TargetInfo(kind, bone.name, not reason, reason, owners)


def _moved_by(character: Character, bone: bpy.types.PoseBone) -> Iterator[str]:
    """The names of the meshes that `bone` or the bones below it move."""
    bones = {bone.name, *(child.name for child in bone.children_recursive)}
    for mesh in character.meshes:
        groups = {group.index for group in mesh.vertex_groups if group.name in bones}
        weighted = groups and any(
            element.group in groups and element.weight > 0
            for vertex in mesh.data.vertices
            for element in vertex.groups
        )
        if weighted or (mesh.parent_type == "BONE" and mesh.parent_bone in bones):
            yield mesh.name


def _keys(thing: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    """The shape keys of a mesh object, without the one that all others start from."""
    shape_keys = thing.data.shape_keys if thing.type == "MESH" else None
    return [key for key in shape_keys.key_blocks if key != shape_keys.reference_key] if shape_keys else []


def _has_jaw(thing: bpy.types.Object) -> bool:
    return thing.type == "ARMATURE" and bool(find_jaw(bone.name for bone in thing.data.bones))


def _playing(armatures: list[bpy.types.Object], meshes: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """Those of several `armatures` that carry one of the `meshes`: not what a rig was generated from."""
    carrying = [armature for armature in armatures if any(_top(mesh) == armature for mesh in meshes)]
    return carrying or armatures


def _driven(datablock: bpy.types.ID) -> set[str]:
    animation = datablock.animation_data
    return {driver.data_path for driver in animation.drivers} if animation else set()


def _ancestors(thing: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while thing.parent:
        thing = thing.parent
        yield thing


def _top(thing: bpy.types.Object) -> bpy.types.Object:
    """What holds the character of `thing` together: its armature, else its topmost parent, else itself."""
    armature = thing.find_armature() if thing.type == "MESH" else None
    line = [thing, *_ancestors(thing)]
    return armature or next((part for part in line if part.type == "ARMATURE"), line[-1])


def _surroundings(tops: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """All objects of the scenes in which `tops` are."""
    return list(dict.fromkeys(thing for top in tops for scene in top.users_scene for thing in scene.objects))


def _collection_name(parts: list[bpy.types.Object]) -> str:
    """The name of the collection that holds all `parts` and no other mesh or armature, else ""."""
    for collection in parts[0].users_collection:
        held = {thing for thing in collection.all_objects if thing.type in {"MESH", "ARMATURE"}}
        if held == set(parts) and not any(collection == scene.collection for scene in bpy.data.scenes):
            return str(collection.name)
    return ""
