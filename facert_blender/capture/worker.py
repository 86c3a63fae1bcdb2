"""A capture on threads of its own: one decodes, one reads faces; the caller drains their messages.

Both callers, the panel's timer and the blocking `capture`, drain through `CaptureWorker.poll`.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import CancelledError, NoFaceError
from .footage import SEQUENCE_FPS, Footage, Frame, open_footage
from .reader import Quality, Reading, make_reader
from .take import Take
from .tracking import Tracker

AHEAD = 4
"""Frames decoded ahead of the networks."""
REMEMBERED = 400e6
"""Bytes that frames already read may take, which a reader may still change: 16 frames of 4K."""


@dataclass(frozen=True)
class Progress:
    """Frames done, frames in all (None: unknown), faces in the last frame, frames per second so far."""

    done: int
    total: int | None
    faces: int
    fps: float


@dataclass(frozen=True)
class Finished:
    """The capture is complete."""

    take: Take


@dataclass(frozen=True)
class Failed:
    """The capture ended with an error, carried with its traceback."""

    error: Exception


@dataclass(frozen=True)
class Cancelled:
    """The capture was cancelled; nothing is left of it."""


Message = Progress | Finished | Failed | Cancelled


def default_threads() -> int:
    """Threads for a network: a core is left for decoding and for Blender."""
    return max(1, min(4, (os.cpu_count() or 1) - 1))


class CaptureWorker:
    """One capture in the background."""

    def __init__(
        self,
        source: str | Path | int,
        *,
        quality: Quality = "best",
        start: int | None = None,
        end: int | None = None,
        threads: int | None = None,
        sequence_fps: float = SEQUENCE_FPS,
        weights: Path | None = None,
    ) -> None:
        """Prepare a capture; the arguments are those of `open_footage` and `make_reader`."""
        self._source = source
        self._range = (start, end)
        self._sequence_fps = sequence_fps
        self._quality: Quality = quality
        self._threads = threads or default_threads()
        self._weights = weights
        self._cancel = threading.Event()
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._progress: Progress | None = None
        self._end: Message | None = None
        self._thread = threading.Thread(target=self._run, name="FaceRT capture", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Give up as soon as possible and keep nothing; Cancelled follows unless the end came first."""
        self._cancel.set()

    def stop(self) -> None:
        """Take the footage to end here, as with a camera, and keep what was read; Finished follows."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the threads have ended, at most `timeout` seconds."""
        self._thread.join(timeout)

    def messages(self) -> Iterator[Message]:
        """Yield what is new, without waiting: the latest Progress, then how it ended."""
        with self._news:
            news = (self._progress, self._end)
            self._progress = self._end = None
        yield from (message for message in news if message is not None)

    def poll(self, on_progress: Callable[[Progress], None] | None = None) -> Take | None:
        """Drain the messages: the take once it is finished, None while the capture runs.

        Raises:
            CancelledError: it was cancelled.
            Exception: the error with which it failed.
        """
        for message in self.messages():
            match message:
                case Progress():
                    if on_progress:
                        on_progress(message)
                case Finished(take):
                    return take
                case Failed(error):
                    raise error
                case Cancelled():
                    raise CancelledError("The capture was cancelled; nothing was changed.")
        return None

    def wait(self) -> None:
        """Sleep until there is a message, at most half a second: on Windows, Ctrl-C is heard in between."""
        with self._news:
            self._news.wait_for(lambda: self._progress is not None or self._end is not None, timeout=0.5)

    def _run(self) -> None:
        try:
            take = self._capture()
            end: Message = Cancelled() if self._cancel.is_set() else Finished(take)
        except Exception as error:  # handed over whole: the caller tells it or raises it
            end = Cancelled() if self._cancel.is_set() else Failed(error)
        with self._news:
            self._end = end
            self._news.notify_all()

    def _capture(self) -> Take:
        reader = make_reader(self._quality, self._threads, self._weights)
        start, end = self._range
        with open_footage(
            self._source, start=start, end=end, sequence_fps=self._sequence_fps, cancel=self._cancel
        ) as footage:
            tracker = Tracker(footage.fps)
            past: deque[Reading] = deque()
            began, done = time.perf_counter(), 0
            for frame in self._decoded(footage):
                faces = reader.read(frame)
                past.append((frame, faces))
                reader.look_back(past)
                if len(past) > min(reader.remembered, REMEMBERED / frame.image.nbytes):
                    tracker.update(*past.popleft())
                done += 1
                speed = done / (time.perf_counter() - began)
                with self._news:
                    self._progress = Progress(done, footage.length, len(faces), speed)
                    self._news.notify_all()
            for reading in past:
                tracker.update(*reading)
            tracker.finish()
        performers = tracker.tracks()
        if not performers:
            raise NoFaceError(
                f"No face was found in {footage.name}. "
                "Choose footage in which faces are larger, sharper or better lit."
            )
        return Take(
            footage.name,
            footage.path,
            footage.fps,
            footage.size,
            done,
            performers,
            footage.notice,
        )

    def _decoded(self, footage: Footage) -> Iterator[Frame]:
        """The frames, decoded a few ahead on a thread that has ended when this iterator has."""
        frames: queue.Queue[Frame | Exception | None] = queue.Queue(AHEAD)
        left = threading.Event()

        def put(item: Frame | Exception | None) -> None:
            while not left.is_set():
                try:
                    return frames.put(item, timeout=0.1)
                except queue.Full:
                    continue

        def decode() -> None:
            try:
                for frame in footage:
                    put(frame)
                    if self._cancel.is_set() or self._stop.is_set() or left.is_set():
                        break
                put(None)
            except Exception as error:  # raised again where the frames are used
                put(error)

        decoder = threading.Thread(target=decode, name="FaceRT decoder", daemon=True)
        decoder.start()
        try:
            while not self._cancel.is_set() and (item := frames.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            left.set()
            decoder.join()


def capture(
    source: str | Path | int,
    *,
    quality: Quality = "best",
    start: int | None = None,
    end: int | None = None,
    threads: int | None = None,
    sequence_fps: float = SEQUENCE_FPS,
    weights: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Take:
    """Capture and wait for the take; an interrupt (Ctrl-C) cancels and passes on.

    Raises:
        FaceRTError: footage, weights or faces are missing or cannot be read.
    """
    worker = CaptureWorker(
        source,
        quality=quality,
        start=start,
        end=end,
        threads=threads,
        sequence_fps=sequence_fps,
        weights=weights,
    )
    worker.start()
    try:
        while True:
            worker.wait()
            take = worker.poll(on_progress)
            if take is not None:
                return take
    finally:
        worker.cancel()
        worker.join()
