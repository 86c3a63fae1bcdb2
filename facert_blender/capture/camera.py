"""Cameras, each read by a process of its own: what its driver does there cannot take Blender down.

This file is both ends. The child (`python -m …capture.camera NUMBER`) opens the camera on its main thread,
as macOS demands, and writes its pictures to a pipe. `Camera` starts it, keeps its latest picture and no
other, and knows within seconds when it has fallen silent. The child ends when nobody reads its pipe.

The pipe carries a header each time: a kind, two numbers, and the bytes that follow, if any.
    OPEN   frames per second    width and height of the pictures
    FRAME  seconds              width and height; then uint8 RGB rows
    ERROR  0                    one of the REASONS, by its number, and 0
"""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from .errors import CameraError, CancelledError
from .wheels import opencv

HEADER = struct.Struct("<cdII")
OPEN, FRAME, ERROR = b"o", b"f", b"e"
MISSING, FORBIDDEN, BUSY, LOST = range(4)
REASONS = (
    "is not there. Choose another number, or plug it in",
    "may not be used: this user has no right to it. Ask for the right to use cameras",
    "does not answer. Check its number, that it is plugged in, that no other program uses it and that "
    "Blender may use cameras",
    "gives no more pictures. Plug it in again, and close other programs that use it",
)
LARGEST = 16384
"""Pixels on a side that no camera exceeds."""
OPENING = 20.0
"""Seconds that a camera may take to give its first picture: some drivers need ten."""
SILENCE = 5.0
"""Seconds without a picture after which a camera counts as lost."""
UNKNOWN_FPS = 30.0


class Camera:
    """A camera being read: the `Source` of a Footage. Pictures that nobody fetched in time are dropped.

    name, path, fps, size, count, ends: as in Footage. notice: why there are no more pictures, "" at first.
    """

    def __init__(self, device: int | str, cancel: threading.Event | None = None) -> None:
        """Start the process and wait for the first picture.

        device: the camera's number; a movie's path stands in for a camera, at the movie's own pace.
        cancel: gives up waiting for pictures as soon as it is set.

        Raises:
            CameraError: the camera is missing, busy, forbidden or silent.
            CancelledError: `cancel` was set meanwhile.
        """
        self.name = f"Camera {device}"
        self.path = str(device)
        self.count: int | None = None
        self.ends: float | None = None
        self.notice = ""
        self.fps, self.size = 0.0, (0, 0)
        self._cancel = cancel or threading.Event()
        self._news = threading.Condition()
        self._latest: tuple[float, np.ndarray] | None = None
        self._reason: int | None = None
        self._ended = False
        self._index = -1
        self._image = np.empty((0, 0, 3), np.uint8)
        self._process = _child(str(device))
        self._listener = threading.Thread(target=self._listen, name="FaceRT camera", daemon=True)
        self._listener.start()
        if not self._waited(lambda: self._latest is not None, OPENING):
            self.close()
            if self._cancel.is_set():
                raise CancelledError("The camera was not waited for.")
            raise CameraError(self._sentence(BUSY))

    def advance(self) -> tuple[int, float] | None:
        """Wait for a new picture: its (index, seconds since the first), None when there are no more."""
        if not self._waited(lambda: self._latest is not None, SILENCE):
            if not self._cancel.is_set():
                self.notice = self._sentence(LOST)
            return None
        with self._news:
            assert self._latest is not None
            (seconds, self._image), self._latest = self._latest, None
        self._index += 1
        return self._index, seconds

    def picture(self) -> np.ndarray:
        """The current picture, uint8 (h, w, 3) RGB."""
        return self._image

    def close(self) -> None:
        """End the process and everything that belongs to it."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _waited(self, condition: Callable[[], bool], patience: float) -> bool:
        """Wait until `condition` holds, at most `patience` seconds; not once the camera or the wish ended."""
        deadline = time.monotonic() + patience
        with self._news:
            while not condition():
                if self._ended or self._cancel.is_set() or time.monotonic() > deadline:
                    return False
                self._news.wait(0.1)
        return not self._cancel.is_set()

    def _sentence(self, otherwise: int) -> str:
        """What the child said is wrong, or `otherwise`."""
        return f"{self.name} {REASONS[otherwise if self._reason is None else self._reason]}."

    def _listen(self) -> None:
        """Take what the child sends, until it ends."""
        pipe = self._process.stdout
        assert pipe is not None
        began = None
        while (header := _read(pipe, HEADER.size)) is not None:
            kind, number, width, height = HEADER.unpack(header)
            if kind == FRAME and 0 < width <= LARGEST and 0 < height <= LARGEST and math.isfinite(number):
                stored = _read(pipe, width * height * 3)
                if stored is None:
                    break
                began = number if began is None else began
                image = np.frombuffer(stored, np.uint8).reshape(height, width, 3)
                with self._news:
                    self._latest = (number - began, image)
                    self._news.notify_all()
            elif kind == OPEN:
                self.fps, self.size = number, (width, height)
            else:
                self._reason = width if kind == ERROR and width < len(REASONS) else LOST
                break
        with self._news:
            self._ended = True
            self._news.notify_all()


def _read(pipe: IO[bytes], size: int) -> bytearray | None:
    """The next `size` bytes, None at the end of the pipe."""
    stored = bytearray(size)
    rest = memoryview(stored)
    while rest:
        count = pipe.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            return None
        rest = rest[count:]
    return stored


def _child(device: str) -> subprocess.Popen[bytes]:
    """The process that reads a camera, with this package, numpy and OpenCV from where they are found here.

    Raises:
        CameraError: there is no Python to run it.
        FaceRTError: OpenCV does not load on this machine.
    """
    opencv()
    package = Path(__file__).parents[1]
    found = (importlib.util.find_spec(name) for name in ("numpy", "cv2"))
    sites = [str(Path(spec.origin).parents[1]) for spec in found if spec is not None and spec.origin]
    paths = dict.fromkeys([str(package.parent), *sites])
    return subprocess.Popen(
        [python(), "-P", "-m", f"{package.name}.capture.camera", device],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        bufsize=0,
        # Without it, Windows would open a console.
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def python() -> str:
    """The Python of this process as a program: in Blender, the one that Blender brings along.

    Raises:
        CameraError: there is none.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = dict.fromkeys([sys.prefix, sys.base_prefix])
    beside = (Path(folder) / place for folder in folders for place in (f"bin/{version}", "bin/python.exe"))
    candidates = [sys.executable, *map(str, beside), shutil.which(version)]
    for candidate in candidates:
        # Where Blender finds no Python of its own, it names itself.
        if candidate and Path(candidate).name.startswith("python") and Path(candidate).is_file():
            return candidate
    raise CameraError(
        f"Cameras need {version}, which comes with Blender but is missing here. Install Blender again, or "
        "film first and choose the movie."
    )


