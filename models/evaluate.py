"""Measure the shipped networks: `python -m models.evaluate landmarks|detection|identity|agreement …`.

Everything runs on the ONNX files, by the add-on's own code. `--json` prints one JSON object and nothing else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.footage import open_footage
from facert_blender.capture.network import MultiFaceNetwork, SingleFaceNetwork, overlaps
from facert_blender.capture.reader import Quality
from facert_blender.capture.take import Take
from facert_blender.capture.worker import capture

from .measures import (
    AP_THRESHOLDS,
    AUC_LIMIT,
    area_under_curve,
    average_precision,
    correlation,
    identity,
    landmark_errors,
    recall,
)
from .shared_data import AnnotatedFace, landmark_box, read_image, read_landmarks

LOWEST_CONFIDENCE = 0.05
"""Detections from this confidence on enter the precision-recall curve."""
USED_CONFIDENCE = 0.5
"""Detections from this confidence on are what the add-on works with, and what recall counts."""
QUALITY: dict[str, Quality] = {"single": "best", "multi": "fast"}


@dataclass(frozen=True)
class Picture:
    """A photograph with the landmarks (k, 68, 2) of its marked faces."""

    file: Path
    landmarks: np.ndarray


def pictures(folder: Path) -> list[Picture]:
    """The photographs of a folder's `landmarks.csv`, each once.

    Raises:
        FileNotFoundError: the list is not there.
    """
    by_file: dict[Path, list[AnnotatedFace]] = {}
    for face in read_landmarks(folder):
        by_file.setdefault(face.file, []).append(face)
    return [Picture(file, np.stack([face.landmarks for face in faces])) for file, faces in by_file.items()]


def landmarks(folder: Path, network: str) -> dict[str, Any]:
    """NME in percent of marked faces; `single` is given each face's box, `multi` has to find it.

    The NME is over the faces that were found, None where none was; those missed count as failures.
    """
    errors, by_diagonal = [], []
    single = SingleFaceNetwork() if network == "single" else None
    multi = MultiFaceNetwork() if network == "multi" else None
    for picture in pictures(folder):
        image = read_image(picture.file)
        boxes = landmark_box(picture.landmarks)
        if single is not None:
            found = np.stack([face.landmarks for face in single.read(image, boxes)])
        else:
            assert multi is not None
            found = _nearest(multi, image, boxes)
        error, diagonal = landmark_errors(found, picture.landmarks)
        errors.append(error)
        by_diagonal.append(diagonal)
    error, diagonal = np.concatenate(errors), np.concatenate(by_diagonal)
    seen = np.isfinite(error)
    return {
        "nme": float(error[seen].mean() * 100) if seen.any() else None,
        "nme_median": float(np.median(error[seen]) * 100) if seen.any() else None,
        "auc": area_under_curve(np.where(seen, diagonal, np.inf)),
        "failures": int((~(diagonal <= AUC_LIMIT)).sum()),
        "n": len(error),
    }


def _nearest(multi: MultiFaceNetwork, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Landmarks (k, 68, 2) of the detection over each box (k, 4), infinite where there is none."""
    faces = multi.read(image)
    found = np.full((len(boxes), 68, 2), np.inf)
    if faces:
        iou = overlaps(boxes, np.stack([face.box for face in faces]))
        for i, best in enumerate(iou.argmax(1)):
            if iou[i, best] > 0.3:
                found[i] = faces[best].landmarks
    return found


def detection(folder: Path) -> dict[str, Any]:
    """AP over 0.5 to 0.95, AP50, AP75 and recall of the MFN; where not all faces are marked, AP is a lower
    bound.
    """
    network = MultiFaceNetwork(threshold=LOWEST_CONFIDENCE)
    found, confidence, truth = [], [], []
    for picture in pictures(folder):
        faces = network.read(read_image(picture.file))
        found.append(np.array([face.box for face in faces]).reshape(-1, 4))
        confidence.append(np.array([face.confidence for face in faces]))
        truth.append(landmark_box(picture.landmarks))
    precision = [average_precision(found, confidence, truth, t) for t in AP_THRESHOLDS]
    used = [boxes[c >= USED_CONFIDENCE] for boxes, c in zip(found, confidence, strict=True)]
    return {
        "ap": float(np.mean(precision)),
        "ap50": precision[0],
        "ap75": precision[5],
        "recall50": recall(used, truth, 0.5),
        "n": sum(len(t) for t in truth),
    }


