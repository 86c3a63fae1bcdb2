"""What a clip becomes, to look at: `python -m models.clip_sheets CLIP PNG`.

Moments spread over the clip, each a column: the footage, the face model's head with our weights, smoothed as
the add-on does, the same head with the teacher's scores, and the channels that either moves most. Both heads
turn as we read it, so that only expressions differ.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, PARAMETERS, ROTATION, SCALE
from facert_blender.capture.errors import NoFaceError
from facert_blender.capture.footage import open_footage
from facert_blender.capture.smoothing import smooth

from .evaluate.clips import main_performer, spread, teach
from .evaluate.seen import Kind
from .face_model import FaceMesh
from .shared_data import WEIGHTS
from .sheets import TILE, face, head, save_tiles

MOMENTS = 16
ACROSS = 8
NAMED = 7
"""How many channels are written below a column."""
LINE = 14
"""Height of a written line, in pixels."""
SIZE = 0.52
"""Size of the heads, as the networks' parameter: the median of photographs."""


def posed(identity: np.ndarray, weights: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Parameters (104,) of the head of an identity (50,), with weights (46,), turned by a quaternion (4,)."""
    parameters = np.zeros(PARAMETERS, np.float32)
    parameters[IDENTITY], parameters[EXPRESSION] = identity, weights
    parameters[ROTATION], parameters[SCALE] = rotation, SIZE
    return parameters


def written(ours: np.ndarray, teacher: np.ndarray, frame: int) -> np.ndarray:
    """The channels that move most in weights (46,) or scores (46,), ours first, uint8 (h, TILE, 3)."""
    strip = np.full((LINE * (NAMED + 1), TILE, 3), 255, np.uint8)
    lines = [f"frame {frame}: ours, teacher"] + [
        f"{EXPRESSIONS[i]} {ours[i]:.2f} {teacher[i]:.2f}"
        for i in np.argsort(-np.maximum(ours, teacher))[:NAMED]
    ]
    for number, line in enumerate(lines):
        cv2.putText(strip, line, (2, LINE * (number + 1) - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.29, (0, 0, 0), 1)
    return strip


def spread_over(frames: int, moments: int) -> np.ndarray:
    """Which of so many frames are shown: int (n,), at most `moments`, the first and the last among them.

    Raises:
        NoFaceError: there are none.
    """
    if not frames:
        raise NoFaceError("The teacher sees nobody in this clip, so there is nothing to compare with.")
    return np.unique(np.linspace(0, frames - 1, moments).round().astype(int))


def sheet(clip: Path, path: Path, kind: Kind, networks: Path = WEIGHTS, moments: int = MOMENTS) -> None:
    """Save the picture of a clip's main performer as a PNG.

    Raises:
        FaceRTError: the clip cannot be read, or shows no face that the teacher sees, too.
    """
    mesh = FaceMesh.load()
    performer = main_performer(clip, kind, networks)
    taught = teach(clip, performer)
    ours, scores = smooth(performer.times, performer.weights), spread(taught.scores)
    place = {int(performer.frames[taught.rows[i]]): i for i in spread_over(len(taught.rows), moments)}
    columns = []
    with open_footage(str(clip)) as footage:
        for frame in footage:
            if frame.index not in place:
                continue
            i = place[frame.index]
            row = taught.rows[i]
            heads = [
                head(mesh, posed(performer.identity, weights, performer.rotation[row]))
                for weights in (ours[row], scores[i])
            ]
            texts = written(ours[row], scores[i], frame.index)
            columns.append(np.vstack([face(frame.image, performer.boxes[row]), *heads, texts]))
    save_tiles(columns, ACROSS, path)


def main() -> None:
    """Draw a clip's footage beside a head with our weights, and with the teacher's."""
    parser = argparse.ArgumentParser(prog="python -m models.clip_sheets", description=main.__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("png", type=Path)
    parser.add_argument("--network", choices=("single", "multi"), default="single")
    parser.add_argument(
        "--weights", type=Path, default=WEIGHTS, metavar="FOLDER", help="networks other than the shipped"
    )
    parser.add_argument("--moments", type=int, default=MOMENTS, help="how many, spread over the clip")
    options = parser.parse_args()
    sheet(options.clip, options.png, options.network, options.weights, options.moments)


if __name__ == "__main__":
    main()
