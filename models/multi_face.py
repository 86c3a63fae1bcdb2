"""The multiple-face network (MFN): a 288 x 288 picture to every face in it (paper, sections 3.4, 4.3.3 and
7.2). What it reads of faces in its cells is replaced in the shipped network by a `face_reader`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import (
    ANCHORS,
    EXPRESSIONS,
    GRID,
    IDENTITIES,
    LANDMARKS,
    MOST_READ,
    PARAMETERS,
)
from facert_blender.capture.network import OVERLAP

from .blocks import ConvBlock, Fire, Level, Normalise, Stem, activate, slim_branch

CANDIDATES = 100
"""From how many predictions, of which several may see the same face, those to be read are chosen."""


@dataclass(frozen=True)
class MultiFaceConfig:
    """The shape of an MFN.

    multi_scale: whether it is MS-MFN, or SS-MFN, whose shape is fixed. stem, widths, squeeze, branch: as for
    the SFN, with levels at 72, 36, 18 and 9 pixels. located: features from which landmarks are located in
    training, and which every group of parameters sees. anchors: the five boxes' sizes (width, height) as
    fractions of the picture, k-means of the training boxes. finer: features from which small faces are also
    found in finer cells, of MS-MFN; where 0 there are none. reads: whether it reads the faces in its cells.
    """

    stem: int = 48
    widths: tuple[int, int, int, int] = (64, 128, 256, 384)
    squeeze: tuple[int, int, int, int] = (16, 24, 48, 64)
    branch: int = 96
    located: int = 192
    multi_scale: bool = True
    anchors: tuple[tuple[float, float], ...] = (
        (0.06, 0.06),
        (0.10, 0.10),
        (0.15, 0.145),
        (0.23, 0.22),
        (0.45, 0.44),
    )
    finer: int = 0
    reads: bool = True


SMALL = ((0.03, 0.03), (0.05, 0.05), (0.08, 0.08))
"""The sizes of the boxes in finer cells, like MultiFaceConfig.anchors."""


class GridHead(nn.Module):
    """One group of outputs for each anchor of each cell, of which there are `grid` to a side."""

    def __init__(
        self, channels: int, outputs: int, hidden: int, *, grid: int = GRID, anchors: int = ANCHORS
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.predictions = grid * grid * anchors
        self.hidden = ConvBlock(channels, hidden, 1)
        self.out = nn.Conv2d(hidden, anchors * outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, channels, grid, grid) to (n, 405, outputs) where there are 9 cells to a side with 5
        anchors: row by row, cell by cell, anchor by anchor.
        """
        return self.read(self.hidden(x))

    def read(self, hidden: Tensor) -> Tensor:
        """The same from the hidden features (n, hidden, grid, grid)."""
        return self.out(hidden).permute(0, 2, 3, 1).reshape(-1, self.predictions, self.outputs)


class FinerCells(nn.Module):
    """Finds small faces in cells half as large as the others, from three levels (as Lin et al. 2017, "Feature
    Pyramid Networks for Object Detection").
    """

    def __init__(self, c: MultiFaceConfig) -> None:
        super().__init__()
        _, w2, w3, w4 = c.widths
        self.near = Fire(w2, c.squeeze[1], c.finer, stride=2)
        self.same = ConvBlock(w3, c.finer, 1)
        self.deep = ConvBlock(w4, c.finer, 1)
        self.mix = Fire(c.finer, c.squeeze[1], c.finer)
        self.box = GridHead(c.finer, 5, c.finer, grid=2 * GRID, anchors=len(SMALL))
        # It begins by finding nothing.
        nn.init.constant_(self.box.out.bias[4::5], -4.0)

    def forward(self, level2: Tensor, level3: Tensor, level4: Tensor) -> Tensor:
        """Features at 36, 18 and 9 pixels to raw boxes and objectness (n, 972, 5)."""
        deep = functional.interpolate(self.deep(level4), scale_factor=2.0)
        raw: Tensor = self.box(self.mix(self.near(level2) + self.same(level3) + deep))
        return raw


