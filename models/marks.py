"""From the points that a network locates to where people mark the 68 landmarks: a linear correction.

A network learns its points from people's marks, from another network's, and from the face model's, which lie
along the jaw in places of their own; it settles between them. The correction is fitted to people's marks
alone (`python -m models.calibrate`), after training, in closed form.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from facert_blender.capture.contract import LANDMARKS

RIDGE = 2e-5
"""How strongly the correction is held back, for a face, in squared sides: what is best on held-out people."""


TURNED, AWAY = math.cos(math.radians(30)), math.cos(math.radians(60))
"""The correction is whole up to 30 degrees from the camera, none from 60 on: there people marked nobody."""


class Marks(nn.Module):
    """The correction of `points` located points; none until it is fitted."""

    weight: Tensor
    offset: Tensor

    def __init__(self, points: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(2 * points, 2 * LANDMARKS))
        self.register_buffer("offset", torch.zeros(2 * LANDMARKS))

    def forward(self, points: Tensor, rotation: Tensor) -> Tensor:
        """Landmarks (n, 68, 2), in the frame of the points.

        points: (n, points, 2), the first 68 of them the landmarks. rotation: (n, 4), the head's quaternion.
        """
        correction = facing(rotation) * (points.flatten(1) @ self.weight + self.offset)
        return points[:, :LANDMARKS] + correction.unflatten(1, (LANDMARKS, 2))

    def fit(self, points: Tensor, rotation: Tensor, marks: Tensor) -> None:
        """Fit by ridge regression to faces that people have marked (n, 68, 2), in the frame of the points."""
        given = torch.cat([points.flatten(1), torch.ones(len(points), 1)], 1).double()
        given = given * facing(rotation)
        wanted = (marks - points[:, :LANDMARKS]).flatten(1).double()
        held = RIDGE * len(given) * torch.eye(given.shape[1], dtype=torch.double)
        solved = torch.linalg.solve(given.T @ given + held, given.T @ wanted)
        self.weight.copy_(solved[:-1])
        self.offset.copy_(solved[-1])


def facing(rotation: Tensor) -> Tensor:
    """How much of the correction a head gets (n, 1), from 0 to 1, by its quaternion (n, 4)."""
    towards = 1 - 2 * (rotation[:, 1:2] ** 2 + rotation[:, 2:3] ** 2)
    return ((towards - AWAY) / (TURNED - AWAY)).clamp(0, 1)
