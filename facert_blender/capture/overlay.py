"""Pictures that show what was captured: footage with boxes and landmarks, beside the characters it moves.

Pictures are uint8 (h, w, 3) RGB. OpenCV's letters are plain ASCII: other letters in names become question
marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from . import contract
from .errors import OutputError
from .face_shape import FaceShape
from .output import replacing
from .take import Performer
from .wheels import opencv

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 200, 140),
    (240, 228, 66),
    (204, 121, 167),
    (240, 100, 40),
    (150, 150, 255),
    (170, 220, 90),
)
"""Colours of performers, bright on footage and told apart by colour-blind eyes (after Okabe and Ito)."""
BACKGROUND = (32, 32, 32)
LABEL = (235, 235, 235)


def colour_of(performer: int) -> Colour:
    """The colour of performer 1, 2, …; they repeat after eight."""
    return COLOURS[(performer - 1) % len(COLOURS)]


def performer_landmarks(performer: Performer, shape: FaceShape) -> np.ndarray:
    """Landmarks of a performer in pixels, float32 (n, 68, 2), made again from the take.

    A take keeps weights, rotation and box; the face model gives the points, and the box their place and size.
    """
    parameters = np.zeros((len(performer.frames), contract.PARAMETERS), np.float32)
    parameters[:, contract.IDENTITY] = performer.identity
    parameters[:, contract.EXPRESSION] = performer.weights
    parameters[:, contract.ROTATION] = performer.rotation
    parameters[:, contract.SCALE] = 1
    points = shape.project(parameters)
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    corners = performer.boxes.reshape(-1, 2, 1, 2).transpose(1, 0, 2, 3)
    sides = (high - low).max(axis=2, keepdims=True)
    # A take from elsewhere may not tell the shape: then all points are in the middle of the box.
    scale = (corners[1] - corners[0]).max(axis=2, keepdims=True) / np.maximum(sides, 1e-9)
    return (points - (low + high) / 2) * scale + corners.mean(axis=0)


def draw(
    image: np.ndarray,
    boxes: np.ndarray,
    landmarks: np.ndarray,
    names: Sequence[str],
    colours: Sequence[Colour],
    chosen: int | None = None,
) -> np.ndarray:
    """A copy of the picture with each face's box, points and name; the face `chosen`, an index, stands out.

    boxes: (n, 4) and landmarks: (n, 68, 2), in pixels of the picture.
    """
    cv2 = opencv()
    picture = np.ascontiguousarray(image).copy()
    thick = max(1, round(max(picture.shape[:2]) / 640))
    for place, (box, points, name, colour) in enumerate(zip(boxes, landmarks, names, colours, strict=True)):
        x0, y0, x1, y1 = np.round(box).astype(int).tolist()
        if place == chosen:
            rim = 3 * thick
            cv2.rectangle(picture, (x0 - rim, y0 - rim), (x1 + rim, y1 + rim), LABEL, rim, cv2.LINE_AA)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, thick, cv2.LINE_AA)
        for x, y in np.round(points).astype(int).tolist():
            cv2.circle(picture, (x, y), thick, colour, cv2.FILLED, cv2.LINE_AA)
        _write(picture, name, (x0, max(y0 - 4 * thick, 14 * thick)), 0.5 * thick, colour, thick)
    return picture


def shrunk(image: np.ndarray, longest: int) -> tuple[np.ndarray, float]:
    """The picture with at most `longest` pixels on its longer side, and its scale, at most 1."""
    scale = min(1.0, longest / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return opencv().resize(image, size, interpolation=opencv().INTER_AREA), scale


def beside(picture: np.ndarray, characters: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """The picture with each (label, rendered picture) to its right, all as high as the picture."""
    cv2 = opencv()
    height = picture.shape[0]
    panels = [picture]
    for label, rendered in characters:
        width = max(1, round(rendered.shape[1] * height / rendered.shape[0]))
        panel = cv2.resize(rendered, (width, height), interpolation=cv2.INTER_AREA)
        size = height / 500
        _write(panel, label, (round(10 * size), round(24 * size)), 0.7 * size, LABEL, max(1, round(size)))
        panels.append(panel)
    return np.hstack(panels)


def contact_sheet(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Pictures in rows of `columns`, each in a cell as large as the largest, on dark grey."""
    height, width = np.max([picture.shape[:2] for picture in pictures], axis=0)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * height, columns * width, 3), BACKGROUND, np.uint8)
    for place, picture in enumerate(pictures):
        y, x = place // columns * height, place % columns * width
        sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return sheet


def write_picture(picture: np.ndarray, path: str | Path) -> None:
    """Write a picture as PNG, JPEG or whatever else the suffix says.

    Raises:
        OutputError: the file cannot be written, or the suffix is not that of a picture.
    """
    cv2 = opencv()
    path = Path(path)
    if not cv2.haveImageWriter(path.name):
        raise OutputError(f"{path.name} does not end like a picture. End its name in .png or .jpg.")
    _, stored = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with replacing(path) as temporary:
        temporary.write_bytes(stored)


def write_movie(pictures: Iterable[np.ndarray], path: str | Path, fps: float) -> None:
    """Write pictures of one size as a movie (MPEG-4, or Motion JPEG where the suffix is .avi).

    Odd widths and heights lose their last column or row, since the codecs want even ones.

    Raises:
        OutputError: the file cannot be written.
    """
    cv2 = opencv()
    path = Path(path)
    codec = cv2.VideoWriter.fourcc(*("MJPG" if path.suffix.lower() == ".avi" else "mp4v"))
    writer, size = None, (0, 0)
    with replacing(path) as temporary:
        try:
            for picture in pictures:
                even = (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
                if writer is None:
                    size = even
                    writer = cv2.VideoWriter(str(temporary), cv2.CAP_FFMPEG, codec, fps, size)
                    if not writer.isOpened():
                        raise OutputError(
                            f"{path} cannot be written. "
                            "Choose a writable folder and a name that ends in .mp4."
                        )
                if even != size:
                    raise ValueError(f"a picture of {even} in a movie of {size}")
                writer.write(cv2.cvtColor(picture[: size[1], : size[0]], cv2.COLOR_RGB2BGR))
        finally:
            if writer is not None:
                writer.release()


def _write(
    picture: np.ndarray, text: str, corner: tuple[int, int], size: float, colour: Colour, thick: int
) -> None:
    """Write text with its lower left corner at x, y, dark-rimmed so that it reads on anything."""
    cv2 = opencv()
    text = text.encode("ascii", "replace").decode()
    for ink, width in (((0, 0, 0), 3 * thick), (colour, thick)):
        cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, ink, width, cv2.LINE_AA)
