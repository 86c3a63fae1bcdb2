"""Peers that are used for labelling and comparison, never shipped: MediaPipe's Face Landmarker and YuNet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from .shared_data import TEACHER, centre_and_side

POINTS = 478
SCORE_NAMES: tuple[str, ...] = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
    "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""The order of the Face Landmarker's 52 blendshape scores."""


@dataclass(frozen=True)
class TeacherFace:
    """What the teacher sees in one face.

    points: float32 (478, 3), pixels of the whole picture, z in pixels, smaller is nearer.
    scores: float32 (52,), in `SCORE_NAMES` order.
    """

    points: np.ndarray
    scores: np.ndarray


class Teacher:
    """MediaPipe's Face Landmarker on one face at a time, given roughly where the face is."""

    def __init__(self, model: Path = TEACHER / "face_landmarker.task") -> None:
        import mediapipe as mp
        from mediapipe.tasks.python import BaseOptions, vision

        self._image = mp.Image
        self._format = mp.ImageFormat.SRGB
        self._landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(model)),
                output_face_blendshapes=True,
                num_faces=1,
                min_face_detection_confidence=0.3,
            )
        )

    def __enter__(self) -> Teacher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._landmarker.close()

    def read(self, image: np.ndarray, box: np.ndarray | None = None) -> TeacherFace | None:
        """Read the face near `box` of the RGB picture `image`, or the whole picture's largest face.

        The detector inside is for short range, so the face is shown to it at a friendly size, with two
        margins; None where it finds no face either way.
        """
        if box is None:
            return self._read(image, np.eye(2, 3, dtype=np.float32))
        centre, side = centre_and_side(box)
        for margin in (2.2, 3.0, 1.6):
            scale = 320 / (side * margin)
            window = np.array(
                [[scale, 0, 160 - scale * centre[0]], [0, scale, 160 - scale * centre[1]]], np.float32
            )
            flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
            shown = cv2.warpAffine(image, window, (320, 320), flags=flags, borderValue=(127, 127, 127))
            face = self._read(shown, window)
            if face is not None and np.linalg.norm(face.points[:, :2].mean(0) - centre) < 0.5 * side:
                return face
        return None

    def _read(self, shown: np.ndarray, window: np.ndarray) -> TeacherFace | None:
        result = self._landmarker.detect(
            self._image(image_format=self._format, data=np.ascontiguousarray(shown))
        )
        if not result.face_landmarks:
            return None
        height, width = shown.shape[:2]
        marks = result.face_landmarks[0][:POINTS]
        points = np.array([(p.x * width - 0.5, p.y * height - 0.5, p.z * width) for p in marks], np.float32)
        points[:, :2] -= window[:, 2]
        points /= window[0, 0]
        scores = np.array([c.score for c in result.face_blendshapes[0]], np.float32)
        return TeacherFace(points, scores)


class Detector:
    """YuNet through OpenCV: boxes of faces of any size."""

    def __init__(self, model: Path = TEACHER / "yunet_n_640_640.onnx", threshold: float = 0.6) -> None:
        self._net = cv2.FaceDetectorYN.create(str(model), "", (320, 320), threshold, 0.3, 1000)

    def read(self, image: np.ndarray) -> np.ndarray:
        """Faces of the RGB picture `image`: float32 (n, 5), box (x0, y0, x1, y1) in pixels and score."""
        self._net.setInputSize((image.shape[1], image.shape[0]))
        found = self._net.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
        if found is None:
            return np.zeros((0, 5), np.float32)
        boxes = found[:, :4].copy()
        boxes[:, 2:] += boxes[:, :2]
        return np.concatenate([boxes, found[:, -1:]], axis=1).astype(np.float32)
