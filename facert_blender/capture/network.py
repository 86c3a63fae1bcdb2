"""The two networks: what goes in, what comes out.

The single-face network (SFN) reads the face in a crop; the multi-face network (MFN) finds and reads every
face of a picture at once. `crop` and `fit` prepare pictures here and in training alike.

Points are in pixels with pixel centres at whole numbers, y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import contract
from .errors import WeightsError
from .face_shape import FaceShape
from .wheels import onnxruntime, opencv

GREY = 127
"""What the MFN sees outside the picture, and the SFN where nothing of the picture is near."""
OVERLAP = 0.35
"""Two MFN boxes with a larger intersection over union are the same face."""


@dataclass(frozen=True, eq=False)
class Face:
    """What a network sees of one person in one frame; arrays are float32.

    box: (4,) x0, y0, x1, y1 in pixels. weights: (46,) expressions within 0..1, in the contract's order.
    rotation: (4,) unit quaternion w, x, y, z with w >= 0. identity: (50,). landmarks: (68, 2) x, y in pixels.
    confidence: 0..1, that this is a face; the SFN takes it for granted and says 1.
    """

    box: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    identity: np.ndarray
    landmarks: np.ndarray
    confidence: float


def weights_folder() -> Path:
    """Where single.onnx, multi.onnx and face_shape.npz lie: the add-on's weights, else models/weights."""
    package = Path(__file__).parents[1]
    own = package / "weights"
    return own if own.is_dir() else package.parent / "models" / "weights"


def crop(image: np.ndarray, centre: tuple[float, float] | np.ndarray, side: float) -> np.ndarray:
    """The SFN's view of a face: uint8 (128, 128, 3).

    image: uint8 (h, w, 3) RGB. centre: x, y of the face's box in pixels. side: longer side of the box in
    pixels. The crop covers CROP_MARGIN sides; outside the picture its edge goes on, as in training.
    """
    span = contract.CROP_MARGIN * side
    left, top = centre[0] + 0.5 - span / 2, centre[1] + 0.5 - span / 2
    step = span / contract.SINGLE_SIZE
    return _resample(image, left, top, step, contract.SINGLE_SIZE, opencv().BORDER_REPLICATE)


