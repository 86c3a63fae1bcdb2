"""Measuring the shipped networks: fields, files, and the figures they have to keep."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.errors import NoFaceError
from facert_blender.capture.worker import capture
from models import evaluate
from models.shared_data import CLIPS, PHOTOS, read_landmarks

AFW = PHOTOS / "afw-dev"
needs_photographs = pytest.mark.skipif(not AFW.exists(), reason="../shared/data is not here")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of nothing with three marked faces."""
    rng = np.random.default_rng(0)
    rows = ["file," + ",".join(f"x{i},y{i}" for i in range(68))]
    for name, faces in (("a.png", 2), ("b.png", 1)):
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 255, (120, 160, 3), np.uint8))
        for _ in range(faces):
            rows.append(name + "," + ",".join(f"{v:.2f}" for v in rng.uniform(20, 100, 136)))
    (tmp_path / "landmarks.csv").write_text("\n".join(rows))
    return tmp_path


def test_landmarks_are_read_as_written(folder: Path) -> None:
    faces = read_landmarks(folder)
    assert [face.file.name for face in faces] == ["a.png", "a.png", "b.png"]
    assert [picture.landmarks.shape for picture in evaluate.pictures(folder)] == [(2, 68, 2), (1, 68, 2)]
    (folder / "landmarks.csv").write_text("file,x0,y0\na.png,1,2\n")
    with pytest.raises(ValueError, match="68 points"):
        read_landmarks(folder)


def test_landmarks_and_detection_give_their_fields(folder: Path) -> None:
    found = evaluate.landmarks(folder, "single")
    assert set(found) == {"nme", "nme_median", "auc", "failures", "n"} and found["n"] == 3
    assert found["failures"] == 3 and found["nme"] > 5
    missed = evaluate.landmarks(folder, "multi")
    assert missed["failures"] == 3 and missed["auc"] == 0 and missed["nme"] is None
    boxes = evaluate.detection(folder)
    assert set(boxes) == {"ap", "ap50", "ap75", "recall50", "n"} and boxes["n"] == 3


def test_json_is_one_object_on_stdout(folder: Path) -> None:
    command = [sys.executable, "-m", "models.evaluate", "detection", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["recall50"] == 0


@needs_photographs
def test_single_face_network_keeps_its_landmarks() -> None:
    assert evaluate.landmarks(AFW, "single")["nme"] <= 3.5


@needs_photographs
def test_multi_face_network_keeps_finding_faces() -> None:
    assert evaluate.detection(AFW)["recall50"] >= 0.9


@needs_photographs
@pytest.mark.parametrize(
    ("clip", "switches", "least"),
    [("duet_side_by_side", 0, 0.95), ("duet_crossing", 1, 0.9), ("trio_leave_and_return", 1, 0.9)],
)
def test_performers_keep_their_identity(clip: str, switches: int, least: float) -> None:
    found = evaluate.track_identity(CLIPS / f"{clip}.mp4", CLIPS / f"{clip}.json", "single")
    assert found["id_switches"] <= switches
    assert found["idf1"] >= least


@needs_photographs
@pytest.mark.parametrize("quality", ["fast", "best"])
def test_nobody_is_found_where_nobody_is(quality: str) -> None:
    with pytest.raises(NoFaceError):
        capture(CLIPS / "no_face.mp4", quality=quality)
    assert len(capture(CLIPS / "face_then_none.mov", quality=quality).performers) == 1
