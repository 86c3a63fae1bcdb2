"""Labels for photographs: what each face does, from people's points and the teacher's.

`python -m models.label` reads every training photograph, asks the teacher for its points and scores, fits
the face model to all faces (`fitting`), reads the lids (`lids`) and writes the labels; `--sheets` adds
pictures to look at.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITY,
    LANDMARKS,
    MIRROR,
    MIRROR_IDENTITY,
    MIRROR_ROTATION,
    PARAMETERS,
    ROTATION,
    SCALE,
    TRANSLATION,
)
from facert_blender.capture.face_shape import FaceShape
from facert_blender.capture.network import overlaps
from facert_blender.capture.output import replacing

from .dense import DensePoints
from .expressions import channels, without_side
from .face_model import FaceMesh, fullness
from .fitting import Evidence, fit
from .label_sheets import save_sheets
from .lids import MARKED, TAUGHT, evened, gaps, joined, lid_weights, set_lids, usual_gap
from .shared_data import (
    PHOTOS,
    RUNS,
    TRAINING_SETS,
    AnnotatedFace,
    BoxedFace,
    centre_and_side,
    landmark_box,
    marked_by_people,
    person,
    read_boxes,
    read_image,
    read_landmarks,
)
from .teacher import POINTS, SCORE_NAMES, Detector, Teacher

LABELS = RUNS / "labels.npz"

MARK_OFFSET = 0.85
"""People's marks lie this many pixels of the photograph to the right of the features, in all sets alike.

iBUG's marks count pixels from one. Measured on training photographs with a network that had learned from
mirrored pictures too, and so could not learn the offset: 0.64 px in HELEN, 0.80 in LFPW, 1.17 in ytf,
whatever the size of the face. Mirrored marks keep to the same side, so that networks learn the marks as they
are.
"""
USABLE = 0.1
"""Confidence above which a label is of use."""

# How far a fitted weight may stray from the teacher's score, for the channels in which the teacher is good:
# in weights of the source's shapes, since it is as far on the face if a channel is made fuller.
TRUSTED = {
    "eyeBlink": 0.12, "eyeLookDown": 0.2, "eyeSquint": 0.2, "jawOpen": 0.12, "mouthSmile": 0.12,
    "mouthPucker": 0.15, "mouthFunnel": 0.15, "browDown": 0.12, "browInnerUp": 0.12, "browOuterUp": 0.12,
    "mouthRollLower": 0.15, "mouthRollUpper": 0.15, "mouthShrugLower": 0.12, "mouthShrugUpper": 0.12,
    "mouthUpperUp": 0.15, "mouthLowerDown": 0.18, "mouthStretch": 0.15, "mouthPress": 0.15, "jawLeft": 0.12,
    "jawRight": 0.12, "mouthLeft": 0.12, "mouthRight": 0.12, "mouthDimple": 0.12,
}  # fmt: skip
AT_REST = {"browDown": 0.08, "browOuterUp": 0.04, "eyeLookDown": 0.08, "eyeSquint": 0.36, "mouthPress": 0.06}
"""The teacher's median score of a face without expression, where that is not nought."""
UNTRUSTED = {"cheekPuff": 0.02, "cheekSquint": 0.04, "eyeWide": 0.08, "noseSneer": 0.08}
"""Spread around zero of channels that would otherwise stand in for the shape of the face."""
UNTRUSTED_SPREAD = 0.12
"""Spread of the remaining channels around zero: they move only where the points insist."""


STILL = 0.15
"""A face of whose channels none is expected to reach this has no expression."""


