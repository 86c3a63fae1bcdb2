"""The single-face network (SFN): from a 128 x 128 crop to one face (paper, sections 3.3 and 4.3.2); smaller,
it also reads faces for the MFN (`face_reader`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import CROP_MARGIN, EXPRESSIONS, IDENTITIES, SINGLE_SIZE

from .blocks import ConvBlock, Level, Normalise, Stem, activate, slim_branch
from .marks import Marks


@dataclass(frozen=True)
class SingleFaceConfig:
    """The shape of an SFN.

    size: side of the crop that it reads. stem: filters of the first convolution. stride: of the first
    convolution; with 1, what reads half as many pixels across has maps as large as with 2. widths: output
    channels of the levels: the first one's maps have the crop's side over twice the stride, and each other's
    half of the one before's. squeeze: squeeze filters of their Fire modules. branch: channels of the finer
    branches. multi_scale: whether identity and expression see the finer branches, and points are located on
    the finest level, or everything comes from the last. spatial: channels of the last map that are kept where
    they are, beside the pooled ones, since pooling forgets where things are. points: how many points of the
    face are located, the 68 landmarks first; decoder: channels of the map on which the multi-scale network
    does so. seen: channels of that map that the expressions are given at each of the points, as they lie in
    this face: what a lid or a lip looks like, wherever it is. alike: whether likeness is given that, too.
    left_out: the share of what the expressions are given that they must do without while they learn.
    """

    size: int = SINGLE_SIZE
    stem: int = 64
    stride: int = 2
    widths: tuple[int, int, int] = (128, 128, 192)
    squeeze: tuple[int, int, int] = (16, 24, 32)
    branch: int = 64
    multi_scale: bool = True
    spatial: int = 6
    hidden: int = 64
    points: int = 68
    decoder: int = 64
    seen: int = 0
    alike: bool = False
    left_out: float = 0.0

    @property
    def finest(self) -> int:
        """Side of the first level's maps."""
        return self.size // (2 * self.stride)

    @property
    def coarsest(self) -> int:
        """Side of the last level's maps."""
        return self.finest // 4


def whole_floats(x: Tensor) -> AbstractContextManager[object]:
    """Full precision where training computes with short floats: for what those would round away."""
    short = torch.is_autocast_enabled(x.device.type)
    return torch.autocast(x.device.type, enabled=False) if short else nullcontext()


class SoftArgmax(nn.Module):
    """Where points of the face lie: the expected place under a softmax over a map (Sun et al. 2018)."""

    grid: Tensor

    def __init__(self, channels: int, points: int, size: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, points, 1, bias=False)  # A softmax would not notice any.
        centres = ((torch.arange(size) + 0.5) / size - 0.5) * CROP_MARGIN
        rows, columns = torch.meshgrid(centres, centres, indexing="ij")
        self.register_buffer("grid", torch.stack([columns, rows], -1).reshape(-1, 2), persistent=False)

    def likely(self, x: Tensor) -> Tensor:
        """Features (n, channels, size, size) to how likely each point is where: (n, points, size * size)."""
        # As a product of matrices, since an exported convolution would have its maps laid out anew.
        with whole_floats(x):
            return torch.softmax(self.maps.weight.flatten(1) @ x.float().flatten(2), 2)

    def expected(self, x: Tensor) -> Tensor:
        """Features (n, channels, size, size) to points (n, points, 2) in sides from the crop's centre, y
        down.
        """
        with whole_floats(x):
            return self.likely(x) @ self.grid


class Points(SoftArgmax):
    """Where points of the face lie, from the features of the finest level, to which those of the coarser ones
    are added from the top down, since they have seen more of the face (Lin et al. 2017). And what is `seen`
    there.
    """

    def __init__(
        self,
        channels: tuple[int, int, int],
        width: int,
        points: int,
        size: int,
        seen: int = 0,
    ) -> None:
        super().__init__(width, points, size)
        self.look = ConvBlock(width, seen, 1) if seen else None
        self.fine, self.middle, self.coarse = (nn.Conv2d(n, width, 1) for n in channels)
        self.mix_middle = ConvBlock(width, width, 3)
        self.mix_fine = ConvBlock(width, width, 3)

    def forward(self, fine: Tensor, middle: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor | None]:
        """Features (n, channels, s, s), (…, s / 2, s / 2) and (…, s / 4, s / 4) to points (n, points, 2)
        in sides from the crop's centre, y down, and what is seen there (n, points, seen), the mean of a
        softmax's places, or None.
        """
        x = self.mix_middle(
            self.middle(middle) + functional.interpolate(self.coarse(coarse), scale_factor=2.0)
        )
        x = self.mix_fine(self.fine(fine) + functional.interpolate(x, scale_factor=2.0))
        likely, features = self.likely(x), None if self.look is None else self.look(x)
        with whole_floats(x):
            seen = None if features is None else likely @ features.float().flatten(2).transpose(1, 2)
            return likely @ self.grid, seen


