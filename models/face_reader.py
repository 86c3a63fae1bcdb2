"""How the MFN reads faces that it has found: from its own features, cut out where each face is."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import CROP_MARGIN, EXPRESSIONS, IDENTITIES, LANDMARKS

from .blocks import ConvBlock, Fire, Level, activate
from .marks import Marks
from .single_face import Head, SingleFaceConfig, SoftArgmax

CUT = 14
"""Side of a face's cut, in cells."""
DEPTHS = (32, 64, 64)
"""Channels of the cut, by the level they come from."""
WIDTHS = (96, 160)
SQUEEZE = (16, 32)
BRANCH = 48
DECODER = 16
HEADS = SingleFaceConfig(points=LANDMARKS, spatial=6, hidden=128)


def sampling(centre: Tensor, span: Tensor, cells: int) -> Tensor:
    """How much each of `cells` cells counts in each of a cut's: (…, CUT, cells), rows of sum 1.

    centre, span: (…) of the cut along one axis, as fractions of the picture. Between cells it is linear;
    where the cut is coarser than the cells it takes their mean under a triangle as wide as two steps;
    outside, the edge goes on.
    """
    steps = (torch.arange(CUT, device=centre.device) + 0.5) / CUT - 0.5
    places = ((centre[..., None] + steps * span[..., None]) * cells - 0.5).clamp(0, cells - 1)
    width = (span * (cells / CUT)).clamp(min=1)[..., None, None]
    apart = (torch.arange(cells, device=centre.device) - places[..., None]).abs()
    near = (1 - apart / width).clamp(min=0)
    return near / near.sum(-1, keepdim=True)


def cut(features: Tensor, boxes: Tensor) -> Tensor:
    """Features (n, c, h, w) in k faces each, boxes (n, k, 4) as centre and size: (n * k, c, CUT, CUT).

    As for the SFN, a cut covers CROP_MARGIN sides around the box's centre.
    """
    n, c, h, w = features.shape
    k = boxes.shape[1]
    span = CROP_MARGIN * boxes[..., 2:].amax(-1)
    down = sampling(boxes[..., 1], span, h).to(features.dtype)
    across = sampling(boxes[..., 0], span, w).to(features.dtype)
    rows = down.reshape(n, k * CUT, h) @ features.permute(0, 2, 3, 1).reshape(n, h, w * c)
    both = across[:, :, None] @ rows.reshape(n, k, CUT, w, c)
    return both.reshape(n * k, CUT, CUT, c).permute(0, 3, 1, 2)


class FaceReader(nn.Module):
    """Reads faces from the features of the levels at 72, 36 and 18 pixels: a small SFN without a stem."""

    def __init__(self, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(
            ConvBlock(width, depth, 1) for width, depth in zip(widths, DEPTHS, strict=True)
        )
        w1, w2 = WIDTHS
        self.level1 = Level(sum(DEPTHS), SQUEEZE[0], w1, shrink=False)
        self.level2 = Level(w1, SQUEEZE[1], w2)
        self.branch = Fire(w1, SQUEEZE[0], BRANCH, stride=2)
        self.fine, self.middle = (nn.Conv2d(width, DECODER, 1) for width in WIDTHS)
        self.mix = ConvBlock(DECODER, DECODER, 3)
        self.points = SoftArgmax(DECODER, LANDMARKS, CUT)
        self.marks = Marks(LANDMARKS)
        self.pose = Head(w2, 8, CUT // 2, HEADS)
        self.identity = Head(w2, IDENTITIES, CUT // 2, HEADS)
        self.expression = Head(w2 + BRANCH, len(EXPRESSIONS), CUT // 2, HEADS)

    def prepare(self, levels: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, ...]:
        """The levels (n, width, s, s) with as many channels as a cut takes of each; once for a picture."""
        return tuple(narrow(level) for narrow, level in zip(self.narrow, levels, strict=True))

    def forward(self, prepared: tuple[Tensor, ...], boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Faces in boxes (n, k, 4), centre and size as fractions of the picture: their parameters
        (n * k, 104), and their landmarks (n * k, 68, 2) in sides from the box's centre, y down.
        """
        return self.read(torch.cat([cut(features, boxes) for features in prepared], 1))

    def read(self, cuts: Tensor) -> tuple[Tensor, Tensor]:
        """The same from the faces' cuts (m, sum(DEPTHS), CUT, CUT)."""
        fine = self.level1(cuts)
        middle = self.level2(fine)
        mixed = self.mix(self.fine(fine) + functional.interpolate(self.middle(middle), scale_factor=2.0))
        points = self.points.expected(mixed)
        groups = [
            self.identity(middle, points),
            self.expression(torch.cat([self.branch(fine), middle], 1), points),
            self.pose(middle, points),
        ]
        return activate(torch.cat(groups, 1)), points
