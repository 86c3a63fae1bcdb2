"""Who is who, corrected by a person: a list of repairs that is replayed whenever a take is read.

The take as it was captured never changes. Any repair can be taken out of the list again; the ones after it
are replayed without it. `doubts` lists the places worth a look, each with the repair that would mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from .errors import RepairError
from .take import Performer, Take, default_name

KINDS = ("SPLIT", "MERGE", "SWAP", "DELETE", "RENAME", "KEEP")

ABSENCE = 0.5
"""Seconds: who was away for longer may have come back as somebody else."""
HIDDEN = 1.0
"""Seconds for which a covered face is still taken to be on its way."""
NEAR = 0.3
"""Two boxes are near where they share this part of the smaller one."""
CHANGED = 1.5
"""Change of a face from which on it looks like somebody else's."""
REACH = 1.0
"""Seconds around a repair, and around another doubt, in which nothing is doubted anew."""
SUCCESSION = 2.0
"""Seconds within which somebody who appears where somebody else was last seen may be the same person."""


@dataclass(frozen=True)
class Repair:
    """One correction; frames are those of the footage, performers are numbers.

    SPLIT   `performer` becomes `other`, a new number, from `frame` on
    MERGE   `other` is `performer` all along
    SWAP    `performer` and `other` are each other from `frame` on
    DELETE  `performer` is nobody
    RENAME  `performer` is called `name`
    KEEP    `performer` is right at `frame`: doubts about it are settled, nothing changes
    """

    kind: str
    performer: int
    frame: int | None = None
    other: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Doubt:
    """A frame of the footage from which on `performer` may be somebody else, and the repair for that."""

    frame: int
    performer: int
    other: int | None
    reason: str
    offer: Repair


def repaired(take: Take, repairs: Sequence[Repair]) -> Take:
    """A take with `repairs` applied in their order; `take` itself stays as it is.

    Raises:
        RepairError: a repair does not fit what the ones before it left.
    """
    people = {performer.id: performer for performer in take.performers}
    for repair in repairs:
        if repair.performer not in people:
            raise RepairError(f"There is no performer {repair.performer} in {take.name}. Choose another.")
        _REPAIRS[repair.kind](people, repair)
    return replace(take, performers=sorted(people.values(), key=lambda performer: performer.id))


def renamed(names: Mapping[int, str], repairs: Sequence[Repair]) -> dict[int, str]:
    """Who is in a take after `repairs`, numbers and names, by who was in the raw one; quick.

    Repairs that do not fit are passed over.
    """
    people = dict(names)
    for repair in repairs:
        if repair.performer not in people:
            continue
        if repair.kind == "DELETE":
            del people[repair.performer]
        elif repair.kind == "RENAME":
            people[repair.performer] = repair.name.strip()
        elif repair.kind == "MERGE" and repair.other is not None:
            people.pop(repair.other, None)
        elif repair.kind == "SPLIT" and repair.other is not None:
            people[repair.other] = default_name(repair.other)
    return dict(sorted(people.items()))


def without(take: Take, repairs: Sequence[Repair], index: int) -> list[Repair]:
    """`repairs` less the one at `index`, and less those after it that do not fit any more."""
    kept = list(repairs[:index])
    for repair in repairs[index + 1 :]:
        try:
            repaired(take, [*kept, repair])
        except RepairError:
            continue
        kept.append(repair)
    return kept


def free_number(take: Take, repairs: Sequence[Repair]) -> int:
    """A number that no performer of the raw take has and no repair has given."""
    given = [repair.other or 0 for repair in repairs if repair.kind == "SPLIT"]
    return max([0, *(performer.id for performer in take.performers), *given]) + 1


def doubts(take: Take, repairs: Sequence[Repair] = ()) -> list[Doubt]:
    """Where a repaired `take` may have taken one performer for another, by frame.

    That is where boxes cross so closely that identities could swap, where a face becomes unlike itself, where
    somebody comes back after an absence, and where somebody appears just where somebody else was last seen.
    Around the frames of `repairs` nothing is doubted; crossings that also look like a swap come in their
    place in time like all others.
    """
    found = [*_crossings(take), *_changes(take), *_returns(take), *_successions(take)]
    settled = [
        (number, repair.frame)
        for repair in repairs
        if repair.frame is not None
        for number in (repair.performer, repair.other)
    ]
    reach = REACH * take.fps
    kept: list[Doubt] = []
    for doubt in found:  # the surest kind first
        known = settled + [(number, one.frame) for one in kept for number in (one.performer, one.other)]
        people = (doubt.performer,) if doubt.other is None else (doubt.performer, doubt.other)
        if not any(number in people and abs(frame - doubt.frame) <= reach for number, frame in known):
            kept.append(doubt)
    return sorted(kept, key=lambda doubt: (doubt.frame, doubt.performer))