class Head(nn.Module):
    """One group of parameters from a feature map, pooled and, narrowly, in place, from the points, and from
    what is seen there in so many channels.

    Standardised, since points move by hundredths where features move by ones. While it learns, a share of the
    features, and of the points at which something is seen, is left out at random, so that it does not know
    people by a few of them.
    """

    def __init__(
        self, channels: int, outputs: int, c: SingleFaceConfig, seen: int = 0, left_out: float = 0.0
    ) -> None:
        super().__init__()
        inputs = channels + c.spatial * c.coarsest**2 + 2 * c.points
        self.narrow = nn.Conv2d(channels, c.spatial, 1)
        self.standardise = nn.BatchNorm1d(inputs)
        self.hidden = nn.Linear(inputs, c.hidden)
        self.out = nn.Linear(c.hidden, outputs)
        self.left_out, self.points_left_out = nn.Dropout(left_out), nn.Dropout1d(left_out)
        if seen:
            self.standardise_seen = nn.BatchNorm1d(seen * c.points)
            self.at_points = nn.Linear(seen * c.points, c.hidden, bias=False)
            nn.init.zeros_(self.at_points.weight)  # It begins by changing nothing.

    def forward(self, x: Tensor, points: Tensor, seen: Tensor | None = None) -> Tensor:
        """Features (n, channels, size, size), points (n, points, 2) and what is seen there
        (n, points, seen), where the head was made for it, to (n, outputs).
        """
        pooled = functional.adaptive_avg_pool2d(x, 1).flatten(1)
        features = torch.cat([pooled, self.narrow(x).flatten(1), points.flatten(1)], 1)
        with whole_floats(x):
            hidden = self.hidden(self.left_out(self.standardise(features.float())))
            if seen is not None:
                there = self.standardise_seen(seen.flatten(1)).view_as(seen)
                hidden = hidden + self.at_points(self.points_left_out(there).flatten(1))
            return self.out(torch.relu(hidden))


class Likeness(nn.Module):
    """How much what was read looks like a face, from the last features, pooled, from the points and, in so
    many channels, from what is seen there: learned alone, when all else has been learned (`models.likeness`).

    While it learns, a part of what it is given and of what it makes of it is left out at random, so that it
    does not hang on a few of some thousand numbers.
    """

    def __init__(self, channels: int, points: int, seen: int = 0) -> None:
        super().__init__()
        inputs = channels + (2 + seen) * points
        self.standardise = nn.BatchNorm1d(inputs)
        self.hidden = nn.Linear(inputs, 16)
        self.out = nn.Linear(16, 1)
        self.left_out = nn.Dropout(0.3)
        # Before it has learned, everything is a face.
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, 6.0)

    def forward(self, x: Tensor, points: Tensor, seen: Tensor | None = None) -> Tensor:
        """Features (n, channels, size, size), points (n, points, 2) and what is seen there
        (n, points, seen), where it was made for it, to logarithms of odds (n,).
        """
        given = [functional.adaptive_avg_pool2d(x, 1).flatten(1), points.flatten(1)]
        if seen is not None:
            given.append(seen.flatten(1))
        with whole_floats(x):
            return self.odds(torch.cat(given, 1).float())

    def odds(self, features: Tensor) -> Tensor:
        """The same from the pooled features, the points and what is seen there, side by side (n, …)."""
        given = self.left_out(self.standardise(features))
        odds: Tensor = self.out(self.left_out(torch.relu(self.hidden(given))))[:, 0]
        return odds


class SingleFaceNetwork(nn.Module):
    """MS-SFN, or SS-SFN where `multi_scale` is off."""

    def __init__(self, config: SingleFaceConfig | None = None) -> None:
        super().__init__()
        c = self.config = config or SingleFaceConfig()
        w1, w2, w3 = c.widths
        self.normalise = Normalise()
        self.stem = Stem(c.stem, c.stride)
        self.level1 = Level(c.stem, c.squeeze[0], w1, shrink=False)
        self.level2 = Level(w1, c.squeeze[1], w2)
        self.level3 = Level(w2, c.squeeze[2], w3)
        finer, seen = 0, 0
        self.points = SoftArgmax(w3, c.points, c.coarsest)
        if c.multi_scale:
            self.branch1 = slim_branch(w1, c.squeeze[0], c.branch, 2)
            self.branch2 = slim_branch(w2, c.squeeze[0], c.branch, 1)
            finer, seen = c.branch, c.seen
            self.points = Points(c.widths, c.decoder, c.points, c.finest, c.seen)
        self.marks = Marks(c.points)
        self.pose = Head(w3, 8, c)
        self.identity = Head(w3 + finer, IDENTITIES, c)
        self.expression = Head(w3 + 2 * finer, len(EXPRESSIONS), c, seen, c.left_out)
        self.likeness = Likeness(w3, c.points, seen if c.alike else 0)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of crops uint8 (n, size, size, 3): parameters (n, 104), points (n, points, 2) in sides from the
        crop's centre, y down, and by what odds they show a face at all, as a logarithm (n,).
        """
        fine = self.level1(self.stem(self.normalise(image)))
        middle = self.level2(fine)
        coarse = self.level3(middle)
        identity, expression = coarse, coarse
        if self.config.multi_scale:
            from_fine, from_middle = self.branch1(fine), self.branch2(middle)
            identity = torch.cat([from_middle, coarse], 1)
            expression = torch.cat([from_fine, from_middle, coarse], 1)
            points, seen = self.points(fine, middle, coarse)
        else:
            points, seen = self.points.expected(coarse), None
        groups = [
            self.identity(identity, points),
            self.expression(expression, points, seen),
            self.pose(coarse, points),
        ]
        likeness = self.likeness(coarse, points, seen if self.config.alike else None)
        return activate(torch.cat(groups, 1)), points, likeness
