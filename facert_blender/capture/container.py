"""What MP4, MOV and AVI files say of themselves: whether they are whole, and how long they play.

OpenCV tells neither. Of other containers nothing is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PICTURE_PARTS = frozenset({b"moov", b"mdat", b"moof", b"RIFF"})
"""The parts that hold pictures or say where they are."""

Span = tuple[int, int]
"""Where something begins in a file, and where it ends."""


def cut_off(path: Path) -> bool:
    """Whether an MP4, MOV or AVI file ends within one of its parts; other files are taken to be whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        return any(kind in PICTURE_PARTS and end > size for kind, (_, end) in _parts(file, (0, size)))


def playing_time(path: Path) -> float | None:
    """Seconds that the pictures of an MP4 or MOV file are shown, after its edits; None where it says nothing.

    An edit may show less than the file holds: of a recording that was trimmed, for example.
    """
    with path.open("rb") as file:
        movies = _find(file, [(0, path.stat().st_size)], b"moov")
        for header in _find(file, movies, b"mvhd"):
            units = _number(file, header, 20 if _wide(file, header) else 12, 4)
            for track in _find(file, movies, b"trak"):
                handlers = _find(file, [track], b"mdia", b"hdlr")
                edits = _find(file, [track], b"edts", b"elst")
                if units and edits and any(_bytes(file, handler, 8, 4) == b"vide" for handler in handlers):
                    return sum(_shown(file, edits[0])) / units or None
    return None


def _shown(file: BinaryIO, edits: Span) -> Iterator[int]:
    """How long each edit of a list shows something."""
    width = 8 if _wide(file, edits) else 4
    # Each is a duration, the time in the track where it begins, and a rate.
    for place in range(8, edits[1] - edits[0], 2 * width + 4):
        if _bytes(file, edits, place + width, width) != b"\xff" * width:  # -1 is a pause
            yield _number(file, edits, place, width)


def _find(file: BinaryIO, spans: list[Span], *kinds: bytes) -> list[Span]:
    """The contents of the parts that lie within `spans`, within one part of each kind but the last."""
    for wanted in kinds:
        spans = [
            (begin, min(end, span[1]))
            for span in spans
            for kind, (begin, end) in _parts(file, span)
            if kind == wanted
        ]
    return spans


def _parts(file: BinaryIO, span: Span) -> Iterator[tuple[bytes, Span]]:
    """The parts that follow each other in `span`: the kind and the content of each."""
    place, end = span
    while place + 16 <= end:
        file.seek(place)
        head, inside = file.read(16), place + 8
        if head[:4] == b"RIFF":
            kind, length = head[:4], 8 + int.from_bytes(head[4:8], "little")
        else:
            kind, length = head[4:8], int.from_bytes(head[:4], "big")
            if length == 1:
                length, inside = int.from_bytes(head[8:], "big"), place + 16
        if length < 8:
            # The last part, which ends with the file; or no such file at all.
            return
        yield kind, (inside, place + length)
        place += length


def _wide(file: BinaryIO, content: Span) -> bool:
    """Whether the part's times have 8 bytes."""
    return _number(file, content, 0, 1) == 1


def _number(file: BinaryIO, content: Span, offset: int, width: int) -> int:
    return int.from_bytes(_bytes(file, content, offset, width), "big")


def _bytes(file: BinaryIO, content: Span, offset: int, width: int) -> bytes:
    file.seek(content[0] + offset)
    return file.read(width)
