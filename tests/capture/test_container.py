"""What movie files say of themselves, and what is made of it when they say nonsense."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from facert_blender.capture.container import cut_off, playing_time

from .conftest import RED, paint, save_movie

MovieMaker = Callable[..., Path]


def patch_edits(movie: Path, *edits: tuple[int, int], wide: bool = False) -> None:
    """Give an MP4 other edits: (duration in ms, where in the track it begins, -1: nowhere)."""
    data = bytearray(movie.read_bytes())
    old = data.index(b"edts") - 4
    grown = -struct.unpack(">I", data[old : old + 4])[0]
    entries = b"".join(struct.pack(">Qqi" if wide else ">Iii", *edit, 1 << 16) for edit in edits)
    listed = struct.pack(">I4sII", 16 + len(entries), b"elst", wide << 24, len(edits)) + entries
    box = struct.pack(">I4s", 8 + len(listed), b"edts") + listed
    data[old : old - grown] = box
    grown += len(box)
    for parent in (b"moov", b"trak"):
        place = data.index(parent) - 4
        data[place : place + 4] = struct.pack(">I", struct.unpack(">I", data[place : place + 4])[0] + grown)
    movie.write_bytes(data)


def test_playing_time_is_that_of_the_pictures(square_movie: MovieMaker) -> None:
    assert playing_time(square_movie(frames=20)) == pytest.approx(0.8)


@pytest.mark.parametrize("wide", [False, True])
def test_playing_time_follows_the_edits_and_leaves_out_pauses(square_movie: MovieMaker, wide: bool) -> None:
    movie = square_movie(frames=20)
    patch_edits(movie, (5000, -1), (200, 0), (100, 400), wide=wide)
    assert playing_time(movie) == pytest.approx(0.3)


def test_other_files_say_nothing(tmp_path: Path) -> None:
    movie = save_movie(tmp_path / "a.avi", [paint((64, 64), [(RED, (32, 32), 24)])] * 3, codec="MJPG")
    assert playing_time(movie) is None
    (tmp_path / "a.txt").write_text("this is not a movie, only a few words")
    assert playing_time(tmp_path / "a.txt") is None


@pytest.mark.parametrize("word", [b"mvhd", b"trak", b"hdlr", b"edts", b"elst"])
def test_a_part_that_claims_to_be_endless(square_movie: MovieMaker, word: bytes) -> None:
    movie = square_movie(frames=3)
    data = bytearray(movie.read_bytes())
    place = data.index(word) - 4
    data[place : place + 4] = b"\xff" * 4
    movie.write_bytes(data)
    assert playing_time(movie) is None or playing_time(movie) > 0
    assert not cut_off(movie)
