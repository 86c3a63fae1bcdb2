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

    Raises:
        CharacterError: a datablock is in the NLA's tweak mode, in which its Action cannot be changed.
    """
    for datablock in datablocks:
        if datablock.animation_data and datablock.animation_data.use_tweak_mode:
            raise CharacterError(
                f"{_label(datablock)} is in tweak mode of the NLA editor. Leave it with Tab, then bake again."
            )
    if SLOTTED:
        return [_empty_action(name, overwrite)] * len(datablocks)
    if len(datablocks) == 1:
        return [_empty_action(name, overwrite)]
    # A mesh and its object are often namesakes.
    return [
        _empty_action(joined(name, f"{_label(datablock)} {datablock.id_type.title()}"), overwrite)
        for datablock in datablocks
    ]


def write_curves(datablock: bpy.types.ID, action: bpy.types.Action, curves: Curves) -> int:
    """Add `curves` with LINEAR keys to `action` and make it the Action of `datablock`.

    The Action it had before stays in the file with a fake user. Returns the number of keys written.
    """
    animation = datablock.animation_data or datablock.animation_data_create()
    if animation.action is not None and animation.action != action:
        animation.action.use_fake_user = True
    animation.action = action
    if SLOTTED:
        slot = _slot(action, datablock)
        animation.action_slot = slot
        layer = action.layers[0] if action.layers else action.layers.new("Layer")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        fcurves = strip.channelbag(slot, ensure=True).fcurves
    else:
        fcurves = action.fcurves
    for (path, index), (frames, values) in curves.items():
        _add_keys(fcurves.new(path, index=index), frames, values)
    return sum(len(frames) for frames, _ in curves.values())


def read_curves(
    datablock: bpy.types.ID,
) -> dict[tuple[str, int], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The keys of the Action of `datablock`: {(data path, array index): (frames (n,), values (n,))}."""
    animation = datablock.animation_data
    if animation is None or animation.action is None:
        return {}
    result = {}
    for curve in _fcurves(animation):
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


def _fcurves(animation: Any) -> list[Any]:
    if not SLOTTED:
        return list(animation.action.fcurves)
    bags = [
        strip.channelbag(animation.action_slot)
        for layer in animation.action.layers
        for strip in layer.strips
        if animation.action_slot is not None
    ]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def _add_keys(curve: Any, frames: NDArray[Any], values: NDArray[Any]) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.column_stack([frames, values]).astype(np.float32).ravel())
    linear = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    points.foreach_set("interpolation", np.full(len(frames), linear, np.int32))
    curve.update()
