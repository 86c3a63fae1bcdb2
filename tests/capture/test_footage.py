"""Footage of every kind, whole and broken."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.errors import CameraError, FootageError
from facert_blender.capture.footage import open_footage

from .conftest import damage, paint, save_movie

MovieMaker = Callable[..., Path]


def patch_rotation(movie: Path) -> None:
    """Mark an MP4 as filmed with the phone upright: to be shown turned by 90 degrees clockwise."""
    data = bytearray(movie.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    movie.write_bytes(data)


def patch_durations(movie: Path, durations: list[int]) -> None:
    """Give each frame of an MP4 its own duration, in ticks of the track's clock."""
    data = movie.read_bytes()
    table = data.index(b"stts")
    old = struct.unpack(">I", data[table - 4 : table])[0]
    entries = b"".join(struct.pack(">II", 1, ticks) for ticks in durations)
    box = struct.pack(">I4sII", 16 + len(entries), b"stts", 0, len(durations)) + entries
    grown = len(box) - old
    # Without its edit list, which would end the movie after the old duration.
    data = bytearray(data[: table - 4] + box + data[table - 4 + old :]).replace(b"edts", b"free")
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        place = data.index(parent) - 4
        data[place : place + 4] = struct.pack(">I", struct.unpack(">I", data[place : place + 4])[0] + grown)
    movie.write_bytes(data)


def ticks_per_second(movie: Path) -> int:
    """The clock of an MP4's track."""
    data = movie.read_bytes()
    place = data.index(b"mdhd") + 4 + 12
    return struct.unpack(">I", data[place : place + 4])[0]


def test_movie_frames_come_in_order_with_their_times(square_movie: MovieMaker) -> None:
    with open_footage(square_movie(frames=20)) as footage:
        assert (footage.size, footage.fps, footage.length, footage.name) == ((160, 120), 25, 20, "square.mp4")
        frames = list(footage)
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(20) / 25)
    assert all(frame.image.shape == (120, 160, 3) and frame.image.dtype == np.uint8 for frame in frames)
    red, green, blue = frames[0].image[60, 50]
    assert red > 200 and green < 60 and blue < 60


def test_range_keeps_indices_and_times_of_the_whole_footage(square_movie: MovieMaker) -> None:
    with open_footage(str(square_movie(frames=20)), start=5, end=9) as footage:
        assert footage.length == 4
        frames = list(footage)
    assert [frame.index for frame in frames] == [5, 6, 7, 8]
    assert frames[0].time == pytest.approx(0.2)


