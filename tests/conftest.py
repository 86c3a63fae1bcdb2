"""What the tests of several packages share, and how they end."""

import os
import sys
from collections.abc import Generator

import pytest

from tests.capture.conftest import square_movie, weights

__all__ = ["pytest_sessionfinish", "square_movie", "weights"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Skip the end of Python where it crashes: Blender 4.2's module frees what Python has freed before."""
    yield
    bpy = sys.modules.get("bpy")
    if bpy is not None and bpy.app.version < (4, 3):
        sys.stdout.flush()
        os._exit(session.exitstatus)
