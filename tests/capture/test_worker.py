"""A capture in the background: what it yields, how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import CancelledError, FootageError, NoFaceError, WeightsError
from facert_blender.capture.reader import BestReader
from facert_blender.capture.worker import CaptureWorker, Failed, Finished, Progress, capture

from .conftest import GREEN, RED, paint, save_movie

MovieMaker = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every test must end with the capture's threads gone."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("FaceRT")]


@pytest.mark.parametrize("quality", ["fast", "best"])
def test_capture_gives_the_take(square_movie: MovieMaker, weights: Path, quality: str) -> None:
    movie = square_movie("film mit Ü.mp4", frames=20)
    heard: list[Progress] = []
    take = capture(movie, quality=quality, weights=weights, on_progress=heard.append)
    assert (take.name, take.footage) == ("film mit Ü.mp4", str(movie))
    assert (take.fps, take.size, take.frames) == (25, (160, 120), 20)
    (performer,) = take.performers
    assert performer.frames.tolist() == list(range(20))
    assert performer.times == pytest.approx(np.arange(20) / 25)
    assert performer.weights[:, EXPRESSIONS.index("jawOpen")] == pytest.approx(np.full(20, 0.25))
    centres = performer.boxes.reshape(-1, 2, 2).mean(axis=1)
    assert centres[:, 0] == pytest.approx(49.5 + 2 * np.arange(20), abs=2)
    assert heard[-1].done == heard[-1].total == 20 and heard[-1].faces == 1 and heard[-1].fps > 0


def test_only_the_range_is_captured(square_movie: MovieMaker, weights: Path) -> None:
    take = capture(square_movie(frames=20), start=4, end=14, weights=weights)
    assert take.frames == 10
    assert take.performers[0].frames.tolist() == list(range(4, 14))


def test_a_face_that_comes_and_goes_leaves_gaps(tmp_path: Path, weights: Path) -> None:
    pictures = [
        paint((160, 120), [(RED, (60, 60), 40)] if index < 20 or index >= 50 else []) for index in range(70)
    ]
    take = capture(save_movie(tmp_path / "gone.mp4", pictures), weights=weights)
    (performer,) = take.performers
    assert performer.frames.tolist() == [*range(20), *range(50, 70)]


def test_who_is_found_late_is_in_the_take_from_the_first_frame_on(tmp_path: Path, weights: Path) -> None:
    # The small one is seen only in a part of the picture, and parts are searched in turn.
    size, came = (1920, 1080), 3
    red, late = (RED, (1500.0, 300.0), 60.0), (GREEN, (400.0, 900.0), 18.0)
    pictures = [paint(size, [red, late] if index >= came else [red]) for index in range(30)]
    take = capture(save_movie(tmp_path / "late.mp4", pictures), weights=weights)
    frames = sorted(performer.frames.tolist() for performer in take.performers)
    assert frames == [list(range(30)), list(range(came, 30))]


def test_a_worker_tells_and_ends(square_movie: MovieMaker, weights: Path) -> None:
    worker = CaptureWorker(square_movie(frames=5), weights=weights)
    worker.start()
    worker.join()
    progress, finished = worker.messages()
    assert isinstance(progress, Progress) and progress.done == 5
    assert isinstance(finished, Finished) and finished.take.frames == 5
    assert list(worker.messages()) == []


def test_nobody_in_the_footage(tmp_path: Path, weights: Path) -> None:
    movie = save_movie(tmp_path / "empty room.mp4", [paint((160, 120), [])] * 5)
    with pytest.raises(NoFaceError, match=r"No face was found in empty room\.mp4"):
        capture(movie, weights=weights)


@pytest.mark.parametrize("quality", ["fast", "best"])
@pytest.mark.parametrize("size", [(64, 64), (3840, 2160)])
def test_tiny_and_huge_footage(
    square_movie: MovieMaker, weights: Path, size: tuple[int, int], quality: str
) -> None:
    pictures = [paint(size, [(RED, (size[0] / 2, size[1] / 2), size[1] / 3)])] * 2
    movie = save_movie(square_movie().with_name("sized.mp4"), pictures)
    take = capture(movie, quality=quality, weights=weights)
    assert take.performers[0].boxes[0] == pytest.approx(
        [size[0] / 2 - size[1] / 6, size[1] / 3, size[0] / 2 + size[1] / 6, size[1] * 2 / 3],
        rel=0.05,
        abs=1.5,
    )


def test_errors_keep_their_class_and_place(tmp_path: Path, weights: Path, square_movie: MovieMaker) -> None:
    with pytest.raises(FootageError, match="does not exist"):
        capture(tmp_path / "gone.mp4", weights=weights)
    with pytest.raises(WeightsError, match="missing"):
        capture(square_movie(), weights=tmp_path)
    worker = CaptureWorker(square_movie(frames=3), start=50, weights=weights)
    worker.start()
    worker.join()
    (failed,) = worker.messages()
    assert isinstance(failed, Failed) and isinstance(failed.error, FootageError)
    assert failed.error.__traceback__ is not None


@pytest.mark.parametrize("after", [0, 1, 10])
def test_cancelling_at_any_moment(square_movie: MovieMaker, weights: Path, after: int) -> None:
    worker = CaptureWorker(square_movie(frames=200), weights=weights)
    worker.start()
    done = 0
    while done < after:
        worker.wait()
        done = max(
            (message.done for message in worker.messages() if isinstance(message, Progress)), default=done
        )
    worker.cancel()
    worker.join()
    with pytest.raises(CancelledError):
        worker.poll()


def test_cancelling_through_the_callback_and_interrupts(square_movie: MovieMaker, weights: Path) -> None:
    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(square_movie(frames=200), weights=weights, on_progress=interrupt)


def test_stopping_keeps_what_was_read(square_movie: MovieMaker, weights: Path) -> None:
    worker = CaptureWorker(square_movie(frames=400), weights=weights)
    worker.start()
    worker.wait()
    worker.stop()
    worker.join()
    take = worker.poll()
    assert take is not None and 1 <= take.frames < 400
    assert len(take.performers[0].frames) == take.frames


def test_memory_does_not_grow_with_length(square_movie: MovieMaker, weights: Path) -> None:
    size = (320, 240)
    frame = 3 * size[0] * size[1]
    peaks = []
    for frames in (BestReader.remembered + 10, BestReader.remembered + 70):
        movie = square_movie(frames=frames, size=size)
        tracemalloc.start()
        capture(movie, weights=weights, threads=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * frame
