"""Frames are found forwards and backwards, and what cannot be read says so."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.errors import FootageError
from facert_blender.capture.viewer import FootageViewer, View

from .conftest import paint, save_movie


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Twenty frames, each brighter than the one before."""
    pictures = [paint((160, 90), [((10 * index, 0, 0), (80, 45), 400)]) for index in range(20)]
    return save_movie(tmp_path / "clip.mp4", pictures)


def read(viewer: FootageViewer, index: int, wished: int | None = None) -> View:
    viewer.wish(index if wished is None else wished)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        view = viewer.latest()
        if view is not None and view.index == index:
            return view
        time.sleep(0.005)
    raise AssertionError(f"frame {index} did not come")


def test_frames_come_in_any_order(movie: Path) -> None:
    viewer = FootageViewer(str(movie), 80)
    for index in (3, 4, 12, 2, 0, 19):
        view = read(viewer, index)
        assert view.image.shape == (45, 80, 3) and view.scale == 0.5
        assert np.median(view.image[..., 0]) == pytest.approx(10 * index, abs=12)
    viewer.close()


def test_past_the_end_is_the_last(movie: Path) -> None:
    viewer = FootageViewer(str(movie), 80)
    read(viewer, 19, wished=500)
    viewer.wish(600)
    read(viewer, 5)
    viewer.close()


def test_closing_ends_the_thread(movie: Path) -> None:
    viewer = FootageViewer(str(movie), 80)
    read(viewer, 3)
    viewer.close()
    assert not viewer._thread.is_alive()


def test_footage_that_is_gone_says_so(tmp_path: Path) -> None:
    viewer = FootageViewer(str(tmp_path / "gone.mp4"), 80)
    viewer.wish(0)
    viewer._thread.join(10)
    with pytest.raises(FootageError, match=r"gone\.mp4"):
        viewer.latest()
    viewer.close()
