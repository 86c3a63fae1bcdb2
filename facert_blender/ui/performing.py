"""Between the list of performers and the code it speaks to: names, repairs, doubts, adjustments.

The list stands on the collection of the take. It is made anew from the repaired take whenever that changes;
what was set for a performer stays as long as they are in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, count
from typing import Any

import bpy
import numpy as np
from mathutils import Euler

from ..capture.errors import RepairError, TakeError
from ..capture.portrait import portrait
from ..capture.repair import Repair, doubts, free_number, repaired, without
from ..capture.take import Performer, Take, default_name
from ..retarget.adjust import REGIONS, Adjustments, estimate_neutral, neutral_at
from ..retarget.resample import frame_times
from ..scene.bake import scene_frame
from ..scene.portrait import new_portrait
from ..scene.takes import names_in, read_from, repairs, set_repairs

WORDS = {
    "SPLIT": "Split {performer} at {frame}",
    "MERGE": "Merge {other} into {performer}",
    "SWAP": "Swap {performer} and {other} from {frame}",
    "DELETE": "Delete {performer}",
    "RENAME": "Call performer {number} {name}",
    "KEEP": "{performer} is right at {frame}",
}


def collection_of(scene: bpy.types.Scene) -> Any:
    """The collection of the active take, None when there is none."""
    name = scene.facert.take
    return bpy.data.collections[name] if name else None


def chosen(scene: bpy.types.Scene) -> Any:
    """The performer who is chosen in the list."""
    collection = collection_of(scene)
    people = collection.facert.performers if collection else []
    index = scene.facert.performer_index
    return people[index] if 0 <= index < len(people) else None


# The list


def update(collection: bpy.types.Collection, take: Take) -> None:
    """Make the list of performers and that of doubts those of the repaired `take`."""
    stored = collection.facert
    present = {performer.id: performer for performer in take.performers}
    for index in reversed(range(len(stored.performers))):
        if stored.performers[index].number not in present:
            stored.performers.remove(index)
    known = {item.number for item in stored.performers}
    for number in sorted(present.keys() - known):
        stored.performers.add().number = number
        place = sum(item.number < number for item in stored.performers)
        stored.performers.move(len(stored.performers) - 1, place)
    for item in stored.performers:
        performer = present[item.number]
        item.first, item.last = int(performer.frames[0]), int(performer.frames[-1])
        if performer.portrait is not None:
            item.picture = new_portrait(f"{take.name} {performer.name}", performer.portrait)
    stored.doubts.clear()
    for doubt in doubts(take, repairs(collection)):
        line = stored.doubts.add()
        line.frame, line.performer, line.other = doubt.frame, doubt.performer, doubt.other or 0
        line.reason, line.repair = doubt.reason, doubt.offer.kind


def name_of(item: bpy.types.PropertyGroup) -> str:
    """What a performer of the list is called."""
    collection = item.id_data
    return names_in(collection).get(item.number, default_name(item.number))


def rename(item: bpy.types.PropertyGroup, name: str) -> None:
    """Call a performer `name`, with a number behind it where somebody else has that name."""
    collection = item.id_data
    others = {title for number, title in names_in(collection).items() if number != item.number}
    wanted = name.strip() or default_name(item.number)
    numbered = (f"{wanted} {number}" for number in count(2))
    free = next(title for title in chain([wanted], numbered) if title not in others)
    kept = repairs(collection)
    if kept and kept[-1].kind == "RENAME" and kept[-1].performer == item.number:
        kept.pop()
    _use(collection, [*kept, Repair("RENAME", item.number, name=free)], read_from(collection, raw=True))


def take_pictures(scene: bpy.types.Scene) -> str:
    """Cut the pictures of the active take's performers from its footage again; returns what to tell.

    Raises:
        TakeError: there is no take, or parts of it are missing.
        FootageError: the footage cannot be read.
    """
    collection = _collection(scene)
    take = read_from(collection)
    for item, performer in zip(collection.facert.performers, take.performers, strict=True):
        item.picture = new_portrait(f"{take.name} {performer.name}", portrait(take, performer))
    return f"Cut {len(take.performers)} pictures from {take.footage}."


# Repairs


def repair(scene: bpy.types.Scene, wanted: Repair) -> str:
    """Add a repair to the active take; returns what it does. The part split off gets a free number.

    Raises:
        TakeError: there is no take, or parts of it are missing.
        RepairError: it does not fit the take.
    """
    collection = _collection(scene)
    before = repairs(collection)
    raw = read_from(collection, raw=True)
    if wanted.kind == "SPLIT":
        wanted = Repair("SPLIT", wanted.performer, wanted.frame, free_number(raw, before))
    sentence = described(collection, wanted)
    _use(collection, [*before, wanted], raw)
    return f"{sentence}."


def take_back(scene: bpy.types.Scene, index: int) -> str:
    """Take a repair of the active take back, and later ones that need it; returns what to tell.

    Raises:
        TakeError: there is no take, or parts of it are missing.
        RepairError: there is no such repair.
    """
    collection = _collection(scene)
    before = repairs(collection)
    if not 0 <= index < len(before):
        raise RepairError("There is no such repair. Choose one of the list.")
    raw = read_from(collection, raw=True)
    kept = without(raw, before, index)
    _use(collection, kept, raw)
    gone = len(before) - len(kept)
    return "Took the repair back." if gone == 1 else f"Took the repair back, and {gone - 1} that needed it."


def _use(collection: bpy.types.Collection, wanted: Sequence[Repair], raw: Take) -> None:
    take = repaired(raw, wanted)
    set_repairs(collection, wanted)
    update(collection, take)


def described(collection: bpy.types.Collection, wanted: Repair) -> str:
    """A repair in words."""
    names = names_in(collection)

    def called(number: int | None) -> str:
        return names.get(number or 0, default_name(number or 0))

    return WORDS[wanted.kind].format(
        number=wanted.performer,
        performer=called(wanted.performer),
        other=called(wanted.other),
        frame=wanted.frame,
        name=wanted.name,
    )


def offer(line: bpy.types.PropertyGroup) -> Repair:
    """The repair that a doubt of the list offers."""
    return Repair(line.repair, line.performer, line.frame, line.other or None)


def settle(line: bpy.types.PropertyGroup) -> Repair:
    """The repair that says that a doubt of the list is none."""
    return Repair("KEEP", line.performer, line.frame, line.other or None)


# Time


def footage_time(scene: bpy.types.Scene) -> float:
    """The footage's time in seconds at the current frame of `scene`."""
    return float((scene.frame_current_final - scene.facert.start_frame) / scene_frame(1, scene, 0))