def score_prior(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the teacher's scores (n, 52): the prior's mean (n, 46) and spread (46,) of the expressions."""
    mean = np.zeros((len(scores), len(EXPRESSIONS)), np.float32)
    spread = np.full(len(EXPRESSIONS), UNTRUSTED_SPREAD, np.float32)
    for i, name in enumerate(EXPRESSIONS):
        stem = without_side(name)
        trust = TRUSTED.get(name, TRUSTED.get(stem))
        if trust is None:
            spread[i] = UNTRUSTED.get(stem, UNTRUSTED_SPREAD)
            continue
        source = "browInnerUp" if stem == "browInnerUp" else name
        rest = AT_REST.get(stem, 0.0)
        mean[:, i] = np.clip((scores[:, SCORE_NAMES.index(source)] - rest) / (1 - rest), 0, 1)
        spread[i] = trust / fullness(name)
    return mean, spread


def mirror(parameters: np.ndarray) -> np.ndarray:
    """Parameters (n, 104) of the mirrored faces."""
    flipped = parameters.copy()
    flipped[:, IDENTITY] *= MIRROR_IDENTITY
    flipped[:, EXPRESSION] = parameters[:, EXPRESSION][:, MIRROR]
    flipped[:, ROTATION] *= MIRROR_ROTATION
    flipped[:, TRANSLATION][:, 0] *= -1
    return flipped


@dataclass(frozen=True)
class Readings:
    """What people and the teacher say of n faces, before any fit; one row per face.

    photo: paths relative to the photographs' folder. box: float32 (n, 4) pixels. human: float32 (n, 68, 2)
    pixels, NaN where nobody marked them. points: float32 (n, 478, 3) pixels and scores: float32 (n, 52), NaN
    where the teacher saw nothing.
    """

    photo: np.ndarray
    box: np.ndarray
    human: np.ndarray
    points: np.ndarray
    scores: np.ndarray

    def save(self, path: Path) -> None:
        """Write all rows to an .npz file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Readings:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


def read_photographs(files: list[Path], marked: list[AnnotatedFace], boxed: list[BoxedFace]) -> Readings:
    """Ask the teacher about every face of the photographs, marked, boxed or found by the detector."""
    cv2.setNumThreads(1)
    nothing = np.full((LANDMARKS, 2), np.nan, np.float32)
    listed: dict[Path, list[tuple[np.ndarray, np.ndarray]]] = {}
    for face in marked:
        listed.setdefault(face.file, []).append((landmark_box(face.landmarks), face.landmarks))
    for only in boxed:
        listed.setdefault(only.file, []).append((only.box, nothing))
    rows = []
    detector = Detector(threshold=0.7)
    with Teacher() as teacher:
        for file in files:
            image = read_image(file)
            enlarge = 2 if max(image.shape) < 300 else 1
            found = detector.read(cv2.resize(image, None, fx=enlarge, fy=enlarge))[:, :4] / enlarge
            people = list(listed.get(file, []))
            known = np.array([box for box, _ in people], np.float32).reshape(-1, 4)
            people += [(box, nothing) for box in found if not (overlaps(box, known) > 0.2).any()]
            for box, human in people:
                seen = teacher.read(image, box)
                points = np.full((POINTS, 3), np.nan, np.float32) if seen is None else seen.points
                scores = np.full(len(SCORE_NAMES), np.nan, np.float32) if seen is None else seen.scores
                rows.append((f"{file.parent.name}/{file.name}", box, human, points, scores))
    names, *arrays = zip(*rows, strict=True)
    return Readings(np.array(names), *(np.array(column, np.float32) for column in arrays))


def read_all(path: Path = RUNS / "readings.npz", workers: int = 2) -> Readings:
    """The readings of all training photographs, made once and kept in `path`."""
    if path.exists():
        return Readings.load(path)
    marked = [
        face
        for s in TRAINING_SETS
        if (PHOTOS / s / "landmarks.csv").exists()
        for face in read_landmarks(PHOTOS / s)
    ]
    boxed = [
        face for s in TRAINING_SETS if (PHOTOS / s / "boxes.csv").exists() for face in read_boxes(PHOTOS / s)
    ]
    files = sorted(file for s in TRAINING_SETS for file in (PHOTOS / s).glob("*.jpg"))
    with ProcessPoolExecutor(workers) as pool:
        parts = list(
            pool.map(
                read_photographs,
                [files[i::workers] for i in range(workers)],
                [marked] * workers,
                [boxed] * workers,
            )
        )
    readings = Readings(*(np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0])))
    readings.save(path)
    return readings


