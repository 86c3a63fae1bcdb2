"""Crops of photographs with their labels, and shards of them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models import datasets
from models.datasets import SHARD_SIZE, SHARD_SPAN, Shard, cut, drawn, rows_to_cut, stable_identity
from models.dense import DENSE
from models.label import Labels


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Labels:
    """Three faces in two pictures: one sure, one unsure, one too small; a white dot marks the first."""
    monkeypatch.setattr(datasets, "PHOTOS", tmp_path)
    (tmp_path / "ytf").mkdir()
    for name in ("Ann_1", "Ben_1"):
        image = np.zeros((200, 240, 3), np.uint8)
        cv2.rectangle(image, (118, 78), (122, 82), (255, 255, 255), -1)
        cv2.imwrite(str(tmp_path / "ytf" / f"{name}.jpg"), image)
    landmarks = np.zeros((3, 68, 2), np.float32)
    landmarks[:] = np.array([120, 80])
    box = np.array([[70, 60, 150, 140], [70, 60, 150, 140], [10, 10, 40, 40]], np.float32)
    dense = np.tile(np.array([110, 100], np.float32), (3, DENSE, 1))
    weight = np.linspace(0, 1, 3 * DENSE, dtype=np.float32).reshape(3, DENSE)
    parameters = np.arange(3 * 104, dtype=np.float32).reshape(3, 104)
    confidence = np.array([0.9, 0.05, 0.9], np.float32)
    photo = np.array(["ytf/Ben_1.jpg", "ytf/Ann_1.jpg", "ytf/Ann_1.jpg"])
    return Labels(photo, landmarks, parameters, confidence, np.zeros(3, bool), box, dense, weight)


def test_sure_and_large_faces_are_cut_with_all_their_labels(labels: Labels) -> None:
    shard = cut(labels)
    assert len(shard) == 1 and shard.person[0] == "Ben" and not shard.exact[0] and shard.pair[0] == -1
    np.testing.assert_allclose(shard.landmarks[0, 0], [10 / 80, -20 / 80])
    np.testing.assert_allclose(shard.dense[0, 5], [0, 0], atol=1e-6)
    np.testing.assert_array_equal(shard.dense_weight[0], labels.dense_weight[0])
    np.testing.assert_array_equal(shard.parameters[0], labels.parameters[0])
    assert shard.pixel[0] == pytest.approx(1 / 80)
    x, y = (shard.landmarks[0, 0] * SHARD_SIZE / SHARD_SPAN + (SHARD_SIZE - 1) / 2).astype(int)
    assert shard.images[0, y, x].min() > 200 > 50 > shard.images[0, y + 20, x].max()


def test_rows_to_cut_say_which_labels_the_crops_have(labels: Labels) -> None:
    sure = replace(labels, confidence=np.full(3, 0.9, np.float32))
    rows = rows_to_cut(sure)
    assert rows.tolist() == [1, 0]  # by photograph
    np.testing.assert_array_equal(cut(sure).parameters, sure.parameters[rows])


def test_a_shard_comes_back_from_its_folder(labels: Labels, tmp_path: Path) -> None:
    shard = cut(labels)
    Shard.join([shard, shard]).save(tmp_path / "twice")
    again = Shard.open(tmp_path / "twice")
    assert len(again) == 2
    np.testing.assert_array_equal(again.dense[1], shard.dense[0])
    np.testing.assert_array_equal(again.images[1], shard.images[0])
    with pytest.raises(FileNotFoundError):
        Shard.open(tmp_path / "none")


def test_long_names_stay_whole_where_rows_are_written(labels: Labels, tmp_path: Path) -> None:
    name = "wider/" + 2 * "12_Group_Team_Organized_Group_" + "868"
    row = replace(cut(labels), person=np.array([name]))
    Shard.writable(tmp_path / "part", 3).put(1, row)
    assert Shard.open(tmp_path / "part").person.tolist() == ["", name, ""]


def test_faces_are_made_ones_as_far_as_they_are_there(labels: Labels, tmp_path: Path) -> None:
    photographed = cut(labels)
    assert not photographed.made
    part = Shard.writable(tmp_path / "part", 2)
    part.put(0, replace(photographed, exact=np.ones(1, bool)))
    assert part.made and not part.exact.all()


def test_rows_are_drawn_as_often_as_their_chances_say() -> None:
    rng = np.random.default_rng(0)
    rows, reach = np.array([4, 7, 9]), np.cumsum([0.5, 0.0, 1.5])
    came = np.bincount([drawn(rows, reach, rng) for _ in range(2000)], minlength=10)
    assert came[4] + came[9] == 2000
    assert 440 < came[4] < 560


def test_strangers_in_one_photograph_keep_their_own_identity() -> None:
    people = np.array(["Ann", "Ann", "helen-train/1", "helen-train/1"])
    parameters = np.random.default_rng(0).normal(size=(4, 104)).astype(np.float32)
    shared = stable_identity(parameters, np.ones(4), people)
    np.testing.assert_allclose(shared[0, :50], parameters[:2, :50].mean(0), rtol=1e-4)
    np.testing.assert_array_equal(shared[0, :50], shared[1, :50])
    np.testing.assert_array_equal(shared[2:], parameters[2:])
