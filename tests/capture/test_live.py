"""Live: the latest frame of footage or a camera, who is in it, and recordings that are takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import CameraError, FootageError, NoFaceError, WeightsError
from facert_blender.capture.live import PICTURE, LiveFrame, LiveWorker
from facert_blender.capture.overlay import colour_of
from facert_blender.capture.take import Take
from facert_blender.capture.tracking import FLICKER

from .conftest import BLUE, RED, paint, save_movie

MovieMaker = Callable[..., Path]
JAW = EXPRESSIONS.index("jawOpen")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("FaceRT")]


@pytest.fixture
def live() -> Iterator[Callable[..., LiveWorker]]:
    """Starts workers and ends them after the test."""
    workers: list[LiveWorker] = []

    def start(source: Path | int, **options: object) -> LiveWorker:
        workers.append(LiveWorker(source, **options))
        workers[-1].start()
        return workers[-1]

    yield start
    for worker in workers:
        worker.cancel()
        worker.join()


def seen(worker: LiveWorker, enough: Callable[[LiveFrame], bool] = lambda frame: True) -> LiveFrame:
    """The first of the latest frames that is enough."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        frame = worker.latest()
        if frame is not None and enough(frame):
            return frame
        assert frame is not None or not worker.ended, "nothing more comes"
        time.sleep(0.002)
    raise AssertionError("nothing like that came")


def test_footage_is_told_frame_by_frame(
    square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    worker = live(square_movie(frames=40), weights=weights)
    frame = seen(worker, lambda frame: bool(frame.faces) and frame.time < 39 / 25)
    (face,) = frame.faces.values()
    assert list(frame.faces) == [1] and frame.time >= FLICKER
    assert face.weights[JAW] == pytest.approx(0.25)
    assert face.rotation == pytest.approx([1, 0, 0, 0])
    assert face.box[0] == pytest.approx(29.5 + 2 * round(frame.time * 25), abs=2)
    assert frame.image.shape == (120, 160, 3) and frame.image.dtype == np.uint8
    assert (frame.image == colour_of(1)).all(axis=2).any()
    assert frame.fps > 0 and frame.recorded is None


def test_footage_that_does_not_play_again_ends(
    square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    worker = live(square_movie(frames=8), weights=weights, loop=False)
    worker.join()
    last = worker.latest()
    assert last is not None and last.time <= 7 / 25
    assert worker.ended and worker.latest() is None


def test_footage_plays_again_and_performers_keep_their_numbers(
    tmp_path: Path, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    pictures = [paint((160, 120), [(RED, (40, 60), 40), (BLUE, (120, 60), 40)])] * 12
    worker = live(save_movie(tmp_path / "two.mp4", pictures), weights=weights)
    first = seen(worker, lambda frame: len(frame.faces) == 2)
    again = seen(worker, lambda frame: frame.time > 13 / 25 and bool(frame.faces))
    for number in (1, 2):
        assert again.faces[number].box == pytest.approx(first.faces[number].box, abs=2)


def test_pictures_are_small_and_labelled(
    tmp_path: Path, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    pictures = [paint((640, 360), [(RED, (320, 180), 150)])] * 20
    worker = live(save_movie(tmp_path / "large.mp4", pictures), weights=weights)
    plain = seen(worker, lambda frame: bool(frame.faces))
    assert max(plain.image.shape) == PICTURE
    worker.labels = {1: "A much longer name than that"}

    def written(frame: LiveFrame) -> bool:
        differs = np.abs(frame.image.astype(int) - plain.image).max(axis=2) > 60
        return bool(differs.sum() > 100)

    seen(worker, written)


def test_each_performer_is_smoothed_as_told(
    square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    # Whatever the strength, values that do not change stay what they are.
    worker = live(square_movie(frames=30), weights=weights)
    worker.smoothing = {1: (np.linspace(0, 3, len(EXPRESSIONS)), 2.0)}
    frame = seen(worker, lambda frame: bool(frame.faces) and frame.time > 0.6)
    assert frame.faces[1].weights[JAW] == pytest.approx(0.25)
    assert np.linalg.norm(frame.faces[1].rotation) == pytest.approx(1)


def test_a_recording_of_footage_is_a_take_of_its_range(
    square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    movie = square_movie(frames=30)
    worker = live(movie, weights=weights)
    seen(worker, lambda frame: bool(frame.faces))
    worker.record()
    frame = seen(worker, lambda frame: frame.recorded is not None)
    assert frame.recorded is not None and frame.recorded < 1
    while worker.recording:
        time.sleep(0.01)
    take = worker.recorded()
    assert isinstance(take, Take)
    assert (take.name, take.footage, take.fps, take.size) == ("square.mp4 live", str(movie), 25, (160, 120))
    (performer,) = take.performers
    assert performer.frames[0] >= FLICKER * 25
    assert performer.frames[-1] >= 20, "a slow machine may miss the last frames, but not all"
    assert performer.times == pytest.approx(performer.frames / 25)
    assert performer.boxes[:, 0] == pytest.approx(29.5 + 2 * performer.frames, abs=2)
    assert performer.weights[:, JAW] == pytest.approx(np.full(len(performer.frames), 0.25))
    assert performer.rotation.shape == (len(performer.frames), 4) and performer.identity.shape == (50,)
    assert performer.confidence == pytest.approx(np.full(len(performer.frames), 0.95))
    assert performer.portrait is not None and performer.portrait.shape == (96, 96, 3)
    assert not worker.recording


def test_a_recording_of_nobody_says_so(
    tmp_path: Path, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    worker = live(save_movie(tmp_path / "empty.mp4", [paint((160, 120), [])] * 5), weights=weights)
    with pytest.raises(NoFaceError, match="record again"):
        worker.recorded()
    worker.record()
    seen(worker, lambda frame: frame.recorded is not None)
    with pytest.raises(NoFaceError, match="record again"):
        worker.recorded()


def test_errors_come_out_of_latest(
    tmp_path: Path, square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    for error, source, folder in (
        (FootageError, tmp_path / "gone.mp4", weights),
        (CameraError, 63, weights),
        (WeightsError, square_movie(), tmp_path),
    ):
        worker = live(source, weights=folder)
        worker.join()
        with pytest.raises(error):
            worker.latest()
        assert worker.ended and worker.latest() is None


def test_cancelling_is_quick_at_any_moment(
    square_movie: MovieMaker, weights: Path, live: Callable[..., LiveWorker]
) -> None:
    movie = square_movie(frames=50)
    for wait in (False, True):
        worker = live(movie, weights=weights)
        if wait:
            seen(worker)
        worker.cancel()
        worker.join()
        worker.latest()
        assert worker.ended
