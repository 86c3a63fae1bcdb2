"""Shards that travel: what comes back is what was packed, but for what nobody sees."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models import compact, relabel
from models.compact import ModelPoints, chosen, pack, unpack
from models.datasets import SHARD_SIZE, Shard
from models.dense import DENSE
from models.packing import cuts
from models.shared_data import FACE_MODEL

needs_face_model = pytest.mark.skipif(not FACE_MODEL.exists(), reason="the face model's source is not here")


@pytest.fixture
def shard() -> Shard:
    """Nine faces, the second and the third a pair, as are the last two; the fourth is not sure."""
    rng = np.random.default_rng(3)
    images = np.stack(
        [cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (SHARD_SIZE, SHARD_SIZE)) for _ in range(9)]
    )
    parameters = np.zeros((9, 104), np.float32)
    parameters[:, 0] = 1
    parameters[:, 1:50] = rng.normal(0, 0.7, (9, 49))
    parameters[:, 50:96] = rng.uniform(0, 1, (9, 46))
    parameters[:, 96] = 1
    parameters[:, -1] = 0.5
    return Shard(
        images=images,
        parameters=parameters,
        landmarks=rng.uniform(-0.6, 0.6, (9, 68, 2)).astype(np.float32),
        confidence=np.array([0.9, 0.8, 0.8, 0.1, 0.7, 0.6, 0.5, 0.9, 0.9], np.float32),
        person=np.array([f"helen-train/{i}" for i in range(9)]),
        exact=np.arange(9) > 4,
        pixel=np.full(9, 0.01, np.float32),
        pair=np.array([-1, 2, 1, -1, -1, -1, -1, 8, 7], np.int32),
        dense=rng.uniform(-0.6, 0.6, (9, DENSE, 2)).astype(np.float32),
        dense_weight=rng.uniform(0, 1, (9, DENSE)).astype(np.float32),
    )


@pytest.fixture(scope="module")
def points() -> ModelPoints:
    return ModelPoints()


def test_parts_hold_what_fits_and_no_pair_is_cut() -> None:
    alone = np.zeros(5, bool)
    assert cuts(np.array([4, 4, 4, 9, 2]), alone, 9) == [0, 2, 3, 4, 5]
    assert cuts(np.array([4, 4, 4, 4, 4]), alone | (np.arange(5) == 2), 9) == [0, 1, 3, 5]
    assert cuts(np.array([6, 6, 6]), np.array([False, True, False]), 9) == [0, 2, 3]


@dataclass
class Journey:
    """From the runs of one machine to those of another."""

    here: Path
    there: Path
    monkeypatch: pytest.MonkeyPatch

    def packed(self, shard: Shard, points: ModelPoints, megabytes: float, labels: str = "") -> list[Path]:
        """The files in which the shard arrives there."""
        shard.save(self.here / "faces")
        self.at(self.here)
        pack("faces", self.here / "carried", points, most=None, labels=labels, megabytes=megabytes)
        self.at(self.there)
        return sorted((self.here / "carried").glob("faces.*.npz"))

    def at(self, runs: Path) -> None:
        """Be at a machine with these runs."""
        runs.mkdir(exist_ok=True)
        for module in (compact, relabel):
            self.monkeypatch.setattr(module, "RUNS", runs)


@pytest.fixture
def journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journey:
    return Journey(tmp_path / "here", tmp_path / "there", monkeypatch)


def test_sure_faces_are_chosen_and_pairs_stay_whole(shard: Shard) -> None:
    assert chosen(shard, None, np.random.default_rng(0)).tolist() == [0, 1, 2, 4, 5, 6, 7, 8]
    for seed in range(20):
        rows = chosen(shard, 5, np.random.default_rng(seed)).tolist()
        assert 3 <= len(rows) <= 6 and 3 not in rows
        assert (1 in rows) == (2 in rows) and (7 in rows) == (8 in rows)
    parted = replace(shard, pair=np.array([8, -1, -1, -1, -1, -1, -1, -1, 0], np.int32))
    assert chosen(parted, None, np.random.default_rng(0)).tolist()[:2] == [0, 8]


@needs_face_model
@pytest.mark.parametrize("megabytes", [45, 0.004])
def test_what_comes_back_is_what_was_packed(
    shard: Shard, points: ModelPoints, journey: Journey, megabytes: float
) -> None:
    labels = shard.parameters[::-1].copy()
    (journey.here / "teacher").mkdir(parents=True)
    np.save(journey.here / "teacher" / "labels_faces.npy", labels)
    files = journey.packed(shard, points, megabytes, labels="teacher")
    assert len(files) == 1 if megabytes > 1 else len(files) > 2
    assert sum(file.stat().st_size for file in files) < shard.images.nbytes / 15
    for file in reversed(files):
        unpack(file, points)
    rows = [0, 1, 2, 4, 5, 6, 7, 8]
    again = Shard.open(journey.there / "faces")
    assert np.abs(again.images.astype(int) - shard.images[rows]).mean() < 4
    np.testing.assert_allclose(again.parameters, shard.parameters[rows], atol=0.002)
    np.testing.assert_allclose(again.landmarks, shard.landmarks[rows], atol=0.0003)
    located = points.located
    np.testing.assert_allclose(again.dense[:, located], shard.dense[rows][:, located], atol=0.0003)
    weights = shard.dense_weight[rows][:, located]
    np.testing.assert_allclose(again.dense_weight[:, located], weights, atol=0.002)
    assert (np.delete(again.dense_weight, located, 1) == 0).all()
    assert again.pair.tolist() == [-1, 2, 1, -1, -1, -1, 7, 6]
    for name in ("confidence", "person", "exact", "pixel"):
        np.testing.assert_array_equal(getattr(again, name), getattr(shard, name)[rows])
    np.testing.assert_allclose(
        np.load(journey.there / "teacher" / "labels_faces.npy"), labels[rows], atol=0.002
    )


@needs_face_model
def test_what_has_not_come_yet_is_not_trained_on(shard: Shard, points: ModelPoints, journey: Journey) -> None:
    unpack(journey.packed(shard, points, megabytes=0.004)[0], points)
    confidence = Shard.open(journey.there / "faces").confidence
    assert len(confidence) == 8 and 0 < (confidence > 0).sum() < 8


@needs_face_model
def test_another_shard_is_not_written_over(shard: Shard, points: ModelPoints, journey: Journey) -> None:
    (file,) = journey.packed(shard, points, megabytes=45)
    Shard(*(getattr(shard, f.name)[:8] for f in fields(shard))).save(journey.there / "faces")
    with pytest.raises(ValueError, match="is another shard"):
        unpack(file, points)
    np.testing.assert_array_equal(Shard.open(journey.there / "faces").images, shard.images[:8])
