"""Whether the compiled parts that ship with the add-on work on this computer."""

from __future__ import annotations

from functools import cache

from ..capture.errors import FaceRTError
from ..capture.wheels import onnxruntime, opencv


@cache
def missing_part() -> str:
    """A sentence about the first part that does not load, or "" when all do.

    Asked once per session: a part that failed to load does not come back before Blender restarts.
    """
    try:
        opencv()
        onnxruntime()
    except FaceRTError as error:
        return str(error)
    return ""
