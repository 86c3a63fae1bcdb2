"""`expressions`: the command on a folder with a list."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.network import SingleFaceNetwork
from models.evaluate.expressions import expressions

BOX = np.array([30, 30, 90, 100], np.float32)


@pytest.fixture
def picture(tmp_path: Path) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image[..., ::-1])
    return image


def test_errors_are_those_of_the_networks_weights(tmp_path: Path, picture: np.ndarray) -> None:
    (face,) = SingleFaceNetwork().read(picture, BOX[None])
    (tmp_path / "expressions.csv").write_text(
        "file,x0,y0,x1,y1,browDownLeft,jawOpen\na.png,30,30,90,100,0,1\n"
    )
    found = expressions(tmp_path, "single")
    assert found["channels"]["browDownLeft"] == pytest.approx(face.weights[0], abs=1e-5)
    assert found["categories"]["mouth open"] == pytest.approx(1 - face.weights[19], abs=1e-5)
    assert found["off_category_error"] == pytest.approx(face.weights[0], abs=1e-5)
    assert found["categories"]["kiss"] is None and found["channels"]["mouthPucker"] is None
    assert found["neutral_activation"] is None and found["missed"] == 0 and found["n"] == 1


def test_what_the_multi_face_network_does_not_find_is_missed(tmp_path: Path, picture: np.ndarray) -> None:
    (tmp_path / "expressions.csv").write_text("file,x0,y0,x1,y1,jawOpen\na.png,30,30,90,100,1\n")
    found = expressions(tmp_path, "multi")
    assert found["missed"] == found["n"] == 1 and found["mean"] is None


def test_an_unknown_expression_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    (tmp_path / "expressions.csv").write_text("file,x0,y0,x1,y1,tongueOut\na.png,30,30,90,100,1\n")
    with pytest.raises(ValueError, match="tongueOut"):
        expressions(tmp_path, "single")


def test_json_is_one_object_on_stdout(tmp_path: Path, picture: np.ndarray) -> None:
    (tmp_path / "expressions.csv").write_text("file,x0,y0,x1,y1,jawOpen\na.png,30,30,90,100,1\n")
    command = [sys.executable, "-m", "models.evaluate", "expressions", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)["categories"]) >= {"eye close", "jaw left/right", "kiss"}
