"""Where pictures come from: movie files, image sequences and cameras, one frame after the other.

Frames come in order, each decoded once, as uint8 RGB the way a viewer shows them: rotated as the file says,
grey spread over three channels, 16-bit and float pictures reduced to 8 bits, alpha ignored.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from .camera import Camera
from .container import cut_off, playing_time
from .errors import FootageError
from .wheels import opencv

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})
SEQUENCE_FPS = 24.0
"""Rate of an image sequence when nobody says another: the files carry none."""
UNKNOWN_FPS = 25.0
"""Rate assumed where a movie gives none that makes sense."""
CLOCK_RESET = 1.0
"""Seconds by which a movie's clock must fall back to count as restarted (joined recordings)."""
EARLY = 0.5
"""Seconds by which a movie must end before its time to be called damaged: last frames are held longer."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of the footage.

    index: number of the frame in the whole footage, from 0 (in a numbered sequence with holes, the holes
    count).
    time: seconds since the first frame of the whole footage.
    image: uint8 (height, width, 3), RGB.
    """

    index: int
    time: float
    image: np.ndarray


class Footage:
    """Footage being read: iterate once, in order, then close (or use it as a context manager).

    name: short name for people. path: the file or folder, or the camera's number.
    fps: nominal frames per second; the frames' own times are what counts.
    size: (width, height) in pixels as shown, after rotation.
    length: frames in the range as far as the file tells (cuts and edits make it fewer), None for a camera.
    notice: once it was iterated, a sentence on what is missing at the end of a damaged movie or why a camera
    gave no more pictures, else "".
    """

    def __init__(self, source: _Source, start: int | None, end: int | None) -> None:
        """Read the frames `start` up to, but not including, `end` of a source."""
        self._source = source
        self._start = start or 0
        self._end = math.inf if end is None else end
        self.name = source.name
        self.path = source.path
        self.fps = source.fps
        self.size = source.size
        self.notice = ""
        self.length: int | None = end - self._start if end is not None else None
        if source.count is not None:
            self.length = max(0, int(min(source.count, self._end)) - self._start)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames of the range.

        Raises:
            FootageError: nothing can be read in the range, or an image of a sequence is damaged.
        """
        index, seconds = -1, 0.0
        empty = True
        while (moment := self._source.advance()) is not None:
            index, seconds = moment
            if index >= self._end:
                break
            if index >= self._start:
                yield Frame(index, seconds, self._source.picture())
                empty = False
        if empty:
            raise FootageError(
                f"{self.name} has no frames in the chosen range: it ends after frame {index}. "
                "Choose an earlier start frame."
            )
        if moment is None and index + 1 < self._end:
            self.notice = self._source.notice or self._missing(index + 1, seconds)

    def _missing(self, frames: int, seconds: float) -> str:
        """What to tell of a source that ended after so many frames, the last of them at `seconds`."""
        count, ends = self._source.count, self._source.ends
        # Neither says enough alone: edits show fewer frames than there are, and a last frame may be held.
        if count is None or ends is None or frames >= count or seconds + EARLY >= ends:
            return ""
        return (
            f"{self.name} is damaged: only {frames} of its {count} frames can be read, {seconds:.1f} of "
            f"{ends:.1f} seconds. Copy or export it again to have the rest."
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the footage."""
        self.close()

    def close(self) -> None:
        """Let go of the file or the camera."""
        self._source.close()


