"""Readers find, follow, lose and find again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.errors import WeightsError
from facert_blender.capture.footage import Frame
from facert_blender.capture.reader import EVERY, PATIENCE, make_reader

from .conftest import BLUE, GREEN, RED, Square, paint

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
            assert face.confidence == pytest.approx(0.9)


def test_a_newcomer_is_found_within_the_interval(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    counts = []
    for index in range(2 * EVERY + 1):
        late = [(GREEN, (250.0, 100.0), 50.0)] if index > 1 else []
        counts.append(len(reader.read(frame(index, [(RED, (80, 80), 40), *late]))))
    assert counts[:2] == [1, 1] and set(counts[EVERY:]) == {2}


def test_who_is_gone_is_no_longer_read(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    red, green = (RED, (80.0, 80.0), 40.0), (GREEN, (250.0, 100.0), 50.0)
    assert len(reader.read(frame(0, [red, green]))) == 2
    assert len(reader.read(frame(1, [red]))) == 1
    assert reader.read(frame(2, [])) == []
    assert len(reader.read(frame(3, [green]))) == 1


def test_two_crops_that_run_into_one_face_become_one(weights: Path) -> None:
    reader = make_reader("best", weights=weights)
    for index in range(26):
        x = 220.0 - 6 * index
        faces = reader.read(frame(index, [(RED, (80.0, 80.0), 60.0), (GREEN, (max(x, 80.0), 80.0), 60.0)]))
    assert len(faces) == 1 and faces[0].identity[2] > 0.9


def test_a_face_that_the_search_misses_is_given_up_after_some_patience(weights: Path) -> None:
    # Too small for this MFN to see, still read by the SFN once it is followed.
    reader = make_reader("best", weights=weights)
    counts = [len(reader.read(frame(0, [(RED, (80, 80), 12)])))]
    for index in range(1, EVERY + PATIENCE + 2):
        counts.append(
            len(reader.read(frame(index, [(RED, (80, 80), 3.0 if index > 40 else 12 - index * 0.9)])))
        )
    assert counts[0] == 1 and counts[-1] == 0


def test_one_network_missing(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "multi.onnx").write_bytes((weights / "multi.onnx").read_bytes())
    (tmp_path / "face_shape.npz").write_bytes((weights / "face_shape.npz").read_bytes())
    make_reader("fast", weights=tmp_path)
    with pytest.raises(WeightsError, match=r"single\.onnx is missing"):
        make_reader("best", weights=tmp_path)
