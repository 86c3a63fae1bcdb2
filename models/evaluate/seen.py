"""What networks make of known faces (the SFN is given their boxes, the MFN has to find them)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from facert_blender.capture.network import Face, MultiFaceNetwork, SingleFaceNetwork, overlaps
from facert_blender.capture.reader import Quality

from ..shared_data import WEIGHTS, read_image
from .lists import FaceList

Kind = Literal["single", "multi"]
QUALITY: dict[Kind, Quality] = {"single": "best", "multi": "fast"}
LEAST_OVERLAP = 0.3
"""From this overlap on, a detection is the known face."""


class KnownFaces:
    """Reads faces whose boxes are known."""

    def __init__(self, kind: Kind, weights: Path = WEIGHTS) -> None:
        """weights: a folder with the network's ONNX file and face_shape.npz."""
        self._single = SingleFaceNetwork(weights / "single.onnx") if kind == "single" else None
        self._multi = MultiFaceNetwork(weights / "multi.onnx") if kind == "multi" else None

    def read(self, image: np.ndarray, boxes: np.ndarray) -> list[Face | None]:
        """The face in each box (n, 4) of a picture, None where the MFN sees none."""
        if self._single is not None:
            return list(self._single.read(image, boxes))
        assert self._multi is not None
        faces = self._multi.read(image)
        if not faces:
            return [None] * len(boxes)
        overlap = overlaps(boxes, np.stack([face.box for face in faces]))
        best = overlap.argmax(1)
        return [faces[b] if row[b] > LEAST_OVERLAP else None for row, b in zip(overlap, best, strict=True)]

    def read_list(self, faces: FaceList) -> list[Face | None]:
        """The faces of a list, in order."""
        seen: list[Face | None] = []
        for file, box in zip(faces.files, faces.boxes, strict=True):
            seen += self.read(read_image(file), box[None])
        return seen
