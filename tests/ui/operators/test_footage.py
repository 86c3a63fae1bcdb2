"""The buttons of a capture."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from facert_blender.capture.worker import CaptureWorker
from facert_blender.ui.running import running


def test_only_one_capture_runs(
    scene: bpy.types.Scene, square_movie: Callable[..., Path], weights: Path
) -> None:
    scene.facert.path = "clip.mp4"
    running.start(CaptureWorker(square_movie(frames=600), weights=weights))
    try:
        with pytest.raises(RuntimeError, match="Press Esc"):
            bpy.ops.facert.capture()
    finally:
        running.close()


def test_a_script_must_say_how_long_a_camera_runs(scene: bpy.types.Scene) -> None:
    scene.facert.kind = "CAMERA"
    with pytest.raises(RuntimeError, match="Set a range"):
        bpy.ops.facert.capture()


def test_missing_footage_is_a_sentence(scene: bpy.types.Scene, tmp_path: Path) -> None:
    scene.facert.path = str(tmp_path / "nowhere.mp4")
    with pytest.raises(RuntimeError, match=r"nowhere\.mp4 does not exist"):
        bpy.ops.facert.capture()
