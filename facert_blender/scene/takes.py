"""Takes as native Blender data: saved with the .blend, undone with the scene, open to the graph editor.

A take is a collection inside the hidden collection "FaceRT Takes" of its scene. Each performer is an
Empty in it, whose Action has one key per frame in which the performer was seen, at the footage's frame
number: the 46 expressions as custom properties, rotation_quaternion in the camera's frame, ["box"],
["confidence"], ["change"] and ["time"] in seconds. The Empties stay as they were captured; what a person says
about who is who is a list of repairs on the collection, replayed on reading.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import bpy
import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import TakeError
from ..capture.repair import Repair, renamed, repaired
from ..capture.take import Performer, Take, default_name
from .actions import joined, new_actions, read_curves, write_curves

ROOT = "FaceRT Takes"
BOX = '["box"]'
CONFIDENCE = '["confidence"]'
CHANGE = '["change"]'
TIME = '["time"]'
ROTATION = "rotation_quaternion"


def store(take: Take, scene: bpy.types.Scene) -> bpy.types.Collection:
    """Keep `take` in `scene`; returns its collection, whose name is the take's name from now on."""
    collection = bpy.data.collections.new(take.name)
    collection["footage"] = take.footage
    collection["fps"] = float(take.fps)
    collection["size"] = [int(side) for side in take.size]
    collection["frames"] = int(take.frames)
    (_root(scene) or _new_root(scene)).children.link(collection)
    for performer in take.performers:
        collection.objects.link(_store_performer(performer, collection.name))
    return collection


def names(scene: bpy.types.Scene) -> list[str]:
    """The names of the takes in `scene`, in the order they were stored."""
    root = _root(scene)
    return [collection.name for collection in root.children] if root else []


def performer_names(scene: bpy.types.Scene, name: str) -> dict[int, str]:
    """The performers of the take called `name` after its repairs, {number: name} by number.

    Empty if there is no such take. Quick enough for menus: no keys are read.
    """
    return names_in(bpy.data.collections[name]) if name in names(scene) else {}


def names_in(collection: bpy.types.Collection) -> dict[int, str]:
    """The performers of the take that `collection` holds, as `performer_names`."""
    raw = {empty["performer"]: _called(empty) for empty in _empties(collection)}
    return renamed(raw, repairs(collection))


def repairs(collection: bpy.types.Collection) -> list[Repair]:
    """The repairs of the take that `collection` holds, in their order."""
    return [Repair(**entry) for entry in json.loads(collection.get("repairs", "[]"))]


def set_repairs(collection: bpy.types.Collection, wanted: Sequence[Repair]) -> None:
    """Give the take that `collection` holds other repairs.

    Raises:
        RepairError: they do not fit the take; it keeps those it has.
    """
    repaired(read_from(collection, raw=True), wanted)
    collection["repairs"] = json.dumps([asdict(repair) for repair in wanted])


def read(scene: bpy.types.Scene, name: str, *, raw: bool = False) -> Take:
    """The take called `name`, with its repairs, or `raw`, exactly as it was stored (numbers as float32).

    Keys that were moved or deleted in the graph editor count as they stand; the keys of ["time"] say in
    which frames a performer is there.

    Raises:
        TakeError: there is no such take, or parts of it are missing.
        RepairError: a repair does not fit any more, since keys were deleted.
    """
    if name not in names(scene):
        raise TakeError(f"There is no take called {name!r} in this scene. Capture one, or choose another.")
    return read_from(bpy.data.collections[name], raw=raw)


def read_from(collection: bpy.types.Collection, *, raw: bool = False) -> Take:
    """The take that `collection` holds, as `read` gives it.

    Raises:
        TakeError, RepairError: as `read`.
    """
    empties = sorted(_empties(collection), key=lambda empty: empty["performer"])
    try:
        take = Take(
            name=collection.name,
            footage=collection["footage"],
            fps=collection["fps"],
            size=(collection["size"][0], collection["size"][1]),
            frames=collection["frames"],
            performers=[_read_performer(empty) for empty in empties],
        )
    except KeyError as error:
        raise TakeError(
            f"The take {collection.name} is incomplete: {error.args[0]} is missing. "
            "Undo that, or capture again."
        ) from error
    return take if raw else repaired(take, repairs(collection))


def _root(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    return next((child for child in scene.collection.children if child.get("facert_takes")), None)


def _new_root(scene: bpy.types.Scene) -> bpy.types.Collection:
    root = bpy.data.collections.new(ROOT)
    root["facert_takes"] = True
    root.hide_viewport = True
    root.hide_render = True
    scene.collection.children.link(root)
    return root


def _empties(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    return [empty for empty in collection.objects if "performer" in empty]


def _called(empty: bpy.types.Object) -> str:
    return str(empty.get("called", "")) or default_name(empty["performer"])


def _store_performer(performer: Performer, take_name: str) -> bpy.types.Object:
    empty = bpy.data.objects.new(joined(take_name, performer.name), None)
    empty.rotation_mode = "QUATERNION"
    empty["performer"] = int(performer.id)
    empty["called"] = performer.name
    empty["identity"] = performer.identity.tolist()
    for expression in EXPRESSIONS:
        empty[expression] = 0.0
        empty.id_properties_ui(expression).update(min=0.0, max=1.0)
    empty["box"] = [0.0] * 4
    empty["confidence"] = 0.0
    empty["change"] = 0.0
    empty["time"] = 0.0
    frames = performer.frames
    curves = {(f'["{name}"]', 0): (frames, performer.weights[:, i]) for i, name in enumerate(EXPRESSIONS)}
    curves |= {(ROTATION, i): (frames, performer.rotation[:, i]) for i in range(4)}
    curves |= {(BOX, i): (frames, performer.boxes[:, i]) for i in range(4)}
    curves |= {(CONFIDENCE, 0): (frames, performer.confidence), (TIME, 0): (frames, performer.times)}
    curves[CHANGE, 0] = (frames, performer.change)
    [action] = new_actions(empty.name, [empty])
    write_curves(empty, action, curves)
    return empty


def _read_performer(empty: bpy.types.Object) -> Performer:
    curves = read_curves(empty)
    frames, times = curves[TIME, 0]

    def columns(*channels: tuple[str, int]) -> NDArray[np.float32]:
        """The values (n, k) of curves at the frames of ["time"]."""
        return np.stack([np.interp(frames, *curves[channel]) for channel in channels], 1).astype(np.float32)

    return Performer(
        id=empty["performer"],
        frames=np.rint(frames).astype(np.int32),
        times=times.astype(np.float64),
        weights=columns(*((f'["{name}"]', 0) for name in EXPRESSIONS)),
        rotation=columns(*((ROTATION, i) for i in range(4))),
        boxes=columns(*((BOX, i) for i in range(4))),
        confidence=columns((CONFIDENCE, 0))[:, 0],
        # Takes of earlier versions do not tell.
        change=columns((CHANGE, 0))[:, 0] if (CHANGE, 0) in curves else np.zeros(len(frames), np.float32),
        name=_called(empty),
        identity=np.array(empty["identity"], np.float32),
    )
