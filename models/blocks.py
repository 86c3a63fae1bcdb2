"""The building blocks of both networks: Fire modules with squeeze-and-excite (paper, section 4.3.2)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION, SCALE, TRANSLATION


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU; size kept, or halved with stride 2."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


NEAR = 40.0
"""Over how many pixels photographs come to differ: the length of an exponential."""
ALIKE = 0.94
"""How alike a pixel's three colours are in photographs, as a correlation."""
KERNELS = {1: 5, 2: 7}
"""How large a stem's filters are, by their stride: 5 x 5 pixels are what 7 x 7 see of a picture made twice as
large."""
LOST = 2e-3
"""The share of a stem's response to photographs that may be lost when it is factored."""


class Stem(nn.Sequential):
    """What both networks begin with: 7 x 7 filters with stride 2, or 5 x 5 filters with stride 1, and a 2 x 2
    maximum.
    """

    def __init__(self, outputs: int, stride: int = 2) -> None:
        super().__init__(ConvBlock(3, outputs, KERNELS[stride], stride), nn.MaxPool2d(2))

    @torch.no_grad()
    def factor(self) -> None:
        """Replace the filters by fewer, of which each is mixed: in photographs nearly the same function, for
        half of the arithmetic.

        The few are the strongest directions of the response (a singular value decomposition) to pictures in
        which pixels and colours are alike as they are in photographs: what filters make of finer patterns
        hardly counts. As many are kept, in eights as processors take them, as lose no more than LOST of the
        response; where that would save nothing, all.
        """
        block = self[0]
        assert isinstance(block, ConvBlock)
        filters, norm = block[0], block[1]
        if not isinstance(filters, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
            return
        assert norm.running_var is not None
        scale = (norm.weight.abs() / torch.sqrt(norm.running_var + norm.eps)).clamp(min=1e-6).double()
        weights = filters.weight.flatten(1).double()
        side = torch.arange(filters.kernel_size[0], dtype=torch.float64)
        places = torch.cartesian_prod(side, side)
        alike = torch.exp(-torch.cdist(places, places) / NEAR)
        colours = ALIKE + (1 - ALIKE) * torch.eye(3, dtype=torch.float64)
        root = torch.linalg.cholesky(torch.kron(colours, alike))
        directions, strength, _ = torch.linalg.svd(scale[:, None] * weights @ root, full_matrices=False)
        kept = (strength**2).cumsum(0) / (strength**2).sum()
        few = 8 * math.ceil((int((kept < 1 - LOST).sum()) + 1) / 8)
        outputs, inputs = weights.shape
        if few * (inputs + outputs) >= outputs * inputs:
            return
        basis = directions[:, :few]
        first = nn.Conv2d(3, few, filters.kernel_size, filters.stride, filters.padding, bias=False)
        mixed = nn.Conv2d(few, outputs, 1, bias=False)
        first.weight.copy_((basis.T @ (scale[:, None] * weights)).view_as(first.weight))
        mixed.weight.copy_((basis / scale[:, None])[..., None, None])
        block[0] = nn.Sequential(first, mixed)


class SqueezeExcite(nn.Module):
    """Weighs the channels by what they hold on average (Hu et al. 2018), reduction 8."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 8, 1)
        self.excite = nn.Conv2d(channels // 8, channels, 1)
        self.spreads = False

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, channels, h, w), reweighed."""
        pooled = functional.adaptive_avg_pool2d(x, 1)
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(pooled))))
        if self.spreads:
            weights = functional.interpolate(weights, scale_factor=float(x.shape[-1]))
        return x * weights

    def spread(self) -> None:
        """Weigh place by place, the same function: ONNX Runtime multiplies maps of one size as its
        convolutions lay them out, and would lay them out anew to multiply them by one weight a channel.
        """
        self.spreads = True


class Fire(nn.Module):
    """SqueezeNet's Fire module followed by squeeze-and-excite; `outputs` channels, half from each kernel.

    Adds its input where sizes allow, which costs nothing and trains faster.
    """

    def __init__(self, inputs: int, squeeze: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.squeeze = ConvBlock(inputs, squeeze, 1)
        self.expand1 = nn.Conv2d(squeeze, outputs // 2, 1, stride, bias=False)
        self.expand3 = nn.Conv2d(squeeze, outputs // 2, 3, stride, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        self.excite = SqueezeExcite(outputs)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        squeezed = self.squeeze(x)
        y = self.excite(self.norm(torch.cat([self.expand1(squeezed), self.expand3(squeezed)], 1)))
        return torch.relu(x + y if self.residual else y)

    @torch.no_grad()
    def fold(self) -> None:
        """Put the normalisation, as it is in evaluation, into the convolutions before it: the same function
        with fewer passes over the data.
        """
        if not isinstance(self.norm, nn.BatchNorm2d):
            return
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        shift = self.norm.bias - self.norm.running_mean * scale
        half = len(scale) // 2
        for expand, part in ((self.expand1, slice(half)), (self.expand3, slice(half, None))):
            expand.weight *= scale[part, None, None, None]
            expand.bias = nn.Parameter(shift[part])
        self.norm = nn.Identity()


class Level(nn.Sequential):
    """Two Fire modules at one resolution, entered through a 2 x 2 maximum where `shrink` says so."""

    def __init__(self, inputs: int, squeeze: int, outputs: int, *, shrink: bool = True) -> None:
        entry = [nn.MaxPool2d(2)] if shrink else []
        super().__init__(*entry, Fire(inputs, squeeze, outputs), Fire(outputs, squeeze, outputs))


def slim_branch(inputs: int, squeeze: int, outputs: int, halvings: int) -> nn.Sequential:
    """A branch of slim Fire modules, each with stride 2, from a finer level down to the last one's size."""
    sizes = [inputs] + [outputs] * halvings
    return nn.Sequential(*(Fire(a, squeeze, b, stride=2) for a, b in pairwise(sizes)))


class Normalise(nn.Module):
    """uint8 pictures (n, h, w, 3) to float (n, 3, h, w) of about unit spread; part of the exported graphs."""

    def forward(self, image: Tensor) -> Tensor:
        """The normalised picture."""
        return (image.permute(0, 3, 1, 2).float() - 127.5) / 64.0


def activate(raw: Tensor) -> Tensor:
    """Raw outputs (…, 104) to parameters (paper, section 7.2): sigmoid on expressions and scale, unit
    quaternion.

    The quaternion's w is made non-negative by an offset of one before normalising and a final sign.
    """
    raw = raw.float()
    rotation = raw[..., ROTATION] + raw.new_tensor([1.0, 0.0, 0.0, 0.0])
    rotation = rotation / (rotation.norm(dim=-1, keepdim=True) + 1e-6)
    rotation = torch.where(rotation[..., :1] < 0, -rotation, rotation)
    scale = torch.sigmoid(raw[..., SCALE : SCALE + 1])
    parts = [
        raw[..., IDENTITY],
        torch.sigmoid(raw[..., EXPRESSION]),
        rotation,
        raw[..., TRANSLATION],
        scale,
    ]
    return torch.cat(parts, -1)