def upright(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teacher's points (n, 478, 3) turned upright, centred and scaled; with the frame (n, 2, 2) and origin
    (n, 2).

    The frame's first axis runs from the right eye's outer corner to the left's.
    """
    right, left = points[:, 33, :2], points[:, 263, :2]
    across = left - right
    frame = np.stack([across, np.stack([-across[:, 1], across[:, 0]], 1)], axis=2)
    origin = (left + right) / 2
    inverse = np.linalg.inv(frame)
    flat = (points[..., :2] - origin[:, None]) @ inverse.transpose(0, 2, 1)
    depth = points[..., 2:] / np.linalg.norm(across, axis=1)[:, None, None]
    return np.concatenate([flat, depth], axis=2), frame, origin


def learn_landmark_map(points: np.ndarray, human: np.ndarray, ridge: float = 0.3) -> np.ndarray:
    """A linear map float32 (1 + 478 * 3, 136) from the teacher's upright points to the 68 people mark."""
    flat, frame, origin = upright(points)
    goal = (human - origin[:, None]) @ np.linalg.inv(frame).transpose(0, 2, 1)
    inputs = np.concatenate([np.ones((len(flat), 1)), flat.reshape(len(flat), -1)], axis=1).astype(np.float64)
    gram = inputs.T @ inputs + ridge * np.eye(inputs.shape[1]) * len(flat) * 1e-4
    return np.linalg.solve(gram, inputs.T @ goal.reshape(len(flat), -1)).astype(np.float32)


def map_landmarks(points: np.ndarray, mapping: np.ndarray) -> np.ndarray:
    """68 landmarks (n, 68, 2) in pixels from the teacher's points (n, 478, 3) by a learned map."""
    flat, frame, origin = upright(points)
    inputs = np.concatenate([np.ones((len(flat), 1)), flat.reshape(len(flat), -1)], axis=1)
    relative = (inputs @ mapping).reshape(len(flat), LANDMARKS, 2)
    return (relative @ frame.transpose(0, 2, 1) + origin[:, None]).astype(np.float32)


def less_rest(weights: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weights (n, 46) less what a fit finds in faces without expression, which is the shape of the model.

    prior: (n, 46), what is known beforehand, which tells the faces without expression. Of two channels
    that pull opposite ways, only the stronger's surplus stays.
    """
    weights = weights.copy()
    for stem in ("jaw", "mouth"):
        pair = channels(stem)
        weights[:, pair] -= weights[:, pair].min(1, keepdims=True)
    still = prior.max(1) < STILL
    if still.sum() < 30:
        return weights
    rest = np.median(weights[still], axis=0)
    rest = (rest + rest[list(MIRROR)]) / 2
    return np.clip((weights - rest) / (1 - rest), 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Labels:
    """Labelled faces; one row per face. Everything in the picture keeps to people's marks (`MARK_OFFSET`).

    photo: paths relative to the photographs' folder. landmarks: float32 (n, 68, 2) pixels. parameters:
    float32 (n, 104), in sides of the landmarks' box. confidence: float32 (n,), 0 where the face cannot be
    used. human: bool (n,), whether people marked the landmarks. box: float32 (n, 4) pixels; of a face without
    landmarks, the detector's. dense: float32 (n, K, 2) pixels, the teacher's points of `dense.csv`, and
    dense_weight: float32 (n, K), how far to trust them, 0 where there are none.
    """

    photo: np.ndarray
    landmarks: np.ndarray
    parameters: np.ndarray
    confidence: np.ndarray
    human: np.ndarray
    box: np.ndarray
    dense: np.ndarray
    dense_weight: np.ndarray

    @classmethod
    def load(cls, path: Path = LABELS) -> Labels:
        """Read the labels that `python -m models.label` wrote."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})

    @property
    def usable(self) -> np.ndarray:
        """Which faces (n,) have labels that are of any use."""
        return np.asarray(self.confidence > USABLE)


def known_people(photo: np.ndarray) -> np.ndarray:
    """An integer (n,) for each face, equal for faces that surely are of one person."""
    sets = np.array([str(name).split("/")[0] for name in photo])
    names = np.array([person(PHOTOS / str(name)) for name in photo])
    _, first, count = np.unique(photo, return_index=True, return_counts=True)
    alone = np.zeros(len(photo), bool)
    alone[first[count == 1]] = True
    sure = alone & np.isin(sets, ("ytf", "muxspace"))
    own = np.array([f"{i}" for i in range(len(photo))])
    return np.unique(np.where(sure, names, own), return_inverse=True)[1]


def repeated(readings: Readings) -> np.ndarray:
    """Whether each face (n,) is in the list a second time."""
    keys = [f"{photo} {np.round(box)}" for photo, box in zip(readings.photo, readings.box, strict=True)]
    again = np.ones(len(keys), bool)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def by_people(photo: np.ndarray) -> np.ndarray:
    """Whether faces of photographs (n,) have people's marks, if any: a turned copy has its original's."""
    return marked_by_people(np.array([person(PHOTOS / str(name)) for name in photo]))


def landmarks_of(readings: Readings) -> tuple[np.ndarray, np.ndarray]:
    """The landmarks (n, 68, 2) to use for each face, and the teacher's mapped onto them, NaN where unknown.

    People's marks stand. Automatic ones (ytf, 300VW) give way to the teacher's: the gap between their lids
    hardly changes when eyes close, and they lie 3.6 % of the face (median) from the teacher's, which lie
    2.1 % from people's.
    """
    taught = np.isfinite(readings.points[:, 0, 0])
    marked = np.isfinite(readings.human[:, 0, 0])
    people_marked = by_people(readings.photo)
    both = taught & marked & people_marked
    offset = np.array([MARK_OFFSET, 0], np.float32)
    mapping = learn_landmark_map(readings.points[both], readings.human[both] - offset)
    mapped = np.full((len(taught), LANDMARKS, 2), np.nan, np.float32)
    mapped[taught] = map_landmarks(readings.points[taught], mapping) + offset
    stands = marked & (people_marked | ~taught)
    landmarks = np.where(stands[:, None, None], readings.human, mapped)
    return landmarks.astype(np.float32), mapped


def label(readings: Readings, shape: FaceShape, dense: DensePoints) -> Labels:
    """Fit every face that has points of either kind: once to see how it is turned, then with its lids read.

    The confidence falls with the fit's residuals and with the disagreement of marks and teacher.
    """
    taught = np.isfinite(readings.points[:, 0, 0])
    marked = np.isfinite(readings.human[:, 0, 0])
    people_marked = by_people(readings.photo) & marked
    landmarks, mapped = landmarks_of(readings)
    usable = (marked | taught) & ~repeated(readings)
    box = np.where((marked | taught)[:, None], landmark_box(landmarks), readings.box).astype(np.float32)
    centre, side = centre_and_side(box)
    points = np.nan_to_num(readings.points[:, dense.teacher])
    points[..., 0] += MARK_OFFSET
    placed = (points[..., :2] - centre[:, None]) / side[:, None, None]
    depth = -points[..., 2:] / side[:, None, None]
    mean, spread = score_prior(np.nan_to_num(readings.scores))
    spread = np.where(taught[:, None], spread, UNTRUSTED_SPREAD).astype(np.float32)
    people = known_people(readings.photo)
    evidence = Evidence(
        (landmarks - centre[:, None]) / side[:, None, None],
        np.concatenate([placed, depth], 2),
        np.stack([np.where(people_marked, 1.0, 0.5), taught], 1),
        mean,
        spread,
        people,
    )[usable]
    turned = fit(shape, dense, evidence, rounds=5).parameters
    unit = turned[:, SCALE] * side[usable]
    marks = np.where(people_marked[:, None, None], readings.human, np.nan)[usable]
    gap = joined(
        gaps(marks, MARKED, turned[:, ROTATION], unit),
        gaps(readings.points[usable], TAUGHT, turned[:, ROTATION], unit),
    )
    gap = evened(gap, turned[:, ROTATION], side[usable])
    usual = usual_gap(gap.mean(1), evidence.person)
    inner, outer, down, squint = (
        mean[usable][:, channels(stem)] for stem in ("browInnerUp", "browOuterUp", "eyeLookDown", "eyeSquint")
    )
    raised = np.maximum(inner, outer)
    set_lids(
        evidence.mean,
        evidence.spread,
        lid_weights(gap, usual, down, squint, raised),
        np.isfinite(gap).all(1),
    )
    fits = fit(shape, dense, evidence)
    fits.parameters[:, EXPRESSION] = less_rest(fits.parameters[:, EXPRESSION], evidence.mean)
    disagreement = np.linalg.norm(
        np.where(marked[:, None, None], readings.human, mapped) - mapped, axis=2
    ).mean(1)
    disagreement = np.where(taught & marked, disagreement / side, np.where(marked, 0.03, 0.02))[usable]
    tolerance = np.where(people_marked[usable] | ~marked[usable], 0.06, 0.09)
    missed = fits.residual * np.stack([np.ones(len(evidence.trust)), taught[usable]], 1)
    confidence = np.zeros(len(usable), np.float32)
    confidence[usable] = np.exp(
        -((missed[:, 0] / 0.035) ** 2) - (missed[:, 1] / 0.025) ** 2 - (disagreement / tolerance) ** 2
    )
    parameters = np.zeros((len(usable), PARAMETERS), np.float32)
    parameters[usable] = fits.parameters
    weight = np.zeros((len(usable), len(dense)), np.float32)
    weight[usable] = dense.facing(fits.parameters) * taught[usable, None]
    weight[usable] *= np.minimum(dense.weight, 1) * np.exp(-((disagreement / tolerance) ** 2))[:, None]
    return Labels(
        readings.photo, landmarks, parameters, confidence, people_marked, box, points[..., :2], weight
    )


def main() -> None:
    """Label all training photographs."""
    parser = argparse.ArgumentParser(prog="python -m models.label", description=main.__doc__)
    parser.add_argument("--sheets", type=Path, help="also save pictures of fits and channels in this folder")
    options = parser.parse_args()
    mesh = FaceMesh.load()
    labels = label(read_all(), mesh.reduced(), DensePoints.load(mesh))
    with replacing(LABELS) as temporary:
        np.savez(temporary, **vars(labels))
    used = labels.usable
    print(f"{LABELS}: {len(used)} faces, {used.sum()} usable, {labels.human.sum()} marked by people")
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
        save_sheets(labels, mesh, options.sheets)


if __name__ == "__main__":
    main()
