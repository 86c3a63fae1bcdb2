"""`coverage`: whether performers are where another detector sees faces."""

from pathlib import Path

import pytest

from facert_blender.capture.footage import open_footage
from models.evaluate.coverage import LEVELS, coverage
from models.shared_data import CLIPS, TEACHER

pytestmark = pytest.mark.skipif(
    not (CLIPS.exists() and TEACHER.exists()), reason="../shared/data is not here"
)


def test_the_only_performer_covers_the_only_face() -> None:
    found = coverage(CLIPS / "single_face.mp4", "multi")
    assert list(found) == [f"from {level}" for level in LEVELS]
    counts = [each["n"] for each in found.values()]
    assert counts == sorted(counts, reverse=True) and counts[0] > 20
    assert found["from 0.8"]["covered"] > 0.95


def test_where_no_performer_is_seen_nothing_is_covered() -> None:
    found = coverage(CLIPS / "no_face.mp4", "multi")
    assert all(each["covered"] in (None, 0) for each in found.values())


def test_faces_that_nobody_covers_are_shown(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training is not set up (make setup-training)")
    from models.sheets import save_picture

    pictures, sheet = tmp_path / "street", tmp_path / "missed.png"
    pictures.mkdir()
    with open_footage(CLIPS / "street_many_faces.mp4", end=20) as footage:
        for frame in footage:
            save_picture(frame.image, pictures / f"{frame.index:02d}.png")
    found = coverage(pictures, "multi", sheet=sheet)
    assert 0 < found["from 0.6"]["covered"] < 1
    assert sheet.stat().st_size > 10_000
