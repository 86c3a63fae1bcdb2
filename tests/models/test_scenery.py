"""Photographs for scenes that travel: what comes back is what was packed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.contract import PARAMETERS

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models import scenery
from models.scenery import arrived, pack, unpack
from models.scenes import Photograph


def photograph(faces: int, zones: int, rng: np.random.Generator) -> Photograph:
    """A soft picture with so many faces, and so many that are to be ignored."""
    height, width = rng.integers(100, 400, 2)
    parameters = np.zeros((faces, PARAMETERS), np.float32)
    parameters[:, 50:96] = rng.uniform(0, 1, (faces, 46))
    parameters[:, 96] = 1
    return Photograph(
        cv2.resize(rng.integers(0, 256, (5, 5, 3), np.uint8), (int(width), int(height))),
        parameters,
        rng.uniform(-30, 430, (faces, 68, 2)).astype(np.float32),
        rng.uniform(0.2, 1, faces).astype(np.float32),
        False,
        rng.uniform(0, 300, (zones, 4)).astype(np.float32),
        float(rng.uniform(0.1, 1)),
    )


@pytest.fixture
def training() -> list[Photograph]:
    """Four photographs, one of them without faces."""
    rng = np.random.default_rng(5)
    return [photograph(faces, zones, rng) for faces, zones in ((1, 0), (0, 2), (3, 1), (2, 0))]


@pytest.fixture
def held_out() -> list[Photograph]:
    rng = np.random.default_rng(6)
    return [photograph(1, 0, rng), photograph(2, 1, rng)]


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The runs of the machine where they arrive."""
    monkeypatch.setattr(scenery, "RUNS", tmp_path / "runs")


@pytest.mark.parametrize("megabytes", [45, 0.001])
def test_what_comes_back_is_what_was_packed(
    training: list[Photograph], held_out: list[Photograph], tmp_path: Path, megabytes: float
) -> None:
    pack(training, held_out, tmp_path / "carried", labels="", megabytes=megabytes)
    files = sorted((tmp_path / "carried").glob("*.npz"))
    assert len(files) == 1 if megabytes > 1 else len(files) > 2
    assert arrived("") is None
    for file in files:
        unpack(file)
    came = arrived("")
    assert came is not None
    for again, expected in zip(came, (training, held_out), strict=True):
        assert len(again) == len(expected)
        for one, other in zip(again, expected, strict=True):
            assert one.image.shape == other.image.shape
            assert np.abs(one.image.astype(int) - other.image).mean() < 4
            np.testing.assert_allclose(one.parameters, other.parameters, atol=0.003)
            np.testing.assert_allclose(one.landmarks, other.landmarks, atol=0.01)
            for name in ("confidence", "ignored", "pixel", "exact"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_labels_of_another_run_are_not_taken_for_these(
    training: list[Photograph], held_out: list[Photograph], tmp_path: Path
) -> None:
    pack(training, held_out, tmp_path / "carried", labels="ms_sfn", megabytes=45)
    (file,) = (tmp_path / "carried").glob("*.npz")
    unpack(file)
    came = arrived("ms_sfn")
    assert came is not None and [len(part) for part in came] == [4, 2]
    with pytest.raises(ValueError, match="Pack it again with no --labels"):
        arrived("")


def test_two_packings_are_not_mixed(training: list[Photograph], tmp_path: Path) -> None:
    pack(training, [], tmp_path / "carried", labels="", megabytes=0.001)
    first, *_ = sorted((tmp_path / "carried").glob("*.npz"))
    unpack(first)
    pack(training[:-1], [], tmp_path / "carried", labels="", megabytes=45)
    (other,) = (tmp_path / "carried").glob("*.npz")
    with pytest.raises(ValueError, match="Move it away"):
        unpack(other)
