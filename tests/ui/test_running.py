"""The capture behind the window: what a tick sees, and that it never outlives its file or the add-on."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

import facert_blender
from facert_blender.capture.errors import CancelledError, FootageError
from facert_blender.capture.worker import CaptureWorker
from facert_blender.ui.operators.footage import tick
from facert_blender.ui.running import running

MovieMaker = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    running.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("FaceRT")]


def ticked(scene: bpy.types.Scene, worker: CaptureWorker) -> str:
    """Tick whenever `worker` has news, as the timer does, until there is something to tell."""
    while running.active:
        worker.wait()
        told = tick(scene)
        if told:
            return told
    return ""


def test_ticks_keep_the_take(scene: bpy.types.Scene, square_movie: MovieMaker, weights: Path) -> None:
    worker = CaptureWorker(square_movie(frames=12), weights=weights)
    running.start(worker)
    assert ticked(scene, worker) == "square.mp4: 1 performer in 12 frames."
    assert scene.facert.take == "square.mp4"
    assert not running.active and running.progress is None
    assert tick(scene) == ""


def test_a_failed_capture_keeps_nothing(scene: bpy.types.Scene, tmp_path: Path, weights: Path) -> None:
    worker = CaptureWorker(tmp_path / "nowhere.mp4", weights=weights)
    running.start(worker)
    with pytest.raises(FootageError, match="does not exist"):
        ticked(scene, worker)
    assert not running.active
    assert scene.facert.take == ""


def test_cancelling_keeps_nothing(scene: bpy.types.Scene, square_movie: MovieMaker, weights: Path) -> None:
    worker = CaptureWorker(square_movie(frames=300), weights=weights)
    running.start(worker)
    worker.wait()
    assert bpy.ops.facert.cancel_capture() == {"FINISHED"}
    with pytest.raises(CancelledError):
        ticked(scene, worker)
    assert scene.facert.take == ""


def test_finishing_early_keeps_what_there_is(
    scene: bpy.types.Scene, square_movie: MovieMaker, weights: Path
) -> None:
    worker = CaptureWorker(square_movie(frames=600), weights=weights)
    running.start(worker)
    worker.wait()
    assert bpy.ops.facert.finish_capture() == {"FINISHED"}
    assert ticked(scene, worker)
    assert scene.facert.take == "square.mp4"


def test_loading_another_file_ends_the_capture(square_movie: MovieMaker, weights: Path) -> None:
    running.start(CaptureWorker(square_movie(frames=600), weights=weights))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert not running.active


def test_unregistering_ends_the_capture(square_movie: MovieMaker, weights: Path) -> None:
    running.start(CaptureWorker(square_movie(frames=600), weights=weights))
    facert_blender.unregister()
    try:
        assert not running.active
    finally:
        facert_blender.register()
