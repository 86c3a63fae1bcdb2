"""The compiled libraries load late, and a broken one gives a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from facert_blender.capture.errors import FaceRTError
from facert_blender.capture.footage import open_footage
from facert_blender.capture.network import SingleFaceNetwork


def test_broken_opencv_gives_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    (tmp_path / "movie.mp4").write_bytes(b"")
    with pytest.raises(FaceRTError, match=r"OpenCV.*Install the FaceRT file"):
        open_footage(tmp_path / "movie.mp4")


def test_broken_onnxruntime_gives_a_sentence(monkeypatch: pytest.MonkeyPatch, weights: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(FaceRTError, match=r"ONNX Runtime.*Install the FaceRT file"):
        SingleFaceNetwork(weights / "single.onnx")


def test_importing_capture_loads_neither() -> None:
    check = (
        "import sys; import facert_blender.capture.worker, facert_blender.capture.overlay; "
        "assert not {'cv2', 'onnxruntime', 'bpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[2], check=True)