# Repairs


def _split(people: dict[int, Performer], repair: Repair) -> None:
    performer = people[repair.performer]
    later = performer.frames >= _frame(repair)
    if later.all() or not later.any():
        raise RepairError(
            f"{performer.name} cannot be split at frame {repair.frame}: all of it is on one side. "
            "Choose a frame in between."
        )
    if repair.other is None or repair.other in people:
        raise RepairError(f"The number {repair.other} is not free for the other half of {performer.name}.")
    people[performer.id] = _part(performer, ~later)
    people[repair.other] = replace(_part(performer, later), id=repair.other, name="", portrait=None)


def _merge(people: dict[int, Performer], repair: Repair) -> None:
    performer, other = people[repair.performer], _other(people, repair)
    people[performer.id] = _united(performer, other)
    del people[other.id]


def _swap(people: dict[int, Performer], repair: Repair) -> None:
    frame = _frame(repair)
    performer, other = people[repair.performer], _other(people, repair)
    for one, two in ((performer, other), (other, performer)):
        before, after = _part(one, one.frames < frame), _part(two, two.frames >= frame)
        if not len(before.frames) + len(after.frames):
            raise RepairError(
                f"Swapped at frame {frame}, {one.name} would be in no frame. "
                f"Merge {performer.name} and {other.name} instead."
            )
        people[one.id] = _joined(one, before, after)


def _delete(people: dict[int, Performer], repair: Repair) -> None:
    del people[repair.performer]


def _rename(people: dict[int, Performer], repair: Repair) -> None:
    name = repair.name.strip()
    if not name:
        raise RepairError("A performer needs a name. Type one.")
    if any(person.name == name for person in people.values() if person.id != repair.performer):
        raise RepairError(f"Somebody is called {name} already. Choose another name.")
    people[repair.performer] = replace(people[repair.performer], name=name)


def _keep(people: dict[int, Performer], repair: Repair) -> None:
    pass


_REPAIRS: dict[str, Callable[[dict[int, Performer], Repair], None]] = {
    "SPLIT": _split,
    "MERGE": _merge,
    "SWAP": _swap,
    "DELETE": _delete,
    "RENAME": _rename,
    "KEEP": _keep,
}

_COLUMNS = ("frames", "times", "weights", "rotation", "boxes", "confidence", "change")
"""The arrays of a performer with one entry per frame."""


def _frame(repair: Repair) -> int:
    if repair.frame is None:
        raise RepairError("This repair needs a frame. Go to the frame from which on it counts.")
    return repair.frame


def _other(people: dict[int, Performer], repair: Repair) -> Performer:
    if repair.other not in people or repair.other == repair.performer:
        raise RepairError("This repair is about two performers. Choose another one as well.")
    return people[repair.other]


def _part(performer: Performer, kept: np.ndarray) -> Performer:
    """The frames `kept` (n,) of a performer."""
    return replace(performer, **{name: getattr(performer, name)[kept] for name in _COLUMNS})


def _joined(performer: Performer, before: Performer, after: Performer) -> Performer:
    """`performer` with the frames of two parts; its identity is their mean."""
    columns = {name: np.concatenate([getattr(before, name), getattr(after, name)]) for name in _COLUMNS}
    counts = (len(before.frames), len(after.frames))
    identity = np.average([before.identity, after.identity], axis=0, weights=counts).astype(np.float32)
    return replace(performer, identity=identity, **columns)


def _united(performer: Performer, other: Performer) -> Performer:
    """`performer` with the frames of both; where both are, the surer sight."""
    both = _joined(performer, performer, other)
    # By frame, the surest first: `unique` keeps the first of each.
    order = np.lexsort((-both.confidence, both.frames))
    return _part(both, order[np.unique(both.frames[order], return_index=True)[1]])


# Doubts


def _crossings(take: Take) -> Iterator[Doubt]:
    """Where two performers come so close that the tracker may have taken one for the other."""
    for one, other in combinations(take.performers, 2):
        first = max(one.frames[0], other.frames[0])
        frames = np.arange(first, min(one.frames[-1], other.frames[-1]) + 1)
        shared = _shared(_boxes(one, frames, take.fps), _boxes(other, frames, take.fps))
        near = np.flatnonzero(shared >= NEAR)
        for run in np.split(near, np.flatnonzero(np.diff(near) > REACH * take.fps) + 1):
            if len(run):
                frame = _parting(one, other, frames, run[shared[run].argmax()], take.fps)
                swap = Repair("SWAP", one.id, frame, other.id)
                yield Doubt(frame, one.id, other.id, f"{one.name} crosses {other.name}", swap)


