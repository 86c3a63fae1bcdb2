"""What is done with the table of a character beyond matching: its rows, and a look at one expression."""

from __future__ import annotations

import bpy
import numpy as np

from ..capture.contract import EXPRESSIONS
from ..capture.errors import CharacterError, FaceRTError
from ..retarget.mapping import Row, evaluate
from ..retarget.matching import check
from ..scene import drive
from ..scene.characters import targets
from . import casting


def add_row(item: bpy.types.PropertyGroup, row: Row) -> None:
    """Put `row` below the chosen one and choose it."""
    place = item.active_row_index + 1 if item.active_row else len(item.rows)
    casting.write_row(item.rows.add(), row)
    item.rows.move(len(item.rows) - 1, place)
    item.active_row_index = place


def move_row(item: bpy.types.PropertyGroup, step: int) -> None:
    """Move the chosen row down by `step`, or up if it is negative, as far as the table goes."""
    place = min(max(item.active_row_index + step, 0), len(item.rows) - 1)
    item.rows.move(item.active_row_index, place)
    item.active_row_index = place


def use_target(item: bpy.types.PropertyGroup, expression: str, target: str) -> None:
    """Let an ambiguous `expression` move `target`."""
    waiting = [row for row in item.rows if row.expression == expression and not row.target]
    if waiting:
        waiting[0].target = target
    else:
        add_row(item, Row(expression, target))
    item.problems.remove(item.problems.find(expression))


def add_parts(item: bpy.types.PropertyGroup, objects: list[bpy.types.Object]) -> int:
    """Make `objects` parts of a character, and map what they have; returns how many rows that gives.

    Raises:
        CharacterError: they belong to another character of the cast.
    """
    others = {
        part.object: other.name
        for other in item.id_data.facert.characters
        if other != item
        for part in other.parts
    }
    known = {part.object for part in item.parts}
    for thing in objects:
        if thing in others:
            raise CharacterError(f"{thing.name} belongs to {others[thing]}. Remove that from the cast first.")
    for thing in objects:
        if thing not in known and thing.type in {"MESH", "ARMATURE"}:
            item.parts.add().object = thing
    rows = casting.read_rows(item)
    casting.match_mapping(item)
    present = {(row.expression, *row.key) for row in rows}
    new = [row for row in casting.read_rows(item) if row.target and (row.expression, *row.key) not in present]
    mapped = {row.expression for row in new}
    kept = [row for row in rows if row.target or row.expression not in mapped]
    casting.write_rows(item, sorted([*kept, *new], key=lambda row: EXPRESSIONS.index(row.expression)))
    return len(new)


def show(item: bpy.types.PropertyGroup, expression: str) -> None:
    """Pose a character with one expression, all others at rest, until `put_back`.

    Raises:
        CharacterError: its objects were deleted.
    """
    put_back(item.id_data)
    item.shown = expression
    _pose(item)


def put_back(scene: bpy.types.Scene) -> None:
    """Give the characters of `scene` that show an expression back what they had."""
    # A preview that was switched on meanwhile has them by now, and will give them back itself.
    if any(item.shown for item in scene.facert.characters) and not scene.facert.preview:
        drive.give_back(scene)
    for item in scene.facert.characters:
        item.shown = ""


def refresh(scene: bpy.types.Scene) -> None:
    """Pose the characters that show an expression anew, by their tables of now."""
    for item in scene.facert.characters:
        if item.shown:
            try:
                _pose(item)
            except FaceRTError:
                # Nothing is left of it that could be posed.
                item.shown = ""


def _pose(item: bpy.types.PropertyGroup) -> None:
    character = casting.character_of(item)
    rows = casting.read_rows(item)
    stuck = check(rows, targets(character))
    driving = [row for row in rows if row.enabled and row.target not in stuck]
    weights = np.array([[name == item.shown for name in EXPRESSIONS]], np.float32)
    drive.borrow(item.id_data, drive.remember(character, driving))
    drive.drive(character, evaluate(driving, weights))
