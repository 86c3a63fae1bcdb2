"""The MFN's training task: scenes of many faces, labelled by the SFN as in the paper (section 3.4)."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from facert_blender.capture.contract import EXPRESSION, FINDING_SIZE, PARAMETERS

from .datasets import Shard, able
from .face_model import FaceMesh, Projection
from .losses import FaceLoss, LossWeights, complete_iou, objectness, points_distance
from .multi_face import AnchorGrid, Detections, MultiFaceConfig, multi_face_network, overlaps
from .scenery import arrived
from .scenes import MOST_FACES, Composer, Scene, load_photographs
from .shared_data import RUNS, landmark_box
from .single_task import chances
from .train import TrainConfig, short_floats

VALIDATION_SCENES = 160
NEAR_MISS = 0.5
"""An anchor that overlaps a face this much without being its own is not told that it sees background."""
ALSO_POSITIVE = 0.6
"""Besides the best, anchors whose shape overlaps the face's this much learn it too."""


def fractions(points: np.ndarray) -> np.ndarray:
    """Points (..., 2) in pixels, whose centres lie at whole numbers, as fractions of a scene."""
    return (points + 0.5) / FINDING_SIZE


def centred(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as centre and size, fractions of a scene, from x0, y0, x1, y1 in its pixels."""
    low, high = fractions(boxes[:, :2]), fractions(boxes[:, 2:])
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def padded(scene: Scene) -> dict[str, np.ndarray]:
    """A scene, its labels in arrays of one size: MOST_FACES faces and as many ignore zones, zeros beyond.
    Places are fractions of the picture.
    """
    faces = len(scene.parameters)
    boxes = landmark_box(scene.landmarks.reshape(-1, 68, 2))
    arrays = {
        "image": scene.image,
        "boxes": np.zeros((MOST_FACES, 4), np.float32),
        "parameters": np.zeros((MOST_FACES, PARAMETERS), np.float32),
        "landmarks": np.zeros((MOST_FACES, 68, 2), np.float32),
        "confidence": np.zeros(MOST_FACES, np.float32),
        "exact": np.zeros(MOST_FACES, bool),
        "ignored": np.zeros((MOST_FACES, 4), np.float32),
    }
    arrays["boxes"][:faces] = centred(boxes)
    arrays["landmarks"][:faces] = fractions(scene.landmarks)
    for name in ("parameters", "confidence", "exact"):
        arrays[name][:faces] = getattr(scene, name)
    zones = scene.ignored[:MOST_FACES]
    arrays["ignored"][: len(zones)] = centred(zones)
    return arrays


def assign(boxes: Tensor, valid: Tensor, grid: AnchorGrid) -> tuple[Tensor, Tensor, Tensor]:
    """Which anchors learn which faces (YOLOv2: the best-shaped anchor of the cells that hold the centre, and
    others close to it).

    boxes: (n, k, 4). valid: bool (n, k). Returns matching indices of picture, face and one of the grid's m
    predictions; of two faces that want the same prediction, the later wins.
    """
    cell = torch.minimum((boxes[:, :, None, :2] * grid.across).floor(), grid.across - 1).clamp(min=0)
    shared = torch.minimum(boxes[:, :, None, 2:], grid.anchors).prod(-1)
    either = boxes[..., 2:].prod(-1)[..., None] + grid.anchors.prod(-1) - shared
    shape_iou = (shared / (either + 1e-9)) * (cell == grid.cells).all(-1)
    best = shape_iou == shape_iou.amax(-1, keepdim=True)
    chosen = (best | (shape_iou > ALSO_POSITIVE)) & valid[..., None]
    picture, face, place = chosen.nonzero(as_tuple=True)
    owner = torch.full((len(boxes), len(grid.cells)), -1, dtype=torch.long, device=boxes.device)
    owner[picture, place] = face
    kept = owner[picture, place] == face
    return picture[kept], face[kept], place[kept]


def finding_loss(
    seen: Detections, batch: dict[str, Tensor], grid: AnchorGrid
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """The losses of box and objectness in a batch of `MultiFaceTask`, and which anchors learn (`assign`)."""
    boxes, logits, truth = seen.boxes.float(), seen.logits.float(), batch["boxes"]
    picture, face, place = assign(truth, batch["confidence"] > 0, grid)
    with torch.no_grad():
        target = torch.zeros_like(logits)
        target[picture, place] = 1.0
        near = overlaps(boxes, truth).amax(2) > NEAR_MISS
        zones = batch["ignored"][:, None]
        inside = ((boxes[:, :, None, :2] - zones[..., :2]).abs() < zones[..., 2:] * 0.6).all(-1).any(-1)
        counted = ((target > 0) | ~(near | inside)).float()
    loss = objectness(logits, target, counted)
    if len(face):
        loss = loss + 2.0 * (1 - complete_iou(boxes[picture, place], truth[picture, face])).mean()
    return loss, (picture, face, place)


def read(seen: Detections, picture: Tensor, place: Tensor) -> tuple[Tensor, Tensor | None]:
    """Parameters (m, 104) and points (m, 68, 2), or None, of m faces: those of picture (m,) at place (m,)."""
    assert seen.parameters is not None
    points = None if seen.points is None else seen.points[picture, place]
    return seen.parameters[picture, place], points


class MultiFaceTask:
    """`Task` for the MFN."""

    def __init__(self, config: TrainConfig) -> None:
        mesh = FaceMesh.load()
        self.batch_size = config.batch
        shape = MultiFaceConfig(**config.model)
        self.network: nn.Module = multi_face_network(shape)
        self.reads = shape.reads
        self.grid = cast(AnchorGrid, self.network.grid)
        self.face_loss = FaceLoss(Projection(mesh.reduced()), LossWeights(**config.loss))
        teacher = config.data.get("labels", "")
        photographs = arrived(teacher) or load_photographs(teacher)
        shards = [Shard.open(RUNS / name) for name in config.data.get("made", ["edited"])]

        def composer(*, validation: bool) -> Composer:
            rows = [able(shard, held=validation, least=0) for shard in shards]
            made = [
                (s, r, chances(s, r, self.face_loss))
                for s, r in zip(shards, rows, strict=True)
                if len(r)  # some shards hold nobody out
            ]
            return Composer(photographs[validation], made)

        self.training, validation = composer(validation=False), composer(validation=True)
        self.validation = [
            padded(validation.scene(np.random.default_rng((1, i)))) for i in range(VALIDATION_SCENES)
        ]

    def batch(self, seed: int, step: int) -> dict[str, Tensor]:
        """Scenes uint8 (n, 288, 288, 3) with their faces, by seed and step alone."""
        generators = (np.random.default_rng((seed, step, i)) for i in range(self.batch_size))
        scenes = [padded(self.training.scene(rng)) for rng in generators]
        return {name: torch.from_numpy(np.stack([s[name] for s in scenes])) for name in scenes[0]}

    def loss(self, network: nn.Module, batch: dict[str, Tensor], epoch: int) -> Tensor:
        """Equation 4 over the positive anchors, with the losses of box and objectness."""
        image = batch["image"]
        self.face_loss.to(image.device)
        with short_floats(image.device):
            seen: Detections = network(image)
        loss, (picture, face, place) = finding_loss(seen, batch, self.grid)
        if seen.parameters is None:
            return loss
        within = place < seen.parameters.shape[1]
        return loss + self._reading_loss(seen, batch, (picture[within], face[within], place[within]), epoch)

    def _reading_loss(
        self, seen: Detections, batch: dict[str, Tensor], assigned: tuple[Tensor, Tensor, Tensor], epoch: int
    ) -> Tensor:
        """Equation 3 over what is read of faces in their cells, by picture, face and prediction."""
        picture, face, place = assigned
        if not len(face):
            return seen.logits.new_zeros(())
        view = seen.boxes.detach().float()[picture, place]
        parameters, points = read(seen, picture, place)
        # Landmarks in the view's own frame, so that the landmark loss also shapes the box (paper, 7.3).
        side = view[:, 2:].amax(1)
        relative = (batch["landmarks"][picture, face] - view[:, None, :2]) / side[:, None, None]
        clear = batch["confidence"][picture, face] * (0.25 + 0.75 * (side * FINDING_SIZE / 40).clamp(max=1))
        loss: Tensor = self.face_loss(
            parameters.float(),
            batch["parameters"][picture, face],
            relative,
            clear,
            batch["exact"][picture, face],
            epoch,
        )
        if points is not None:
            off = points_distance(points.float(), relative, torch.ones_like(relative[..., 0]))
            loss = loss + self.face_loss.weights.points * (clear * off).mean()
        return loss

    @torch.no_grad()
    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """On scenes of held-out people: recall at 0.5 overlap, precision, and of faces that are read, NME in
        percent and expressions.
        """
        found = wanted = claimed = right = 0
        nme, expression = [], []
        projection = self.face_loss.projection.to(device)
        for start in range(0, len(self.validation), 16):
            scenes = self.validation[start : start + 16]
            batch = {n: torch.from_numpy(np.stack([s[n] for s in scenes])).to(device) for n in scenes[0]}
            with short_floats(device):
                seen = network(batch["image"])
            boxes, valid = batch["boxes"], batch["confidence"] > 0
            iou = overlaps(seen.boxes.float(), boxes) * valid[:, None]
            sure = torch.sigmoid(seen.logits.float()) > 0.5
            score = iou * sure[..., None]
            best, place = score.max(1)
            hit = (best > 0.5) & valid
            found, wanted = found + int(hit.sum()), wanted + int(valid.sum())
            zones = overlaps(seen.boxes.float(), batch["ignored"]).amax(2) > 0.3
            claimed += int((sure & ~zones).sum())
            right += int((sure & ~zones & (iou.amax(2) > 0.5)).sum())
            if seen.parameters is None:
                continue
            picture, face = (hit & (place < seen.parameters.shape[1])).nonzero(as_tuple=True)
            where = place[picture, face]
            box = seen.boxes.float()[picture, where]
            parameters, points = read(seen, picture, where)
            located = projection(parameters.float()) if points is None else points.float()
            marks = located * box[:, 2:].amax(1)[:, None, None] + box[:, None, :2]
            truth = batch["landmarks"][picture, face]
            extent = boxes[picture, face][:, 2:].prod(1).sqrt()
            nme += ((marks - truth).norm(dim=2).mean(1) / extent).tolist()
            wrong = parameters[:, EXPRESSION] - batch["parameters"][picture, face][:, EXPRESSION]
            expression += wrong.abs().mean(1).tolist()
        metrics = {"recall": found / max(wanted, 1), "precision": right / max(claimed, 1)}
        if not self.reads:
            return {**metrics, "score": 10 * (2 - metrics["recall"] - metrics["precision"])}
        metrics["nme"] = float(np.mean(nme) * 100) if nme else 100.0
        metrics["expression"] = float(np.mean(expression)) if expression else 1.0
        metrics["score"] = 10 * (1 - metrics["recall"]) + 0.3 * metrics["nme"] + 20 * metrics["expression"]
        return metrics
