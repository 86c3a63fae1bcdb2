"""Faces as they happen: a worker that plays footage or watches a camera, and keeps only the latest frame.

What it tells is smoothed by the One-Euro filter and numbered by a StreamTracker. Recorded, the same faces
become a take like any other, raw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .contract import EXPRESSIONS, IDENTITIES
from .errors import CameraError, NoFaceError
from .footage import SEQUENCE_FPS, Footage, Frame, open_footage
from .network import Face
from .overlay import colour_of, draw, shrunk
from .portrait import Portrait
from .reader import Quality, make_reader
from .smoothing import GAP, OneEuro, OneEuroRotation
from .take import Performer, Take
from .tracking import StreamTracker
from .worker import default_threads

PICTURE = 480
"""Pixels on the longer side of the picture that is shown."""
BEHIND = 1.0
"""Seconds by which footage may be late before it is played more slowly than it was filmed."""
SKIPPED = 4
"""Most frames in a row that are left out to catch up."""
UNKNOWN = (160, 160, 160)
"""Colour of a face of which it is not known yet whose it is."""

Strength = tuple[np.ndarray | float, float]
"""Strengths of smoothing: of the weights, one or (46,), and of the head's rotation."""


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """What was seen last.

    time: seconds since the beginning. fps: frames read per second, lately. faces: the smoothed Face of each
    performer who is there, by number. image: uint8 (h, w, 3) RGB, small, with boxes, landmarks and names.
    recorded: seconds recorded so far, None while nothing is recorded.
    """

    time: float
    fps: float
    faces: dict[int, Face]
    image: np.ndarray
    recorded: float | None


