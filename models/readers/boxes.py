"""Collections that mark faces without landmarks: WIDER FACE, FDDB, and AFW as first published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from .folder import Listed, face_box

INVALID = 7
"""Place of WIDER's mark for faces that are not to be counted, after x, y, width and height."""


def wider(root: Path, split: str) -> Iterator[Listed]:
    """WIDER FACE: `WIDER_train/images` and `wider_face_split/wider_face_train_bbx_gt.txt`, or its .mat.

    split: "train" or "val".

    Raises:
        FileNotFoundError: neither list is there.
    """
    text = root / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt"
    rows = _wider_text(text) if text.exists() else _wider_matrix(text.with_name(f"wider_face_{split}.mat"))
    for file, boxes, invalid in rows:
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
        there = (boxes[:, 2:] > 0).all(1)
        source = root / f"WIDER_{split}" / "images" / file
        yield Listed(source.name, source, boxes=face_box(corners[there]), ignored=invalid[there])


def _wider_text(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """File, boxes (k, 4) x, y, width, height, and whether each is invalid.

    A picture without faces has a row of zeros.
    """
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for file in lines:
        count = max(int(next(lines)), 1)
        values = np.array([next(lines).split() for _ in range(count)], float)
        yield file, values[:, :4], values[:, INVALID] > 0


def _wider_matrix(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    stored = loadmat(path)
    events = [_word(event) for event in stored["event_list"].ravel()]
    columns = (stored[name].ravel() for name in ("file_list", "face_bbx_list", "invalid_label_list"))
    for event, *of_event in zip(events, *columns, strict=True):
        for file, boxes, invalid in zip(*(cells.ravel() for cells in of_event), strict=True):
            yield f"{event}/{_word(file)}.jpg", np.array(boxes, float), invalid.ravel() > 0


def _word(cell: Any) -> str:
    return str(np.ravel(cell)[0])


def fddb(root: Path) -> Iterator[Listed]:
    """FDDB: `FDDB-folds/FDDB-fold-01-ellipseList.txt` and `originalPics/2002/…/img_1.jpg`."""
    for fold in sorted((root / "FDDB-folds").glob("*ellipseList.txt")):
        lines = iter(fold.read_text(encoding="utf-8").split("\n"))
        for line in lines:
            if not line.strip():
                continue
            file = line.strip()
            ellipses = np.array([next(lines).split()[:5] for _ in range(int(next(lines)))], float)
            source = root / "originalPics" / f"{file}.jpg"
            boxes = face_box(ellipse_boxes(ellipses.reshape(-1, 5)))
            yield Listed(
                file.replace("/", "_") + ".jpg", source, boxes=boxes, ignored=np.zeros(len(boxes), bool)
            )


def ellipse_boxes(ellipses: np.ndarray) -> np.ndarray:
    """Tight boxes (n, 4) of ellipses (n, 5): major and minor radius, angle in radians, centre x, y."""
    major, minor, angle, x, y = ellipses.T
    width = np.hypot(major * np.cos(angle), minor * np.sin(angle))
    height = np.hypot(major * np.sin(angle), minor * np.cos(angle))
    return np.stack([x - width, y - height, x + width, y + height], axis=1)


def afw(root: Path) -> Iterator[Listed]:
    """AFW: `testimages/anno.mat` beside the photographs. A row of `anno` is a file's name, its faces' boxes
    [x0 y0; x1 y1], poses and points. Boxes are taken as they are.

    The published file is of MATLAB's version 7.3, which needs `pip install h5py`.
    """
    import h5py

    with h5py.File(root / "testimages" / "anno.mat") as stored:
        anno = stored["anno"]
        for name, cells in zip(anno[0], anno[1], strict=True):
            file = "".join(chr(c) for c in np.ravel(stored[name]))
            # HDF5 turns MATLAB's matrices over: corners are columns here.
            boxes = [np.array(stored[cell]).T.ravel() for cell in np.ravel(stored[cells])]
            yield Listed(
                file,
                root / "testimages" / file,
                boxes=np.array(boxes, float).reshape(-1, 4),
                ignored=np.zeros(len(boxes), bool),
            )