@dataclass(frozen=True)
class Detections:
    """What the MFN sees, anchor by anchor: 405 predictions in the paper's cells, then those in finer ones.

    boxes: (n, m, 4), centre and size as fractions of the picture. logits: (n, m), of the objectness.
    parameters: (n, 405, 104), and points: the 68 landmarks (n, 405, 68, 2) in sides from the box's centre, y
    down; None from a network that does not give them.
    """

    boxes: Tensor
    logits: Tensor
    parameters: Tensor | None = None
    points: Tensor | None = None


class AnchorGrid(nn.Module):
    """Turns raw outputs into boxes by the cells and anchors they belong to (YOLOv2's equations)."""

    cells: Tensor
    anchors: Tensor
    across: Tensor

    def __init__(self, c: MultiFaceConfig) -> None:
        """cells: (m, 2), column and row of each prediction's. anchors: (m, 2), sizes as fractions of the
        picture. across: (m, 1), how many such cells there are to a side.
        """
        super().__init__()
        grids = [(GRID, c.anchors), *([(2 * GRID, SMALL)] if c.finer else [])]
        cells, sizes, across = [], [], []
        for side, anchors in grids:
            rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
            cells.append(torch.stack([columns, rows], -1).reshape(-1, 2).repeat_interleave(len(anchors), 0))
            sizes.append(torch.tensor(anchors).repeat(side * side, 1))
            across.append(torch.full((len(cells[-1]), 1), float(side)))
        self.register_buffer("cells", torch.cat(cells).float(), persistent=False)
        self.register_buffer("anchors", torch.cat(sizes), persistent=False)
        self.register_buffer("across", torch.cat(across), persistent=False)

    def forward(self, box: Tensor) -> Detections:
        """Raw box and objectness (n, m, 5)."""
        centres = (torch.sigmoid(box[..., :2]) + self.cells) / self.across
        sizes = self.anchors * torch.exp(box[..., 2:4].clamp(-4, 4))
        return Detections(torch.cat([centres, sizes], -1), box[..., 4])


class MultiScaleNetwork(nn.Module):
    """MS-MFN: Fire modules, each group of outputs from the levels it needs (paper, section 4.3.3)."""

    def __init__(self, c: MultiFaceConfig) -> None:
        super().__init__()
        w1, w2, w3, w4 = c.widths
        self.normalise = Normalise()
        self.stem = Stem(c.stem)
        self.level1 = Level(c.stem, c.squeeze[0], w1, shrink=False)
        self.level2 = Level(w1, c.squeeze[1], w2)
        self.level3 = Level(w2, c.squeeze[2], w3)
        self.level4 = Level(w3, c.squeeze[3], w4)
        self.branch1 = slim_branch(w1, c.squeeze[0], c.branch, 3)
        self.branch2 = slim_branch(w2, c.squeeze[0], c.branch, 2)
        self.branch3 = slim_branch(w3, c.squeeze[1], c.branch, 1)
        self.box = GridHead(w4 + 3 * c.branch, 5, 128)
        self.grid = AnchorGrid(c)
        self.finer = FinerCells(c) if c.finer else None
        self.reads = c.reads
        if not c.reads:
            return
        self.points = GridHead(w4 + 3 * c.branch, 2 * LANDMARKS, c.located)
        self.pose = GridHead(w4 + c.located, 8, 128)
        self.identity = GridHead(w4 + 2 * c.branch + c.located, IDENTITIES, 128)
        self.expression = GridHead(w4 + 3 * c.branch + c.located, len(EXPRESSIONS), 192)

    def forward(self, image: Tensor) -> Detections:
        """All predictions for uint8 pictures (n, 288, 288, 3)."""
        level1 = self.level1(self.stem(self.normalise(image)))
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        level4 = self.level4(level3)
        finer = torch.cat([self.branch2(level2), self.branch3(level3), level4], 1)
        finest = torch.cat([self.branch1(level1), finer], 1)
        boxes = self.box(finest)
        if self.finer is not None:
            boxes = torch.cat([boxes, self.finer(level2, level3, level4)], 1)
        detections: Detections = self.grid(boxes)
        if not self.reads:
            return detections
        located = self.points.hidden(finest)
        groups = [
            self.identity(torch.cat([finer, located], 1)),
            self.expression(torch.cat([finest, located], 1)),
            self.pose(torch.cat([level4, located], 1)),
        ]
        return replace(
            detections,
            parameters=activate(torch.cat(groups, -1)),
            points=self.points.read(located).unflatten(2, (LANDMARKS, 2)),
        )


