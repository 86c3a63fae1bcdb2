"""Landmarks and detection: fields, files, and the figures that the shipped networks have to keep."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.evaluate.lists import pictures
from models.evaluate.photographs import detection, landmarks
from models.shared_data import PHOTOS, read_landmarks

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
    assert [picture.landmarks.shape for picture in pictures(folder)] == [(2, 68, 2), (1, 68, 2)]
    (folder / "landmarks.csv").write_text("file,x0,y0\na.png,1,2\n")
    with pytest.raises(ValueError, match="68 points"):
        read_landmarks(folder)


def test_landmarks_and_detection_give_their_fields(folder: Path) -> None:
    found = landmarks(folder, "single")
    assert set(found) == {"nme", "nme_median", "auc", "failures", "n"} and found["n"] == 3
    assert found["failures"] == 3 and found["nme"] > 5
    missed = landmarks(folder, "multi")
    assert missed["failures"] == 3 and missed["auc"] == 0 and missed["nme"] is None
    assert detection(folder, "single")["recall50"] == 0
    boxes = detection(folder)
    assert set(boxes) == {"ap", "ap50", "ap75", "recall50", "n"} and boxes["n"] == 3


@needs_photographs
def test_single_face_network_keeps_its_landmarks() -> None:
    assert landmarks(AFW, "single")["nme"] <= 3.0


@needs_photographs
def test_multi_face_network_keeps_finding_faces() -> None:
    assert detection(AFW)["recall50"] >= 0.9


@needs_photographs
def test_best_finds_nearly_every_face() -> None:
    assert detection(AFW, "single")["recall50"] >= 0.97