def fit(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The MFN's view of a picture, uint8 (288, 288, 3), and its scale.

    The picture is scaled to fit; the view is grey to its right or below.

    image: uint8 (h, w, 3) RGB. A point (x, y) of the picture is at ((x, y) + 0.5) * scale - 0.5 in the view.
    """
    scale = contract.MULTI_SIZE / max(image.shape[:2])
    return _resample(image, 0.0, 0.0, 1 / scale, contract.MULTI_SIZE, opencv().BORDER_CONSTANT), scale


def _resample(image: np.ndarray, left: float, top: float, step: float, size: int, border: int) -> np.ndarray:
    """The picture from (left, top) on as a view (size, size, 3) with a pixel for every `step` pixels.

    Positions count from the upper left corner; `border` is a border mode of OpenCV. Where the view
    is much smaller, blocks of pixels are averaged first, since bilinear sampling alone would skip pixels and
    flicker. It takes in two pixels in each direction, so blocks of two thirds of a step come closest to the
    true average over every step (measured for steps of 1 to 6); whole steps blur, half steps flicker.
    """
    cv2 = opencv()
    height, width = image.shape[:2]
    block = max(1, int(step / 1.5))
    x0, x1 = max(0, math.floor(left) - block), min(width, math.ceil(left + step * size) + block)
    y0, y1 = max(0, math.floor(top) - block), min(height, math.ceil(top + step * size) + block)
    columns, rows = (x1 - x0) // block, (y1 - y0) // block
    if columns < 1 or rows < 1:
        return np.full((size, size, 3), GREY, np.uint8)
    region = image[y0 : y0 + rows * block, x0 : x0 + columns * block]
    if block > 1:
        region = cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA)
    scale = step / block
    to_region = np.array(
        [
            [scale, 0, (left - x0) / block + scale / 2 - 0.5],
            [0, scale, (top - y0) / block + scale / 2 - 0.5],
        ]
    )
    return cv2.warpAffine(
        region,
        to_region,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
        borderValue=(GREY, GREY, GREY),
    )


class SingleFaceNetwork:
    """The SFN: reads one face per crop."""

    def __init__(self, path: str | Path | None = None, threads: int = 1) -> None:
        """Load the network.

        path: an ONNX file; None is the one in `weights_folder()`.

        Raises:
            WeightsError: the file is missing, damaged or of another contract.
        """
        path = Path(path) if path is not None else weights_folder() / "single.onnx"
        self._session = _session(path, "single", threads)

    def read(self, image: np.ndarray, boxes: np.ndarray) -> list[Face]:
        """The face in each box, in the same order.

        image: uint8 (h, w, 3) RGB. boxes: (n, 4) in pixels, roughly around the faces' landmarks.
        The faces' own boxes are the tight ones around the landmarks found.
        """
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        if not len(boxes):
            return []
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
        crops = np.stack([crop(image, centre, side) for centre, side in zip(centres, sides, strict=True)])
        parameters, points = self._session.run(["parameters", "points"], {"image": crops})
        landmarks = centres[:, None] + sides[:, None, None] * points
        found = np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1)
        return _faces(parameters, landmarks, found, np.ones(len(boxes)))


class MultiFaceNetwork:
    """The MFN: finds and reads all faces of a picture, at the same cost for any number of them."""

    def __init__(self, path: str | Path | None = None, threads: int = 1, threshold: float = 0.5) -> None:
        """Load the network.

        path: an ONNX file with face_shape.npz beside it; None is the one in `weights_folder()`.
        threshold: confidence from which something is a face.

        Raises:
            WeightsError: a file is missing, damaged or of another contract.
        """
        path = Path(path) if path is not None else weights_folder() / "multi.onnx"
        self._session = _session(path, "multi", threads)
        self._shape = face_shape(path.parent)
        self.threshold = threshold

    def read(self, image: np.ndarray) -> list[Face]:
        """The faces of the picture, uint8 (h, w, 3) RGB, the most confident first; none twice."""
        view, scale = fit(image)
        outputs = self._session.run(["boxes", "confidence", "parameters"], {"image": view[None]})
        boxes, confidence, parameters = (output[0] for output in outputs)
        finite = np.isfinite(boxes).all(axis=1) & np.isfinite(parameters).all(axis=1)
        likely = np.flatnonzero(finite & (confidence >= self.threshold))
        if not len(likely):
            return []
        likely = likely[np.argsort(-confidence[likely], kind="stable")]
        boxes, confidence, parameters = boxes[likely], confidence[likely], parameters[likely]
        centres = (boxes[:, :2] * contract.MULTI_SIZE + 0.5) / scale - 0.5
        sizes = boxes[:, 2:] * (contract.MULTI_SIZE / scale)
        boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
        kept = _suppress(boxes)
        landmarks = centres[kept, None] + sizes[kept].max(axis=1)[:, None, None] * self._shape.project(
            parameters[kept]
        )
        return _faces(parameters[kept], landmarks, boxes[kept], confidence[kept])


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union (n, m) of boxes (n, 4) and (m, 4)."""
    first, second = first.reshape(-1, 1, 4), second.reshape(1, -1, 4)
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (first, second)]
    return shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)


def _suppress(boxes: np.ndarray) -> np.ndarray:
    """Indices of the boxes (n, 4), best first, that no better box covers."""
    covered = overlaps(boxes, boxes) > OVERLAP
    kept: list[int] = []
    for candidate in range(len(boxes)):
        if not covered[candidate, kept].any():
            kept.append(candidate)
    return np.array(kept, int)


def _faces(
    parameters: np.ndarray, landmarks: np.ndarray, boxes: np.ndarray, confidence: np.ndarray
) -> list[Face]:
    return [
        Face(
            box=box.astype(np.float32),
            weights=row[contract.EXPRESSION],
            rotation=row[contract.ROTATION],
            identity=row[contract.IDENTITY],
            landmarks=points.astype(np.float32),
            confidence=float(certainty),
        )
        for row, points, box, certainty in zip(parameters, landmarks, boxes, confidence, strict=True)
    ]


@lru_cache(maxsize=4)
def face_shape(folder: Path) -> FaceShape:
    """The face model in `folder`, read once.

    Raises:
        WeightsError: it is missing or damaged.
    """
    return FaceShape.load(folder / "face_shape.npz")


def _session(path: Path, kind: str, threads: int) -> Any:
    """An ONNX Runtime session on the CPU for weights whose contract has been checked."""
    runtime = onnxruntime()
    errors = runtime.capi.onnxruntime_pybind11_state
    if not path.is_file():
        raise WeightsError(f"The network file {path} is missing. Install the add-on again.")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
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
