"""Between the settings on a scene and the code they speak to: characters, their performers, their tables.

Operators and the command line both go this way, so a .blend is the same whichever made it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from itertools import chain, count

import bpy

from ..capture.contract import EXPRESSIONS
from ..capture.errors import CharacterError, TakeError
from ..capture.take import Performer, Take
from ..retarget.mapping import Row
from ..retarget.matching import check, match
from ..retarget.presets import load_preset
from ..scene.bake import BakeReport, Role, baking, finished
from ..scene.characters import Character, find_character, targets
from ..scene.demo import append_demo_character
from ..scene.sound import place_sound
from ..scene.takes import names, read, store
from .performing import adjustments_of, update

AXES = ("X", "Y", "Z")
BONES = ("head_bone", "neck_bone", "jaw_bone")
"""Bones that a person may choose where their names say nothing."""
AUTOMATIC = "AUTOMATIC"
"""The preset that stands for the one that fits best."""


def keep_take(scene: bpy.types.Scene, take: Take) -> str:
    """Store `take` and make it the active one; returns the name it has from now on."""
    collection = store(take, scene)
    update(collection, take)
    scene.facert.take_index = names(scene).index(collection.name)
    return str(collection.name)


def add_character(
    scene: bpy.types.Scene, objects: Iterable[bpy.types.Object], name: str = ""
) -> bpy.types.PropertyGroup:
    """Register the character that `objects` belong to and match its mapping; makes it the active one.

    Where another character has its name already, a number follows: "Ana 2".

    Raises:
        CharacterError: nothing of it can be animated, or it is in the cast already.
    """
    character = find_character(objects, name)
    settings = scene.facert
    for known in settings.characters:
        if {part.object for part in known.parts}.intersection(character.meshes):
            raise CharacterError(f"{known.name} is in the cast already. Choose its performer in the list.")
    numbered = (f"{character.name} {number}" for number in count(2))
    free = next(title for title in chain([character.name], numbered) if title not in settings.characters)
    item = settings.characters.add()
    item.name = free
    for part in (*character.meshes, *filter(None, [character.armature])):
        item.parts.add().object = part
    match_mapping(item)
    settings.character_index = len(settings.characters) - 1
    return item


def character_of(item: bpy.types.PropertyGroup) -> Character:
    """The character that an entry of the cast stands for, found anew in the scene.

    Raises:
        CharacterError: its objects were deleted, or cannot be animated any more.
    """
    objects = parts_of(item)
    if not objects:
        raise CharacterError(f"The objects of {item.name} are gone. Remove it from the cast, or undo.")
    found = find_character(objects, item.name)
    bones = found.armature.data.bones if found.armature else {}
    chosen = {bone: getattr(item, bone) for bone in BONES if getattr(item, bone) in bones}
    return replace(found, **chosen)


def parts_of(item: bpy.types.PropertyGroup) -> list[bpy.types.Object]:
    """The objects with which a character was added, as far as they are still in the scene."""
    return [part.object for part in item.parts if part.object and part.object.name in item.id_data.objects]


def add_demo_character(scene: bpy.types.Scene, name: str) -> bpy.types.PropertyGroup:
    """Append the demo character `name` and add it to the cast."""
    collection = append_demo_character(scene, name)
    return add_character(scene, collection.objects, collection.name)


def match_mapping(item: bpy.types.PropertyGroup) -> None:
    """Fill the table of a character by the names of its targets, and keep what could not be matched.

    Raises:
        CharacterError: its objects were deleted.
    """
    character = character_of(item)
    preset = None if item.preset == AUTOMATIC else item.preset
    report = match(targets(character), preset, character.jaw_bone)
    # What has no target yet waits in the table, so that a person can choose one.
    waiting = [Row(name, "", enabled=False) for name in (*report.unmatched, *report.ambiguous)]
    rows = [*report.rows, *waiting] if report.rows else []
    write_rows(item, sorted(rows, key=lambda row: EXPRESSIONS.index(row.expression)))
    item.scheme = load_preset(report.preset).title if report.preset else ""
    item.problems.clear()
    for name, rivals in report.ambiguous.items():
        _add_problem(item, "AMBIGUOUS", name, "it could be " + " or ".join(rivals))
        item.problems[-1].choices = "\n".join(rivals)
    for name, reason in report.not_drivable.items():
        _add_problem(item, "NOT_DRIVABLE", name, reason)


def use_rows(item: bpy.types.PropertyGroup, rows: Sequence[Row]) -> None:
    """Give a character other rows, and keep which of their targets it cannot move.

    Raises:
        CharacterError: its objects were deleted.
    """
    problems = check(rows, targets(character_of(item)))
    write_rows(item, rows)
    item.scheme = ""
    item.problems.clear()
    for name, reason in problems.items():
        _add_problem(item, "NOT_DRIVABLE", name, reason)


def _add_problem(item: bpy.types.PropertyGroup, kind: str, name: str, reason: str) -> None:
    problem = item.problems.add()
    problem.kind, problem.name, problem.reason = kind, name, reason


def read_rows(item: bpy.types.PropertyGroup) -> list[Row]:
    """The table of a character as the mapping's own rows."""
    return [
        Row(
            expression=row.expression,
            target=row.target,
            gain=row.gain,
            offset=row.offset,
            minimum=row.minimum,
            maximum=row.maximum,
            enabled=row.enabled,
            kind=row.kind,
            channel=AXES.index(row.channel),
            combine=row.combine,
            exponent=row.exponent,
        )
        for row in item.rows
    ]


