"""Live Link Face CSV: the columns other tools read, with the right numbers in them."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import OutputError, TakeError
from facert_blender.capture.take import Performer, Take
from facert_blender.retarget.live_link import angles, load_csvs, save_csv, save_csvs, timecode


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


def recording(path, timecodes, *, columns=("EyeBlinkLeft", "JawOpen"), values=None):
    """Write a table as the app does, with the given columns."""
    rows = [["0.25"] * len(columns) for _ in timecodes] if values is None else values
    lines = [",".join(["Timecode", "BlendShapeCount", *columns])]
    lines += [",".join([code, "61", *map(str, row)]) for code, row in zip(timecodes, rows, strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def phone_codes(count, rate, *, start=0):
    """Timecodes of `count` frames at a whole `rate`, from frame `start` of 13:59:59 on."""
    frames = start + np.arange(count)
    return [f"{13 + (f >= rate):02}:{59 if f < rate else 0:02}:"
            f"{59 if f < rate else f // rate - 1:02}:{f % rate:02}.250" for f in frames]  # fmt: skip


@pytest.mark.parametrize("fps", [24, 25, 30, 60, 24 / 1.001, 30 / 1.001])
def test_there_and_back(fps, tmp_path):
    random = np.random.default_rng(0)
    frames = np.concatenate([np.arange(100), np.arange(160, 300)]).astype(np.int32)
    weights = random.random((240, 46)).astype(np.float32)
    inner = [EXPRESSIONS.index("browInnerUpLeft"), EXPRESSIONS.index("browInnerUpRight")]
    weights[:, inner[0]] = weights[:, inner[1]]
    turns = random.normal((1, 0, 0, 0), 0.3, (240, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    performer = Performer(
        id=1,
        frames=frames,
        times=frames / fps,
        weights=weights,
        rotation=(turns * np.sign(turns[:, :1])).astype(np.float32),
        boxes=np.zeros((240, 4), np.float32),
        confidence=np.ones(240, np.float32),
        identity=np.zeros(50, np.float32),
    )
    save_csv(performer, Take("Take", "clip.mp4", fps, (640, 360), 300, [performer]), tmp_path / "a.csv")
    back = load_csvs([tmp_path / "a.csv"])
    [again] = back.performers
    assert back.fps == pytest.approx(fps)
    assert (again.frames == frames).all()
    assert again.times == pytest.approx(performer.times, abs=1e-4)
    assert again.weights == pytest.approx(weights, abs=1e-6)
    assert again.rotation == pytest.approx(performer.rotation, abs=1e-6)


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
def test_the_rate_is_told_from_the_timecodes(rate, tmp_path):
    codes = phone_codes(rate + 10, rate, start=rate - 20)
    take = load_csvs([recording(tmp_path / "a.csv", codes)])
    assert take.fps == rate
    assert take.performers[0].times == pytest.approx(np.arange(rate + 10) / rate, abs=1e-9)


def test_less_than_a_second_is_at_the_usual_or_the_given_rate(tmp_path):
    table = recording(tmp_path / "a.csv", phone_codes(12, 60))
    assert load_csvs([table]).fps == 60
    assert load_csvs([table], fps=24).performers[0].times[-1] == pytest.approx(11 / 24)


def test_midnight(tmp_path):
    codes = ["23:59:59:58.000", "23:59:59:59.000", "00:00:00:00.000", "00:00:00:01.000"]
    take = load_csvs([recording(tmp_path / "a.csv", codes)])
    assert take.performers[0].times == pytest.approx(np.arange(4) / 60)


def test_columns_go_by_name_and_stay_within_bounds(tmp_path):
    columns = ("jawOpen", "BrowInnerUp", "EyeLookDownLeft", "EyeLookUpLeft", "TongueOut")
    values = [[1.2, 0.5, 0.25, 0.75, 0.9]] * 3
    table = recording(tmp_path / "a.csv", phone_codes(3, 60), columns=columns, values=values)
    [performer] = load_csvs([table]).performers
    found = dict(zip(EXPRESSIONS, performer.weights[1].tolist(), strict=True))
    assert {name: weight for name, weight in found.items() if weight} == {
        "jawOpen": 1.0,
        "browInnerUpLeft": 0.5,
        "browInnerUpRight": 0.5,
        "eyeLookDownLeft": 0.25,
    }
    assert performer.rotation.tolist() == [[1, 0, 0, 0]] * 3


def test_rows_without_a_face_are_gaps(tmp_path):
    codes = phone_codes(70, 60)
    values = [["0.1", "0.2"] for _ in codes]
    values[20:50] = [["", ""]] * 30
    [performer] = load_csvs([recording(tmp_path / "a.csv", codes, values=values)]).performers
    assert performer.frames.tolist() == [*range(20), *range(50, 70)]


def test_phones_that_filmed_together_are_one_take(tmp_path):
    first = recording(tmp_path / "ana.csv", phone_codes(70, 60, start=6))
    second = recording(tmp_path / "ben.csv", phone_codes(70, 60))
    (tmp_path / "ana.mov").touch()
    take = load_csvs([first, second])
    assert [performer.id for performer in take.performers] == [1, 2]
    assert take.performers[0].times[0] == pytest.approx(0.1)
    assert take.performers[1].times[0] == 0
    assert (take.name, take.footage, take.frames) == ("ana", str(tmp_path / "ana.mov"), 76)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table of Live Link Face"),
        ("Timecode,Weather\n00:00:00:00,0\n", "no table of Live Link Face"),
        ("Timecode,JawOpen\n", "holds no face"),
        ("Timecode,JawOpen\nsoon,0.5\n", "'soon' is no timecode"),
        ("Timecode,JawOpen\n00:00:00:00.1,wide\n", "damaged"),
        ("Timecode,JawOpen\n00:00:00:00.1,nan\n", "holds no face"),
        ("\x00\n", "no table of Live Link Face"),
    ],
)
def test_other_tables_are_refused(text, said, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(TakeError, match=said):
        load_csvs([tmp_path / "a.csv"])


def test_missing_tables_and_other_files_are_refused(tmp_path):
    with pytest.raises(TakeError, match="cannot be read"):
        load_csvs([tmp_path / "a.csv"])
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(TakeError, match="damaged"):
        load_csvs([tmp_path / "b.csv"])


def test_each_performer_has_a_file_whatever_the_names(take, tmp_path):
    [performer] = take.performers
    take.performers = [replace(performer, id=number, name="A/B") for number in (1, 2)]
    paths = save_csvs(take, tmp_path)
    assert [path.name for path in paths] == ["Take A_B.csv", "Take A_B 2.csv"]
    assert all(path.is_file() for path in paths)