def scene_frame_of(scene: bpy.types.Scene, take: Take, frame: int) -> int:
    """The whole scene frame at which the footage's `frame` lies."""
    [time] = frame_times(take, np.array([frame]))
    return round(scene_frame(float(time), scene, scene.facert.start_frame))


def footage_frame(scene: bpy.types.Scene, take: Take) -> int:
    """The footage's frame that is to be seen at the current frame of `scene`."""
    frames = np.arange(take.frames + int(max(performer.frames[-1] for performer in take.performers)) + 1)
    return int(np.abs(frame_times(take, frames) - footage_time(scene)).argmin())


# Adjustments


def adjustments_of_role(role: bpy.types.PropertyGroup) -> Adjustments:
    """What the settings say about a role, an entry of the cast, whoever plays it."""
    return Adjustments(
        gains=_by_region(role.gains, 1.0),
        smoothing=dict.fromkeys(REGIONS, role.id_data.facert.smoothing),
        mirror=role.mirror,
        head_offset=np.array(Euler(role.head_offset).to_quaternion(), np.float32),
    )


def adjustments_of(role: bpy.types.PropertyGroup, take: Take, performer: Performer) -> Adjustments:
    """What the settings say about `performer` of `take` in a role, an entry of the cast."""
    adjustments = adjustments_of_role(role)
    collection = bpy.data.collections.get(take.name)
    people = collection.facert.performers if collection else []
    item = next((person for person in people if person.number == performer.id), None)
    if item is None:
        return adjustments
    neutral, rotation = _neutral(item, performer)
    return replace(
        adjustments,
        neutral=neutral,
        neutral_rotation=rotation if item.neutral_head else adjustments.neutral_rotation,
        smoothing=_by_region(item.smoothing, role.id_data.facert.smoothing),
        gaps=item.gaps,
    )


def _by_region(group: bpy.types.PropertyGroup, factor: float) -> dict[str, float]:
    return {region: factor * getattr(group, region) for region in REGIONS}


def _neutral(item: bpy.types.PropertyGroup, performer: Performer) -> tuple[np.ndarray, np.ndarray]:
    """Weights and rotation of the face at rest, as chosen in the list."""
    if item.neutral == "AUTOMATIC":
        return _resting(performer)
    if item.neutral == "FRAME":
        return neutral_at(performer, item.neutral_frame)
    nothing = Adjustments()
    return nothing.neutral, nothing.neutral_rotation


@lru_cache(maxsize=8)
def _resting(performer: Performer) -> tuple[np.ndarray, np.ndarray]:
    return estimate_neutral(performer)


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    collection = collection_of(scene)
    if collection is None:
        raise TakeError("There is no take yet. Capture footage first.")
    return collection
