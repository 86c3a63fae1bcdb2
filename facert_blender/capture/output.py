"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import OutputError


def file_name(title: str) -> str:
    """A take's or performer's name as the name of a file: a take may be named anything, a file may not."""
    return re.sub(r'[<>:"/\\|?*]', "_", title)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffix; it takes the place of `path` if the block
    succeeds.

    What was at `path` stays until then, and stays for good if the block fails.

    Raises:
        OutputError: the file cannot be written there.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}). "
            "Choose a file in a folder that exists and is writable."
        ) from error
    finally:
        # The folder itself may be missing or closed to us: then nothing was left in it.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
