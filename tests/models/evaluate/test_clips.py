"""Clips: who is who, and nobody where nobody is."""

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import NoFaceError
from facert_blender.capture.worker import capture
from models.evaluate.clips import CHANNELS, comparable, spread, track_identity
from models.shared_data import CLIPS

needs_clips = pytest.mark.skipif(not CLIPS.exists(), reason="../shared/data is not here")


def test_both_inner_brows_compare_with_the_teachers_one() -> None:
    weights = np.arange(46, dtype=np.float32)[None] / 46
    channels = comparable(weights)
    assert channels.shape == (1, len(CHANNELS)) == (1, 45)
    assert channels[0, CHANNELS.index("browInnerUp")] == weights[0, EXPRESSIONS.index("browInnerUpRight")]
    assert channels[0, CHANNELS.index("mouthPucker")] == weights[0, EXPRESSIONS.index("mouthPucker")]


def test_the_teachers_one_inner_brow_lifts_both() -> None:
    scores = np.zeros((1, len(CHANNELS)), np.float32)
    scores[0, CHANNELS.index("browInnerUp")] = 0.7
    scores[0, CHANNELS.index("jawLeft")] = 0.2
    weights = dict(zip(EXPRESSIONS, spread(scores)[0].tolist(), strict=True))
    moved = {name: weight for name, weight in weights.items() if weight}
    assert moved == pytest.approx({"browInnerUpLeft": 0.7, "browInnerUpRight": 0.7, "jawLeft": 0.2})


@needs_clips
@pytest.mark.parametrize(
    ("clip", "switches", "least"),
    [("duet_side_by_side", 0, 0.95), ("duet_crossing", 1, 0.9), ("trio_leave_and_return", 1, 0.9)],
)
def test_performers_keep_their_identity(clip: str, switches: int, least: float) -> None:
    found = track_identity(CLIPS / f"{clip}.mp4", CLIPS / f"{clip}.json", "single")
    assert found["id_switches"] <= switches
    assert found["idf1"] >= least


@needs_clips
@pytest.mark.parametrize("quality", ["fast", "best"])
def test_nobody_is_found_where_nobody_is(quality: str) -> None:
    with pytest.raises(NoFaceError):
        capture(CLIPS / "no_face.mp4", quality=quality)
    assert len(capture(CLIPS / "face_then_none.mov", quality=quality).performers) == 1
