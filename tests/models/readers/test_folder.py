"""The folder that readers make: lists, ignored faces, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.readers.folder import FOREHEAD, Listed, face_box, write
from models.shared_data import read_boxes, read_landmarks

PICTURE = np.full((100, 200, 3), (200, 100, 50), np.uint8)


def test_pictures_and_lists_are_those_of_the_projects_own_photographs(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "source.jpg"), PICTURE)
    landmarks = np.random.default_rng(0).uniform(10, 90, (2, 68, 2))
    boxes = np.array([[10, 10, 40, 50], [60, 10, 63, 13], [100, 10, 140, 50.0]])
    listed = [
        Listed("a.jpg", tmp_path / "source.jpg", landmarks, np.array([[1, 0, 0, 0], [0, 1, 0, 0.0]])),
        Listed("b.jpg", PICTURE, boxes=boxes, ignored=np.array([False, False, True])),
    ]
    folder = tmp_path / "made"
    assert write(listed, folder) == {"landmarks.csv": 2, "boxes.csv": 3, "rotation.csv": 2}
    read = read_landmarks(folder)
    np.testing.assert_allclose([face.landmarks for face in read], landmarks, atol=0.001)
    assert read[0].file == folder / "a.jpg" and (folder / "a.jpg").exists()
    assert [face.ignored for face in read_boxes(folder)] == [False, True, True]  # the second is too small
    np.testing.assert_allclose([face.box for face in read_boxes(folder)], boxes)
    assert (
        (folder / "rotation.csv").read_text().splitlines()[2].endswith("0.000000,1.000000,0.000000,0.000000")
    )
    assert tuple(cv2.imread(str(folder / "b.jpg"))[50, 100]) == pytest.approx((50, 100, 200), abs=3)


def test_an_empty_collection_leaves_the_folder_of_before(tmp_path: Path) -> None:
    write([Listed("a.jpg", PICTURE, np.zeros((1, 68, 2)))], tmp_path / "made")
    with pytest.raises(ValueError, match="archive"):
        write([], tmp_path / "made")
    assert (tmp_path / "made" / "a.jpg").exists() and len(list(tmp_path.iterdir())) == 1


def test_foreheads_are_above_the_landmarks() -> None:
    np.testing.assert_allclose(face_box(np.array([0, 100, 50, 200])), [[0, 100 + FOREHEAD * 100, 50, 200]])
