"""Readers find, follow, lose and find again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.errors import WeightsError
from facert_blender.capture.footage import Frame
from facert_blender.capture.network import MultiFaceNetwork
from facert_blender.capture.reader import EVERY, PATIENCE, SHARED, Reading, make_reader, parts

from .conftest import BLUE, GREEN, RED, WHITE, Square, paint

SIZE = (320, 180)


def frame(index: int, squares: list[Square]) -> Frame:
    """Frame `index` of footage at 25 frames per second."""
    return Frame(index, index / 25, paint(SIZE, squares))


@pytest.mark.parametrize("quality", ["fast", "best"])
def test_everybody_is_read_in_every_frame(weights: Path, quality: str) -> None:
    reader = make_reader(quality, weights=weights)
    for index in range(2 * EVERY):
        red, blue = np.array([60 + 3 * index, 80]), np.array([250 - 2 * index, 90 + index])
        faces = reader.read(frame(index, [(RED, tuple(red), 40), (BLUE, tuple(blue), 50)]))
        assert len(faces) == 2
        seen = sorted(faces, key=lambda face: -face.identity[1])
        for face, centre in zip(seen, (red, blue), strict=True):
            assert face.box.reshape(2, 2).mean(axis=0) == pytest.approx(centre - 0.5, abs=2)
            assert face.confidence == pytest.approx(0.95)


def test_a_newcomer_is_found_within_the_interval(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    counts = []
    for index in range(2 * EVERY + 1):
        late = [(GREEN, (250.0, 100.0), 50.0)] if index > 1 else []
        counts.append(len(reader.read(frame(index, [(RED, (80, 80), 40), *late]))))
    # The first face was looked for again in frame 1, which is where the interval begins.
    assert counts[:2] == [1, 1] and set(counts[EVERY + 1 :]) == {2}


def test_who_is_gone_is_no_longer_read(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    red, green = (RED, (80.0, 80.0), 40.0), (GREEN, (250.0, 100.0), 50.0)
    assert len(reader.read(frame(0, [red, green]))) == 2
    assert len(reader.read(frame(1, [red]))) == 1
    assert reader.read(frame(2, [])) == []
    assert len(reader.read(frame(3, [green]))) == 1


def test_what_takes_the_place_of_a_face_is_not_read(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    shown = [(RED, (80.0, 80.0), 40.0)]
    counts = [len(reader.read(frame(index, shown))) for index in range(3)]
    # A white thing is no face to these networks; its landmarks lie as the face's did.
    thing = [((255, 255, 255), (80.0, 80.0), 40.0 / 3**0.5)]
    counts += [len(reader.read(frame(index, thing))) for index in range(3, 5)]
    assert counts == [1, 1, 1, 0, 0]
    assert len(reader.read(frame(5, shown))) == 1


def test_two_crops_that_run_into_one_face_become_one(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    for index in range(26):
        x = 220.0 - 6 * index
        faces = reader.read(frame(index, [(RED, (80.0, 80.0), 60.0), (GREEN, (max(x, 80.0), 80.0), 60.0)]))
    assert len(faces) == 1 and faces[0].identity[2] > 0.9


def test_a_face_that_the_search_misses_is_given_up_after_some_patience(weights: Path) -> None:
    # Too small for this MFN to see, still read by the SFN once it is followed.
    reader = make_reader("best", weights=weights)
    counts = [len(reader.read(frame(0, [(RED, (80, 80), 20)])))]
    for index in range(1, EVERY + PATIENCE + 2):
        counts.append(
            len(reader.read(frame(index, [(RED, (80, 80), 3.0 if index > 40 else 20 - index * 1.8)])))
        )
    assert counts[0] == 1 and counts[-1] == 0


LARGE = (1920, 1080)
SMALL = 18.0
"""A face that this MFN sees in a part of the large picture, and misses in the whole."""


def test_small_faces_are_found_in_parts_of_a_large_picture(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    red, late = (RED, (1500.0, 300.0), SMALL), (GREEN, (400.0, 900.0), SMALL)
    counts = []
    for index in range((1 + len(parts(*LARGE))) * EVERY):
        shown = [red, late] if index else [red]
        counts.append(len(reader.read(Frame(index, index / 25, paint(LARGE, shown)))))
    assert counts[0] == 1 and counts[-1] == 2
    assert make_reader("fast", weights=weights).read(Frame(0, 0.0, paint(LARGE, [red, late]))) == []


def test_among_more_people_small_newcomers_are_found_sooner(weights: Path) -> None:
    red, blue = (RED, (300.0, 200.0), 90.0), (BLUE, (700.0, 200.0), 90.0)
    late = (GREEN, (1860.0, 1040.0), SMALL)
    waited = []
    for known in ([red], [red, blue]):
        reader = make_reader("best", weights=weights)
        for index in range((1 + len(parts(*LARGE))) * EVERY):
            shown = [*known, late] if index else known
            if len(reader.read(Frame(index, index / 25, paint(LARGE, shown)))) > len(known):
                break
        waited.append(index)
    # For each face that is followed, three of the fifteen parts are searched at once.
    assert EVERY < waited[1] < waited[0] < 5 * EVERY + 3


def read_and_look_back(
    weights: Path, shown: list[list[Square]], size: tuple[int, int] = LARGE
) -> tuple[list[int], list[Reading]]:
    """How many faces *best* sees in each picture when it comes, and all after looking back."""
    reader = make_reader("best", weights=weights)
    past: list[Reading] = []
    counts = []
    for index, squares in enumerate(shown):
        here = Frame(index, index / 25, paint(size, squares))
        past.append((here, reader.read(here)))
        counts.append(len(past[-1][1]))
        reader.look_back(past)
    return counts, past


def test_who_is_found_late_is_followed_back_to_where_they_came_from(weights: Path) -> None:
    red, came = (RED, (1500.0, 300.0), 60.0), 2
    where = [np.array([400.0 + 2 * index, 900.0 - index]) for index in range(30)]
    shown = [[red, (GREEN, tuple(at), SMALL)] if n >= came else [red] for n, at in enumerate(where)]
    counts, past = read_and_look_back(weights, shown)
    assert counts[came : came + 2] == [1, 1]
    for (here, faces), at in zip(past, where, strict=True):
        assert len(faces) == len(shown[here.index])
        for face in (face for face in faces if face.box[0] < 1000):
            assert face.box.reshape(2, 2).mean(axis=0) == pytest.approx(at - 0.5, abs=1)
            assert face.identity[2] > 0.9 and face.confidence == pytest.approx(0.95)


def test_looking_back_ends_where_there_was_something_else(weights: Path) -> None:
    red, late = (RED, (1500.0, 300.0), 60.0), (GREEN, (400.0, 900.0), SMALL)
    thing = (WHITE, late[1], SMALL / 3**0.5)
    counts, past = read_and_look_back(weights, [[red, thing if n < 4 else late] for n in range(30)])
    assert counts[4] == 1
    assert [len(faces) for _, faces in past] == 4 * [1] + 26 * [2]


def test_looking_back_ends_at_a_face_that_is_known(weights: Path) -> None:
    # Somebody else was in the same place, and was followed, until the cut.
    red, green = (RED, (1500.0, 300.0), 60.0), (GREEN, (1500.0, 300.0), 60.0)
    _, past = read_and_look_back(weights, [[red] if n < 4 else [green] for n in range(10)])
    assert [len(faces) for _, faces in past] == 10 * [1]


LARGER = (2880, 1620)
LEFT_BEHIND = (WHITE, (400.0, 900.0), 9.0)
"""Too small for this MFN even in a part of the larger picture; the SFN follows it, and it is like no face."""


def test_looking_back_takes_away_what_was_followed_after_a_small_face_had_left(weights: Path) -> None:
    red, green, left, lost = (RED, (1500.0, 300.0), 90.0), (GREEN, LEFT_BEHIND[1], SMALL), 3, 14
    shown = [[red, green if n < left else LEFT_BEHIND] if n < lost else [red] for n in range(20)]
    counts, past = read_and_look_back(weights, shown, LARGER)
    assert counts == lost * [2] + (20 - lost) * [1]
    assert [len(faces) for _, faces in past] == left * [2] + (20 - left) * [1]


def test_what_no_search_can_show_is_given_up_after_it_has_long_looked_like_no_face(weights: Path) -> None:
    red, green, left = (RED, (1500.0, 300.0), 90.0), (GREEN, LEFT_BEHIND[1], SMALL), 3
    shown = [[red, green if n < left else LEFT_BEHIND] for n in range(left + 70)]
    counts, past = read_and_look_back(weights, shown, LARGER)
    followed = left + make_reader("best", weights=weights).remembered
    assert counts == followed * [2] + (len(shown) - followed) * [1]
    assert [len(faces) for _, faces in past] == left * [2] + (len(shown) - left) * [1]


def test_looking_back_leaves_what_was_followed_until_a_small_face_was_seen_again(weights: Path) -> None:
    # Longer than the parts, some of which are searched every few frames, take to show it once more.
    red, green, lost = (RED, (1500.0, 300.0), 90.0), (GREEN, LEFT_BEHIND[1], SMALL), 28
    shown = [[red, LEFT_BEHIND if n in (4, 5) else green] if n < lost else [red] for n in range(30)]
    counts, past = read_and_look_back(weights, shown, LARGER)
    assert counts == [len(faces) for _, faces in past] == lost * [2] + (30 - lost) * [1]


def test_what_is_half_seen_is_looked_at_closer(weights: Path) -> None:
    size = (5120, 2880)
    picture = paint(size, [(RED, (1500.0, 300.0), 20.0)])
    (face,) = make_reader("best", weights=weights).read(Frame(0, 0.0, picture))
    assert face.confidence == pytest.approx(0.95)
    assert face.box == pytest.approx([1489.5, 289.5, 1509.5, 309.5], abs=1)
    # In the part of the picture that shows it best it is not seen well enough to be called a face.
    area = next(a for a in parts(*size) if (a[:2] < [1480, 280]).all() and (a[2:] > [1520, 320]).all())
    part = picture[area[1] : area[3], area[0] : area[2]]
    (seen,) = MultiFaceNetwork(weights / "multi.onnx").find(part)
    assert seen.confidence == pytest.approx(0.5)


def test_small_faces_are_given_up_where_the_parts_do_not_show_them(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    red, green = (RED, (1500.0, 300.0), 60.0), (GREEN, (400.0, 900.0), SMALL)
    assert len(reader.read(Frame(0, 0.0, paint(LARGE, [red, green])))) == 2
    counts = []
    for index in range(1, (1 + len(parts(*LARGE))) * EVERY + PATIENCE):
        # Below what the MFN sees in a part, and just enough for the SFN to go on following.
        counts.append(len(reader.read(Frame(index, index / 25, paint(LARGE, [red, (*green[:2], 5.0)])))))
    assert counts[-1] == 1


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (640, 360), (3840, 2160), (1000, 1000)])
def test_parts_cover_a_picture_and_overlap(size: tuple[int, int]) -> None:
    seen = np.zeros((size[1], size[0]), bool)
    for x0, y0, x1, y1 in parts(*size):
        assert 288 <= x1 - x0 == y1 - y0 <= max(size) / 2
        seen[y0:y1, x0:x1] = True
    assert seen.all()
    smallest = SHARED * (x1 - x0)
    for corner in np.random.default_rng(0).uniform(0, np.array(size) - smallest, (100, 2)):
        box = np.concatenate([corner, corner + 0.9 * smallest])
        assert any((box[:2] >= part[:2]).all() and (box[2:] <= part[2:]).all() for part in parts(*size))


def test_a_small_picture_has_no_parts() -> None:
    assert parts(288, 200) == parts(64, 64) == []


def test_one_network_missing(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "multi.onnx").write_bytes((weights / "multi.onnx").read_bytes())
    (tmp_path / "face_shape.npz").write_bytes((weights / "face_shape.npz").read_bytes())
    make_reader("fast", weights=tmp_path)
    with pytest.raises(WeightsError, match=r"single\.onnx is missing"):
        make_reader("best", weights=tmp_path)
