"""The command line's side in Blender: a cast, who plays whom, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from itertools import cycle
from pathlib import Path
from typing import Any

import bpy

from . import register, unregister
from .capture.errors import CharacterError, OutputError, TakeError
from .capture.output import replacing
from .capture.take import Take
from .preview import write_preview
from .scene.bake import BakeReport
from .scene.characters import characters
from .scene.demo import NAMES
from .ui import casting

__all__ = ["open_cast", "perform", "registered", "save", "silence", "write_preview"]


@contextmanager
def registered() -> Iterator[None]:
    """Have FaceRT's settings on scenes until the end of the block, unless the add-on is enabled anyway.

    Blender's Python module crashes on leaving if classes are still registered.
    """
    if hasattr(bpy.types.Scene, "facert"):
        yield
        return
    register()
    try:
        yield
    finally:
        unregister()


def open_cast(cast: Path | None, wanted: Sequence[str]) -> None:
    """Open the file with the characters, or an empty one for the demo characters.

    Raises:
        CharacterError: it cannot be opened, or the characters `wanted` are not in it or cannot be moved.
    """
    if cast is None:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        check_names(wanted, NAMES, {})
        return
    open_file(cast)
    settings = bpy.context.scene.facert
    stuck = {} if settings.characters else find_cast(bpy.context.scene)
    if not settings.characters:
        reasons = "".join(f" {name} cannot be moved: {reason}." for name, reason in stuck.items())
        raise CharacterError(
            f"{cast.name} holds no character that FaceRT can move.{reasons} Choose a file with meshes that "
            "have facial shape keys, or add them under Cast in the panel and save it."
        )
    check_names(wanted, [item.name for item in settings.characters], stuck)
    for item in settings.characters:
        if item.name in wanted or not wanted:
            # Raises where the objects of a saved cast were deleted since.
            casting.character_of(item)


def check_names(wanted: Sequence[str], known: Sequence[str], stuck: Mapping[str, str]) -> None:
    """See that the characters `wanted` are among the `known` ones; `stuck` gives why others are not.

    Raises:
        CharacterError: one is not.
    """
    for name in wanted:
        if name in stuck:
            raise CharacterError(f"{name} cannot be moved: {stuck[name]}. Free it, or choose another.")
        if name not in known:
            raise CharacterError(f"There is no character called {name}. Choose one of: {', '.join(known)}.")


def open_file(path: Path) -> None:
    """Open a .blend.

    Raises:
        CharacterError: it is missing or not a .blend.
    """
    if not path.is_file():
        raise CharacterError(f"{path} does not exist. Choose a .blend with characters.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.resolve()), load_ui=False)
    except RuntimeError as error:
        raise CharacterError(
            f"{path.name} cannot be opened. Choose a file that Blender has saved."
        ) from error


def find_cast(scene: bpy.types.Scene) -> dict[str, str]:
    """Add every character of `scene` whose mapping can be matched to its cast.

    Returns why others cannot be moved, by their names, where there are facial targets but none is free.
    """
    settings = scene.facert
    stuck = {}
    for character in characters(scene):
        item = casting.add_character(scene, character.meshes, character.name)
        if not item.rows:
            if item.problems:
                stuck[item.name] = "; ".join(f"{problem.name}: {problem.reason}" for problem in item.problems)
            settings.characters.remove(settings.character_index)
    return stuck


def perform(
    take: Take,
    assignments: Sequence[tuple[int, str]],
    *,
    own_scene: bool,
    start_frame: int | None = None,
    bake: Mapping[str, Any] | None = None,
) -> list[BakeReport]:
    """Keep `take` in the open file, cast its performers and bake them.

    `start_frame` and the settings `bake`, by their names in the panel, replace those of the scene. Without
    `assignments` performers play in order of screen time. In a scene of FaceRT's own (`own_scene`) the demo
    characters are added as they are needed, and the scene takes the footage's frame rate and length.

    Raises:
        FaceRTError: somebody cannot be cast or baked.
    """
    scene = bpy.context.scene
    settings = scene.facert
    if start_frame is not None:
        settings.start_frame = start_frame
    for name, value in (bake or {}).items():
        setattr(settings.bake, name, value)
    casting.keep_take(scene, take)
    performers = sorted(take.performers, key=lambda performer: -len(performer.frames))
    found = [performer.id for performer in performers]
    if own_scene:
        for name in [name for _, name in assignments] or [
            name for name, _ in zip(cycle(NAMES), performers, strict=False)
        ]:
            casting.add_demo_character(scene, name)
        fit_to_footage(scene, take)
    for item in settings.characters:
        item.performer_id = 0
    parts = assignments or list(zip(found, [item.name for item in settings.characters], strict=False))
    for performer, name in parts:
        if performer not in found:
            names = ", ".join(str(number) for number in sorted(found))
            raise TakeError(f"There is no performer {performer} in this footage. Choose one of: {names}.")
        settings.characters[name].performer_id = performer
    reports = casting.bake_cast(scene)
    for report in reports:
        # What matching had to leave out; the panel shows it by itself.
        problems = settings.characters[report.character].problems
        report.skipped |= {problem.name: problem.reason for problem in problems}
    return reports


def silence() -> str:
    """Why the last bake in the open file placed no sound, "" where it did or was not to."""
    return str(bpy.context.scene.facert.bake.silence)


def fit_to_footage(scene: bpy.types.Scene, take: Take) -> None:
    """Give a new scene the frame rate and the length of the footage."""
    scene.render.fps = max(1, round(take.fps))
    scene.render.fps_base = scene.render.fps / take.fps
    scene.frame_start = scene.facert.start_frame
    scene.frame_end = scene.facert.start_frame + max(
        int(performer.frames[-1]) for performer in take.performers
    )


def save(path: Path) -> None:
    """Write the open file to `path`.

    Raises:
        OutputError: it cannot be written.
    """
    # Blender would tell the temporary name.
    with replacing(path) as temporary, redirect_stdout(StringIO()):
        try:
            bpy.ops.wm.save_as_mainfile(filepath=str(temporary.resolve()), copy=True, compress=True)
        except RuntimeError as error:
            raise OutputError(f"{path} cannot be written ({error}). Choose another place.") from error
