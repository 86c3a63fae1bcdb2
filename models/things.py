"""What the finder takes for faces and is none: `python -m models.things` makes `runs/things`.

In every photograph, whole and in parts, these are the likeliest predictions of the run `ms_mfn_find_finer`
that are no face that is labelled or that YuNet half sees, not even badly placed: what is behind people, what
they wear, a part of a face, the place between two. Some boxes at random about faces are among them: whoever
stands in one with half of the stage, or with two others, is seldom photographed so, and looks like a face.
From them and from faces a network learns to tell which is which (`models.likeness`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from facert_blender.capture.contract import MULTI_SIZE, ROTATION
from facert_blender.capture.network import overlaps, suppress
from facert_blender.capture.view import fit, pyramid

from .crops import cut_out
from .datasets import LAYOUT, SHARD_SIZE, SHARD_SPAN, Shard
from .export import CONFIGS, FOUND_ON, load_trained
from .label import Labels
from .readers.folder import face_box
from .shared_data import PHOTOS, RUNS, centre_and_side, corners, person, read_image
from .sheets import save_tiles
from .teacher import Detector
from .train import TrainConfig

THINGS = RUNS / "things"
FINDER = "ms_mfn_find_finer"
LEAST = 0.02
"""Confidence of the finder from which something is worth telling from a face."""
SEEN = 0.15
"""Score of YuNet from which something may be a face."""
MOST = 6
"""How many things a photograph gives, at most."""
SMALLEST = 14
"""Pixels of the longer side of the smallest."""
LONGEST = 1600
"""Photographs are shrunk to this many pixels."""
WIDE = 500
"""Larger photographs are also searched in four parts."""
PART = 0.6
"""The side of these parts, as a share of the photograph's."""
MISPLACED = 0.25
"""Intersection over union from which a box, though badly placed, is a face's."""
ABOUT = 3
"""How many boxes at random about faces a photograph gives, at most."""
DRAWN = 30
"""How many are drawn for them."""
SIZES = (0.35, 4.0)
"""Their sides over the face's."""
OUTSIDE = 0.05
"""How much of their side may lie outside the picture, each way."""
SUPPOSED = 0.06
"""The confidence that they are given, without asking the finder: about the mean of all others."""


