"""The single-face network (SFN): from a 128 x 128 crop to one face (paper, sections 3.3 and 4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import CROP_MARGIN, EXPRESSIONS, IDENTITIES

from .blocks import ConvBlock, Level, Normalise, activate, slim_branch


@dataclass(frozen=True)
class SingleFaceConfig:
    """The shape of an SFN.

    stem: filters of the first convolution. widths: output channels of the levels at 32, 16 and 8 pixels.
    squeeze: squeeze filters of their Fire modules. branch: channels of the finer branches. multi_scale:
    whether identity and expression see the finer branches, or only the last level. spatial: channels of the
    last map that are kept where they are, beside the pooled ones, since pooling forgets where things are.
    points: how many points of the face are located on the 16-pixel map, the 68 landmarks first; context:
    channels of the last level that help there.
    """

    stem: int = 64
    widths: tuple[int, int, int] = (128, 128, 192)
    squeeze: tuple[int, int, int] = (16, 24, 32)
    branch: int = 64
    multi_scale: bool = True
    spatial: int = 6
    hidden: int = 64
    points: int = 68
    context: int = 64


class Points(nn.Module):
    """Where points of the face lie: the expected place under a softmax over the map (Sun et al. 2018).

    It reads the middle level, helped by the last one, which has seen more of the face.
    """

    grid: Tensor

    def __init__(self, middle: int, coarse: int, context: int, points: int, size: int) -> None:
        super().__init__()
        self.context = nn.Conv2d(coarse, context, 1)
        self.maps = nn.Conv2d(middle + context, points, 1)
        centres = ((torch.arange(size) + 0.5) / size - 0.5) * CROP_MARGIN
        rows, columns = torch.meshgrid(centres, centres, indexing="ij")
        self.register_buffer("grid", torch.stack([columns, rows], -1).reshape(-1, 2), persistent=False)

    def forward(self, middle: Tensor, coarse: Tensor) -> Tensor:
        """Features (n, middle, s, s) and (n, coarse, s / 2, s / 2) to points (n, points, 2) in sides from the
        crop's centre, y down.
        """
        context = functional.interpolate(self.context(coarse), scale_factor=2.0, mode="nearest")
        maps = self.maps(torch.cat([middle, context], 1)).flatten(2).float()
        return torch.softmax(maps, 2) @ self.grid


class Head(nn.Module):
    """One group of parameters from a feature map, pooled and, narrowly, in place, and from the points."""

    def __init__(self, channels: int, outputs: int, size: int, c: SingleFaceConfig) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, c.spatial, 1)
        self.hidden = nn.Linear(channels + c.spatial * size * size + 2 * c.points, c.hidden)
        self.out = nn.Linear(c.hidden, outputs)

    def forward(self, x: Tensor, points: Tensor) -> Tensor:
        """Features (n, channels, size, size) and points (n, points, 2) to (n, outputs)."""
        features = torch.cat([x.mean((2, 3)), self.narrow(x).flatten(1), points.flatten(1)], 1)
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
        self.points = Points(w2, w3, c.context, c.points, 16)
        self.pose = Head(w3, 8, 8, c)
        self.identity = Head(w3 + finer, IDENTITIES, 8, c)
        self.expression = Head(w3 + 2 * finer, len(EXPRESSIONS), 8, c)

    def forward(self, image: Tensor) -> Tensor:
        """Parameters (n, 104) of uint8 crops (n, 128, 128, 3)."""
        return self.read(image)[0]

    def read(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Parameters (n, 104) and points (n, points, 2) in sides from the crop's centre, y down."""
        fine = self.level1(self.stem(self.normalise(image)))
        middle = self.level2(fine)
        coarse = self.level3(middle)
        identity, expression = coarse, coarse
        if self.config.multi_scale:
            from_fine, from_middle = self.branch1(fine), self.branch2(middle)
            identity = torch.cat([from_middle, coarse], 1)
            expression = torch.cat([from_fine, from_middle, coarse], 1)
        points = self.points(middle, coarse)
        groups = [
            self.identity(identity, points),
            self.expression(expression, points),
            self.pose(coarse, points),
        ]
        return activate(torch.cat(groups, 1)), points
