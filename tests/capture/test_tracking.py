"""People keep their identity through dropouts, crossings, leaving and coming back."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.footage import Frame, open_footage
from facert_blender.capture.take import Performer
from facert_blender.capture.tracking import REMEMBERED, StreamTracker, Tracker

from .conftest import face_at, paint

FPS = 25
SIZE = (640, 360)
SKINS = [(200, 150, 120), (120, 80, 60), (230, 190, 170)]
Walk = np.ndarray
"""Box of one person per frame (n, 4); NaN where they are not seen."""


def track(
    people: list[Walk],
    *,
    seed: int = 0,
    noise: float = 1.0,
    identities: float = 1.0,
    lost: float = 0.0,
) -> Tracker:
    """Track made-up people whose identity weights have `noise` and lie `identities` apart per channel."""
    random = np.random.default_rng(seed)
    characters = random.normal(size=(len(people), 50)) * identities
    tracker = Tracker(FPS)
    for index in range(len(people[0])):
        squares, faces = [], []
        for person, boxes in enumerate(people):
            box = boxes[index]
            if np.isnan(box).any() or random.random() < lost:
                continue
            centre = box.reshape(2, 2).mean(axis=0)
            squares.append((SKINS[person], tuple(centre), 1.4 * (box[2] - box[0])))
            identity = characters[person] + random.normal(size=50) * noise
            faces.append(face_at(box + random.normal(0, 1, 4), identity))
        order = random.permutation(len(faces))
        tracker.update(Frame(index, index / FPS, paint(SIZE, squares)), [faces[place] for place in order])
    tracker.finish()
    return tracker


def walk(start: tuple[float, float], end: tuple[float, float], frames: int, side: float = 60) -> Walk:
    """Boxes of someone who walks in a straight line."""
    centres = np.linspace(start, end, frames)
    return np.concatenate([centres - side / 2, centres + side / 2], axis=1)


def switches(performers: list[Performer], people: list[Walk]) -> int:
    """How often a person's performer changes from one sighting to the next."""
    count = 0
    for boxes in people:
        owners = []
        for index in np.flatnonzero(~np.isnan(boxes[:, 0])):
            for performer in performers:
                at = np.flatnonzero(performer.frames == index)
                if len(at) and np.abs(performer.boxes[at[0]] - boxes[index]).max() < 12:
                    owners.append(performer.id)
        count += sum(one != other for one, other in pairwise(owners))
    return count


def test_performers_hold_what_was_seen() -> None:
    people = [walk((100, 100), (200, 120), 50), walk((400, 200), (300, 200), 50)]
    performers = track(people).tracks()
    assert [performer.id for performer in performers] == [1, 2]
    first = performers[0]
    assert first.frames.tolist() == list(range(50)) and first.frames.dtype == np.int32
    assert first.times == pytest.approx(np.arange(50) / FPS)
    assert first.weights.shape == (50, 46) and first.rotation.shape == (50, 4)
    assert first.boxes == pytest.approx(people[0], abs=6)
    assert first.confidence == pytest.approx(np.full(50, 0.9))
    assert first.identity.shape == (50,)
    assert first.portrait is not None and first.portrait.shape == (96, 96, 3)
    assert np.abs(first.portrait[48, 48].astype(int) - SKINS[0]).max() < 3


@pytest.mark.parametrize("identities", [1.0, 0.2, 0.0])
def test_crossing_people_keep_their_identity(identities: float) -> None:
    behind = walk((100, 180), (540, 180), 150)
    front = walk((540, 185), (100, 185), 150)
    covered = np.abs(behind[:, 0] - front[:, 0]) < 130
    behind[covered] = np.nan
    tracker = track([behind, front], identities=identities, lost=0.1)
    assert len(tracker.tracks()) == 2
    assert switches(tracker.tracks(), [behind, front]) == 0


@pytest.mark.parametrize("seed", range(3))
def test_leaving_and_coming_back(seed: int) -> None:
    stays = walk((100, 100), (120, 100), 200)
    leaves = walk((400, 100), (400, 100), 200)
    leaves[60:120] = np.nan
    also = walk((550, 250), (500, 250), 200)
    also[80:150] = np.nan
    people = [stays, leaves, also]
    performers = track(people, seed=seed, noise=2.0, lost=0.1).tracks()
    assert len(performers) == 3 and switches(performers, people) == 0
    assert not np.isin(np.arange(60, 120), performers[1].frames).any()


def test_two_strangers_one_after_the_other_are_two() -> None:
    first, second = walk((100, 100), (150, 100), 100), walk((300, 100), (320, 100), 100)
    first[50:], second[:60] = np.nan, np.nan
    assert len(track([first, second]).tracks()) == 2


def test_flickers_are_dropped() -> None:
    stays = walk((100, 100), (120, 100), 100)
    flicker = walk((400, 100), (400, 100), 100)
    flicker[:40] = flicker[45:] = np.nan
    performers = track([stays, flicker]).tracks()
    assert len(performers) == 1 and performers[0].boxes[0, 0] < 200


@pytest.mark.parametrize(("clear", "found"), [(0, 0), (3, 0), (20, 1)])
def test_what_was_never_surely_a_face_is_dropped(clear: int, found: int) -> None:
    tracker = Tracker(FPS)
    for index in range(100):
        face = face_at(np.array([100, 100, 160, 160], np.float32), np.zeros(50))
        seen = replace(face, confidence=0.95 if index < clear else 0.6)
        tracker.update(Frame(index, index / FPS, paint(SIZE, [])), [seen])
    tracker.finish()
    assert len(tracker.tracks()) == found


