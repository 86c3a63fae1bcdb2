"""Repairs are replayed on the raw take, which stays as it is; doubts point at what to repair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from facert_blender.capture.errors import RepairError
from facert_blender.capture.repair import Repair, doubts, free_number, renamed, repaired, without
from facert_blender.capture.take import Performer, Take

FPS = 30.0


def person(number: int, frames: Sequence[int], start: float, end: float = 0.0) -> Performer:
    """Somebody of 100 pixels whose left edge goes from `start` to `end`; the weights say who it is."""
    count = len(frames)
    left = np.linspace(start, end or start, count)
    return Performer(
        id=number,
        frames=np.array(frames, np.int32),
        times=np.array(frames) / FPS,
        weights=np.full((count, 46), number / 10, np.float32),
        rotation=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        boxes=np.stack([left, left * 0 + 50, left + 100, left * 0 + 150], axis=1).astype(np.float32),
        confidence=np.full(count, 0.5 + number / 10, np.float32),
        identity=np.full(50, number, np.float32),
    )


def take_of(*performers: Performer) -> Take:
    return Take("Duet", "duet.mp4", FPS, (640, 360), 300, list(performers))


@pytest.fixture
def take() -> Take:
    """One who stays at the left, one who is at the right from frame 20 on, one who leaves for a while."""
    return take_of(
        person(1, range(100), 0),
        person(2, range(20, 100), 300),
        person(3, [*range(40), *range(90, 100)], 500),
    )


def who(take: Take, frame: int) -> dict[int, float]:
    """For each performer's number at a frame, ten times the weight: who the capture said it was."""
    return {
        performer.id: round(10 * float(performer.weights[performer.frames == frame][0, 0]))
        for performer in take.performers
        if frame in performer.frames
    }


def test_split_gives_the_later_part_another_number(take: Take) -> None:
    result = repaired(take, [Repair("SPLIT", 1, 60, other=4)])
    assert [performer.name for performer in result.performers] == [
        "Performer 1",
        "Performer 2",
        "Performer 3",
        "Performer 4",
    ]
    assert result.performers[0].frames.tolist() == list(range(60))
    assert result.performers[3].frames.tolist() == list(range(60, 100))
    assert result.performers[3].boxes.shape == (40, 4) and result.performers[3].change.shape == (40,)


def test_merge_keeps_the_surer_sight_where_both_were_seen(take: Take) -> None:
    result = repaired(take, [Repair("MERGE", 1, other=2)])
    assert [performer.id for performer in result.performers] == [1, 3]
    merged = result.performers[0]
    assert merged.frames.tolist() == list(range(100)) and merged.frames.dtype == np.int32
    assert who(result, 19)[1] == 1 and who(result, 20)[1] == 2  # 2 is surer
    assert (np.diff(merged.times) > 0).all()
    assert merged.identity == pytest.approx(np.full(50, (100 * 1 + 80 * 2) / 180), abs=1e-5)


def test_swap_exchanges_two_from_a_frame_on(take: Take) -> None:
    result = repaired(take, [Repair("SWAP", 1, 50, other=2)])
    assert who(result, 49) == {1: 1, 2: 2}
    assert who(result, 50) == {1: 2, 2: 1}
    assert result.performers[1].frames.tolist() == list(range(20, 100))


def test_swapping_twice_is_nothing(take: Take) -> None:
    twice = repaired(take, [Repair("SWAP", 1, 50, other=3)] * 2)
    for one, other in zip(twice.performers, take.performers, strict=True):
        assert (one.frames == other.frames).all() and (one.weights == other.weights).all()


def test_delete_rename_and_keep(take: Take) -> None:
    result = repaired(
        take, [Repair("DELETE", 3), Repair("RENAME", 2, name=" Ana "), Repair("KEEP", 1, 10, other=2)]
    )
    assert [(performer.id, performer.name) for performer in result.performers] == [
        (1, "Performer 1"),
        (2, "Ana"),
    ]
    split = repaired(take, [Repair("RENAME", 1, name="Ana"), Repair("SPLIT", 1, 60, other=4)])
    assert [performer.name for performer in split.performers][::3] == ["Ana", "Performer 4"]


def test_the_raw_take_stays_as_it_is(take: Take) -> None:
    before = [
        (performer.name, performer.frames.copy(), performer.weights.copy()) for performer in take.performers
    ]
    repaired(
        take,
        [
            Repair("RENAME", 1, name="Ana"),
            Repair("SWAP", 1, 30, other=2),
            Repair("SPLIT", 1, 60, other=4),
            Repair("MERGE", 4, other=3),
            Repair("DELETE", 2),
        ],
    )
    for performer, (name, frames, weights) in zip(take.performers, before, strict=True):
        assert performer.name == name
        assert (performer.frames == frames).all() and (performer.weights == weights).all()


def test_names_are_told_without_the_numbers(take: Take) -> None:
    repairs = [
        Repair("SPLIT", 1, 60, other=4),
        Repair("RENAME", 4, name="Ana "),
        Repair("SWAP", 1, 30, other=2),
        Repair("MERGE", 2, other=3),
        Repair("DELETE", 1),
    ]
    raw = {performer.id: performer.name for performer in take.performers}
    for count in range(len(repairs) + 1):
        expected = {person.id: person.name for person in repaired(take, repairs[:count]).performers}
        assert renamed(raw, repairs[:count]) == expected
    assert renamed(raw, [Repair("DELETE", 9)]) == raw


