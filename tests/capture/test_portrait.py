"""Portraits show the face, where it is clearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.errors import FootageError
from facert_blender.capture.footage import Frame
from facert_blender.capture.portrait import SIDE, Portrait, clarity, cut, portrait
from facert_blender.capture.take import Performer, Take

from .conftest import BLUE, GREEN, RED, paint, save_movie

AHEAD = np.array([1, 0, 0, 0], np.float32)
ASIDE = np.array([0.8, 0, 0.6, 0], np.float32)


def box(x: float, y: float, side: float) -> np.ndarray:
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)


def test_the_face_is_in_the_middle() -> None:
    picture = cut(paint((640, 360), [(RED, (300, 200), 80)]), box(300, 200, 80))
    assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
    assert picture[SIDE // 2, SIDE // 2].tolist() == list(RED)
    assert picture[2, 2].tolist() == [20, 20, 20]
    red = (picture[..., 0] > 128).mean()
    assert red == pytest.approx(1 / 1.6**2, abs=0.03)


def test_a_face_at_the_edge_is_cut_all_the_same() -> None:
    assert cut(paint((100, 60), [(RED, (0, 0), 50)]), box(0, 0, 50)).shape == (SIDE, SIDE, 3)


def test_larger_surer_and_frontal_is_clearer() -> None:
    boxes = np.stack([box(0, 0, 100), box(0, 0, 50), box(0, 0, 100), box(0, 0, 100)])
    rotation = np.stack([AHEAD, AHEAD, ASIDE, -AHEAD])
    found = clarity(boxes, rotation, np.array([0.9, 0.9, 0.9, 0.5]))
    assert found[0] > max(found[1:])


def test_the_clearest_so_far_is_kept() -> None:
    kept = Portrait()
    assert kept.picture is None
    for colour, side, rotation in ((RED, 60, AHEAD), (GREEN, 90, AHEAD), (BLUE, 90, ASIDE), (RED, 92, AHEAD)):
        frame = Frame(0, 0.0, paint((320, 180), [(colour, (160, 90), side)]))
        kept.consider(frame, box(160, 90, side), rotation, 0.9)
    assert kept.picture is not None
    assert kept.picture[SIDE // 2, SIDE // 2].tolist() == list(GREEN)


def take_of(path: Path) -> Take:
    """Somebody in three frames, largest in the second."""
    performer = Performer(
        id=1,
        frames=np.arange(3, dtype=np.int32),
        times=np.arange(3) / 25,
        weights=np.zeros((3, 46), np.float32),
        rotation=np.tile(AHEAD, (3, 1)),
        boxes=np.stack([box(100, 60, 30), box(100, 60, 60), box(100, 60, 40)]),
        confidence=np.full(3, 0.9, np.float32),
        identity=np.zeros(50, np.float32),
    )
    return Take("clip", str(path), 25.0, (200, 120), 3, [performer])


def test_a_portrait_is_read_from_the_footage(tmp_path: Path) -> None:
    pictures = [
        paint((200, 120), [(colour, (100, 60), side)])
        for colour, side in ((RED, 30), (GREEN, 60), (BLUE, 40))
    ]
    take = take_of(save_movie(tmp_path / "clip.mp4", pictures))
    middle = portrait(take, take.performers[0])[SIDE // 2, SIDE // 2]
    assert middle.argmax() == 1 and middle[1] > 200


def test_footage_that_is_gone_says_so(tmp_path: Path) -> None:
    take = take_of(tmp_path / "gone.mp4")
    with pytest.raises(FootageError, match=r"gone\.mp4"):
        portrait(take, take.performers[0])
