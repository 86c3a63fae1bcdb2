"""The footage follows the timeline, the chosen performer stands out, and closing leaves nothing running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from facert_blender.capture.take import Take
from facert_blender.ui import casting
from facert_blender.ui.footage_view import footage_view
from facert_blender.ui.picture import picture


@pytest.fixture(autouse=True)
def shown(
    scene: bpy.types.Scene,
    take: Take,
    square_movie: Callable[..., Path],
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    monkeypatch.setattr("facert_blender.ui.footage_view.weights_folder", lambda: weights)
    scene.render.fps = 24
    take.footage = str(square_movie())
    take.performers[1].boxes += 70
    casting.keep_take(scene, take)
    footage_view.open(scene)
    yield
    footage_view.close()


def look(caption: str) -> np.ndarray:
    """Tick until the picture with this caption is shown."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        assert footage_view.tick(bpy.context.scene), footage_view.sentence
        if picture._caption == caption and picture._image is not None:
            return picture._image
        time.sleep(0.01)
    raise AssertionError(f"{caption} was not shown")


def test_it_follows_the_timeline(scene: bpy.types.Scene) -> None:
    first = look("Frame 0")
    assert first.ndim == 3 and first.dtype == np.uint8
    scene.frame_set(6)
    look("Frame 5")
    scene.frame_set(2)
    look("Frame 1")


def test_choosing_a_performer_changes_the_picture(scene: bpy.types.Scene) -> None:
    scene.facert.performer_index = 0
    first = look("Frame 0")
    scene.facert.performer_index = 1
    footage_view.tick(scene)
    second = look("Frame 0")
    assert (first != second).any()


def test_closing_leaves_nothing() -> None:
    look("Frame 0")
    footage_view.close()
    assert not footage_view.active and picture._handler is None
    assert not any(thread.name == "FaceRT viewer" for thread in threading.enumerate())
    assert not footage_view.tick(bpy.context.scene)


def test_footage_that_is_gone_says_so(scene: bpy.types.Scene) -> None:
    bpy.data.collections[scene.facert.take]["footage"] = "/nowhere/gone.mp4"
    bpy.ops.facert.delete_performer()
    until = time.monotonic() + 10
    while footage_view.tick(scene) and time.monotonic() < until:
        time.sleep(0.01)
    assert "gone.mp4" in footage_view.sentence
    assert not footage_view.active


def test_loading_a_file_closes_it(tmp_path: Path) -> None:
    look("Frame 0")
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not footage_view.active