def test_a_repair_is_taken_back_with_what_needs_it(take: Take) -> None:
    repairs = [
        Repair("SPLIT", 1, 60, other=4),
        Repair("SWAP", 2, 50, other=3),
        Repair("RENAME", 4, name="Ana"),
        Repair("MERGE", 2, other=4),
        Repair("DELETE", 3),
    ]
    assert without(take, repairs, 1) == [repairs[0], *repairs[2:]]
    assert without(take, repairs, 0) == [repairs[1], repairs[4]]
    assert free_number(take, repairs) == 5
    assert free_number(take, repairs[1:]) == 4


@pytest.mark.parametrize(
    ("repair", "sentence"),
    [
        (Repair("DELETE", 9), "no performer 9 in Duet"),
        (Repair("SPLIT", 2, 20, other=4), "Choose a frame in between"),
        (Repair("SPLIT", 2, 200, other=4), "Choose a frame in between"),
        (Repair("SPLIT", 2, other=4), "needs a frame"),
        (Repair("SPLIT", 2, 50, other=3), "not free"),
        (Repair("MERGE", 1, other=1), "two performers"),
        (Repair("SWAP", 1, 50, other=9), "two performers"),
        (Repair("RENAME", 1, name="  "), "needs a name"),
        (Repair("RENAME", 1, name="Performer 2"), "Choose another name"),
    ],
)
def test_repairs_that_do_not_fit_say_so(take: Take, repair: Repair, sentence: str) -> None:
    with pytest.raises(RepairError, match=sentence):
        repaired(take, [repair])


def test_swapping_one_away_entirely_is_refused() -> None:
    take = take_of(person(1, range(50), 0), person(2, range(60, 100), 0))
    with pytest.raises(RepairError, match="Merge Performer 1 and Performer 2 instead"):
        repaired(take, [Repair("SWAP", 1, 55, other=2)])


def test_people_side_by_side_leave_no_doubt() -> None:
    assert doubts(take_of(person(1, range(200), 0, 40), person(2, range(200), 300, 200))) == []


def test_a_crossing_offers_to_swap_after_it() -> None:
    covered = [*range(96), *range(106, 200)]
    take = take_of(person(1, range(200), 0, 400), person(2, covered, 400, 0.1))
    [doubt] = doubts(take)
    assert (doubt.performer, doubt.other) == (1, 2)
    assert doubt.reason == "Performer 1 crosses Performer 2"
    assert doubt.offer == Repair("SWAP", 1, doubt.frame, 2)
    assert 90 <= doubt.frame <= 110
    assert doubt.frame in covered


def test_a_crossing_swaps_where_the_faces_change() -> None:
    take = take_of(person(1, range(200), 0, 400), person(2, range(200), 400, 0.1))
    for performer in take.performers:
        performer.change[103] = 1.8
    [doubt] = doubts(take)
    assert doubt.frame == 103


def test_two_crossings_are_two_doubts() -> None:
    there_and_back = person(2, range(200), 300)
    there_and_back.boxes[:, [0, 2]] = (300 * np.cos(np.linspace(0, 2 * np.pi, 200)))[:, None] + [0, 100]
    found = doubts(take_of(person(1, range(200), 0.1), there_and_back))
    assert [doubt.frame for doubt in found] == pytest.approx([50, 150], abs=5)


def test_a_changed_face_offers_to_split() -> None:
    take = take_of(person(1, range(200), 0))
    take.performers[0].change[70:76] = [1.1, 1.6, 2.2, 1.9, 1.2, 1.1]
    [doubt] = doubts(take)
    assert (doubt.frame, doubt.other) == (72, None)
    assert "looks like somebody else" in doubt.reason
    assert doubt.offer == Repair("SPLIT", 1, 72)


def test_coming_back_is_doubted(take: Take) -> None:
    [doubt] = doubts(take)
    assert (doubt.frame, doubt.performer, doubt.other) == (90, 3, None)
    assert doubt.reason == "Performer 3 is back after 1.7 s"
    assert doubt.offer == Repair("SPLIT", 3, 90)


def test_coming_back_while_another_is_away_offers_to_swap() -> None:
    take = take_of(
        person(1, [*range(40), *range(90, 120)], 0), person(2, [*range(60), *range(130, 160)], 300)
    )
    first, second = doubts(take)
    assert first.offer == Repair("SWAP", 1, 90, 2) and "it may be Performer 2" in first.reason
    assert (second.performer, second.frame) == (2, 130)


def test_coming_back_on_the_other_side_of_another_offers_to_swap() -> None:
    passing = person(1, [*range(60), *range(120, 180)], 1)
    passing.boxes[60:, ::2] += 500
    [doubt] = doubts(take_of(passing, person(2, range(180), 250)))
    assert (doubt.frame, doubt.performer, doubt.other) == (120, 1, 2)
    assert doubt.offer == Repair("SWAP", 1, 120, 2)


def test_appearing_where_another_was_last_seen_offers_to_merge() -> None:
    take = take_of(person(1, range(40), 0), person(2, range(60, 120), 20), person(3, range(60, 120), 400))
    [doubt] = doubts(take)
    assert doubt.offer == Repair("MERGE", 1, 60, 2)
    merged = repaired(take, [doubt.offer])
    assert [performer.id for performer in merged.performers] == [1, 3]


def test_what_was_repaired_or_found_right_is_not_doubted_again(take: Take) -> None:
    crossing = take_of(person(1, range(200), 0, 400), person(2, range(200), 400, 0.1))
    [doubt] = doubts(crossing)
    mended = [doubt.offer]
    assert doubts(repaired(crossing, mended), mended) == []
    right = [Repair("KEEP", doubt.performer, doubt.frame, doubt.other)]
    assert doubts(repaired(crossing, right), right) == []
    assert doubts(take, [Repair("KEEP", 3, 20)]) == doubts(take)
