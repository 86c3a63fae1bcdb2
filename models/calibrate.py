"""What confidence of the MFN means a face: `python -m models.calibrate RUN`.

Runs the trained network on scenes of held-out people and prints precision and recall by confidence. The one
with the best F2 is what `models.export --confidence` turns into 0.5, where the add-on draws the line: a
missed face costs an animator more than a false one, which flickers and is dropped, or is left uncast.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import nn

from facert_blender.capture.contract import MULTI_SIZE
from facert_blender.capture.network import overlaps

from .export import CONFIGS, load_trained
from .multi_task import MultiFaceTask
from .train import TrainConfig

LEVELS = np.round(np.arange(0.1, 0.85, 0.05), 2)
RIGHT = 0.5
"""A detection is right from this overlap on."""


def corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as x0, y0, x1, y1 from centre and size."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


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


def main() -> None:
    """Print precision and recall of a trained MFN by confidence."""
    parser = argparse.ArgumentParser(prog="python -m models.calibrate", description=main.__doc__)
    parser.add_argument("run")
    options = parser.parse_args()
    config = TrainConfig.read(CONFIGS / f"{options.run}.toml")
    network = load_trained(config)
    scenes = MultiFaceTask(config).validation
    best, best_level = 0.0, 0.5
    for level in LEVELS:
        found, there, right, claimed = np.sum([counts(network, scene, level) for scene in scenes], axis=0)
        precision, recall = right / max(claimed, 1), found / max(there, 1)
        f2 = 5 * precision * recall / max(4 * precision + recall, 1e-9)
        print(f"confidence {level:.2f}  precision {precision:.3f}  recall {recall:.3f}  F2 {f2:.3f}")
        if f2 > best:
            best, best_level = f2, float(level)
    print(f"best: python -m models.export {options.run} --confidence {best_level}")
    print(f"(scenes of {MULTI_SIZE} pixels: {len(scenes)})")


if __name__ == "__main__":
    main()
