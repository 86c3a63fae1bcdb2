"""Takes are saved and loaded whole, and damaged files are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import OutputError, TakeError
from facert_blender.capture.take import Performer, Take, load_take, save_take


@pytest.fixture
def take() -> Take:
    """Two performers, the second with a gap."""
    random = np.random.default_rng(0)
    performers = []
    for number, frames in enumerate(([0, 1, 2, 3], [1, 5]), start=1):
        count = len(frames)
        rotation = random.normal(size=(count, 4))
        performers.append(
            Performer(
                id=number,
                frames=np.array(frames, np.int32),
                times=np.array(frames) / 25,
                weights=random.random((count, 46)).astype(np.float32),
                rotation=(rotation / np.linalg.norm(rotation, axis=1, keepdims=True)).astype(np.float32),
                boxes=random.uniform(0, 500, (count, 4)).astype(np.float32),
                confidence=random.random(count).astype(np.float32),
                identity=random.normal(size=50).astype(np.float32),
                change=random.random(count).astype(np.float32),
                name="Zoë" if number == 2 else "",
            )
        )
    return Take("größe 1", "/footage/größe 1.mp4", 25.0, (640, 360), 6, performers)


def test_a_take_comes_back_as_it_was(take: Take, tmp_path: Path) -> None:
    save_take(take, tmp_path / "take.json")
    back = load_take(tmp_path / "take.json")
    assert (back.name, back.footage, back.fps, back.size, back.frames) == (
        take.name,
        take.footage,
        take.fps,
        take.size,
        take.frames,
    )
    assert [performer.name for performer in back.performers] == ["Performer 1", "Zoë"]
    for one, other in zip(back.performers, take.performers, strict=True):
        for name in ("frames", "times", "weights", "rotation", "boxes", "confidence", "identity", "change"):
            ours, theirs = getattr(one, name), getattr(other, name)
            assert ours.dtype == theirs.dtype
            assert ours == pytest.approx(theirs, abs=0.006 if name == "boxes" else 1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["take.json"]


def test_the_file_has_the_documented_fields(take: Take, tmp_path: Path) -> None:
    save_take(take, tmp_path / "take.json")
    stored = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    assert stored["fps"] == 25 and stored["expressions"] == list(EXPRESSIONS)
    second = stored["performers"][1]
    assert {"id", "frames", "time", "weights", "rotation", "box", "confidence"} <= set(second)
    assert second["frames"] == [1, 5] and second["time"] == [0.04, 0.2]
    assert np.shape(second["weights"]) == (2, 46) and np.shape(second["box"]) == (2, 4)


def test_names_and_changes_may_be_missing(take: Take, tmp_path: Path) -> None:
    save_take(take, tmp_path / "take.json")
    stored = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    for entry in stored["performers"]:
        del entry["change"], entry["name"]
    (tmp_path / "take.json").write_text(json.dumps(stored))
    second = load_take(tmp_path / "take.json").performers[1]
    assert second.name == "Performer 2" and second.change.tolist() == [0, 0]


def test_a_take_with_numbers_that_are_not_finite_is_not_written(take: Take, tmp_path: Path) -> None:
    (tmp_path / "take.json").write_text("before")
    take.performers[0].weights[2, 3] = np.nan
    with pytest.raises(TakeError, match="not finite"):
        save_take(take, tmp_path / "take.json")
    assert (tmp_path / "take.json").read_text() == "before"


def test_unwritable_output_gives_a_sentence(take: Take, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save_take(take, tmp_path / "no such folder" / "take.json")
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        save_take(take, tmp_path / "taken.json")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.json"]


def test_a_missing_take_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="cannot be read"):
        load_take(tmp_path / "gone.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"{}", b'{"version": "x"}', b"[" * 100_000]
)
def test_what_is_not_a_take_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(TakeError, match=r"bad\.json"):
        load_take(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["version"], 99, "newer version"),
        (["expressions"], ["jawOpen"], "other expressions"),
        (["fps"], float("nan"), "damaged"),
        (["size"], 3, "damaged"),
        (["performers", 0, "time"], [0, 0.04, 0.04, 0.12], "do not increase"),
        (["performers", 0, "weights"], [[0.5] * 45] * 4, "4 x 46 finite numbers"),
        (["performers", 0, "rotation", 1, 2], float("inf"), "finite numbers"),
        (["performers", 0, "frames"], [], "performer 1 is in no frame"),
        (["performers", 1, "id"], 1, "two performers have one number"),
        (["performers", 1, "box"], None, "damaged"),
        (["performers", 1, "frames"], 7, "damaged"),
        (["performers"], {"id": 1}, "damaged"),
    ],
)
def test_damage_is_noticed(take: Take, tmp_path: Path, path: list[Any], value: Any, sentence: str) -> None:
    save_take(take, tmp_path / "take.json")
    stored = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    place = stored
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (tmp_path / "take.json").write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(TakeError, match=sentence):
        load_take(tmp_path / "take.json")