def track_identity(clip: Path, truth_file: Path, network: str) -> dict[str, Any]:
    """Identity switches, IDF1 and coverage of a clip against boxes per person and frame."""
    truth = [
        {name: np.array(box) for name, box in frame.items()}
        for frame in json.loads(truth_file.read_text(encoding="utf-8"))["frames"]
    ]
    take = capture(str(clip), quality=QUALITY[network])
    found: list[dict[int, np.ndarray]] = [{} for _ in truth]
    for performer in take.performers:
        for frame, box in zip(performer.frames, performer.boxes, strict=True):
            if frame < len(found):
                found[frame][performer.id] = box
    return dict(identity(truth, found))


def agreement(clip: Path, network: str) -> dict[str, Any]:
    """Correlation of the weights with the teacher's scores, by channel, over the clip's main performer.

    `browInnerUp` compares the larger of both sides with the teacher's one channel. None: one of both never
    moves.
    """
    from .teacher import SCORE_NAMES, Teacher

    take: Take = capture(str(clip), quality=QUALITY[network])
    main = max(take.performers, key=lambda performer: len(performer.frames))
    row_of = {int(frame): row for row, frame in enumerate(main.frames)}
    ours, theirs = [], []
    with Teacher() as teacher, open_footage(str(clip)) as footage:
        for frame in footage:
            if frame.index not in row_of:
                continue
            row = row_of[frame.index]
            seen = teacher.read(frame.image, main.boxes[row])
            if seen is not None:
                ours.append(main.weights[row])
                theirs.append(seen.scores)
    mine, reference = np.array(ours).reshape(-1, len(EXPRESSIONS)), np.array(theirs)
    result: dict[str, float | None] = {}
    for i, name in enumerate(EXPRESSIONS):
        if name.startswith("browInnerUp"):
            continue
        result[name] = correlation(mine[:, i], reference[:, SCORE_NAMES.index(name)])
    inner = mine[:, [EXPRESSIONS.index("browInnerUpLeft"), EXPRESSIONS.index("browInnerUpRight")]].max(1)
    result["browInnerUp"] = correlation(inner, reference[:, SCORE_NAMES.index("browInnerUp")])
    return {"correlation": result, "frames": len(mine)}


def main() -> None:
    """Measure the shipped networks."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=main.__doc__)
    commands = parser.add_subparsers(dest="measure", required=True)
    measures: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "landmarks": lambda o: landmarks(o.folder, o.network),
        "detection": lambda o: detection(o.folder),
        "identity": lambda o: track_identity(o.clip, o.truth, o.network),
        "agreement": lambda o: agreement(o.clip, o.network),
    }
    for name in measures:
        command = commands.add_parser(name)
        if name in ("landmarks", "detection"):
            command.add_argument("folder", type=Path, metavar="DIR")
        else:
            command.add_argument("clip", type=Path, metavar="CLIP")
        if name == "identity":
            command.add_argument("truth", type=Path, metavar="TRUTH.json")
        if name == "detection":
            command.add_argument("--network", choices=("multi",), default="multi")
        else:
            command.add_argument("--network", choices=("single", "multi"), default="single")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measures[options.measure](options)
    if options.json:
        print(json.dumps(result, allow_nan=False))
        return
    for key, value in result.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for name, number in value.items():
                print(f"  {name:24s} {'-' if number is None else format(number, '.3f')}")
        else:
            print(f"{key:12s} {value:.4f}" if isinstance(value, float) else f"{key:12s} {value}")


if __name__ == "__main__":
    main()