class LiveWorker:
    """Reads the faces of footage or of a camera in the background, at their own time.

    labels: what to write at each performer's face, "Performer 1" where nothing is said.
    smoothing: each performer's Strength, 1 where nothing is said. Both may be replaced at any time.
    """

    def __init__(
        self,
        source: str | Path | int,
        *,
        quality: Quality = "fast",
        start: int | None = None,
        end: int | None = None,
        threads: int | None = None,
        sequence_fps: float = SEQUENCE_FPS,
        weights: Path | None = None,
        loop: bool = True,
    ) -> None:
        """Prepare; the arguments are those of `open_footage` and `make_reader`.

        loop: footage begins again after its end.
        """
        self.labels: Mapping[int, str] = {}
        self.smoothing: Mapping[int, Strength] = {}
        self._source = source
        self._range = (start, end)
        self._sequence_fps = sequence_fps
        self._quality: Quality = quality
        self._threads = threads or default_threads()
        self._weights = weights
        self._loop = loop
        self._cancel = threading.Event()
        self._lock = threading.Lock()
        self._latest: LiveFrame | None = None
        self._error: Exception | None = None
        self._recording: _Recording | None = None
        self._filters: dict[int, _Filter] = {}
        self._pace = _Pace()
        self._thread = threading.Thread(target=self._run, name="FaceRT live", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """End as soon as possible."""
        self._cancel.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, at most `timeout` seconds."""
        self._thread.join(timeout)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: it was cancelled, failed, or the footage came to its end."""
        return not self._thread.is_alive()

    def latest(self) -> LiveFrame | None:
        """The latest frame, once; None where nothing is new.

        Raises:
            Exception: the error with which it ended.
        """
        with self._lock:
            frame, self._latest = self._latest, None
            error, self._error = self._error, None
        if error is not None:
            raise error
        return frame

    def record(self) -> None:
        """Keep what is read from the next frame on. Footage ends the recording at its end."""
        with self._lock:
            self._recording = _Recording()

    @property
    def recording(self) -> bool:
        """Whether what is read is being kept."""
        with self._lock:
            return self._recording is not None and not self._recording.over

    def recorded(self) -> Take:
        """End the recording and give its take: raw, with the performers' numbers as they were told.

        Times count from the beginning of the recording, or from that of the footage, where it is a file.

        Raises:
            NoFaceError: nobody was seen meanwhile.
        """
        with self._lock:
            recording, self._recording = self._recording, None
        if recording is None or not recording.performers:
            raise NoFaceError("Nobody was seen while recording. Step into the picture, and record again.")
        return recording.take()

    def _run(self) -> None:
        try:
            self._play()
        except Exception as error:  # handed over whole: `latest` raises it
            if not self._cancel.is_set():
                with self._lock:
                    self._error = error
        finally:
            self._end_recording()

    def _play(self) -> None:
        reader = make_reader(self._quality, self._threads, self._weights)
        # A camera has no frames to choose from.
        start, end = (None, None) if isinstance(self._source, int) else self._range
        tracker: StreamTracker | None = None
        index, moment = 0, 0.0
        while not self._cancel.is_set():
            with open_footage(
                self._source, start=start, end=end, sequence_fps=self._sequence_fps, cancel=self._cancel
            ) as footage:
                tracker = tracker or StreamTracker(footage.fps)
                first = None
                for frame in self._on_time(footage):
                    first = first or frame
                    # The stream's own count goes on where footage begins again.
                    now = replace(
                        frame, index=index + frame.index - first.index, time=moment + frame.time - first.time
                    )
                    faces = reader.read(now)
                    self._tell(footage, frame, now.time, faces, tracker.update(now, faces))
            if self._cancel.is_set():
                break
            if footage.length is None:
                raise CameraError(footage.notice)
            self._end_recording()
            if not self._loop:
                break
            index, moment = now.index + 1, now.time + 1 / footage.fps
            self._cancel.wait(1 / footage.fps)

    def _on_time(self, footage: Footage) -> Iterator[Frame]:
        """All frames of a camera; those of a file when they are due, some left out where reading is slow."""
        began, skipped = None, 0
        for frame in footage:
            if self._cancel.is_set():
                break
            if footage.length is not None:
                began = time.monotonic() - frame.time if began is None else began
                late = time.monotonic() - began - frame.time
                if late > BEHIND:
                    began += late
                elif late > 2 / footage.fps and skipped < SKIPPED:
                    skipped += 1
                    continue
                skipped = 0
                self._cancel.wait(max(0.0, -late))
            yield frame

    def _tell(
        self, footage: Footage, frame: Frame, moment: float, faces: list[Face], numbers: list[int]
    ) -> None:
        """Make what was read the latest, and record it."""
        found = {number: face for number, face in zip(numbers, faces, strict=True) if number}
        with self._lock:
            recording = self._recording
            if recording is not None and not recording.over:
                recording.add(footage, frame, found)
        smooth = {number: self._smoothed(number, moment, face) for number, face in found.items()}
        self._filters = {number: one for number, one in self._filters.items() if moment - one.last <= GAP}
        told = LiveFrame(
            moment,
            self._pace.tick(),
            smooth,
            self._drawn(frame.image, faces, numbers),
            recording.seconds if recording is not None and not recording.over else None,
        )
        with self._lock:
            self._latest = told

    def _smoothed(self, number: int, moment: float, face: Face) -> Face:
        one = self._filters.setdefault(number, _Filter())
        one.last = moment
        one.weights.strength, one.rotation.filter.strength = self.smoothing.get(number, (1.0, 1.0))
        return replace(
            face, weights=one.weights(moment, face.weights), rotation=one.rotation(moment, face.rotation)
        )

    def _drawn(self, image: np.ndarray, faces: list[Face], numbers: list[int]) -> np.ndarray:
        """The picture, small, with all faces."""
        small, scale = shrunk(image, PICTURE)
        return draw(
            small,
            np.array([face.box * scale for face in faces]),
            np.array([face.landmarks * scale for face in faces]),
            [self.labels.get(number, f"Performer {number}") if number else "" for number in numbers],
            [colour_of(number) if number else UNKNOWN for number in numbers],
        )

    def _end_recording(self) -> None:
        with self._lock:
            if self._recording is not None:
                self._recording.over = True


@dataclass(eq=False)
class _Filter:
    """The filters of one performer. last: seconds at which they were seen last."""

    weights: OneEuro = field(default_factory=OneEuro)
    rotation: OneEuroRotation = field(default_factory=OneEuroRotation)
    last: float = 0.0


class _Pace:
    """How many frames per second there were lately."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._step = 0.0

    def tick(self) -> float:
        """Count a frame; returns frames per second."""
        now = time.monotonic()
        self._step += 0.1 * (now - self._last - self._step) if self._step else now - self._last
        self._last = now
        return 1 / max(self._step, 1e-3)


@dataclass(eq=False)
class _Recording:
    """What is kept while recording: numbers, and a small picture of each performer. over: no more comes."""

    performers: dict[int, _Part] = field(default_factory=dict)
    over: bool = False
    seconds: float = 0.0
    frames: int = 0
    _footage: Footage | None = None
    _began: float = 0.0
    _index: int = -1

    def add(self, footage: Footage, frame: Frame, faces: dict[int, Face]) -> None:
        """Keep a frame."""
        if self._footage is None:
            self._footage, self._began = footage, frame.time
        self.seconds = frame.time - self._began
        self.frames += 1
        if footage.length is None:
            # A camera's frames are numbered by its rate: those that were missed leave holes.
            index = self._index = max(self._index + 1, round(self.seconds * footage.fps))
            moment = self.seconds
        else:
            index, moment = frame.index, frame.time
        for number, face in faces.items():
            part = self.performers.setdefault(number, _Part())
            part.add(index, moment, face)
            part.portrait.consider(frame, face.box, face.rotation, face.confidence)

    def take(self) -> Take:
        """All of it as a take."""
        assert self._footage is not None
        return Take(
            f"{self._footage.name} live",
            self._footage.path,
            self._footage.fps,
            self._footage.size,
            self.frames,
            [part.performer(number) for number, part in sorted(self.performers.items())],
        )


@dataclass(eq=False)
class _Part:
    """What one performer did."""

    frames: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    identity: np.ndarray = field(default_factory=lambda: np.zeros(IDENTITIES))
    portrait: Portrait = field(default_factory=Portrait)

    def add(self, index: int, moment: float, face: Face) -> None:
        """Keep a face."""
        self.frames.append(index)
        self.times.append(moment)
        self.rows.append(np.concatenate([face.weights, face.rotation, face.box, [face.confidence]]))
        self.identity += face.identity

    def performer(self, number: int) -> Performer:
        """All of it."""
        rows = np.array(self.rows, np.float32)
        weights, rotation, boxes, confidence = np.split(rows, np.cumsum([len(EXPRESSIONS), 4, 4]), axis=1)
        return Performer(
            id=number,
            frames=np.array(self.frames, np.int32),
            times=np.array(self.times),
            weights=weights,
            rotation=rotation,
            boxes=boxes,
            confidence=confidence[:, 0],
            identity=(self.identity / len(rows)).astype(np.float32),
            portrait=self.portrait.picture,
        )
