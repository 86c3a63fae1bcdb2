"""WIDER FACE, FDDB and AFW in their layouts."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training is not set up (make setup-training)")

from scipy.io import savemat

from models.readers.boxes import afw, ellipse_boxes, fddb, wider
from models.readers.folder import face_box

WIDER = """0--Parade/0_Parade_1.jpg
2
10 20 30 40 0 0 0 0 0 0
100 20 8 9 2 0 0 1 2 0
0--Parade/0_Parade_2.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/1_Hand_3.jpg
1
5 6 70 80 0 0 0 0 1 0
"""


def test_wider_is_read_from_its_text(tmp_path: Path) -> None:
    (tmp_path / "wider_face_split").mkdir()
    (tmp_path / "wider_face_split" / "wider_face_train_bbx_gt.txt").write_text(WIDER)
    first, empty, last = wider(tmp_path, "train")
    assert first.source == tmp_path / "WIDER_train" / "images" / "0--Parade" / "0_Parade_1.jpg"
    np.testing.assert_allclose(first.boxes, face_box(np.array([[10, 20, 40, 60], [100, 20, 108, 29]])))
    assert first.ignored.tolist() == [False, True]
    assert len(empty.boxes) == 0 and last.name == "1_Hand_3.jpg"


def test_wider_is_read_from_its_matrices(tmp_path: Path) -> None:
    def cells(values: list[object]) -> np.ndarray:
        made = np.empty((len(values), 1), object)
        made[:, 0] = values
        return made

    (tmp_path / "wider_face_split").mkdir()
    savemat(
        tmp_path / "wider_face_split" / "wider_face_val.mat",
        {
            "event_list": cells(["0--Parade", "1--Handshaking"]),
            "file_list": cells([cells(["a", "b"]), cells(["c"])]),
            "face_bbx_list": cells(
                [
                    cells([np.array([[1, 2, 30, 40]]), np.array([[5, 6, 7, 8], [9, 9, 9, 9]])]),
                    cells([np.ones((1, 4))]),
                ]
            ),
            "invalid_label_list": cells(
                [cells([np.array([[0]]), np.array([[0], [1]])]), cells([np.array([[0]])])]
            ),
        },
    )
    one, two, three = wider(tmp_path, "val")
    assert one.source == tmp_path / "WIDER_val" / "images" / "0--Parade" / "a.jpg"
    np.testing.assert_allclose(one.boxes, face_box(np.array([[1, 2, 31, 42]])))
    assert two.ignored.tolist() == [False, True] and three.name == "c.jpg"


def test_fddb_is_read_from_its_ellipses(tmp_path: Path) -> None:
    (tmp_path / "FDDB-folds").mkdir()
    (tmp_path / "FDDB-folds" / "FDDB-fold-01-ellipseList.txt").write_text(
        "2002/08/11/big/img_591\n1\n123.5833 85.5495 1.265839 269.6934 161.7812  1\n"
        "2002/08/26/big/img_265\n2\n67 44 -1.47 105 87  1\n41 27 1.47 184 129  1\n"
    )
    (tmp_path / "FDDB-folds" / "FDDB-fold-01.txt").write_text(
        "2002/08/11/big/img_591\n2002/08/26/big/img_265\n"
    )
    first, second = fddb(tmp_path)
    assert first.source == tmp_path / "originalPics" / "2002" / "08" / "11" / "big" / "img_591.jpg"
    assert first.name == "2002_08_11_big_img_591.jpg" and len(second.boxes) == 2


def test_boxes_of_ellipses_are_tight() -> None:
    ellipse = np.array([[50, 20, 0.6, 100, 80]])
    angle = np.linspace(0, 2 * np.pi, 2000)
    x, y = 50 * np.cos(angle), 20 * np.sin(angle)
    points = np.stack([100 + x * np.cos(0.6) - y * np.sin(0.6), 80 + x * np.sin(0.6) + y * np.cos(0.6)])
    np.testing.assert_allclose(ellipse_boxes(ellipse)[0], [*points.min(1), *points.max(1)], atol=0.01)


def test_afw_is_read_from_its_matrix(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="reading AFW's matrix needs h5py")
    (tmp_path / "testimages").mkdir()
    with h5py.File(tmp_path / "testimages" / "anno.mat", "w") as stored:

        def cell(name: str, values: np.ndarray) -> object:
            return stored.create_dataset(name, data=values).ref

        reference = h5py.special_dtype(ref=h5py.Reference)
        corners = [np.array([[10, 20], [110, 140.0]]), np.array([[200, 30], [260, 90.0]])]
        boxes = stored.create_dataset("boxes", (2, 1), dtype=reference)
        for i, corner in enumerate(corners):
            boxes[i, 0] = cell(f"box{i}", corner.T)
        anno = stored.create_dataset("anno", (4, 1), dtype=reference)
        anno[0, 0] = cell("name", np.array([[ord(c)] for c in "1004109301.jpg"], np.uint16))
        anno[1, 0] = boxes.ref
    (picture,) = afw(tmp_path)
    assert picture.source == tmp_path / "testimages" / "1004109301.jpg"
    np.testing.assert_allclose(picture.boxes, [[10, 20, 110, 140], [200, 30, 260, 90]])