def open_footage(
    source: str | Path | int,
    *,
    start: int | None = None,
    end: int | None = None,
    sequence_fps: float = SEQUENCE_FPS,
    cancel: threading.Event | None = None,
) -> Footage:
    """Open footage and read its first frame.

    source: a movie file; a folder of images, one file of a numbered sequence, or a pattern with `####` or
        `%04d` in its name; the number of a camera (also as text).
    start, end: first frame of the range and the frame after its last, counted from 0 in the whole footage.
        Of a movie that was cut off, in a download for example, only a range with an end is read.
    sequence_fps: frames per second of an image sequence.
    cancel: once it is set, from any thread, a camera is not waited for any longer: the footage ends.

    Raises:
        FootageError: it is missing, empty, damaged or not footage, or the range is empty.
        CameraError: the camera does not exist or gives no pictures.
        CancelledError: `cancel` was set before the camera gave a picture.
    """
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        raise FootageError("The chosen range holds no frames. Choose an end frame after the start frame.")
    if isinstance(source, int) or (isinstance(source, str) and source.isdecimal()):
        return Footage(Camera(int(source), cancel), start, end)
    path = Path(source)
    files = _sequence_files(path)
    if files:
        return Footage(_Sequence(path, files, sequence_fps), start, end)
    if path.is_dir():
        raise FootageError(
            f"The folder {path} holds no images. Choose a folder with PNG, JPEG or TIFF files."
        )
    if not path.exists():
        raise FootageError(f"{path} does not exist. Choose a movie file, an image sequence or a camera.")
    movie = _Movie(path)
    if end is None and cut_off(path):
        movie.close()
        raise FootageError(
            f"{path.name} is cut off: a part of the file is missing. "
            "Copy or export it again, or choose an end frame to use its beginning."
        )
    return Footage(movie, start, end)


class _Source(Protocol):
    """What Footage reads from: `advance` goes to the next frame and `picture` decodes it."""

    name: str
    path: str
    fps: float
    size: tuple[int, int]
    count: int | None
    ends: float | None
    """Seconds from the first frame to the end of the last by the file's own account, None if it has none."""
    notice: str
    """After the last frame: why there are no more, where that is no ordinary end."""

    def advance(self) -> tuple[int, float] | None:
        """Go to the next frame; its (index, seconds), None after the last."""

    def picture(self) -> np.ndarray:
        """The current frame, uint8 (h, w, 3) RGB."""

    def close(self) -> None:
        """Let go of the file or the camera."""


class _Movie:
    def __init__(self, path: Path) -> None:
        cv2 = opencv()
        self.name, self.path = path.name, str(path)
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise FootageError(
                f"{path.name} is not a movie that can be read: it is empty, damaged or something else. "
                "Export it again, as MP4 for example."
            )
        # OpenCV builds differ in whether they turn pictures by themselves.
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        # The first frame is decoded now: containers announce sizes and frames that they do not hold.
        self._ahead = self._capture.grab()
        image = self._capture.retrieve()[1] if self._ahead else None
        if image is None:
            self._capture.release()
            raise FootageError(
                f"{path.name} holds no picture that can be read: it is cut off or damaged. Export it again."
            )
        self.size = (image.shape[1], image.shape[0])
        self.fps = _sane_rate(self._capture.get(cv2.CAP_PROP_FPS))
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count: int | None = int(count) if 0 < count < 1e9 else None
        self.ends = playing_time(path)
        self.notice = ""
        self._index = -1
        self._clock = _Clock(1 / self.fps)

    def advance(self) -> tuple[int, float] | None:
        if not self._ahead and not self._capture.grab():
            return None
        self._ahead = False
        self._index += 1
        # After grab() this is the grabbed frame's own time in the container.
        return self._index, self._clock.read(self._capture.get(opencv().CAP_PROP_POS_MSEC) / 1000)

    def picture(self) -> np.ndarray:
        _, image = self._capture.retrieve()
        return _rgb8(image)

    def close(self) -> None:
        self._capture.release()


class _Sequence:
    def __init__(self, path: Path, files: list[Path], fps: float) -> None:
        self.name, self.path, self.fps = path.name, str(path), fps
        self._frames = _numbered(files)
        self._position = -1
        first = _read_image(files[0])
        self.size = (first.shape[1], first.shape[0])
        self.count: int | None = self._frames[-1][0] + 1
        self.ends: float | None = None
        self.notice = ""

    def advance(self) -> tuple[int, float] | None:
        self._position += 1
        if self._position == len(self._frames):
            return None
        index = self._frames[self._position][0]
        return index, index / self.fps

    def picture(self) -> np.ndarray:
        file = self._frames[self._position][1]
        image = _read_image(file)
        if image.shape[1::-1] != self.size:
            raise FootageError(
                f"{file.name} is {image.shape[1]} x {image.shape[0]} pixels, but its sequence began with "
                f"{self.size[0]} x {self.size[1]}. Keep images of one size in a sequence."
            )
        return image

    def close(self) -> None:
        self._frames = []


