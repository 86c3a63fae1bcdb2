"""Cameras in a process of their own: pictures come through, and every failure is a sentence."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture import camera
from facert_blender.capture.camera import Camera
from facert_blender.capture.errors import CameraError, CancelledError
from facert_blender.capture.footage import Footage

from .conftest import save_movie

MovieMaker = Callable[..., Path]
WITHOUT_CAMERA = 63


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Every test must end with the camera's thread and process gone."""
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("FaceRT")]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_pictures_come_in_order_and_on_time(square_movie: MovieMaker) -> None:
    device = Camera(str(square_movie("Kamera ü.mp4", frames=12)))
    try:
        assert (device.fps, device.size, device.count) == (25, (160, 120), None)
        moments = []
        while (moment := device.advance()) is not None:
            moments.append(moment)
            picture = device.picture()
            assert picture.shape == (120, 160, 3) and picture.dtype == np.uint8
            assert picture[60, 60, 0] > 150 > picture[60, 60, 1]
    finally:
        device.close()
    assert [index for index, _ in moments] == list(range(len(moments)))
    times = [seconds for _, seconds in moments]
    assert times == sorted(times) and times[0] >= 0


def test_only_the_latest_picture_is_kept(tmp_path: Path) -> None:
    shades = [np.full((64, 64, 3), 8 * index, np.uint8) for index in range(25)]
    device = Camera(str(save_movie(tmp_path / "film.mp4", shades)))
    try:
        with device._news:
            assert device._news.wait_for(lambda: device._ended, 20)
        index, seconds = device.advance() or (-1, -1.0)
        assert index == 0 and seconds > 0.5
        assert device.picture().mean() == pytest.approx(8 * 24, abs=4)
        assert device.advance() is None
    finally:
        device.close()


def test_a_camera_that_ends_says_so(square_movie: MovieMaker) -> None:
    device = Camera(str(square_movie(frames=2)))
    while device.advance() is not None:
        pass
    device.close()
    assert "gives no more pictures. Plug it in again" in device.notice


def test_a_child_that_dies_is_a_camera_that_is_lost(square_movie: MovieMaker) -> None:
    device = Camera(str(square_movie(frames=500)))
    assert device.advance() is not None
    device._process.kill()
    while device.advance() is not None:
        pass
    device.close()
    assert "gives no more pictures" in device.notice


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot halt a process")
def test_a_camera_that_falls_silent_is_lost(
    square_movie: MovieMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "SILENCE", 0.2)
    device = Camera(str(square_movie(frames=500)))
    device._process.send_signal(signal.SIGSTOP)
    while device.advance() is not None:
        pass
    device.close()
    assert "gives no more pictures" in device.notice


def test_a_number_without_camera() -> None:
    sentence = "is not there" if sys.platform.startswith("linux") else "does not answer"
    with pytest.raises(CameraError, match=f"Camera {WITHOUT_CAMERA} {sentence}"):
        Camera(WITHOUT_CAMERA)


def test_something_that_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"noise")
    with pytest.raises(CameraError, match=r"does not answer\. Check its number"):
        Camera(str(tmp_path / "noise.mp4"))


def test_waiting_can_be_given_up(square_movie: MovieMaker) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        Camera(str(square_movie()), cancel)


def test_without_python_there_is_no_camera(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Path(camera.python()).name.startswith("python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "blender"))
    found = camera.python()
    assert Path(found).name.startswith("python") and Path(found).is_file()
    for name in ("prefix", "base_prefix"):
        monkeypatch.setattr(sys, name, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CameraError, match="film first and choose the movie"):
        camera.python()


def test_footage_of_a_camera_ends_with_a_notice(square_movie: MovieMaker) -> None:
    with Footage(Camera(str(square_movie(frames=5))), None, None) as footage:
        frames = list(footage)
    assert footage.length is None and frames[0].image[60, 60, 0] > 150
    assert "gives no more pictures" in footage.notice
