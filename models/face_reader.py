"""How the MFN reads faces that it has found: a small SFN, given small views of the picture where they are.

The views are cut in the network's own graph, so that finding and reading stay one pass. Where faces are few,
each is read in a mirror too, which is truer, and costs no more than many do.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from facert_blender.capture.contract import (
    CROP_MARGIN,
    LEVELS,
    MIRROR_LANDMARKS,
    MULTI_SIZE,
    PARAMETERS,
    ROTATION,
    SCALE,
)
from facert_blender.capture.view import pyramid

from .label import mirror
from .single_face import SingleFaceNetwork

CLOSER = 0.92
"""What the reader takes for a face's side, in sides: it sees less around the face than the SFN, and the face
larger, which is worth more to it."""
FEW = 4
"""Up to so many faces are read in a mirror too, in the time of twice as many."""
MIRRORED = mirror(np.arange(1, PARAMETERS + 1, dtype=np.float32)[None])[0]
"""Which parameter, counted from 1, each of them is in a mirror, and with which sign."""


def given(images: np.ndarray) -> list[Tensor]:
    """The MFN's views uint8 (n, 576, 576, 3) at all of its LEVELS, as it is given them."""
    return [torch.from_numpy(np.stack(level)) for level in zip(*map(pyramid, images), strict=True)]


def views(levels: list[Tensor], boxes: Tensor, across: int) -> Tensor:
    """What the reader sees of k faces in each of n pictures: float (n * k, across, across, 3).

    levels: pictures uint8 (n, s, s, 3), each half as large as before. boxes: (n, k, 4), centre and size as
    fractions of the picture. across: a view's side in pixels. As for the SFN, a view covers CROP_MARGIN sides
    around the box's centre, though CLOSER ones, and the edge goes on outside the picture. It is sampled
    between the pixels of the smallest level that has at least as many as the view, so that none is passed
    over and no detail is lost.
    """
    n, k = boxes.shape[:2]
    sizes = [MULTI_SIZE >> level for level in range(len(LEVELS))]
    pixels = torch.cat([level.reshape(n, -1, 3) for level in levels], 1).reshape(-1, 3)
    span = CLOSER * CROP_MARGIN * boxes[..., 2:].amax(-1)
    step = span * (MULTI_SIZE / across)
    level = (torch.log(step) / math.log(2)).floor().clamp(0, len(LEVELS) - 1).long()
    device = boxes.device
    size = torch.tensor(sizes, device=device)[level][..., None]
    starts = [sum(s * s for s in sizes[:number]) for number in range(len(LEVELS))]
    picture = torch.arange(n, device=device)[:, None] * sum(s * s for s in sizes)
    start = torch.tensor(starts, device=device)[level] + picture
    reach = (torch.arange(across, device=device) + 0.5) / across - 0.5
    places = (boxes[..., :2, None] + (span[..., None] * reach)[..., None, :]) * size[..., None, :] - 0.5
    places = torch.minimum(places.clamp(min=0), (size[..., None, :] - 1).float())
    low = places.floor()
    part = places - low
    near = low.long()
    far = torch.minimum(near + 1, size[..., None, :] - 1)

    def taken(rows: Tensor, columns: Tensor) -> Tensor:
        where = start[..., None, None] + rows[..., None] * size[..., None] + columns[..., None, :]
        return pixels[where.reshape(-1)].float().reshape(n * k, across, across * 3)

    # A row's colours lie side by side: long rows are multiplied faster than many short ones.
    columns = part[..., 0, :, None].expand(n, k, across, 3).reshape(n * k, 1, across * 3)
    down = part[..., 1, :].reshape(n * k, across, 1)
    rows = []
    for row in (near[..., 1, :], far[..., 1, :]):
        left, right = taken(row, near[..., 0, :]), taken(row, far[..., 0, :])
        rows.append(left + columns * (right - left))
    return (rows[0] + down * (rows[1] - rows[0])).reshape(n * k, across, across, 3)


def read_twice(faces: Tensor, confidence: Tensor, threshold: Tensor) -> Tensor:
    """How many of the faces (n, k) that are read in n pictures are read in a mirror too: all or none.

    confidence: (n, m). Where none reaches the threshold, nobody's face is read, and once is enough.
    """
    n, k = faces.shape
    return n * k * (k <= FEW) * (confidence.amax() >= threshold)


def read(reader: SingleFaceNetwork, shown: Tensor, twice: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Parameters (m, 104), landmarks (m, 68, 2) and likeness (m,) of m views.

    twice: how many of the views, counted from the first, are read in a mirror too; of these, both readings'
    means.
    """
    m = shown.shape[0]
    parameters, located, odds = reader(torch.cat([shown, shown[:twice].flip(2)]))
    marks, likeness = reader.marks(located, parameters[:, ROTATION]), torch.sigmoid(odds)
    columns = torch.from_numpy(MIRRORED).to(shown.device)
    again = parameters[m:, columns.abs().long() - 1] * columns.sign()
    # In a photograph people's marks lie to the right of the features (MARK_OFFSET), and seen in a mirror to
    # the left: the middle stays where the first reading has it.
    marked = marks[m:, list(MIRROR_LANDMARKS)] * marks.new_tensor([-1.0, 1.0])
    apart = (marks[:twice, :, :1] - marked[..., :1]).mean(1, keepdim=True)
    marked = marked + apart * marks.new_tensor([1.0, 0.0])
    parameters, marks, likeness = (
        torch.cat([(first[:twice] + second) / 2, first[twice:m]])
        for first, second in ((parameters, again), (marks, marked), (likeness, likeness[m:]))
    )
    others, turned, placed = parameters.split([ROTATION.start, 4, PARAMETERS - ROTATION.stop], 1)
    return torch.cat([others, functional.normalize(turned, dim=1), placed], 1), marks, likeness


def in_sides(parameters: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """What the reader makes of views, parameters (m, 104) and points (m, k, 2), in sides of the faces."""
    *others, scale = parameters.split([SCALE, 1], 1)
    return torch.cat([*others, CLOSER * scale], 1), CLOSER * points
