"""What the tests of several packages share, and how they end."""

import os
import sys
from collections.abc import Generator

import pytest

from tests.capture.conftest import square_movie, weights

__all__ = ["pytest_sessionfinish", "square_movie", "weights"]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Skip the end of Python once Blender's module is there.

    4.2 frees what Python has freed before; later ones wait for ever for their own thread of sound.
    """
    yield
    if "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(session.exitstatus)