class SingleScaleNetwork(nn.Module):
    """SS-MFN: everything from the last map of a Darknet-19 with a quarter of its filters (Redmon 2017).

    The paper's Tiny DarkNet with a quarter of its filters has neither the size nor the stride that it
    states; this one has both.
    """

    def __init__(self, c: MultiFaceConfig) -> None:
        super().__init__()
        self.normalise = Normalise()
        widths = ((8,), (16,), (32, 16, 32), (64, 32, 64), (128, 64, 128, 64, 128), (256, 128, 256, 128, 256))
        layers: list[nn.Module] = []
        inputs = 3
        for stage, outputs in enumerate(widths):
            layers += [nn.MaxPool2d(2)] if stage else []
            for i, channels in enumerate(outputs):
                layers.append(ConvBlock(inputs, channels, 1 if i % 2 else 3))
                inputs = channels
        layers += [ConvBlock(inputs, 256, 3), ConvBlock(256, 256, 3)]
        self.backbone = nn.Sequential(*layers)
        self.out = nn.Conv2d(256, ANCHORS * (5 + PARAMETERS), 1)
        self.grid = AnchorGrid(c)

    def forward(self, image: Tensor) -> Detections:
        """All 405 predictions for uint8 pictures (n, 288, 288, 3)."""
        raw = self.out(self.backbone(self.normalise(image))).permute(0, 2, 3, 1)
        raw = raw.reshape(-1, GRID * GRID * ANCHORS, 5 + PARAMETERS)
        return replace(self.grid(raw[..., :5]), parameters=activate(raw[..., 5:]))


def overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union (n, i, j) of boxes a (n, i, 4) and b (n, j, 4), centre and size."""
    a_low, a_high = (a[..., :2] - a[..., 2:] / 2)[:, :, None], (a[..., :2] + a[..., 2:] / 2)[:, :, None]
    b_low, b_high = (b[..., :2] - b[..., 2:] / 2)[:, None], (b[..., :2] + b[..., 2:] / 2)[:, None]
    shared = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(-1)
    area = a[..., 2:].prod(-1)[:, :, None] + b[..., 2:].prod(-1)[:, None]
    return shared / (area - shared + 1e-9)


def to_read(boxes: Tensor, confidence: Tensor, threshold: Tensor) -> Tensor:
    """Which predictions (n, k) are read: the most confident, each face once.

    boxes: (n, m, 4). confidence: (n, m). threshold: a number; k is how many reach it in the picture that has
    most of them, but at least one and at most MOST_READ.
    """
    sure, likely = confidence.topk(CANDIDATES)
    places = boxes.gather(1, likely[..., None].expand(-1, -1, 4))
    covers = ((overlaps(places, places) > OVERLAP).float()).triu(1)
    kept = torch.ones_like(covers[:, :1])
    # Whoever is covered covers nobody; after two rounds too few are dropped rather than too many.
    for _ in range(2):
        kept = (kept @ covers < 0.5).float()
    order = kept[:, 0] - torch.arange(CANDIDATES, device=boxes.device) / CANDIDATES
    wanted = (kept[:, 0] * (sure >= threshold)).sum(1).amax().clamp(1, MOST_READ).long()
    return likely.gather(1, order.topk(MOST_READ).indices[:, torch.arange(wanted)])


def multi_face_network(config: MultiFaceConfig | None = None) -> nn.Module:
    """The MFN of a configuration: pictures uint8 (n, 288, 288, 3) to `Detections`."""
    config = config or MultiFaceConfig()
    return MultiScaleNetwork(config) if config.multi_scale else SingleScaleNetwork(config)
