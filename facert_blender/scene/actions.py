"""Actions and their curves. The one place that knows how they differ between Blender 4.2 and 5.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..capture.errors import CharacterError

SLOTTED = bpy.app.version >= (4, 4, 0)
"""From 4.4 an Action has a slot for each datablock it animates; before, it animates one kind of them."""

LONGEST_NAME = bpy.types.ID.bl_rna.properties["name"].length_max - 1
"""Bytes of UTF-8 that Blender keeps of a name."""

LINEAR = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
"""The number of LINEAR among the interpolations of keys."""

Curves = Mapping[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]]
"""(data path, array index): (frames (n,), values (n,))"""


def joined(title: str, part: str) -> str:
    """A name of two parts, "title · part", the title shortened where Blender would cut off the end."""
    # Room is left for the number that Blender gives to namesakes.
    room = LONGEST_NAME - len(f" · {part}.001".encode())
    return _shortened(f"{_shortened(title, max(room, 0))} · {part}", LONGEST_NAME)


def new_actions(
    name: str, datablocks: Sequence[bpy.types.ID], *, overwrite: bool = False
) -> list[bpy.types.Action]:
    """An empty Action for each datablock: the same one for all where Actions have slots.

    Only if `overwrite` is an existing Action called `name` emptied and used again; else Blender numbers the
    new one. Without slots the datablock's name and type are added where there are several.
    """
    if SLOTTED:
        return [_empty_action(name, overwrite)] * len(datablocks)
    if len(datablocks) == 1:
        return [_empty_action(name, overwrite)]
    # A mesh and its object are often namesakes.
    return [
        _empty_action(joined(name, f"{_label(datablock)} {datablock.id_type.title()}"), overwrite)
        for datablock in datablocks
    ]


def check_free(datablocks: Sequence[bpy.types.ID], *, into_current: bool = False) -> None:
    """See that `datablocks` can get another Action, or keys in the one that they have.

    Raises:
        CharacterError: one is in the NLA's tweak mode, or the Action that it has belongs to another file.
    """
    for datablock in datablocks:
        animation = datablock.animation_data
        if animation is None:
            continue
        if animation.use_tweak_mode:
            raise CharacterError(
                f"{_label(datablock)} is in tweak mode of the NLA editor. Leave it with Tab, then bake again."
            )
        if into_current and animation.action is not None and animation.action.library is not None:
            raise CharacterError(
                f"The Action {animation.action.name} is linked from another file. Bake to a new Action."
            )


def write_curves(datablock: bpy.types.ID, action: bpy.types.Action, curves: Curves) -> int:
    """Add `curves` with LINEAR keys to `action` and make it the Action of `datablock`.

    The Action it had before stays in the file with a fake user. Returns the number of keys written.
    """
    animation = datablock.animation_data or datablock.animation_data_create()
    if animation.action is not None and animation.action != action:
        animation.action.use_fake_user = True
    animation.action = action
    if SLOTTED:
        animation.action_slot = _slot(action, datablock)
    return fill(action, datablock, curves)


def fill(action: bpy.types.Action, datablock: bpy.types.ID, curves: Curves) -> int:
    """Add `curves` for `datablock` with LINEAR keys to `action`; returns the number of keys written."""
    fcurves = fcurves_of(action, datablock)
    for (path, index), (frames, values) in curves.items():
        _add_keys(fcurves.new(path, index=index), frames, values)
    return sum(len(frames) for frames, _ in curves.values())


def fcurves_of(action: Any, datablock: bpy.types.ID) -> Any:
    """The curves of `action` that move `datablock`: a Blender collection, to which more may be added."""
    if not SLOTTED:
        # Set by Blender when the Action is assigned; strips do not.
        action.id_root = datablock.id_type
        return action.fcurves
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    animation: Any = datablock.animation_data
    slot = animation.action_slot if animation and animation.action == action else None
    return strip.channelbag(slot or _slot(action, datablock), ensure=True).fcurves


def add_strip(datablock: bpy.types.ID, action: Any, blend_in: int, blend_out: int) -> None:
    """Play `action` on `datablock` as a strip on a new NLA track, above the Action it has, pushed down.

    The strip fades over `blend_in` and `blend_out` frames, and lets what lies below show outside of it. Where
    a strip plays `action` already, that one is made to fit it.
    """
    animation = datablock.animation_data or datablock.animation_data_create()
    if animation.action is not None:
        slot = animation.action_slot if SLOTTED else None
        _new_strip(animation, animation.action, slot)
        animation.action = None
    below = any(track.strips for track in animation.nla_tracks)
    strip = next(
        (one for track in animation.nla_tracks for one in track.strips if one.action == action), None
    )
    if strip is None:
        strip = _new_strip(animation, action, _slot(action, datablock) if SLOTTED else None)
        strip.extrapolation = "NOTHING" if below else "HOLD"
    strip.action_frame_start, strip.action_frame_end = action.frame_range
    strip.frame_start, strip.frame_end = action.frame_range
    strip.blend_in, strip.blend_out = blend_in, blend_out


def current_fcurves(datablock: bpy.types.ID) -> list[Any]:
    """The curves of the Action that `datablock` has, none where it has none."""
    animation: Any = datablock.animation_data
    if animation is None or animation.action is None:
        return []
    if not SLOTTED:
        return list(animation.action.fcurves)
    bags = [
        strip.channelbag(animation.action_slot)
        for layer in animation.action.layers
        for strip in layer.strips
        if animation.action_slot is not None
    ]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def read_curves(
    datablock: bpy.types.ID,
) -> dict[tuple[str, int], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The keys of the Action of `datablock`: {(data path, array index): (frames (n,), values (n,))}."""
    result = {}
    for curve in current_fcurves(datablock):
        numbers = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", numbers)
        result[curve.data_path, curve.array_index] = (numbers[0::2], numbers[1::2])
    return result


def _empty_action(name: str, overwrite: bool) -> bpy.types.Action:
    action = bpy.data.actions.get(name) if overwrite else None
    if action is None or action.library is not None:
        action = bpy.data.actions.new(name)
    elif SLOTTED:
        # Slots stay: NLA strips that play this Action refer to them.
        for layer in list(action.layers):
            action.layers.remove(layer)
    else:
        action.fcurves.clear()
    action.use_fake_user = True
    return action


def _shortened(name: str, room: int) -> str:
    """As much of `name` as fits into `room` bytes of UTF-8."""
    return name.encode()[:room].decode(errors="ignore")


def _slot(action: Any, datablock: bpy.types.ID) -> Any:
    """The slot of `action` made for `datablock`, new if need be."""
    for slot in action.slots:
        if slot.target_id_type == datablock.id_type and slot.name_display == _label(datablock):
            return slot
    return action.slots.new(id_type=datablock.id_type, name=_label(datablock))


def _label(datablock: bpy.types.ID) -> str:
    """A name that people know: shape keys are called "Key.001", so take their mesh's name."""
    return str(datablock.user.name if isinstance(datablock, bpy.types.Key) else datablock.name)


def _new_strip(animation: Any, action: Any, slot: Any) -> Any:
    """A strip that plays `action` by its `slot` (None before there were slots), on a new track on top."""
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(np.floor(action.frame_range[0])), action)
    if slot is not None:
        strip.action_slot = slot
    return strip


def _add_keys(curve: Any, frames: NDArray[Any], values: NDArray[Any]) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.column_stack([frames, values]).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), LINEAR, np.int32))
    curve.update()
