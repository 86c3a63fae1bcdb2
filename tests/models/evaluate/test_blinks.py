"""`blinks`: the truth's list, and eyes of a performer who is not always seen."""

from pathlib import Path

import pytest

from facert_blender.capture.contract import EXPRESSIONS
from models.evaluate.blinks import CLOSED, blinks, read_truth
from models.evaluate.clips import main_performer
from models.shared_data import CLIPS

CLIP = CLIPS / "face_then_none.mov"


def test_truth_is_read_by_side(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("frame,closed_left,closed_right\n3,1,0\n7,0,0\n")
    frames, closed = read_truth(path)
    assert frames.tolist() == [3, 7] and closed.tolist() == [[True, False], [False, False]]
    path.write_text("frame,closed\n3,1\n")
    with pytest.raises(ValueError, match="closed_left"):
        read_truth(path)
    path.write_text("frame,closed_left,closed_right\n")
    with pytest.raises(ValueError, match="no frame"):
        read_truth(path)


@pytest.mark.skipif(not CLIP.exists(), reason="../shared/data is not here")
def test_eyes_that_are_read_as_the_truth_says_score_fully(tmp_path: Path) -> None:
    performer = main_performer(CLIP, "multi")
    lids = performer.weights[:, [EXPRESSIONS.index("eyeBlinkLeft"), EXPRESSIONS.index("eyeBlinkRight")]]
    rows = [
        f"{frame},{int(left)},{int(right)}"
        for frame, (left, right) in zip(performer.frames, lids >= CLOSED, strict=True)
    ]
    unseen = int(performer.frames[-1]) + 1
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(["frame,closed_left,closed_right", *rows, f"{unseen},1,1"]))
    found = blinks(CLIP, path, "multi")
    closed = int((lids >= CLOSED).sum())
    assert found["recall"] == pytest.approx(closed / (closed + 2))
    assert found["not_seen"] == 1 and found["n"] == len(performer.frames) + 1
