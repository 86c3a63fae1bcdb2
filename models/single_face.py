"""The single-face network (SFN): from a 128 x 128 crop to one face (paper, sections 3.3 and 4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from facert_blender.capture.contract import EXPRESSIONS, IDENTITIES

from .blocks import ConvBlock, Level, Normalise, activate, slim_branch


@dataclass(frozen=True)
class SingleFaceConfig:
    """The shape of an SFN.

    stem: filters of the first convolution. widths: output channels of the levels at 32, 16 and 8 pixels.
    squeeze: squeeze filters of their Fire modules. branch: channels of the finer branches. multi_scale:
    whether identity and expression see the finer branches, or only the last level. spatial: channels of the
    last map that are kept where they are, beside the pooled ones, since pooling forgets where things are.
    """

    stem: int = 64
    widths: tuple[int, int, int] = (128, 128, 192)
    squeeze: tuple[int, int, int] = (16, 24, 32)
    branch: int = 64
    multi_scale: bool = True
    spatial: int = 6
    hidden: int = 64


class Head(nn.Module):
    """One group of parameters from a feature map: pooled and, narrowly, in place; 64 hidden units."""

    def __init__(self, channels: int, outputs: int, size: int, spatial: int, hidden: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, spatial, 1)
        self.hidden = nn.Linear(channels + spatial * size * size, hidden)
        self.out = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, channels, size, size) to (n, outputs)."""
        features = torch.cat([x.mean((2, 3)), self.narrow(x).flatten(1)], 1)
        return self.out(torch.relu(self.hidden(features)))


class SingleFaceNetwork(nn.Module):
    """MS-SFN, or SS-SFN where `multi_scale` is off."""

    def __init__(self, config: SingleFaceConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or SingleFaceConfig()
        w1, w2, w3 = c.widths
        self.normalise = Normalise()
        self.stem = nn.Sequential(ConvBlock(3, c.stem, 7, 2), nn.MaxPool2d(2))
        self.level1 = Level(c.stem, c.squeeze[0], w1, shrink=False)
        self.level2 = Level(w1, c.squeeze[1], w2)
        self.level3 = Level(w2, c.squeeze[2], w3)
        finer = 0
        if c.multi_scale:
            self.branch1 = slim_branch(w1, c.squeeze[0], c.branch, 2)
            self.branch2 = slim_branch(w2, c.squeeze[0], c.branch, 1)
            finer = c.branch
        self.pose = Head(w3, 8, 8, c.spatial, c.hidden)
        self.identity = Head(w3 + finer, IDENTITIES, 8, c.spatial, c.hidden)
        self.expression = Head(w3 + 2 * finer, len(EXPRESSIONS), 8, c.spatial, c.hidden)

    def forward(self, image: Tensor) -> Tensor:
        """Parameters (n, 104) of uint8 crops (n, 128, 128, 3)."""
        fine = self.level1(self.stem(self.normalise(image)))
        middle = self.level2(fine)
        coarse = self.level3(middle)
        identity, expression = coarse, coarse
        if self.config.multi_scale:
            from_fine, from_middle = self.branch1(fine), self.branch2(middle)
            identity = torch.cat([from_middle, coarse], 1)
            expression = torch.cat([from_fine, from_middle, coarse], 1)
        groups = [self.identity(identity), self.expression(expression), self.pose(coarse)]
        return activate(torch.cat(groups, 1))