def test_a_single_picture_is_no_flicker() -> None:
    assert len(track([walk((100, 100), (100, 100), 1), walk((300, 100), (300, 100), 1)]).tracks()) == 2


def test_nobody_at_all() -> None:
    assert track([np.full((10, 4), np.nan)]).tracks() == []


def test_numbers_of_tracks_come_with_the_faces() -> None:
    tracker = Tracker(FPS)
    picture = paint(SIZE, [])
    boxes = [[300, 100, 360, 160], [100, 100, 160, 160]]
    assert tracker.update(Frame(0, 0.0, picture), [face_at(box) for box in boxes]) == [2, 1]
    assert tracker.update(Frame(1, 0.04, picture), [face_at(box) for box in boxes[::-1]]) == [1, 2]
    assert tracker.update(Frame(2, 0.08, picture), []) == []


@pytest.mark.parametrize("name", ["duet_crossing", "duet_side_by_side", "trio_leave_and_return"])
def test_real_people_with_unsteady_boxes_and_useless_identity_weights(clips: Path, name: str) -> None:
    truth = json.loads((clips / f"{name}.json").read_text())["frames"]
    random = np.random.default_rng(7)
    people = [np.full((len(truth), 4), np.nan) for _ in range(3)]
    tracker = Tracker(FPS)
    with open_footage(clips / f"{name}.mp4") as footage:
        for frame in footage:
            faces = []
            for person, box in truth[frame.index].items():
                if random.random() < 0.1:
                    continue
                people[int(person)][frame.index] = box
                shaken = np.array(box) + random.normal(0, 0.02 * (box[2] - box[0]), 4).clip(-3, 3)
                faces.append(face_at(shaken, random.normal(size=50)))
            tracker.update(frame, faces)
    tracker.finish()
    assert len(tracker.tracks()) == len({person for seen in truth for person in seen})
    assert switches(tracker.tracks(), people) == 0


def test_a_face_replaced_by_another_shows_as_a_change() -> None:
    stays = walk((100, 100), (140, 100), 100)
    first, second = walk((400, 100), (440, 100), 100), walk((400, 100), (440, 100), 100)
    first[50:], second[:50] = np.nan, np.nan
    performers = track([stays, first, second]).tracks()
    assert len(performers) == 2  # the tracker took them for one
    steady, replaced = performers
    assert steady.change.dtype == np.float32 and len(steady.change) == len(steady.frames)
    assert steady.change.max() < 0.5
    assert replaced.change.max() > 1
    assert abs(int(replaced.frames[replaced.change.argmax()]) - 50) <= 1


def stream(people: list[Walk], *, seed: int = 0, confidence: float = 0.9) -> list[list[int]]:
    """The performers, frame by frame, that a stream tells of made-up people; 0 where one is not seen."""
    random = np.random.default_rng(seed)
    characters = random.normal(size=(len(people), 50))
    tracker = StreamTracker(FPS)
    told = []
    for index in range(len(people[0])):
        here = [person for person, boxes in enumerate(people) if not np.isnan(boxes[index]).any()]
        squares, faces = [], []
        for person in here:
            box = people[person][index]
            squares.append(
                (SKINS[person % 3], tuple(box.reshape(2, 2).mean(axis=0)), 1.4 * (box[2] - box[0]))
            )
            faces.append(face_at(box, characters[person] + random.normal(size=50), confidence))
        numbers = dict(
            zip(here, tracker.update(Frame(index, index / FPS, paint(SIZE, squares)), faces), strict=True)
        )
        told.append([numbers.get(person, 0) for person in range(len(people))])
    return told


def test_a_stream_knows_who_comes_back() -> None:
    stays = walk((100, 100), (120, 100), 200)
    leaves = walk((400, 100), (400, 100), 200)
    leaves[60:120] = np.nan
    also = walk((550, 250), (500, 250), 200)
    also[80:150] = np.nan
    told = np.array(stream([stays, leaves, also]))
    assert (told[:7] == 0).all()
    assert (told[10:60] == [1, 2, 3]).all()
    assert (told[60:120, 1] == 0).all()
    assert (told[135:150, :2] == [1, 2]).all() and (told[165:] == [1, 2, 3]).all()


def test_what_flickers_or_is_hardly_a_face_is_nobody_in_a_stream() -> None:
    flickers = walk((100, 100), (100, 100), 60)
    flickers[5:] = np.nan
    assert not np.array(stream([flickers])).any()
    assert not np.array(stream([walk((100, 100), (100, 100), 60)], confidence=0.5)).any()


def test_a_stream_needs_no_more_memory_the_longer_it_is() -> None:
    tracker = StreamTracker(FPS)
    characters = np.random.default_rng(0).normal(size=(2 * REMEMBERED, 50))
    picture = paint((64, 36), [])
    sizes = []
    for index in range(12 * 2 * REMEMBERED):
        # Somebody else every half second, in another place; in between nobody.
        person, moment = divmod(index, 12)
        left = 90 * (person % 6)
        faces = [face_at([left, 100, left + 60, 160], characters[person])] if moment < 10 else []
        tracker.update(Frame(index, index / FPS, picture), faces)
        sizes.append(len(pickle.dumps(tracker)) if moment == 11 else 0)
    assert max(sizes[-600:]) < 1.1 * max(sizes[:-600])