def searched(image: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The pictures in which to search a picture uint8 (h, w, 3), with their upper left corners (2,)."""
    yield image, np.zeros(2)
    height, width = image.shape[:2]
    if max(height, width) > WIDE:
        across, down = int(PART * width), int(PART * height)
        for x in (0, width - across):
            for y in (0, height - down):
                yield image[y : y + down, x : x + across], np.array([x, y])


@torch.no_grad()
def found(finder: nn.Module, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 4) x0, y0, x1, y1 in pixels and confidences (n,) of what a finder sees in a picture, the most
    confident first, none twice.
    """
    boxes, confidence = [np.zeros((0, 4))], [np.zeros(0)]
    for part, corner in searched(image):
        view, scale = fit(np.ascontiguousarray(part))
        seen = finder(torch.from_numpy(pyramid(view)[FOUND_ON][None]))
        likely = torch.sigmoid(seen.logits[0]).numpy()
        kept = likely >= LEAST
        placed = corners(seen.boxes[0].numpy()[kept]) * (MULTI_SIZE / scale) - 0.5
        boxes.append(placed + np.tile(corner, 2))
        confidence.append(likely[kept])
    order = np.argsort(-np.concatenate(confidence), kind="stable")
    all_boxes, all_confidence = np.concatenate(boxes)[order], np.concatenate(confidence)[order]
    kept_once = suppress(all_boxes)
    return all_boxes[kept_once], all_confidence[kept_once]


def no_faces(boxes: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Which of boxes (n, 4) are not, even badly placed, those of one of the faces (m, 4)."""
    return np.asarray(overlaps(boxes, faces).max(1, initial=0) < MISPLACED)


def faces_in(detector: Detector, image: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) of what YuNet half sees in a picture, and in it enlarged, where it is small."""
    boxes = [face_box(detector.read(image)[:, :4])]
    if max(image.shape[:2]) < LONGEST / 2:
        boxes.append(face_box(detector.read(cv2.resize(image, None, fx=2, fy=2))[:, :4]) / 2)
    return np.concatenate(boxes)


def about(faces: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Boxes (n, 4) at random about faces (m, 4) of a picture (h, w, 3): a part of one, one and what is around
    it, the place beside one, several at once.
    """
    chosen = rng.integers(len(faces), size=DRAWN)
    centre, side = (of_faces[chosen] for of_faces in centre_and_side(faces))
    smallest, largest = np.log(SIZES)
    sizes = np.exp(rng.uniform(smallest, largest, DRAWN))
    # As far away as they touch, nearly.
    reach = 0.45 * (sizes + 1) * side
    middle = centre + reach[:, None] * rng.uniform(-1, 1, (DRAWN, 2))
    boxes = corners(np.column_stack([middle, sizes * side, sizes * side]))
    edge = (OUTSIDE * sizes * side)[:, None]
    inside = (boxes[:, :2] >= -edge).all(1) & (boxes[:, 2:] <= np.array(shape[1::-1]) + edge).all(1)
    return boxes[inside]


def things(
    finder: nn.Module, detector: Detector, photo: str, faces: np.ndarray, rng: np.random.Generator
) -> Shard:
    """The things of a photograph that shows faces (m, 4), x0, y0, x1, y1 in pixels, among others."""
    image = read_image(PHOTOS / photo)
    scale = min(1.0, LONGEST / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    seen = np.concatenate([faces * scale, faces_in(detector, image)])
    boxes, confidence = found(finder, image)
    besides = about(faces * scale, image.shape, rng)
    kinds = ((boxes, confidence, MOST), (besides, np.full(len(besides), SUPPOSED), ABOUT))
    return Shard.join([cut(image, photo, each, sure, seen, most) for each, sure, most in kinds])


def cut(
    image: np.ndarray, photo: str, boxes: np.ndarray, confidence: np.ndarray, faces: np.ndarray, most: int
) -> Shard:
    """What lies in the first boxes (n, 4) that are none of the faces (m, 4) of a picture, so many at most.

    confidence: (n,), that they are faces.
    """
    centre, side = centre_and_side(boxes)
    rows = np.flatnonzero(no_faces(boxes, faces) & (side >= SMALLEST))[:most]
    shard = Shard(**{name: np.zeros((len(rows), *shape), kind) for name, (kind, shape) in LAYOUT.items()})
    for place, row in enumerate(rows):
        shard.images[place] = cut_out(image, centre[row], float(side[row]), SHARD_SIZE, SHARD_SPAN)
    shard.parameters[:, ROTATION.start] = 1
    shard.confidence[:] = confidence[rows]
    shard.person[:] = person(PHOTOS / photo)
    shard.pixel[:] = 1 / side[rows]
    shard.pair[:] = -1
    return shard


def main() -> None:
    """Cut what is taken for faces, and is none, out of the photographs."""
    parser = argparse.ArgumentParser(prog="python -m models.things", description=main.__doc__)
    parser.add_argument("--sheet", type=Path, help="a picture of the likeliest")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    finder = load_trained(TrainConfig.read(CONFIGS / f"{FINDER}.toml"))
    detector, labels, rng = Detector(threshold=SEEN), Labels.load(), np.random.default_rng(0)
    shard = Shard.join(
        [
            things(finder, detector, str(photo), np.nan_to_num(labels.box[labels.photo == photo]), rng)
            for photo in tqdm(np.unique(labels.photo))
        ]
    )
    shard.save(THINGS)
    print(f"{THINGS}: {len(shard)} things, {int((shard.confidence > 0.3).sum())} of them likely faces")
    if options.sheet:
        likeliest = np.argsort(-shard.confidence)[:96]
        save_tiles([np.asarray(shard.images[row]) for row in likeliest], 12, options.sheet)


if __name__ == "__main__":
    main()
