"""What a painted face looks like but for its labels: light, creases, gaze, colours, hair, what it wears."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facert_blender.capture.contract import EXPRESSION

from ..expressions import closing
from .head import Head
from .light import random_light
from .reading import ReadFace

IRISES = np.array([(60, 40, 28), (85, 60, 40), (95, 115, 130), (90, 105, 80)], np.float32)
"""Brown, light brown, blue and green."""
TEETH_WHITE = np.array([228, 218, 200], np.float32)


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


def own_look(head: Head, face: ReadFace, rng: np.random.Generator) -> Look:
    """A look for a face over its own surroundings: mostly its own light and eyes."""
    own_eyes = bool(max(closing(face.parameters[EXPRESSION])) < 0.4 and rng.random() < 0.75)
    bright = np.clip(face.colours.brightness, 0.2, 1.1)
    iris = (
        face.colours.iris
        if own_eyes or rng.random() < 0.3
        else bright * IRISES[rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))]
    )
    light = face.light
    if rng.random() < 0.3:
        light = light * 0.6 + random_light(rng) * 0.4 * light[0]
    deep = 0.0 if rng.random() < 0.15 else rng.uniform(0.15, 0.7)
    return Look(
        light.astype(np.float32),
        (deep * rng.uniform(0.3, 1.5, head.creases.makes.shape[1])).astype(np.float32),
        np.tile(np.zeros(2) if own_eyes else rng.normal(0, 0.18, 2), (2, 1)),
        own_eyes,
        (iris * rng.uniform(0.7, 1.1)).astype(np.float32),
        (face.colours.white * rng.uniform(0.85, 1.15)).astype(np.float32),
        (bright * TEETH_WHITE * rng.uniform(0.75, 1.08) * rng.uniform(0.96, 1.04, 3)).astype(np.float32),
    )


def another_look(head: Head, face: ReadFace, surroundings: np.ndarray, rng: np.random.Generator) -> Look:
    """A look for a whole head before surroundings uint8 (s, s, 3): any light, hair, glasses, hat."""
    light = 0.5 * face.light + 0.5 * random_light(rng) if rng.random() < 0.4 else random_light(rng)
    light = light * rng.uniform(0.75, 1.15)
    colours = rng.uniform(20, 230, (2, 3)) * rng.uniform(0.3, 1, (2, 1))
    if face.colours.grey:
        colours[:] = colours.mean(1, keepdims=True)
        surroundings = np.repeat(surroundings.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
    return replace(
        own_look(head, face, rng),
        light=light.astype(np.float32),
        surroundings=surroundings,
        hair=np.array([rng.choice([0.02, rng.uniform(0.02, 0.25)]), rng.random()], np.float32),
        glasses=colours[0] * 0.5 if rng.random() < 0.12 else None,
        hat=colours[1] if rng.random() < 0.08 else None,
    )
