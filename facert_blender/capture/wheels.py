"""The two compiled libraries that FaceRT brings along, imported when they are first needed.

A wheel that does not load on someone's machine then gives a sentence in the panel instead of no panel.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from .errors import FaceRTError


def opencv() -> ModuleType:
    """OpenCV, which decodes, resamples and draws.

    Raises:
        FaceRTError: the wheel is missing or does not fit this machine.
    """
    return _load("cv2", "OpenCV")


def onnxruntime() -> ModuleType:
    """ONNX Runtime, which runs the networks.

    Raises:
        FaceRTError: the wheel is missing or does not fit this machine.
    """
    return _load("onnxruntime", "ONNX Runtime")


def _load(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise FaceRTError(
            f"{name}, a part of FaceRT, does not load here ({error}). "
            "Install the FaceRT file made for this operating system and restart Blender."
        ) from error
