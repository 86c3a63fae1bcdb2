"""The state of a .blend as plain values, for comparing before and after."""

from __future__ import annotations

from typing import Any

import bpy

from facert_blender.scene.actions import SLOTTED


def snapshot() -> dict[str, Any]:
    """What a person or a script could have changed: settings, datablocks, animation, relations by name.

    The points of meshes do not count: no button of FaceRT moves them.
    """
    scene = bpy.context.scene
    bpy.context.view_layer.update()
    found: dict[str, Any] = {
        "settings": plain(scene.facert),
        "time": (scene.frame_current, scene.frame_start, scene.frame_end, scene.render.fps),
        "strips": strips(scene),
        "linked": sorted(thing.name for thing in scene.objects),
        "names": {kind: sorted(getattr(bpy.data, kind).keys()) for kind in ("meshes", "images", "sounds")},
    }
    for thing in bpy.data.objects:
        found[f"object {thing.name}"] = (
            thing.data and thing.data.name,
            thing.parent and thing.parent.name,
            thing.rotation_mode,
            plain(thing.matrix_basis),
            thing.select_get() if thing.name in bpy.context.view_layer.objects else None,
            [plain(bone.matrix_basis) for bone in thing.pose.bones] if thing.pose else [],
            owned(thing),
            animation(thing),
        )
    for collection in bpy.data.collections:
        members = (sorted(collection.objects.keys()), sorted(collection.children.keys()))
        settings = plain(collection.facert)
        found[f"collection {collection.name}"] = (
            members,
            collection.hide_viewport,
            owned(collection),
            settings,
        )
    for key in bpy.data.shape_keys:
        values = {block.name: (round(block.value, 5), block.mute) for block in key.key_blocks}
        found[f"keys {key.name}"] = (values, animation(key))
    for action in bpy.data.actions:
        found[f"action {action.name}"] = (action.use_fake_user, [curve(one) for one in curves(action)])
    return found


def plain(value: Any) -> Any:
    """A value of Blender as Python's own: groups and lists taken apart, numbers as a float keeps them."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, bpy.types.ID):
        return value.name
    if isinstance(value, bpy.types.PropertyGroup):
        names = (one.identifier for one in value.bl_rna.properties if one.identifier != "rna_type")
        return {name: plain(getattr(value, name)) for name in names}
    if value is None or isinstance(value, str | int):
        return value
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value]


def owned(block: bpy.types.ID) -> dict[str, Any]:
    """The custom properties of a datablock."""
    return {name: plain(value) for name, value in block.items()}


def animation(block: bpy.types.ID) -> Any:
    """The Action of a datablock, and the strips of its NLA tracks."""
    data = block.animation_data
    if data is None:
        return None
    tracks = [
        [(strip.name, strip.action.name, strip.frame_start, strip.frame_end) for strip in track.strips]
        for track in data.nla_tracks
    ]
    return (data.action and data.action.name, tracks)


def curves(action: Any) -> list[bpy.types.FCurve]:
    """All curves of an Action."""
    if not SLOTTED:
        return list(action.fcurves)
    strips = [strip for layer in action.layers for strip in layer.strips]
    return [one for strip in strips for bag in strip.channelbags for one in bag.fcurves]


def curve(one: bpy.types.FCurve) -> tuple[str, int, list[list[float]]]:
    """Which value a curve moves, and its keys."""
    return (one.data_path, one.array_index, [plain(key.co) for key in one.keyframe_points])


def strips(scene: bpy.types.Scene) -> list[tuple[str, int, float]]:
    """The strips of the sequencer."""
    editor = scene.sequence_editor
    found = getattr(editor, "strips_all", None) or getattr(editor, "sequences_all", ())
    return sorted((strip.name, strip.channel, strip.frame_start) for strip in found)