def test_variable_frame_rate(square_movie: MovieMaker) -> None:
    movie = square_movie(frames=6)
    clock = ticks_per_second(movie)
    durations = [clock // 25, clock // 10, clock // 50, clock // 25, clock // 5, clock // 25]
    patch_durations(movie, durations)
    with open_footage(movie) as footage:
        times = [frame.time for frame in footage]
    assert times == pytest.approx(np.cumsum([0, *durations[:-1]]) / clock, abs=1e-3)


def test_repeated_times_still_grow(square_movie: MovieMaker) -> None:
    movie = square_movie(frames=6)
    tick = ticks_per_second(movie) // 25
    patch_durations(movie, [tick, 0, 0, tick, tick, tick])
    with open_footage(movie) as footage:
        times = [frame.time for frame in footage]
    assert len(times) == 6 and (np.diff(times) > 0).all()
    assert times[-1] < 0.3


def test_real_footage_of_variable_rate_has_growing_times(clips: Path) -> None:
    with open_footage(clips / "face_then_none.mov", end=60) as footage:
        times = np.array([frame.time for frame in footage])
    steps = np.diff(times)
    assert times[0] == 0 and (steps > 0.01).all()
    assert steps.max() > 1.15 * np.median(steps)


def test_rotated_phone_footage_is_shown_upright(square_movie: MovieMaker) -> None:
    movie = square_movie(frames=3, size=(160, 120))
    patch_rotation(movie)
    with open_footage(movie) as footage:
        assert footage.size == (120, 160)
        image = next(iter(footage)).image
    assert image.shape == (160, 120, 3)
    assert image[50, 60][0] > 200  # the square was at (50, 60), so 60 from the right edge


@pytest.mark.parametrize("name", ["mit Leerzeichen und Ümläuten.mp4", "映像 クリップ.mp4"])
def test_unicode_and_spaces_in_paths(square_movie: MovieMaker, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "ordner für größe"
    folder.mkdir()
    movie = square_movie(frames=3).rename(folder / name)
    with open_footage(movie) as footage:
        assert footage.name == name
        assert len(list(footage)) == 3


@pytest.mark.parametrize("size", [(64, 64), (3840, 2160)])
def test_small_and_large_frames(square_movie: MovieMaker, size: tuple[int, int]) -> None:
    with open_footage(square_movie(frames=2, size=size)) as footage:
        assert footage.size == size
        assert [frame.image.shape for frame in footage] == [(size[1], size[0], 3)] * 2


def index_first(movie: Path) -> None:
    """Move the index of an MP4 before its pictures, as in movies made for the web."""
    data = bytearray(movie.read_bytes())
    start = data.index(b"mdat") - 4
    end = start + struct.unpack(">I", data[start : start + 4])[0]
    index = data[end:]
    chunks = index.index(b"stco") + 8
    for number in range(struct.unpack(">I", index[chunks : chunks + 4])[0]):
        place = chunks + 4 + 4 * number
        offset = struct.unpack(">I", index[place : place + 4])[0] + len(index)
        index[place : place + 4] = struct.pack(">I", offset)
    movie.write_bytes(data[:start] + index + data[start:end])


@pytest.mark.parametrize("suffix", ["mp4", "avi"])
def test_cut_off_movie_is_refused_unless_an_end_is_chosen(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), np.uint8)
    movie = save_movie(tmp_path / f"cut.{suffix}", list(noise), codec={"mp4": "mp4v", "avi": "MJPG"}[suffix])
    if suffix == "mp4":
        index_first(movie)
    with open_footage(movie) as footage:
        assert len(list(footage)) == 20
    whole = movie.read_bytes()
    movie.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(FootageError, match="choose an end frame"):
        open_footage(movie)
    with open_footage(movie, end=5) as footage:
        assert [frame.index for frame in footage] == list(range(5))


def test_padding_after_a_movie_is_no_missing_part(square_movie: MovieMaker) -> None:
    movie = square_movie(frames=3)
    movie.write_bytes(movie.read_bytes() + b"\xff" * 40)
    with open_footage(movie) as footage:
        assert len(list(footage)) == 3


def test_movie_damaged_in_the_middle_says_how_much_is_missing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 64, 3), np.uint8)
    movie = save_movie(tmp_path / "damaged.mp4", list(noise))
    with open_footage(movie) as footage:
        assert len(list(footage)) == 40
        assert footage.notice == ""
    damage(movie)
    with open_footage(movie) as footage:
        count = len(list(footage))
        assert 0 < count < 28
        assert f"only {count} of its 40 frames" in footage.notice and "of 1.6 seconds" in footage.notice
    with open_footage(movie, end=count) as footage:
        assert len(list(footage)) == count
        assert footage.notice == ""


def test_edited_movie_is_not_taken_for_damaged(clips: Path) -> None:
    with open_footage(clips / "speech_turning_head.mp4") as footage:
        assert len(list(footage)) < (footage.length or 0)
        assert footage.notice == ""


def test_movie_without_its_index_is_refused(square_movie: MovieMaker) -> None:
    movie = square_movie()
    movie.write_bytes(movie.read_bytes()[:900])
    with pytest.raises(FootageError, match="not a movie that can be read"):
        open_footage(movie)


def test_movie_without_frames_is_refused(tmp_path: Path) -> None:
    pictures = [paint((64, 48), []) for _ in range(3)]
    movie = save_movie(tmp_path / "none.avi", pictures, codec="MJPG")
    data = movie.read_bytes()
    movie.write_bytes(data[: data.index(b"movi") + 4])
    with pytest.raises(FootageError, match="Export it again"):
        open_footage(movie)


@pytest.mark.parametrize(("name", "content"), [("empty.mp4", b""), ("notes.mp4", b"Dear diary, " * 50)])
def test_what_is_not_a_movie_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FootageError, match=f"{name} is not a movie"):
        open_footage(tmp_path / name)


@pytest.mark.parametrize("name", ["gone.mp4", "gone.png", "gone.####.png"])
def test_missing_footage_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FootageError, match="does not exist"):
        open_footage(tmp_path / name)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (9, 3), (-1, None)])
