"""A bake in the window: it is done in steps between redraws, so that it can be watched and stopped."""

from __future__ import annotations

import time
from collections.abc import Generator

from ..scene.bake import WRITING, BakeReport

SLICE = 0.05
"""Seconds of steps between two redraws; one step may take longer."""


class SteppingBake:
    """Holds the bake in progress and how far it is (0..1)."""

    def __init__(self) -> None:
        """Nothing is in progress yet."""
        self._work: Generator[float, None, list[BakeReport]] | None = None
        self.progress = 0.0

    @property
    def active(self) -> bool:
        """Whether a bake is in progress."""
        return self._work is not None

    @property
    def stoppable(self) -> bool:
        """Whether nothing is written yet, so that it may be closed."""
        return self.active and self.progress < WRITING

    def start(self, work: Generator[float, None, list[BakeReport]]) -> None:
        """Begin with `work`, whose steps `step` does."""
        self.close()
        self._work = work

    def step(self) -> list[BakeReport] | None:
        """Do the next steps; the reports once all are done, else None.

        Raises:
            FaceRTError: why the bake cannot go on. Nothing was changed.
        """
        if self._work is None:
            return None
        until = time.perf_counter() + SLICE
        try:
            while time.perf_counter() < until:
                self.progress = next(self._work)
        except StopIteration as done:
            self.close()
            reports: list[BakeReport] = done.value
            return reports
        except Exception:
            self.close()
            raise
        return None

    def close(self) -> None:
        """Stop. While it is `stoppable`, or once it has ended, nothing is left half written."""
        work, self._work = self._work, None
        self.progress = 0.0
        if work is not None:
            work.close()


stepping = SteppingBake()
