"""A long take of three performers is stored, saved, mapped and baked, in memory that grows with its numbers.

`bench.py` does the same with ten minutes.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Performer, Take
from facert_blender.retarget.adjust import perform
from facert_blender.scene.actions import read_curves
from facert_blender.scene.takes import read
from facert_blender.ui import casting

ACTORS = ("Ana", "Ben", "Cleo")
FaceMaker = Callable[..., bpy.types.Object]


def long_take(frames: int) -> Take:
    """Three performers who do something in each of the frames, at 30 a second."""
    random = np.random.default_rng(0)
    times = np.arange(frames) / 30
    performers = [
        Performer(
            id=number,
            frames=np.arange(frames, dtype=np.int32),
            times=times,
            weights=(
                0.5 + 0.4 * np.sin(times[:, None] * random.uniform(0.5, 5, len(EXPRESSIONS)) + number)
            ).astype(np.float32),
            rotation=np.tile(np.float32([1, 0, 0, 0]), (frames, 1)),
            boxes=np.tile(np.float32([10, 10, 60, 60]), (frames, 1)),
            confidence=np.ones(frames, np.float32),
            identity=np.zeros(50, np.float32),
        )
        for number in range(1, 4)
    ]
    return Take("Long", "nowhere.mp4", 30.0, (160, 120), frames, performers)


def cast_all(make_face: FaceMaker) -> None:
    """Add a character for each performer."""
    for number, name in enumerate(ACTORS, 1):
        bpy.ops.object.select_all(action="DESELECT")
        item = casting.add_character(bpy.context.scene, [make_face(name, *EXPRESSIONS)])
        item.performer_id = number


def test_saved_read_again_mapped_anew_and_baked(
    scene: bpy.types.Scene, make_face: FaceMaker, tmp_path: Path
) -> None:
    take = long_take(1500)
    casting.keep_take(scene, take)
    cast_all(make_face)
    scene.render.fps = 24
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "long.blend"), compress=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "long.blend"))
    scene = bpy.context.scene

    for stored, captured in zip(read(scene, "Long").performers, take.performers, strict=True):
        assert (stored.weights == captured.weights).all()
        assert (stored.frames == captured.frames).all()
    for item in scene.facert.characters:
        casting.match_mapping(item)
        assert len(item.rows) == len(EXPRESSIONS)
    steps = list(casting.baking_cast(scene))
    # A step for each performance, character and datablock: none of them is the whole.
    assert len(steps) >= 3 * len(ACTORS)
    for name, performer in zip(ACTORS, take.performers, strict=True):
        curves = read_curves(bpy.data.objects[name].data.shape_keys)
        assert len(curves) == len(EXPRESSIONS)
        frames, values = curves['key_blocks["jawOpen"].value', 0]
        assert (frames[0], frames[-1]) == (1, 1 + 1499 * 24 // 30)
        assert len(frames) < 1000
        times = np.arange(1200) / 24
        adjustments = casting.role_of(take, scene.facert.characters[name]).adjustments
        wanted = perform(performer, adjustments, times).weights[:, EXPRESSIONS.index("jawOpen")]
        off = np.abs(np.interp(1 + np.arange(1200), frames, values) - wanted)
        assert off.max() < scene.facert.bake.tolerance + 1e-5


def test_memory_grows_no_faster_than_the_take(scene: bpy.types.Scene, make_face: FaceMaker) -> None:
    cast_all(make_face)
    peaks = []
    for frames in (300, 900):
        casting.keep_take(scene, long_take(frames))
        tracemalloc.start()
        list(casting.baking_cast(scene))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3.3 * peaks[0]
    # All the numbers of a performance, some dozen times.
    assert peaks[1] < 30 * len(ACTORS) * 900 * len(EXPRESSIONS) * 8
