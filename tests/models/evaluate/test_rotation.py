"""`rotation`: angles, yaw, and the command on a folder with a list."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.network import SingleFaceNetwork
from models.evaluate.rotation import angles, rotation, yaw


def about(axis: int, degrees: float) -> np.ndarray:
    q = np.zeros(4, np.float32)
    q[0], q[1 + axis] = np.cos(np.radians(degrees) / 2), np.sin(np.radians(degrees) / 2)
    return q


def test_angles_do_not_care_for_a_quaternions_sign() -> None:
    found = np.stack([about(1, 10), -about(0, 30)])
    np.testing.assert_allclose(angles(found, np.stack([about(1, 25), about(0, 30)])), [15, 0], atol=0.05)


def test_yaw_is_the_turn_to_a_side() -> None:
    np.testing.assert_allclose(
        yaw(np.stack([about(1, -60), about(0, 20), about(2, 40)])), [-60, 0, 0], atol=0.05
    )


def test_errors_are_sorted_by_yaw(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image[..., ::-1])
    (face,) = SingleFaceNetwork().read(image, np.array([[30, 30, 90, 100]], np.float32))
    truth = np.stack([about(1, 20), about(1, -50)])
    rows = ["file,x0,y0,x1,y1,w,x,y,z"]
    rows += ["a.png,30,30,90,100," + ",".join(map(str, q)) for q in truth]
    (tmp_path / "rotation.csv").write_text("\n".join(rows))
    found = rotation(tmp_path, "single")
    a_little, far = angles(np.stack([face.rotation, face.rotation]), truth)
    assert found["bands"]["15-30"] == found["to_45"] == pytest.approx(a_little, abs=0.1)
    assert found["bands"]["45-60"] == pytest.approx(far, abs=0.1)
    assert found["n"] == 2