def main(device: str) -> None:
    """The child: read a camera and write its pictures to the standard output, until either ends."""
    # Whatever libraries print must not get between the pictures.
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    cv2 = opencv()
    number = int(device) if device.isdecimal() else None
    capture = cv2.VideoCapture(device if number is None else number)
    read, image = capture.read()
    if not read:
        pipe.write(HEADER.pack(ERROR, 0, _why_not(number), 0))
        pipe.close()
        return
    rate = capture.get(cv2.CAP_PROP_FPS)
    rate = rate if math.isfinite(rate) and 1 <= rate <= 1000 else UNKNOWN_FPS
    pipe.write(HEADER.pack(OPEN, rate, image.shape[1], image.shape[0]))
    began, index = time.monotonic(), 0
    while read:
        # Cameras' own clocks are missing or wrong on some systems; the moment of the grab is good to ms.
        pipe.write(HEADER.pack(FRAME, time.monotonic() - began, image.shape[1], image.shape[0]))
        pipe.write(cv2.cvtColor(image, cv2.COLOR_BGR2RGB).data)
        pipe.flush()
        index += 1
        if number is None:
            time.sleep(max(0.0, began + index / rate - time.monotonic()))
        read, image = capture.read()
    pipe.write(HEADER.pack(ERROR, 0, LOST, 0))
    pipe.close()


def _why_not(number: int | None) -> int:
    """Which of the REASONS keeps a camera from opening, as far as this system tells."""
    if number is None or not sys.platform.startswith("linux"):
        return BUSY
    node = Path(f"/dev/video{number}")
    if not node.exists():
        return MISSING
    return BUSY if os.access(node, os.R_OK | os.W_OK) else FORBIDDEN


if __name__ == "__main__":
    main(sys.argv[1])
