"""What a trained network's outputs mean: `python -m models.calibrate RUN`.

Fits where people mark the landmarks to the points that the network locates (`Marks`), on the photographs of
training that people have marked, into the run's best weights. Of an MFN it also prints precision and recall
by confidence, on scenes of held-out people. The one with the best F2 is what a configuration's `confidence`
makes 0.5, where the add-on draws the line: a missed face costs an animator more than a false one, which
flickers and is dropped, or is left uncast.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from facert_blender.capture.contract import FINDING_SIZE, LANDMARKS, ROTATION
from facert_blender.capture.network import overlaps
from facert_blender.capture.output import replacing

from .augment import first_spread, random_view
from .datasets import PHOTOGRAPHS, SURE, Shard, able
from .export import CONFIGS, load_trained
from .marks import Marks
from .multi_task import MultiFaceTask
from .shared_data import RUNS, corners, marked_by_people
from .single_face import SingleFaceNetwork
from .train import TrainConfig

Located = tuple[Tensor, Tensor, Tensor]
"""Points (n, points, 2), rotations (n, 4) and people's marks (n, 68, 2), in sides."""
ROUNDS = 4
LEVELS = np.round(np.arange(0.1, 0.85, 0.05), 2)
RIGHT = 0.5
"""A detection is right from this overlap on."""


def counts(network: nn.Module, scene: dict[str, np.ndarray], level: float) -> tuple[int, int, int, int]:
    """Faces found, faces there, right detections and all detections, in one padded scene at a confidence."""
    with torch.no_grad():
        seen = network(torch.from_numpy(scene["image"][None]))
    confidence = torch.sigmoid(seen.logits[0]).numpy()
    order = [i for i in np.argsort(-confidence) if confidence[i] >= level]
    boxes = corners(seen.boxes[0].numpy()[order].reshape(-1, 4))
    kept: list[int] = []
    for i in range(len(boxes)):
        if not kept or overlaps(boxes[i], boxes[kept]).max() < RIGHT:
            kept.append(i)
    boxes = boxes[kept]
    truth = corners(scene["boxes"][scene["confidence"] > 0])
    zones = corners(scene["ignored"][scene["ignored"][:, 2] > 0])
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    ignored = np.array([((zones[:, :2] < m) & (m < zones[:, 2:])).all(1).any() for m in middle], bool)
    iou = overlaps(boxes, truth)
    found = int((iou.max(0) > RIGHT).sum()) if iou.size else 0
    right = iou.max(1) > RIGHT if iou.size else np.zeros(len(boxes), bool)
    return found, len(truth), int(right.sum()), int((right | ~ignored).sum())


def marked_faces() -> tuple[Shard, np.ndarray]:
    """The photographs' faces, and the rows of those that people have marked and that are trained on."""
    shard = Shard.open(PHOTOGRAPHS)
    trained_on = able(shard, held=False, least=SURE)
    return shard, trained_on[marked_by_people(shard.person[trained_on])]


def points_in_crops(network: SingleFaceNetwork, shard: Shard, rows: np.ndarray, upright: bool) -> Located:
    """What a network makes of faces in views of them, ROUNDS of each, and where the landmarks are."""
    size, spread = network.config.size, first_spread(network.config.size)
    rng = np.random.default_rng(0)
    points, rotation, marks = [], [], []
    for chunk in tqdm(np.array_split(np.repeat(rows, ROUNDS), max(1, len(rows) * ROUNDS // 50))):
        placed = [random_view(shard, row, rng, spread=spread, upright=float(upright)) for row in chunk]
        crops = [cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA) for crop, _, _ in placed]
        parameters, located, _ = network(torch.from_numpy(np.stack(crops)))
        points.append(located)
        rotation.append(parameters[:, ROTATION])
        marks.append(torch.from_numpy(np.stack([landmarks for _, _, landmarks in placed])))
    return torch.cat(points), torch.cat(rotation), torch.cat(marks)


def calibrate_marks(config: TrainConfig) -> None:
    """Fit a run's `Marks` and write them into its best weights; nothing where it has none."""
    network = load_trained(config)
    layers = [part for part in network.modules() if isinstance(part, Marks)]
    for layer in layers:
        with torch.no_grad():
            upright = config.data.get("upright", 0.0)
            points, rotation, marks = points_in_crops(network, *marked_faces(), upright > 0)
            before = distance(points[:, :LANDMARKS], marks)
            layer.fit(points, rotation, marks)
            after = distance(layer(points, rotation), marks)
        print(f"marks of {len(marks)} faces: {before:.2%} of a side off, corrected {after:.2%}")
    if layers:
        with replacing(RUNS / config.name / "best.pt") as temporary:
            torch.save(network.state_dict(), temporary)


def distance(points: Tensor, marks: Tensor) -> float:
    """The mean distance of points (n, 68, 2) from marks."""
    return float((points - marks).norm(dim=2).mean())


def calibrate_confidence(config: TrainConfig) -> None:
    """Print precision and recall of a trained MFN by confidence."""
    network = load_trained(config)
    scenes = MultiFaceTask(config).validation
    best, best_level = 0.0, config.confidence
    for level in LEVELS:
        found, there, right, claimed = np.sum([counts(network, scene, level) for scene in scenes], axis=0)
        precision, recall = right / max(claimed, 1), found / max(there, 1)
        f2 = 5 * precision * recall / max(4 * precision + recall, 1e-9)
        print(f"confidence {level:.2f}  precision {precision:.3f}  recall {recall:.3f}  F2 {f2:.3f}")
        if f2 > best:
            best, best_level = f2, float(level)
    print(f"best: confidence = {best_level}, for the configuration of what is exported")
    print(f"(scenes of {FINDING_SIZE} pixels: {len(scenes)})")


def main() -> None:
    """Fit a run's marks; print what its confidence means."""
    parser = argparse.ArgumentParser(prog="python -m models.calibrate", description=main.__doc__)
    parser.add_argument("run")
    options = parser.parse_args()
    config = TrainConfig.read(CONFIGS / f"{options.run}.toml")
    calibrate_marks(config)
    if config.network == "multi":
        calibrate_confidence(config)


if __name__ == "__main__":
    main()
