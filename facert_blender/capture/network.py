"""The two networks: what goes in, what comes out.

The single-face network (SFN) reads the face in a crop; the multi-face network (MFN) finds and reads every
face of a picture at once.

Points are in pixels with pixel centres at whole numbers, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import contract
from .errors import WeightsError
from .view import View, fit, inputs, turned
from .wheels import onnxruntime

OVERLAP = 0.35
"""Two MFN boxes with a larger intersection over union are the same face."""
LIKE = 0.6
"""Likeness from which what the MFN reads is a face: in photographs of people never trained on, of what it
takes for one, 1,917 faces of 1,918 are, and 5 other things of 232.
"""


@dataclass(frozen=True, eq=False)
class Face:
    """What a network sees of one person in one frame; arrays are float32.

    box: (4,) x0, y0, x1, y1 in pixels. weights: (46,) expressions within 0..1, in the contract's order.
    rotation: (4,) unit quaternion w, x, y, z with w >= 0. identity: (50,). landmarks: (68, 2) x, y in pixels.
    confidence: 0..1, that there is a face; the SFN takes it for granted and says 1. likeness: 0..1, that what
    was read is one.
    """

    box: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    identity: np.ndarray
    landmarks: np.ndarray
    confidence: float
    likeness: float


@dataclass(frozen=True, eq=False)
class Detection:
    """Where a network finds a face. box: float32 (4,) x0, y0, x1, y1 in pixels. confidence: 0..1."""

    box: np.ndarray
    confidence: float


def weights_folder() -> Path:
    """Where single.onnx, multi.onnx and face_shape.npz lie: the add-on's weights, else models/weights."""
    package = Path(__file__).parents[1]
    own = package / "weights"
    return own if own.is_dir() else package.parent / "models" / "weights"


class SingleFaceNetwork:
    """The SFN: reads one face per crop."""

    def __init__(self, path: str | Path | None = None, threads: int = 1, *, closely: bool = False) -> None:
        """Load the network.

        path: an ONNX file; None is the one in `weights_folder()`. closely: see first where a face that is
        followed has gone, and read it there as it is and in a mirror, whose mean is truer than either: three
        readings in place of one.

        Raises:
            WeightsError: the file is missing, damaged or of another contract.
        """
        path = Path(path) if path is not None else weights_folder() / "single.onnx"
        self._session = _session(path, "single", threads)
        self._closely = closely

    def read(self, image: np.ndarray, boxes: np.ndarray) -> list[Face]:
        """The face in each box, in the same order: found in a view of the box, and read in an upright one.

        image: uint8 (h, w, 3) RGB. boxes: (n, 4) in pixels, roughly around the faces' landmarks.
        The faces' own boxes are the tight ones around the landmarks found.
        """
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        return self.follow(image, self.look(image, [View.around(box) for box in boxes]))

    def follow(self, image: np.ndarray, faces: Sequence[Face]) -> list[Face]:
        """The same faces, each read in an upright view of where it was, a moment ago or at first sight, or
        closely of where it is.

        image: uint8 (h, w, 3) RGB. faces: what this network saw, in the image's pixels.
        """
        if self._closely:
            faces = self.look(image, _upright(faces))
        return self.look(image, _upright(faces), mirrored=self._closely)

    def look(self, image: np.ndarray, views: Sequence[View], *, mirrored: bool = False) -> list[Face]:
        """The face in each view of a picture, uint8 (h, w, 3) RGB; mirrored: the mean of what is read in the
        view and in a mirror.
        """
        if not views:
            return []
        crops = [view.crop(image)[None] for view in views]
        parameters, points, likeness = self._run(crops)
        if mirrored:
            seen, marks, alike = self._run([np.ascontiguousarray(crop[:, :, ::-1]) for crop in crops])
            parameters, points = _between(parameters, seen), _between_marks(points, marks)
            likeness = (likeness + alike) / 2
        landmarks = np.stack([view.outside(each) for view, each in zip(views, points, strict=True)])
        for row, view in zip(parameters, views, strict=True):
            row[contract.ROTATION] = turned(row[contract.ROTATION], view.roll)
        found = np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1)
        return _faces(parameters, landmarks, found, np.ones(len(views)), likeness)

    def _run(self, crops: list[np.ndarray]) -> list[np.ndarray]:
        """Parameters (n, 104), points (n, 68, 2) and likeness (n,) of n crops (1, 128, 128, 3)."""
        outputs = ["parameters", "points", "likeness"]
        seen = [self._session.run(outputs, {"image": crop}) for crop in crops]
        return [np.concatenate(each) for each in zip(*seen, strict=True)]