def write_rows(item: bpy.types.PropertyGroup, rows: Sequence[Row]) -> None:
    """Replace the table of a character."""
    item.rows.clear()
    for row in rows:
        write_row(item.rows.add(), row)
    item.active_row_index = 0


def write_row(written: bpy.types.PropertyGroup, row: Row) -> None:
    """Make one row of a table what `row` says."""
    # A row that is given a target turns itself on, so whether it is on comes last.
    for field in (
        *("expression", "kind", "target", "gain", "offset", "minimum", "maximum", "combine", "exponent"),
        "enabled",
    ):
        setattr(written, field, getattr(row, field))
    written.channel = AXES[row.channel]


def unmapped(item: bpy.types.PropertyGroup) -> list[str]:
    """The expressions that no enabled row of a character's table uses."""
    used = {row.expression for row in item.rows if row.enabled}
    return [name for name in EXPRESSIONS if name not in used]


def bake_cast(scene: bpy.types.Scene) -> list[BakeReport]:
    """Bake the active take onto every character of the cast that somebody plays, and place its sound.

    Raises:
        FaceRTError: as `baking_cast`.
    """
    return finished(baking_cast(scene))


def baking_cast(scene: bpy.types.Scene) -> Generator[float, None, list[BakeReport]]:
    """Bake in steps, as `scene.bake.baking` does; nothing of the file changes before the last one.

    Raises:
        TakeError: there is no take, or a performer of the cast is not in it or not in its range.
        CharacterError: nobody plays, or a character cannot be animated.
        MappingError: a table does not fit its character.
    """
    settings = scene.facert
    take = read(scene, settings.take)
    items = [item for item in settings.characters if item.performer_id]
    if not items:
        raise CharacterError("Nobody plays a character yet. Choose a performer for a character under Cast.")
    reports = yield from baking(
        take, [role_of(take, item) for item in items], scene, settings.bake.options(settings.start_frame)
    )
    for item, report in zip(items, reports, strict=True):
        item.baked = f"{report.keys:,} keys on frames {report.frames[0]} to {report.frames[1]}"
        item.skipped = "; ".join(f"{name}: {reason}" for name, reason in report.skipped.items())
    settings.bake.silence = ""
    if settings.bake.sound:
        spans = [report.frames for report in reports if report.keys]
        span = (min(first for first, _ in spans), max(last for _, last in spans))
        settings.bake.silence = place_sound(take, scene, settings.start_frame, span)
    return reports


def role_of(take: Take, item: bpy.types.PropertyGroup) -> Role:
    """The role of a performer of `take` who plays a character.

    Raises:
        TakeError: that performer is not in it.
        CharacterError: the character's objects were deleted.
    """
    performer = performer_of(take, item)
    return Role(
        performer,
        character_of(item),
        read_rows(item),
        adjustments_of(item, take, performer),
        item.head_rotation,
        item.neck_share,
    )


def performer_of(take: Take, item: bpy.types.PropertyGroup) -> Performer:
    """Who plays a character in `take`.

    Raises:
        TakeError: that performer is not in it.
    """
    for performer in take.performers:
        if performer.id == item.performer_id:
            return performer
    raise TakeError(
        f"Performer {item.performer_id}, who plays {item.name}, is not in the take {take.name}. "
        "Choose another performer."
    )
