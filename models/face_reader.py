"""How the MFN reads faces that it has found: from its own features, cut out where each face is."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facert_blender.capture.contract import CROP_MARGIN, EXPRESSIONS, IDENTITIES, LANDMARKS

from .blocks import ConvBlock, Fire, Level, activate
from .marks import Marks
from .single_face import Head, Points, SingleFaceConfig

CUTS = (28, 14, 14)
"""Side of a face's cut, in cells, by the level it comes from: lids and lips show in the finest alone."""
DEPTHS = (16, 48, 48)
"""Channels of the cut, by the level they come from."""
ENTRY = 48
"""Channels of what the finest cut becomes on the coarser ones' cells."""
WIDTHS = (96, 160)
SQUEEZE = (24, 32)
BRANCH = 48
DECODER = 16
HEADS = SingleFaceConfig(points=LANDMARKS, spatial=6, hidden=128)


def sampling(centre: Tensor, span: Tensor, cells: int, side: int) -> Tensor:
    """How much each of `cells` cells counts in each of a cut's: (…, side, cells), rows of sum 1.

    centre, span: (…) of the cut along one axis, as fractions of the picture. Between cells it is linear;
    where the cut is coarser than the cells it takes their mean under a triangle as wide as two steps;
    outside, the edge goes on.
    """
    steps = (torch.arange(side, device=centre.device) + 0.5) / side - 0.5
    places = ((centre[..., None] + steps * span[..., None]) * cells - 0.5).clamp(0, cells - 1)
    width = (span * (cells / side)).clamp(min=1)[..., None, None]
    apart = (torch.arange(cells, device=centre.device) - places[..., None]).abs()
    near = (1 - apart / width).clamp(min=0)
    return near / near.sum(-1, keepdim=True)


def cut(features: Tensor, boxes: Tensor, side: int) -> Tensor:
    """Features (n, c, h, w) in k faces each, boxes (n, k, 4) as centre and size: (n * k, c, side, side).

    As for the SFN, a cut covers CROP_MARGIN sides around the box's centre.
    """
    n, c, h, w = features.shape
    k = boxes.shape[1]
    span = CROP_MARGIN * boxes[..., 2:].amax(-1)
    down = sampling(boxes[..., 1], span, h, side).to(features.dtype)
    across = sampling(boxes[..., 0], span, w, side).to(features.dtype)
    rows = down.reshape(n, k * side, h) @ features.permute(0, 2, 3, 1).reshape(n, h, w * c)
    both = across[:, :, None] @ rows.reshape(n, k, side, w, c)
    return both.reshape(n * k, side, side, c).permute(0, 3, 1, 2)


def cuts(prepared: tuple[Tensor, ...], boxes: Tensor) -> tuple[Tensor, ...]:
    """What a `FaceReader` has prepared, in boxes (n, k, 4): (n * k, depth, side, side) of each level."""
    return tuple(cut(features, boxes, side) for features, side in zip(prepared, CUTS, strict=True))


class FaceReader(nn.Module):
    """Reads faces from the features of the levels at 72, 36 and 18 pixels: a small SFN without a stem."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(
            ConvBlock(width, depth, 1) for width, depth in zip(widths, DEPTHS, strict=True)
        )
        w1, w2 = WIDTHS
        self.enter = ConvBlock(DEPTHS[0], ENTRY, 3, stride=2)
        self.level1 = Level(ENTRY + DEPTHS[1] + DEPTHS[2], SQUEEZE[0], w1, shrink=False)
        self.level2 = Level(w1, SQUEEZE[1], w2)
        self.branch = Fire(w1, SQUEEZE[0], BRANCH, stride=2)
        self.points = Points((DEPTHS[0], w1, w2), DECODER, LANDMARKS, CUTS[0])
        self.marks = Marks(LANDMARKS)
        self.pose = Head(w2, 8, CUTS[1] // 2, HEADS)
        self.identity = Head(w2, IDENTITIES, CUTS[1] // 2, HEADS)
        self.expression = Head(w2 + BRANCH, len(EXPRESSIONS), CUTS[1] // 2, HEADS)

    def prepare(self, levels: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, ...]:
        """The levels (n, width, s, s) with as many channels as a cut takes of each; once for a picture."""
        return tuple(narrow(level) for narrow, level in zip(self.narrow, levels, strict=True))

    def forward(self, prepared: tuple[Tensor, ...], boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Faces in boxes (n, k, 4), centre and size as fractions of the picture: their parameters
        (n * k, 104), and their landmarks (n * k, 68, 2) in sides from the box's centre, y down.
        """
        return self.read(*cuts(prepared, boxes))

    def read(self, finest: Tensor, *coarser: Tensor) -> tuple[Tensor, Tensor]:
        """The same from the cuts of m faces."""
        fine = self.level1(torch.cat([self.enter(finest), *coarser], 1))
        middle = self.level2(fine)
        points = self.points(finest, fine, middle)
        groups = [
            self.identity(middle, points),
            self.expression(torch.cat([self.branch(fine), middle], 1), points),
            self.pose(middle, points),
        ]
        return activate(torch.cat(groups, 1)), points