class MultiFaceNetwork:
    """The MFN: finds and reads all faces of a picture in one pass, however many."""

    def __init__(self, path: str | Path | None = None, threads: int = 1, threshold: float = 0.5) -> None:
        """Load the network.

        path: an ONNX file; None is the one in `weights_folder()`. threshold: confidence from which something
        is a face.

        Raises:
            WeightsError: the file is missing, damaged or of another contract.
        """
        path = Path(path) if path is not None else weights_folder() / "multi.onnx"
        self._session = _session(path, "multi", threads)
        self.threshold = threshold

    def find(self, image: np.ndarray) -> list[Detection]:
        """Where the faces of the picture are, uint8 (h, w, 3) RGB, the most confident first; none twice."""
        (boxes, confidence, *_), scale = self._run(image, 1.0)
        boxes = _in_picture(boxes, scale)
        return [Detection(boxes[i], float(confidence[i])) for i in self._accepted(boxes, confidence)]

    def read(self, image: np.ndarray) -> list[Face]:
        """The faces of the picture, uint8 (h, w, 3) RGB, the most confident first; none twice, and no more
        than MOST_READ. What does not look like one when it is read is left out (LIKE).
        """
        (boxes, confidence, faces, parameters, points, likeness), scale = self._run(image, self.threshold)
        boxes, confidence = _in_picture(boxes[faces], scale), confidence[faces]
        kept = self._accepted(boxes, confidence)
        kept = kept[np.isfinite(parameters[kept]).all(axis=1) & (likeness[kept] >= LIKE)]
        centres = (boxes[kept, :2] + boxes[kept, 2:]) / 2
        sides = (boxes[kept, 2:] - boxes[kept, :2]).max(axis=1, initial=0)
        landmarks = centres[:, None] + sides[:, None, None] * points[kept]
        return _faces(parameters[kept], landmarks, boxes[kept], confidence[kept], likeness[kept])

    def _run(self, image: np.ndarray, threshold: float) -> tuple[list[np.ndarray], float]:
        """All that the network gives of a picture, of which it reads faces from a confidence on (the most
        confident always), and its view's scale.
        """
        view, scale = fit(image)
        outputs = ["boxes", "confidence", "faces", "parameters", "points", "likeness"]
        found = self._session.run(outputs, inputs(view, threshold))
        return [output[0] for output in found], scale

    def _accepted(self, boxes: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        """Indices (m,) of those among predictions that are faces, the most confident first; none twice."""
        likely = np.flatnonzero(np.isfinite(boxes).all(axis=1) & (confidence >= self.threshold))
        likely = likely[np.argsort(-confidence[likely], kind="stable")]
        return likely[suppress(boxes[likely])]


def _upright(faces: Sequence[Face]) -> list[View]:
    """Upright views of where faces are."""
    return [View.upright(face.landmarks, face.rotation) for face in faces]


def _between(parameters: np.ndarray, seen_in_mirror: np.ndarray) -> np.ndarray:
    """Parameters (n, 104): identity, expressions and rotation are means of two readings, one in a mirror."""
    both = parameters.copy()
    both[:, contract.IDENTITY] += seen_in_mirror[:, contract.IDENTITY] * contract.MIRROR_IDENTITY
    both[:, contract.IDENTITY] /= 2
    both[:, contract.EXPRESSION] += seen_in_mirror[:, contract.EXPRESSION][:, contract.MIRROR]
    both[:, contract.EXPRESSION] /= 2
    both[:, contract.ROTATION] += seen_in_mirror[:, contract.ROTATION] * contract.MIRROR_ROTATION
    both[:, contract.ROTATION] /= np.linalg.norm(both[:, contract.ROTATION], axis=1, keepdims=True)
    return both


def _between_marks(points: np.ndarray, seen_in_mirror: np.ndarray) -> np.ndarray:
    """Landmarks (n, 68, 2) are means of two readings, one in a mirror.

    Networks put them where people's marks lie, a little to the right of the features, and in a mirror to the
    left: where a face is across is the first reading's alone.
    """
    marks = seen_in_mirror[:, contract.MIRROR_LANDMARKS] * np.array([-1, 1], np.float32)
    marks[..., 0] += (points[..., 0] - marks[..., 0]).mean(axis=1, keepdims=True)
    return (points + marks) / 2


def _in_picture(boxes: np.ndarray, scale: float) -> np.ndarray:
    """Boxes (n, 4), centre and size as fractions of the MFN's view, as x0, y0, x1, y1 in pixels."""
    centres = boxes[:, :2] * (contract.MULTI_SIZE / scale) - 0.5
    sizes = boxes[:, 2:] * (contract.MULTI_SIZE / scale)
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1).astype(np.float32)


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4)."""
    first, second = first.reshape(-1, 1, 4), second.reshape(1, -1, 4)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (first, second)]
    return shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)


def suppress(boxes: np.ndarray) -> np.ndarray:
    """Indices (m,) of the boxes (n, 4), best first, that no better box covers."""
    boxes = boxes.reshape(-1, 4)
    covered = overlaps(boxes, boxes) > OVERLAP
    kept: list[int] = []
    for candidate in range(len(boxes)):
        if not covered[candidate, kept].any():
            kept.append(candidate)
    return np.array(kept, int)


def _faces(
    parameters: np.ndarray,
    landmarks: np.ndarray,
    boxes: np.ndarray,
    confidence: np.ndarray,
    likeness: np.ndarray,
) -> list[Face]:
    return [
        Face(
            box=box.astype(np.float32),
            weights=row[contract.EXPRESSION],
            rotation=row[contract.ROTATION],
            identity=row[contract.IDENTITY],
            landmarks=points.astype(np.float32),
            confidence=float(certainty),
            likeness=float(alike),
        )
        for row, points, box, certainty, alike in zip(
            parameters, landmarks, boxes, confidence, likeness, strict=True
        )
    ]


def _session(path: Path, kind: str, threads: int) -> Any:
    """An ONNX Runtime session on the CPU for weights whose contract has been checked."""
    runtime = onnxruntime()
    errors = runtime.capi.onnxruntime_pybind11_state
    if not path.is_file():
        raise WeightsError(f"The network file {path} is missing. Install the add-on again.")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # One picture at a time: what is known beforehand, ONNX Runtime prepares for.
    options.add_free_dimension_override_by_name("n", 1)
    # Threads that wait for work sleep: the decoder needs the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.InvalidProtobuf,
        errors.NotImplemented,
        errors.RuntimeException,
    ) as error:
        raise WeightsError(f"The network file {path.name} is damaged. Install the add-on again.") from error
    contract.check(session.get_modelmeta().custom_metadata_map, kind, path.name)
    return session
