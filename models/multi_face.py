"""The multiple-face network (MFN): a 288 x 288 picture to every face in it (paper, sections 3.4, 4.3.3 and
7.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facert_blender.capture.contract import ANCHORS, EXPRESSIONS, GRID, IDENTITIES

from .blocks import ConvBlock, Level, Normalise, activate, slim_branch


@dataclass(frozen=True)
class MultiFaceConfig:
    """The shape of an MFN.

    stem, widths, squeeze, branch: as for the SFN, with levels at 72, 36, 18 and 9 pixels. anchors: the five
    boxes' sizes (width, height) as fractions of the picture, k-means of the training boxes.
    """

    stem: int = 48
    widths: tuple[int, int, int, int] = (64, 128, 256, 384)
    squeeze: tuple[int, int, int, int] = (16, 24, 48, 64)
    branch: int = 96
    multi_scale: bool = True
    anchors: tuple[tuple[float, float], ...] = (
        (0.06, 0.06),
        (0.10, 0.10),
        (0.15, 0.145),
        (0.23, 0.22),
        (0.45, 0.44),
    )


class GridHead(nn.Module):
    """One group of outputs for each anchor of each cell."""

    def __init__(self, channels: int, outputs: int, hidden: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.hidden = ConvBlock(channels, hidden, 1)
        self.out = nn.Conv2d(hidden, ANCHORS * outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, channels, 9, 9) to (n, 405, outputs), row by row, cell by cell, anchor by anchor."""
        return self.out(self.hidden(x)).permute(0, 2, 3, 1).reshape(-1, GRID * GRID * ANCHORS, self.outputs)


@dataclass(frozen=True)
class Detections:
    """What the MFN sees, anchor by anchor.

    boxes: (n, 405, 4), centre and size as fractions of the picture. logits: (n, 405), of the objectness.
    parameters: (n, 405, 104).
    """

    boxes: Tensor
    logits: Tensor
    parameters: Tensor


class MultiFaceNetwork(nn.Module):
    """MS-MFN, or a single-scale one where `multi_scale` is off."""

    cells: Tensor
    anchors: Tensor

    def __init__(self, config: MultiFaceConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or MultiFaceConfig()
        w1, w2, w3, w4 = c.widths
        self.normalise = Normalise()
        self.stem = nn.Sequential(ConvBlock(3, c.stem, 7, 2), nn.MaxPool2d(2))
        self.level1 = Level(c.stem, c.squeeze[0], w1, shrink=False)
        self.level2 = Level(w1, c.squeeze[1], w2)
        self.level3 = Level(w2, c.squeeze[2], w3)
        self.level4 = Level(w3, c.squeeze[3], w4)
        finer = 0
        if c.multi_scale:
            self.branch1 = slim_branch(w1, c.squeeze[0], c.branch, 3)
            self.branch2 = slim_branch(w2, c.squeeze[0], c.branch, 2)
            self.branch3 = slim_branch(w3, c.squeeze[1], c.branch, 1)
            finer = c.branch
        self.box = GridHead(w4 + 3 * finer, 5, 128)
        self.pose = GridHead(w4, 8, 128)
        self.identity = GridHead(w4 + 2 * finer, IDENTITIES, 128)
        self.expression = GridHead(w4 + 3 * finer, len(EXPRESSIONS), 192)
        rows, columns = torch.meshgrid(torch.arange(GRID), torch.arange(GRID), indexing="ij")
        cells = torch.stack([columns, rows], -1).reshape(-1, 1, 2).expand(-1, ANCHORS, -1).reshape(-1, 2)
        self.register_buffer("cells", cells.float(), persistent=False)
        self.register_buffer("anchors", torch.tensor(c.anchors).repeat(GRID * GRID, 1), persistent=False)

    def forward(self, image: Tensor) -> Detections:
        """All 405 predictions for uint8 pictures (n, 288, 288, 3)."""
        level1 = self.level1(self.stem(self.normalise(image)))
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        level4 = self.level4(level3)
        box = identity = expression = level4
        if self.config.multi_scale:
            one, two, three = self.branch1(level1), self.branch2(level2), self.branch3(level3)
            identity = torch.cat([two, three, level4], 1)
            box = expression = torch.cat([one, two, three, level4], 1)
        raw = self.box(box)
        centres = (torch.sigmoid(raw[..., :2]) + self.cells) / GRID
        sizes = self.anchors * torch.exp(raw[..., 2:4].clamp(-4, 4))
        groups = [self.identity(identity), self.expression(expression), self.pose(level4)]
        parameters = activate(torch.cat(groups, -1))
        return Detections(torch.cat([centres, sizes], -1), raw[..., 4], parameters)