def test_empty_range_is_refused(square_movie: MovieMaker, start: int, end: int | None) -> None:
    with pytest.raises(FootageError, match="range holds no frames"):
        open_footage(square_movie(), start=start, end=end)


def test_range_after_the_end_is_refused(square_movie: MovieMaker) -> None:
    with (
        open_footage(square_movie(frames=4), start=10) as footage,
        pytest.raises(FootageError, match="ends after frame 3"),
    ):
        list(footage)


@pytest.mark.parametrize("source", [97, "97"])
def test_camera_that_does_not_exist(source: int | str) -> None:
    with pytest.raises(CameraError, match="Camera 97 "):
        open_footage(source)


def write_images(folder: Path, names: list[str], size: tuple[int, int] = (32, 24)) -> None:
    """Images whose grey level is ten times their position in `names`."""
    for place, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((size[1], size[0]), 10 * place, np.uint8))


@pytest.mark.parametrize("source", ["", "shot.0008.png", "shot.####.png", "shot.%04d.png"])
def test_numbered_sequence_with_a_hole(tmp_path: Path, source: str) -> None:
    write_images(tmp_path, ["shot.0008.png", "shot.0009.png", "shot.0011.png"])
    with open_footage(tmp_path / source, sequence_fps=10) as footage:
        assert (footage.fps, footage.length, footage.size) == (10, 4, (32, 24))
        frames = list(footage)
    assert [frame.index for frame in frames] == [0, 1, 3]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.3])
    assert [frame.image[0, 0, 0] for frame in frames] == [0, 10, 20]


def test_hidden_companions_of_images_are_passed_over(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "shot_1.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "._shot_1.png").write_bytes(b"made by the system")
    with open_footage(tmp_path) as footage:
        assert len(list(footage)) == 1


def test_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    write_images(tmp_path, ["a9.png", "a10.png", "b1.png", "b2.jpg"])
    with open_footage(tmp_path) as footage:
        assert [frame.image[0, 0, 0] for frame in footage] == [0, 10, 20, 30]


def test_single_image_is_footage_of_one_frame(tmp_path: Path) -> None:
    write_images(tmp_path, ["portrait.png", "other.png"])
    with open_footage(tmp_path / "portrait.png") as footage:
        assert [frame.index for frame in footage] == [0]


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (np.full((24, 32), 200, np.uint8), (200, 200, 200)),
        (np.full((24, 32, 4), (10, 20, 200, 0), np.uint8), (200, 20, 10)),
        (np.full((24, 32, 3), (10 << 8, 20 << 8, 200 << 8), np.uint16), (200, 20, 10)),
        (np.full((24, 32), 200 << 8, np.uint16), (200, 200, 200)),
    ],
    ids=["grey", "alpha", "16-bit", "16-bit grey"],
)
def test_every_kind_of_image_becomes_rgb(
    tmp_path: Path, picture: np.ndarray, expected: tuple[int, ...]
) -> None:
    cv2.imwrite(str(tmp_path / "ünusual 1.png"), picture)
    with open_footage(tmp_path) as footage:
        image = next(iter(footage)).image
    assert image.shape == (24, 32, 3) and image.dtype == np.uint8
    assert tuple(image[5, 5].tolist()) == expected


def test_damaged_image_in_a_sequence_is_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["s1.png", "s2.png", "s3.png"])
    (tmp_path / "s2.png").write_bytes(b"")
    with open_footage(tmp_path) as footage, pytest.raises(FootageError, match=r"s2\.png"):
        list(footage)


def test_image_that_claims_a_size_beyond_all_measure_is_named(tmp_path: Path) -> None:
    stored = bytearray(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    stored[16:24] = struct.pack(">II", 60_000, 60_000)
    stored[29:33] = struct.pack(">I", zlib.crc32(stored[12:29]))
    (tmp_path / "huge.png").write_bytes(stored)
    with pytest.raises(FootageError, match=r"huge\.png is damaged or far too large"):
        open_footage(tmp_path / "huge.png")


def test_image_of_another_size_is_named(tmp_path: Path) -> None:
    write_images(tmp_path, ["s1.png"])
    write_images(tmp_path, ["s2.png"], size=(40, 40))
    with open_footage(tmp_path) as footage, pytest.raises(FootageError, match=r"s2\.png is 40 x 40"):
        list(footage)


def test_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match="holds no images"):
        open_footage(tmp_path)