def _parting(one: Performer, other: Performer, frames: np.ndarray, closest: int, fps: float) -> int:
    """The frame from which on two who cross could be swapped.

    It is where their faces change most; where neither does, the first at which both are seen since the
    closest.
    """
    start = frames[closest]
    changes: dict[int, float] = {}
    for performer in (one, other):
        around = np.abs(performer.frames - start) <= REACH * fps
        for frame, change in zip(performer.frames[around], performer.change[around], strict=True):
            changes[int(frame)] = changes.get(int(frame), 0.0) + float(change)
    surest = max(changes, key=lambda frame: changes[frame], default=int(start))
    if changes.get(surest, 0.0) >= CHANGED:
        return surest
    both = np.intersect1d(one.frames, other.frames)
    return int(both[np.searchsorted(both, start)]) if len(both) and both[-1] >= start else int(start)


def _changes(take: Take) -> Iterator[Doubt]:
    """Where a face becomes unlike itself."""
    for performer in take.performers:
        high = np.flatnonzero(performer.change >= CHANGED)
        for run in np.split(high, np.flatnonzero(np.diff(performer.frames[high]) > REACH * take.fps) + 1):
            if len(run):
                frame = int(performer.frames[run[performer.change[run].argmax()]])
                yield _replaced(take, performer, frame, "looks like somebody else from here on")


def _returns(take: Take) -> Iterator[Doubt]:
    """Where somebody comes back."""
    for performer in take.performers:
        for place in np.flatnonzero(np.diff(performer.times) > ABSENCE):
            seconds = performer.times[place + 1] - performer.times[place]
            gone, frame = (int(one) for one in performer.frames[place : place + 2])
            passed = _passed(take, performer, np.arange(gone + 1, frame))
            yield _replaced(take, performer, frame, f"is back after {seconds:.1f} s", passed)


def _passed(take: Take, performer: Performer, frames: np.ndarray) -> list[Performer]:
    """Who was seen where `performer` must have passed while away at `frames`: in front of them, it seems."""
    path = _path(performer, frames)
    others = (other for other in take.performers if other is not performer)
    return [other for other in others if (_shared(path, _boxes(other, frames, take.fps)) >= NEAR).any()]


def _replaced(
    take: Take, performer: Performer, frame: int, what: str, passed: Sequence[Performer] = ()
) -> Doubt:
    """A doubt whether it is `performer` from `frame` on, one of `passed`, or who was away too."""
    absent = [
        other
        for other in take.performers
        if other is not performer and other.frames[0] < frame and not _present(other, frame, take.fps)
    ]
    reason = f"{performer.name} {what}"
    if absent or passed:
        other = max(passed or absent, key=lambda person: person.frames[person.frames < frame][-1])
        offer = Repair("SWAP", performer.id, frame, other.id)
        return Doubt(frame, performer.id, other.id, f"{reason}; it may be {other.name}", offer)
    return Doubt(frame, performer.id, None, reason, Repair("SPLIT", performer.id, frame))


def _successions(take: Take) -> Iterator[Doubt]:
    """Where somebody appears for the first time just where somebody else was last seen."""
    for late in take.performers:
        for early in take.performers:
            gone = late.times[0] - early.times[-1]
            if 0 < gone <= SUCCESSION and _shared(early.boxes[-1:], late.boxes[:1])[0] >= NEAR:
                frame = int(late.frames[0])
                reason = f"{late.name} appears where {early.name} was last seen"
                yield Doubt(frame, early.id, late.id, reason, Repair("MERGE", early.id, frame, late.id))


def _present(performer: Performer, frame: int, fps: float) -> bool:
    """Whether somebody is seen within a moment around `frame`."""
    return bool((np.abs(performer.frames - frame) <= ABSENCE / 2 * fps).any())


def _boxes(performer: Performer, frames: np.ndarray, fps: float) -> np.ndarray:
    """The boxes (n, 4) of a performer at `frames`, on their way where covered for a while, else NaN."""
    boxes = _path(performer, frames)
    after = np.searchsorted(performer.frames, frames).clip(0, len(performer.frames) - 1)
    before = (np.searchsorted(performer.frames, frames, side="right") - 1).clip(0)
    boxes[performer.frames[after] - performer.frames[before] > HIDDEN * fps] = np.nan
    return boxes


def _path(performer: Performer, frames: np.ndarray) -> np.ndarray:
    """The boxes (n, 4) of a performer at `frames`, on a straight way wherever not seen."""
    return np.stack(
        [np.interp(frames, performer.frames, performer.boxes[:, side]) for side in range(4)], axis=1
    )


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The part (n,) of the smaller one that boxes (n, 4) share with others; 0 where a box is NaN."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)]
    shared = (high - low).clip(0).prod(axis=1) / np.maximum(np.minimum(*areas), 1e-9)
    return np.nan_to_num(shared)
