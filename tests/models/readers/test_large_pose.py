"""300W-LP and AFLW2000-3D in their layouts."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training is not set up (make setup-training)")
pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from scipy.io import savemat

from facert_blender.capture.face_shape import rotation_matrices
from models.evaluate.rotation import yaw
from models.readers.large_pose import aflw2000, rotation, training
from models.shared_data import person

MARKS = np.random.default_rng(0).uniform(0, 450, (68, 2))
POSE = np.array([[0.2, -0.7, 0.1, 100, 120, -60, 0.0005]])


def face(path: Path, **values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".jpg").write_bytes(b"picture")
    savemat(
        path, {"Pose_Para": POSE, "Shape_Para": np.zeros((199, 1)), "Exp_Para": np.zeros((29, 1)), **values}
    )


def test_training_leaves_out_mirrored_parts_and_tests(tmp_path: Path) -> None:
    names = ("HELEN/HELEN_12_1_3", "LFPW/LFPW_image_train_0001_0", "LFPW/LFPW_image_test_0001_0")
    for name in (*names, "HELEN_Flip/HELEN_12_1_3", "AFW/AFW_9_1_0", "IBUG/IBUG_1_0"):
        face(tmp_path / f"{name}.mat", pt2d=MARKS.T)
        path = tmp_path / "landmarks" / f"{name}_pts.mat"
        path.parent.mkdir(parents=True, exist_ok=True)
        savemat(path, {"pts_2d": MARKS, "pts_3d": MARKS + 5})
    read = list(training(tmp_path))
    assert [picture.name for picture in read] == ["HELEN_12_1_3.jpg", "LFPW_image_train_0001_0.jpg"]
    np.testing.assert_allclose(read[0].landmarks[0], MARKS)
    people = [person(Path("300w-lp") / picture.name) for picture in read]
    assert people == ["helen-train/12_1", "lfpw-train/image_0001"]
    assert people[0] == person(Path("helen-train/12_1.jpg"))


def test_the_test_sets_landmarks_are_the_68_projected_ones(tmp_path: Path) -> None:
    face(tmp_path / "image00002.mat", pt2d=np.full((2, 21), -1.0), pt3d_68=np.vstack([MARKS.T, np.zeros(68)]))
    (picture,) = aflw2000(tmp_path)
    assert picture.source == tmp_path / "image00002.jpg"
    np.testing.assert_allclose(picture.landmarks[0], MARKS)
    np.testing.assert_allclose(picture.rotations[0], rotation(POSE))


def test_pose_is_turned_into_the_contracts_rotation() -> None:
    x, y, z = POSE[0, :3]
    rx = np.array([[1, 0, 0], [0, np.cos(x), np.sin(x)], [0, -np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), np.sin(z), 0], [-np.sin(z), np.cos(z), 0], [0, 0, 1]])
    np.testing.assert_allclose(rotation_matrices(rotation(POSE)[None])[0], rx @ ry @ rz, atol=1e-5)
    assert yaw(rotation(np.array([0, -0.7, 0]))[None])[0] == pytest.approx(np.degrees(0.7), abs=0.1)
