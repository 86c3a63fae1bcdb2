"""`coverage`: whether performers are where another detector sees faces."""

from pathlib import Path

import cv2
import pytest

from models.evaluate.coverage import LEVELS, coverage
from models.shared_data import CLIPS, TEACHER

pytestmark = pytest.mark.skipif(
    not (CLIPS.exists() and TEACHER.exists()), reason="../shared/data is not here"
)


def test_the_only_performer_is_covered_and_a_face_that_nobody_looked_for_is_shown(tmp_path: Path) -> None:
    sheet = tmp_path / "missed.png"
    found = coverage(CLIPS / "single_face.mp4", "multi", sheet=sheet)
    assert list(found) == [f"from {level}" for level in LEVELS]
    counts = [each["n"] for each in found.values()]
    assert counts == sorted(counts, reverse=True) and counts[0] > 20
    assert found["from 0.8"]["covered"] > 0.95
    missed = round((1 - found["from 0.6"]["covered"]) * counts[0])
    assert sheet.exists() == (missed > 0)


def test_where_no_performer_is_seen_nothing_is_covered(tmp_path: Path) -> None:
    sheet = tmp_path / "missed.png"
    found = coverage(CLIPS / "no_face.mp4", "multi", sheet=sheet)
    assert all(each["covered"] in (None, 0) for each in found.values())
    seen = found["from 0.6"]["n"]
    assert sheet.exists() == (seen > 0)
    if seen:
        assert cv2.imread(str(sheet)).size
