"""Bakes performers onto characters: take + cast + mapping -> Actions."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import MappingError, TakeError
from ..capture.take import Performer, Take
from ..retarget.adjust import Adjustments, perform
from ..retarget.mapping import Row, evaluate
from ..retarget.matching import check
from ..retarget.reduce import reduced
from ..retarget.resample import frame_times
from .actions import add_strip, check_free, fill, joined, new_actions, write_curves
from .channels import Channels, channels_of, units
from .characters import Character, targets
from .orientation import head_turns, stiff
from .punch import blended, punch_in

WRITING = 0.8
"""The share of a bake from which on it is written, and must not be stopped any more."""

Sheet = dict[bpy.types.ID, dict[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]]]
"""What is to be written: the `actions.Curves` of each datablock."""


@dataclass(frozen=True, kw_only=True)
class BakeOptions:
    """How to bake.

    start_frame: the scene frame at which the footage begins. frame_range: the first frame of the footage to
    bake and the one to stop before, None for all of it. expressions: which of them to bake; what other
    expressions do to the same targets comes along. head: whether to bake the head's rotation.
    destination: "NEW", an Action of its own; "CURRENT", the Action that each datablock has, in which the
    baked frames are replaced and nothing else (a new one where it has none); "NLA", a strip on a new track
    above what plays so far.
    blend_in, blend_out: frames over which CURRENT passes over from the old curves and back to them, within
    the baked frames, and over which a strip fades.
    tolerance: how far curves may stray where keys are left out: in values of shape keys, radians, components
    of quaternions and lengths of bones. 0 keeps a key on every frame.
    overwrite: empty and fill the Action of an earlier bake again, rather than number a new one.
    """

    start_frame: int = 1
    frame_range: tuple[int, int] | None = None
    expressions: Sequence[str] = EXPRESSIONS
    head: bool = True
    destination: str = "NEW"
    blend_in: int = 0
    blend_out: int = 0
    tolerance: float = 0.0
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Role:
    """A performer who plays a character, by the rows of its mapping.

    adjustments: what changes about the performance. head_rotation: whether the character turns its head; the
    neck takes `neck_share` (0..1) of that.
    """

    performer: Performer
    character: Character
    rows: Sequence[Row]
    adjustments: Adjustments = field(default_factory=Adjustments)
    head_rotation: bool = True
    neck_share: float = 0.0


@dataclass
class BakeReport:
    """What a bake did.

    `actions` are the names of the Actions written, `keys` the number of keys written, `frames` the first and
    last scene frame. `skipped` gives the reason for each target of an enabled row, and for the head, that was
    not driven; `unmapped` lists the expressions that drive nothing, `replaced` the Actions that the
    character had before and that are kept in the file.
    """

    character: str
    performer: str
    actions: list[str] = field(default_factory=list)
    keys: int = 0
    frames: tuple[int, int] = (0, 0)
    skipped: dict[str, str] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def scene_frame(time: float, scene: bpy.types.Scene, start_frame: int = 1) -> float:
    """The frame of `scene` at which the footage's `time` in seconds lies, when it begins at `start_frame`."""
    return float(start_frame + time * scene.render.fps / scene.render.fps_base)


def bake(
    take: Take,
    performer: Performer,
    character: Character,
    rows: Sequence[Row],
    *,
    scene: bpy.types.Scene,
    adjustments: Adjustments | None = None,
    head_rotation: bool = True,
    neck_share: float = 0.0,
    **options: Any,
) -> BakeReport:
    """Bake one performer onto one character, as `baking` does; `options` are those of BakeOptions.

    Raises:
        CharacterError, MappingError, TakeError: as `baking`.
    """
    role = Role(performer, character, rows, adjustments or Adjustments(), head_rotation, neck_share)
    [report] = finished(baking(take, [role], scene, BakeOptions(**options)))
    return report


