"""Live Link Face CSV: the columns other tools read, with the right numbers in them."""

import csv
import math

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import OutputError
from facert_blender.capture.take import Performer, Take
from facert_blender.retarget.live_link import angles, save_csv, timecode


@pytest.fixture
def take():
    """Three frames with a gap, at 25 frames per second."""
    weights = np.zeros((3, 46), np.float32)
    weights[1, EXPRESSIONS.index("jawOpen")] = 0.75
    weights[:, EXPRESSIONS.index("browInnerUpLeft")] = 0.25
    weights[:, EXPRESSIONS.index("browInnerUpRight")] = 0.5
    performer = Performer(
        id=1,
        frames=np.array([0, 1, 50], np.int32),
        times=np.array([0, 0.04, 2.0]),
        weights=weights,
        rotation=np.array([[1, 0, 0, 0], [math.cos(0.1), 0, math.sin(0.1), 0], [1, 0, 0, 0]], np.float32),
        boxes=np.zeros((3, 4), np.float32),
        confidence=np.ones(3, np.float32),
        identity=np.zeros(50, np.float32),
    )
    return Take("Take", "clip.mp4", 25.0, (640, 360), 51, [performer])


def test_table(take, tmp_path):
    path = tmp_path / "Performer 1.csv"
    save_csv(take.performers[0], take, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:3] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft"]
    assert list(rows[0])[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert len(rows[0]) == 2 + 52 + 9
    assert [row["Timecode"] for row in rows] == ["00:00:00:00.000", "00:00:00:01.000", "00:00:02:00.000"]
    assert rows[1]["BlendShapeCount"] == "61"
    assert float(rows[1]["JawOpen"]) == 0.75
    assert float(rows[0]["BrowInnerUp"]) == 0.5
    assert float(rows[1]["HeadYaw"]) == pytest.approx(0.2, abs=1e-6)
    assert float(rows[1]["EyeLookUpLeft"]) == 0


@pytest.mark.parametrize(
    ("time", "fps", "expected"),
    [
        (0, 30, "00:00:00:00.000"),
        (3723.5, 24, "01:02:03:12.000"),
        (0.9999999, 30, "00:00:01:00.000"),
        (1 / 60, 30, "00:00:00:00.500"),
    ],
)
def test_timecode(time, fps, expected):
    assert timecode(time, fps) == expected


def test_angles_of_single_turns():
    half = 0.15
    turns = np.array([[math.cos(half), *(math.sin(half) * axis)] for axis in np.eye(3)])
    pitch, yaw, roll = angles(turns)
    assert yaw == pytest.approx([0.3, 0, 0])
    assert pitch == pytest.approx([0, 0.3, 0])
    assert roll == pytest.approx([0, 0, 0.3])


def test_unwritable_folder_says_so(take, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        save_csv(take.performers[0], take, tmp_path / "missing" / "face.csv")
