"""The sound of a take's footage, as a strip of the sequencer in step with its bake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..capture.take import Take

MARK = "facert_take"
"""The custom property in which a strip names its take."""


def place_sound(take: Take, scene: bpy.types.Scene, start_frame: int, span: tuple[int, int]) -> str:
    """Play the sound of the footage of `take`, which begins at `start_frame`, in the scene frames of `span`.

    A strip placed for this take before is replaced. Returns why there is no sound, "" where it was placed.
    """
    remove_sound(take.name, scene)
    path = Path(bpy.path.abspath(take.footage))
    if take.footage.isdecimal() or path.is_dir():
        return "its footage is pictures without sound"
    if not path.is_file():
        return f"its footage is not at {path} any more"
    if not bpy.app.build_options.audaspace:
        return "this Blender was built without sound"
    strips = _strips(scene.sequence_editor_create())
    channel = 1 + max((strip.channel for strip in strips), default=0)
    strip = strips.new_sound(path.name, str(path), channel, start_frame)
    if not strip.sound.samplerate:
        sound = strip.sound
        strips.remove(strip)
        bpy.data.sounds.remove(sound)
        return "its footage has no sound"
    strip[MARK] = take.name
    first, last = max(span[0], start_frame), span[1] + 1
    if "left_handle" in strip.bl_rna.properties:
        strip.left_handle, strip.right_handle = first, last
    else:
        strip.frame_final_start, strip.frame_final_end = first, last
    return ""


def remove_sound(name: str, scene: bpy.types.Scene) -> None:
    """Take away the strip that was placed for the take called `name`, if there is one."""
    if scene.sequence_editor is None:
        return
    strips = _strips(scene.sequence_editor)
    for strip in [strip for strip in strips if strip.get(MARK) == name]:
        strips.remove(strip)


def _strips(editor: Any) -> Any:
    """The strips of the sequencer, which were called sequences before Blender 4.4."""
    return editor.strips if bpy.app.version >= (4, 4, 0) else editor.sequences