def finished(work: Generator[float, None, list[BakeReport]]) -> list[BakeReport]:
    """Do all steps of `work` at once; returns its reports."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            reports: list[BakeReport] = done.value
            return reports


def baking(
    take: Take, roles: Sequence[Role], scene: bpy.types.Scene, options: BakeOptions
) -> Generator[float, None, list[BakeReport]]:
    """Bake in steps, each some tenths of a second long; yields how far it is (0..1), returns the reports.

    Times are taken from the footage and resampled to whole frames of `scene` at its own frame rate. New
    Actions are called "<take> · <character>". The take is not changed, and no Action that anything had is
    lost. Nothing of the file changes before it yields WRITING: close the generator until then, and nothing
    has happened; afterwards go on to the end. In between the scene must not change.

    Raises:
        CharacterError: a character cannot be animated as it is.
        MappingError: no chosen row drives anything of a character.
        TakeError: nobody is there in the frames to bake.
    """
    scene.view_layers[0].update()
    reports = [_check(role, options) for role in roles]
    frames, times = _scene_times(take, scene, options)
    sheets: list[Sheet] = []
    for number, (role, report) in enumerate(zip(roles, reports, strict=True)):
        yield WRITING * number / len(roles)
        kept, channels = _perform(role, report, times, options)
        yield WRITING * (number + 0.5) / len(roles)
        sheets.append(_sheet(frames[kept], channels, options) if kept.any() else {})
        if kept.any():
            report.frames = (int(frames[kept][0]), int(frames[kept][-1]))
        else:
            report.skipped[role.performer.name] = "nothing is seen of them in these frames"
    if not any(sheets):
        names = " and ".join(dict.fromkeys(role.performer.name for role in roles))
        raise TakeError(f"{names} cannot be seen in the frames to bake. Choose another range.")
    yield WRITING
    done, count = 0, sum(len(sheet) for sheet in sheets)
    for role, report, sheet in zip(roles, reports, sheets, strict=True):
        for _ in _write(joined(take.name, role.character.name), sheet, report, options):
            done += 1
            yield WRITING + (1 - WRITING) * done / count
    return reports


def _check(role: Role, options: BakeOptions) -> BakeReport:
    """The report of a bake that can begin: what will not move is in it already."""
    character = role.character
    report = BakeReport(character.name, role.performer.name, skipped=check(role.rows, targets(character)))
    used = {row.expression for row in _driving(role, report)}
    if not used:
        raise MappingError(
            f"No row of the mapping drives anything of {character.name}. Choose its preset and press Match."
        )
    report.unmapped = [name for name in EXPRESSIONS if name not in used]
    turns = role.head_rotation and options.head
    if turns:
        report.skipped |= stiff(character)
    if not used.intersection(options.expressions) and (not turns or stiff(character)):
        raise MappingError(
            f"Nothing of {character.name} moves by what was chosen to bake. Choose more of the face."
        )
    return report


def _driving(role: Role, report: BakeReport) -> list[Row]:
    return [row for row in role.rows if row.enabled and row.target not in report.skipped]


def _scene_times(
    take: Take, scene: bpy.types.Scene, options: BakeOptions
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The whole scene frames (n,) in which keys may be, and the footage's times (n,) there."""
    rate = scene_frame(1, scene, 0)
    first = min(performer.times[0] for performer in take.performers)
    last = max(performer.times[-1] for performer in take.performers)
    if options.frame_range:
        start, end = options.frame_range
        begin, stop = frame_times(take, np.array([start, end - 1]))
        first, last = max(first, begin), min(last, stop)
    # A hair of tolerance, so that rounding loses no frame where both rates are the same.
    frames = np.arange(np.ceil(first * rate - 1e-3), np.floor(last * rate + 1e-3) + 1)
    if not len(frames) and first <= last:
        frames = np.rint([first * rate])
    return frames.astype(np.int64) + options.start_frame, np.clip(frames / rate, first, last)


def _perform(
    role: Role, report: BakeReport, times: NDArray[np.float64], options: BakeOptions
) -> tuple[NDArray[np.bool_], Channels]:
    """Which of the frames get keys (n,), and what the character does in those."""
    seen = role.performer.times
    # The hair of tolerance above, at the performer's own ends.
    ends = np.clip(times, seen[0], seen[-1])
    step = np.min(np.diff(times), initial=1.0)
    performance = perform(
        role.performer, role.adjustments, np.where(abs(times - ends) < 2e-3 * step, ends, times)
    )
    kept = performance.keyed
    if not kept.any():
        return kept, {}
    rows = _driving(role, report)
    chosen = {row.key[:2] for row in rows if row.expression in options.expressions}
    values = evaluate([row for row in rows if row.key[:2] in chosen], performance.weights[kept])
    turns = role.head_rotation and options.head
    head = head_turns(role.character, performance.rotation[kept], role.neck_share) if turns else {}
    return kept, channels_of(role.character, values, head)


def _sheet(frames: NDArray[np.int64], channels: Channels, options: BakeOptions) -> Sheet:
    """The curves of each datablock, passed over into what it does so far where that is asked, and reduced."""
    check_free(list(channels), into_current=options.destination == "CURRENT")
    if options.destination == "CURRENT":
        channels = {
            datablock: blended(datablock, series, frames, options.blend_in, options.blend_out)
            for datablock, series in channels.items()
        }
    curves = [(datablock, channel) for datablock, series in channels.items() for channel in series]
    properties = [(datablock, path) for datablock, (path, _) in curves]
    # All at once: that takes hardly longer than for one datablock.
    kept = reduced(
        frames.astype(np.float64),
        np.column_stack([channels[datablock][channel] for datablock, channel in curves]),
        options.tolerance * np.concatenate([units(*part) for part in channels.items()]),
        np.array([properties.index(one) for one in properties]),
    )
    sheet: Sheet = {datablock: {} for datablock in channels}
    for (datablock, channel), column in zip(curves, kept.T, strict=True):
        sheet[datablock][channel] = (frames[column], channels[datablock][channel][column])
    return sheet


def _write(name: str, sheet: Sheet, report: BakeReport, options: BakeOptions) -> Iterator[bpy.types.ID]:
    """Write the curves of one character to where they are wanted; yields each datablock that is done."""
    into = {
        datablock
        for datablock in sheet
        if options.destination == "CURRENT" and datablock.animation_data and datablock.animation_data.action
    }
    others = [datablock for datablock in sheet if datablock not in into]
    actions = dict(zip(others, new_actions(name, others, overwrite=options.overwrite), strict=True))
    for datablock, curves in sheet.items():
        animation = datablock.animation_data or datablock.animation_data_create()
        before = animation.action
        if datablock in into:
            action = before
            report.keys += punch_in(datablock, curves, report.frames, options.blend_in, options.blend_out)
        elif options.destination == "NLA":
            action = actions[datablock]
            report.keys += fill(action, datablock, curves)
            add_strip(datablock, action, options.blend_in, options.blend_out)
        else:
            action = actions[datablock]
            report.keys += write_curves(datablock, action, curves)
        if before not in (None, action) and before.name not in report.replaced:
            report.replaced.append(before.name)
        if action.name not in report.actions:
            report.actions.append(action.name)
        yield datablock
