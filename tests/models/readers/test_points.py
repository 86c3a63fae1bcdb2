"""iBUG's .pts files, beside photographs and frames of films."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.readers import points
from models.readers.points import films, photographs, read_points
from models.shared_data import person

MARKS = np.random.default_rng(0).uniform(10, 90, (3, 68, 2)).round(3)


def write_points(path: Path, marks: np.ndarray) -> None:
    rows = "\n".join(f"{x:.3f} {y:.3f}" for x, y in marks)
    path.write_text(f"version: 1\nn_points:  68\n{{\n{rows}\n}}\n")


def test_points_are_read_as_written(tmp_path: Path) -> None:
    write_points(tmp_path / "a.pts", MARKS[0])
    np.testing.assert_allclose(read_points(tmp_path / "a.pts"), MARKS[0])
    write_points(tmp_path / "b.pts", MARKS[0][:5])
    with pytest.raises(ValueError, match="68 points"):
        read_points(tmp_path / "b.pts")


def test_copies_of_a_photograph_become_one_picture_of_all_faces(tmp_path: Path) -> None:
    for name, content in (("7_1", b"one"), ("7_2", b"one"), ("8_1", b"two")):
        (tmp_path / f"{name}.jpg").write_bytes(content)
    for name, marks in zip(("7_1", "7_2", "8_1"), MARKS, strict=True):
        write_points(tmp_path / f"{name}.pts", marks)
    read = {picture.name: picture for picture in photographs(tmp_path)}
    assert set(read) == {"7_1.jpg", "8_1.jpg"}
    np.testing.assert_allclose(read["7_1.jpg"].landmarks, MARKS[:2])


def test_films_are_read_every_few_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "EVERY", 2)
    (tmp_path / "001" / "annot").mkdir(parents=True)
    film = cv2.VideoWriter(str(tmp_path / "001" / "vid.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for level in (0, 50, 100, 150, 200):
        film.write(np.full((48, 64, 3), level, np.uint8))
    film.release()
    for number in (1, 2, 3):
        write_points(tmp_path / "001" / "annot" / f"{number:06d}.pts", MARKS[number - 1])
    read = list(films(tmp_path))
    assert [picture.name for picture in read] == ["001_000001.jpg", "001_000003.jpg"]
    np.testing.assert_allclose(read[1].landmarks[0], MARKS[2])
    assert isinstance(read[1].source, np.ndarray) and read[1].source.mean() == pytest.approx(100, abs=4)
    assert person(Path("300vw") / read[0].name) == person(Path("300vw") / read[1].name) == "300vw/001"
