"""Single frames of footage, small, read in the background: for looking, not for measuring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .errors import FootageError
from .footage import Footage, Frame, open_footage
from .overlay import shrunk


@dataclass(frozen=True, eq=False)
class View:
    """A frame of the footage: its index, uint8 (h, w, 3) RGB, and how much smaller than the footage it is."""

    index: int
    image: np.ndarray
    scale: float


class FootageViewer:
    """Reads the frame that was wished last; wishes that came too fast are passed over.

    Footage is read forwards from where it was read last, so that going on is quick; going back begins anew.
    """

    def __init__(self, path: str, longest: int) -> None:
        """path: of the footage. longest: pixels on the longer side of what is shown."""
        self._path = path
        self._longest = longest
        self._news = threading.Condition()
        self._wish: int | None = None
        self._closed = False
        self._view: View | None = None
        self._error: FootageError | None = None
        self._thread = threading.Thread(target=self._run, name="FaceRT viewer", daemon=True)
        self._thread.start()

    def wish(self, index: int) -> None:
        """Ask for a frame; where the footage has none of that index, it is the next one, or the last."""
        with self._news:
            self._wish = index
            self._news.notify()

    def latest(self) -> View | None:
        """The frame read last, None before the first.

        Raises:
            FootageError: the footage cannot be read.
        """
        with self._news:
            if self._error is not None:
                raise self._error
            return self._view

    def close(self) -> None:
        """End, and let go of the footage."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        footage: Footage | None = None
        frames: Iterator[Frame] = iter(())
        last = -1
        try:
            while (index := self._next()) is not None:
                if footage is None or index < last:
                    if footage is not None:
                        footage.close()
                    footage = open_footage(self._path)
                    frames, last = iter(footage), -1
                found = self._find(frames, index)
                if found is None:
                    # Past the end: what was there last stays, and going back begins anew.
                    last = index
                    continue
                last = found.index + 1
                image, scale = shrunk(found.image, self._longest)
                with self._news:
                    self._view = View(found.index, image, scale)
        except FootageError as error:
            with self._news:
                self._error = error
        finally:
            if footage is not None:
                footage.close()

    def _next(self) -> int | None:
        """Wait for a wish; None once it is closed."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._wish is not None)
            index, self._wish = self._wish, None
            return None if self._closed else index

    def _find(self, frames: Iterator[Frame], index: int) -> Frame | None:
        """The first of `frames` from `index` on, or the last one; None if there is none or it is closed."""
        found = None
        for found in frames:
            if found.index >= index or self._closed:
                break
        return found
