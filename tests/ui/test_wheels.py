"""A part that does not load is a sentence in the panel."""

import sys
from collections.abc import Iterator

import bpy
import pytest

from facert_blender.ui.wheels import missing_part


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    missing_part.cache_clear()
    yield
    missing_part.cache_clear()


def test_nothing_is_missing() -> None:
    assert missing_part() == ""


def test_capture_says_what_is_missing(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    scene.facert.path = "clip.mp4"
    with pytest.raises(RuntimeError, match=r"ONNX Runtime.*restart Blender"):
        bpy.ops.facert.capture()