class _Clock:
    """Turns a container's timestamps into times that start at 0 and always grow."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._stamp: float | None = None
        self._offset = 0.0
        self._time = 0.0

    def read(self, stamp: float) -> float:
        """Time in seconds of the frame that the container says is at `stamp` seconds."""
        if self._stamp is None:
            self._offset, self._stamp = -stamp, stamp
            return 0.0
        seconds = stamp + self._offset
        if not seconds > self._time:
            if self._time - seconds > CLOCK_RESET:
                # The clock started again: go on from here.
                seconds = self._time + self._step
                self._offset = seconds - stamp
            elif stamp == self._stamp or math.isnan(stamp):
                # The container says nothing about this frame: assume the nominal rate.
                seconds = self._time + self._step
            else:
                # Behind what was assumed or out of order: small steps until the container has caught up.
                seconds = self._time + self._step / 10
        self._stamp, self._time = stamp, seconds
        return seconds


def _sane_rate(fps: float) -> float:
    return fps if math.isfinite(fps) and 1 <= fps <= 1000 else UNKNOWN_FPS


def _sequence_files(path: Path) -> list[Path]:
    """The images that `path` means, in order; none if it is not a sequence."""
    if path.is_dir():
        # Some systems leave a hidden companion beside every file: "._shot_0001.png".
        shown = (file for file in path.iterdir() if not file.name.startswith("."))
        return sorted((file for file in shown if file.suffix.lower() in IMAGE_SUFFIXES), key=_natural)
    if path.suffix.lower() not in IMAGE_SUFFIXES or not path.parent.is_dir():
        return []
    name = path.name if path.exists() else re.sub(r"#+|%0?\d*d", lambda hole: "0" * len(hole[0]), path.name)
    numbers = list(re.finditer(r"\d+", name.removesuffix(path.suffix)))
    if not numbers:
        return [path] if path.exists() else []
    head, tail = name[: numbers[-1].start()], name[numbers[-1].end() :]
    sequence = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
    found = [
        (int(match[1]), file) for file in path.parent.iterdir() if (match := sequence.fullmatch(file.name))
    ]
    return [file for _, file in sorted(found)]


def _natural(file: Path) -> list[tuple[int, str]]:
    """Sort key in which 10 comes after 9."""
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _numbered(files: list[Path]) -> list[tuple[int, Path]]:
    """(frame index, file): by the numbers in their names where they make one sequence, else by position."""
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", file.name) for file in files]
    found = [part for part in parts if part]
    names = {(part[1], part[3]) for part in found}
    numbers = [int(part[2]) for part in found]
    if len(found) < len(files) or len(names) > 1 or len(set(numbers)) < len(files):
        return list(enumerate(files))
    return sorted((number - min(numbers), file) for number, file in zip(numbers, files, strict=True))


def _read_image(file: Path) -> np.ndarray:
    """An image file as uint8 (h, w, 3) RGB, turned as its EXIF orientation says."""
    cv2 = opencv()
    try:
        # Read by Python: OpenCV cannot open every name on every system.
        stored = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise FootageError(f"{file} cannot be read ({error.strerror}).") from error
    try:
        image = cv2.imdecode(stored, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if stored.size else None
    except cv2.error as error:
        raise FootageError(f"{file.name} is damaged or far too large. Export it again, smaller.") from error
    if image is None:
        raise FootageError(f"{file.name} is an empty or damaged image. Export it again.")
    return _rgb8(image)


def _rgb8(image: np.ndarray) -> np.ndarray:
    """A decoded picture, grey, BGR or BGRA in any depth, as uint8 (h, w, 3) RGB."""
    cv2 = opencv()
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    elif image.dtype != np.uint8:
        image = (np.clip(np.nan_to_num(image), 0, 1) * 255).astype(np.uint8)
    channels = 1 if image.ndim == 2 else image.shape[2]
    code = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    return cv2.cvtColor(image, code)
