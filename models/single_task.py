"""The training task of the SFN and of the MFN's reader: photographs and made faces, crop by crop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from facert_blender.capture.contract import (
    EXPRESSION,
    EXPRESSIONS,
    IDENTITY,
    LANDMARKS,
    MIRROR_LANDMARKS,
    ROTATION,
    SINGLE_SIZE,
)
from facert_blender.capture.view import View

from .augment import first_spread, photographic, place, random_place, seen_small, unevenly_lit
from .datasets import SHARD_SPAN, SURE, Shard, able, drawn, stable_identity
from .dense import DensePoints
from .expressions import channels
from .face_model import FaceMesh, Projection
from .losses import FaceLoss, LossWeights, people_confusion, points_distance, twins_confusion
from .relabel import labels_file
from .shared_data import RUNS, marked_by_people
from .single_face import SingleFaceConfig, SingleFaceNetwork
from .train import TrainConfig, short_floats

VALIDATION_FACES = 600


def mates(person: np.ndarray, rows: np.ndarray) -> dict[int, np.ndarray]:
    """The other rows that show the same person, for each of `rows` that has some."""
    _, group = np.unique(person[rows], return_inverse=True)
    together = np.split(rows[np.argsort(group, kind="stable")], np.cumsum(np.bincount(group))[:-1])
    return {int(row): alike[alike != row] for alike in together if len(alike) > 1 for row in alike}


def chances(shard: Shard, rows: np.ndarray, loss: FaceLoss) -> np.ndarray:
    """How often each of a shard's training faces is shown, of sum 1.

    Rare expressions and turned heads come more often, and photographs whose points people marked take
    half of the time: the points of the others are automatic, and not quite where people see them.
    """
    reliable = (loss.exact if shard.made else loss.fitted).numpy()
    square = shard.parameters[rows][:, EXPRESSION] ** 2
    rare = np.minimum(square / square.mean(0).clip(1e-4), 40) * reliable
    strong = rare.sum(1) / reliable.sum()
    turned = 1 - shard.parameters[rows][:, ROTATION][:, 0]
    chance = 0.3 + strong + 6 * np.minimum(turned, 0.1)
    marked = marked_by_people(shard.person[rows])
    for part in (marked, ~marked):
        chance[part] /= max(chance[part].sum(), 1e-9)
    return np.asarray(chance / chance.sum())


def open_labelled(name: str, data: dict[str, Any]) -> Shard:
    """A shard with the labels that the configuration's data wishes.

    Where they are fitted, those of the SFN whose run `labels` names, but for the expressions in `fitted`.
    Where they are exact, a mixture: the share `exact` of them (all, unless given), the rest of what that SFN
    sees, who does not see what does not show; but rotations stay exact, since how a head is turned always
    shows, and so do the expressions in `exactly`. With a share of zero nothing does, and they are no longer
    called exact.
    """
    shard, teacher, share = Shard.open(RUNS / name), data.get("labels", ""), data.get("exact", 1.0)
    if not teacher or (shard.made and share == 1):
        return shard
    seen = np.load(labels_file(teacher, name))
    stems = data.get("exactly" if shard.made else "fitted", ())
    kept = [EXPRESSION.start + i for stem in stems for i in channels(stem)]
    if not shard.made:
        seen[:, kept] = shard.parameters[:, kept]
    if not shard.made or share == 0:
        return shard.labelled(seen)
    mixed = share * shard.parameters + (1 - share) * seen
    for columns in (ROTATION, kept):
        mixed[:, columns] = shard.parameters[:, columns]
    return replace(shard, parameters=mixed.astype(np.float32))


class SingleFaceTask:
    """`Task` for the SFN."""

    def __init__(self, config: TrainConfig) -> None:
        mesh = FaceMesh.load()
        self.batch_size = config.batch
        self.network = SingleFaceNetwork(SingleFaceConfig(**config.model))
        self.face_loss = FaceLoss(Projection(mesh.reduced()), LossWeights(**config.loss))
        self.size = self.network.config.size
        dense = DensePoints.load(mesh)
        auxiliary = dense.located(self.network.config.points - LANDMARKS)
        mirrored = np.array([list(auxiliary).index(point) for point in dense.mirror[auxiliary]], int)
        self.points_mirror = [*MIRROR_LANDMARKS, *(LANDMARKS + mirrored)]
        names = config.data.get("shares", {"photographs": 0.5, "edited": 0.5})
        self.names = list(names)
        self.flips = bool(config.data.get("flips", True))
        self.upright = float(config.data.get("upright", 0.0))
        self.uneven = bool(config.data.get("uneven", False))
        self.shards = [open_labelled(name, config.data) for name in names]
        self.shards = [
            replace(s, parameters=stable_identity(s.parameters, s.confidence, s.person)) for s in self.shards
        ]
        self.points = [np.concatenate([s.landmarks, s.dense[:, auxiliary]], 1) for s in self.shards]
        self.points_weight = [
            np.concatenate([np.ones_like(s.landmarks[..., 0]), s.dense_weight[:, auxiliary]], 1)
            for s in self.shards
        ]
        self.shares = np.array(list(names.values())) / sum(names.values())
        self.training = [able(shard, held=False, least=SURE) for shard in self.shards]
        rng = np.random.default_rng(0)
        validation = [able(shard, held=True, least=0.4) for shard in self.shards]
        self.validation = [rng.permutation(rows)[:VALIDATION_FACES] for rows in validation]
        self.mates = [mates(s.person, rows) for s, rows in zip(self.shards, self.training, strict=True)]
        self.chances = [
            np.cumsum(chances(s, rows, self.face_loss))
            for s, rows in zip(self.shards, self.training, strict=True)
        ]

    def batch(self, seed: int, step: int) -> dict[str, Tensor]:
        """Crops uint8 (n, s, s, 3) of the network's size with their labels, by seed and step alone."""
        rng = np.random.default_rng((seed, step))
        crops, parameters, points, weight, confidence, exact, people = [], [], [], [], [], [], []
        picks, twin = self._picks(rng)
        for source, row in picks:
            shard = self.shards[source]
            crop, p, marks = random_place(
                shard.images[row],
                SHARD_SPAN,
                shard.parameters[row],
                self.points[source][row],
                float(shard.pixel[row]),
                rng,
                self.points_mirror,
                flips=self.flips,
                spread=first_spread(self.size),
                upright=self.upright,
            )
            if self.uneven:
                crop = unevenly_lit(crop, rng)
            crop = photographic(crop, rng)
            crops.append(crop if self.size == SINGLE_SIZE else seen_small(crop, self.size, rng))
            parameters.append(p)
            points.append(marks)
            weight.append(self.points_weight[source][row])
            confidence.append(shard.confidence[row])
            exact.append(shard.exact[row])
            people.append(shard.person[row])
        return {
            "image": torch.from_numpy(np.stack(crops)),
            "parameters": torch.from_numpy(np.stack(parameters)),
            "points": torch.from_numpy(np.stack(points)),
            "weight": torch.from_numpy(np.stack(weight)),
            "confidence": torch.tensor(np.array(confidence, np.float32)),
            "exact": torch.tensor(exact),
            "twin": torch.tensor(twin),
            "person": torch.from_numpy(np.unique(people, return_inverse=True)[1]),
        }

    def _picks(self, rng: np.random.Generator) -> tuple[list[tuple[int, int]], list[int]]:
        """Shard and row of each face of a batch, and where in the batch its twin is, -1 for none: the same
        face with another expression or turned otherwise, which follows half of those that have one. Another
        photograph of the same person follows half of the others.
        """
        picks: list[tuple[int, int]] = []
        twin: list[int] = []
        while len(picks) < self.batch_size:
            source = int(rng.choice(len(self.shards), p=self.shares))
            row = drawn(self.training[source], self.chances[source], rng)
            picks.append((source, row))
            twin.append(-1)
            if len(picks) == self.batch_size or rng.random() < 0.5:
                continue
            other = int(self.shards[source].pair[row])
            if other >= 0:
                picks.append((source, other))
                twin.append(len(picks) - 2)
            elif row in self.mates[source]:
                picks.append((source, int(rng.choice(self.mates[source][row]))))
                twin.append(-1)
        return picks, twin

    def loss(self, network: nn.Module, batch: dict[str, Tensor], epoch: int) -> Tensor:
        """Equation 3 over the batch, how far the located points are off, and what twins are confused in."""
        image = batch["image"]
        self.face_loss.to(image.device)
        with short_floats(image.device):
            predicted, points, _ = network(image)
        marks = batch["points"][:, :LANDMARKS]
        labels = (batch[name] for name in ("confidence", "exact"))
        loss: Tensor = self.face_loss(predicted.float(), batch["parameters"], marks, *labels, epoch)
        distance = points_distance(points, batch["points"], batch["weight"])
        loss = loss + self.face_loss.weights.points * (batch["confidence"] * distance).mean()
        confused = twins_confusion(predicted.float(), batch["parameters"], batch["twin"])
        loss = loss + self.face_loss.weights.twins * confused
        alike = people_confusion(predicted[:, IDENTITY].float(), batch["person"])
        return loss + self.face_loss.weights.people * alike

    @torch.no_grad()
    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """NME in percent and the expressions' mean error, of each shard in which people are held out."""
        metrics: dict[str, float] = {}
        for kind, shard, rows in zip(self.names, self.shards, self.validation, strict=True):
            if not len(rows):
                continue
            views = [
                View.upright(shard.landmarks[r], shard.parameters[r, ROTATION])
                if self.upright
                else View(np.zeros(2), first_spread(self.size).aim)
                for r in rows
            ]
            placed = [
                place(
                    shard.images[r],
                    SHARD_SPAN,
                    shard.parameters[r],
                    shard.landmarks[r],
                    scale=view.side,
                    shift=view.centre,
                    roll=-view.roll,
                )
                for r, view in zip(rows, views, strict=True)
            ]
            across = (self.size, self.size)
            crops = [cv2.resize(crop, across, interpolation=cv2.INTER_AREA) for crop, _, _ in placed]
            chunks = torch.from_numpy(np.stack(crops)).split(50)
            with short_floats(device):
                predicted = torch.cat([network(chunk.to(device))[0].float() for chunk in chunks])
            truth = torch.from_numpy(np.stack([landmarks for _, _, landmarks in placed])).to(device)
            found = self.face_loss.projection.to(device)(predicted)
            extent = (truth.amax(1) - truth.amin(1)).prod(1).sqrt()
            metrics[f"nme_{kind}"] = float(((found - truth).norm(dim=2).mean(1) / extent).mean() * 100)
            weights = torch.from_numpy(shard.parameters[rows]).to(device)[:, EXPRESSION]
            metrics[f"expression_{kind}"] = float((predicted[:, EXPRESSION] - weights).abs().mean())
            for name in ("eyeBlinkLeft", "jawOpen", "mouthSmileLeft", "browInnerUpLeft"):
                i = EXPRESSIONS.index(name)
                pair = torch.stack([predicted[:, EXPRESSION][:, i], weights[:, i]])
                metrics[f"{name}_{kind}"] = float(torch.corrcoef(pair)[0, 1])
        nme = [v for k, v in metrics.items() if k.startswith("nme")]
        expression = [v for k, v in metrics.items() if k.startswith("expression")]
        metrics["score"] = sum(nme) / len(nme) + 20 * sum(expression) / len(expression)
        return metrics
