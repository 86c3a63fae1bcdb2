"""What is known of a photographed face, and what a painted one shall look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ReadFace:
    """A face as its photograph shows it.

    image: float32 (s, s, 3). parameters: float32 (104,). own: float32 (68, 3), how the face's landmarks
    depart from the model, as weights of the head's `spread`; at: int (68,), the points they belong to.
    still: float32 (V, 3), its vertices without expression, in the head's frame. where: float32 (V, 2), each
    vertex in pixels of the photograph. trust: float32 (V,), how well it is seen. light: float32 (9,) and
    shading: float32 (V,), of the photograph. curvature: float32 (V,). skin: float32 (3,), hair: float32
    (3,), eyelids: float32 (2, 3), iris: float32 (3,), white: float32 (3,): colours in unit light. without:
    float32 (s, s, 3), the photograph without the face, smooth; surroundings: float32 (s, s, 3), the same,
    sharp beside the face. offset: float32 (2,), what the marks are off by.
    """

    image: np.ndarray
    parameters: np.ndarray
    own: np.ndarray
    at: np.ndarray
    still: np.ndarray
    where: np.ndarray
    trust: np.ndarray
    light: np.ndarray
    shading: np.ndarray
    curvature: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    eyelids: np.ndarray
    iris: np.ndarray
    white: np.ndarray
    without: np.ndarray
    surroundings: np.ndarray
    offset: np.ndarray

    @property
    def grey(self) -> bool:
        """Whether the photograph has no colours."""
        return bool(np.ptp(self.skin) < 4)


@dataclass(frozen=True)
class Look:
    """What a painted picture shows apart from its labels.

    light: float32 (9,), spherical harmonics. creases: float32 (K,), how deep each is. gaze: float32 (2, 2),
    of the left and the right eye, radians to the performer's left and up. own_eyes: whether the photograph's
    eyes are used where they are seen. iris, white, teeth: float32 (3,), colours in unit light. surroundings:
    uint8 (s, s, 3), or None for the photograph's own, bent around the face. hair: float32 (2,), how far it
    stands off in units, and how unruly it is. glasses: their colour (3,) or None. hat: its colour (3,) or
    None.
    """

    light: np.ndarray
    creases: np.ndarray
    gaze: np.ndarray
    own_eyes: bool
    iris: np.ndarray
    white: np.ndarray
    teeth: np.ndarray
    surroundings: np.ndarray | None = None
    hair: np.ndarray | None = None
    glasses: np.ndarray | None = None
    hat: np.ndarray | None = None
