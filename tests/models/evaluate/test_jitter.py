"""`jitter`: trembling before and after smoothing, beside the teacher."""

import pytest

from models.evaluate.jitter import jitter
from models.shared_data import CLIPS

pytest.importorskip("mediapipe", reason="training is not set up (make setup-training)")
CLIP = CLIPS / "face_then_none.mov"


@pytest.mark.skipif(not CLIP.exists(), reason="../shared/data is not here")
def test_smoothing_calms_every_active_channel() -> None:
    found = jitter(CLIP, "multi")
    assert 0 < found["smoothed"] < found["raw"] and found["teacher"] > 0
    for channel in found["channels"].values():
        assert channel["smoothed"] <= channel["raw"] * 1.01
