"""The command line: `python -m models.readers NAME ROOT`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from ..shared_data import PHOTOS
from . import boxes, large_pose, points
from .folder import Listed, write

READERS: dict[str, tuple[str, Callable[[Path], Iterator[Listed]]]] = {
    "300w-lp": ("to train on", large_pose.training),
    "300vw": ("to train on", points.films),
    "wider": ("to train on", lambda root: boxes.wider(root, "train")),
    "wider-val": ("to test detection on", lambda root: boxes.wider(root, "val")),
    "aflw2000-3d": ("to test landmarks and rotation on", large_pose.aflw2000),
    "fddb": ("to test detection on", boxes.fddb),
    "afw": ("to test detection on, as first published", boxes.afw),
    "ibug": ("to test landmarks on: any folder of pictures with .pts files", points.photographs),
}


def main() -> None:
    """Bring a published collection into the layout of the project's photographs."""
    parser = argparse.ArgumentParser(
        prog="python -m models.readers",
        description=main.__doc__,
        epilog="; ".join(f"{name}: {purpose}" for name, (purpose, _) in READERS.items()),
    )
    parser.add_argument("name", choices=READERS)
    parser.add_argument("root", type=Path, help="the folder that the collection's own archive makes")
    parser.add_argument(
        "--to", type=Path, help="the folder to make; photos/NAME beside the others unless given"
    )
    options = parser.parse_args()
    folder = options.to or PHOTOS / options.name
    counts = write(READERS[options.name][1](options.root), folder)
    print(f"{folder}: " + ", ".join(f"{count} rows in {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
