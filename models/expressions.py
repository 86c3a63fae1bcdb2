"""Which expressions and head turns are made: sampled as in SMIRK (Retsinas et al. 2024), and kept possible.

Templates of what ordinary photographs lack, sparse random ones, permuted real ones, and near-neutral ones
with random lids. Left and right differ half of the time; the jaw goes its own way, whatever head and mouth
do. Or the mouth alone is another, or the turn, and all else stays as it is.
"""

from __future__ import annotations

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.face_shape import rotation_matrices

INDEX = {name: i for i, name in enumerate(EXPRESSIONS)}
SIDES = ("Left", "Right")
LIDS = ("eyeBlink", "eyeLookDown", "eyeSquint", "eyeWide")


def channels(name: str) -> list[int]:
    """The channels of an expression: one, or its left and right."""
    return [INDEX[name]] if name in INDEX else [INDEX[name + side] for side in SIDES]


def without_side(expression: str) -> str:
    """The name of an expression without its side."""
    return expression.removesuffix("Left").removesuffix("Right")


TEMPLATES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (4, ("eyeBlink",)), (3, ("eyeWide",)), (1.5, ("eyeLookDown",)), (1.5, ("eyeSquint",)),
    (2, ("eyeBlink", "jawOpen")), (1.5, ("eyeWide", "browInnerUp", "browOuterUp")),
    (1, ("eyeWide", "browInnerUp", "browOuterUp", "jawOpen")), (1, ("eyeWide", "jawOpen")),
    (2.5, ("browInnerUp", "browOuterUp")), (1.5, ("browInnerUp",)), (1.5, ("browOuterUp",)),
    (3, ("browDown",)), (1, ("browDown", "eyeSquint")), (1, ("browDown", "noseSneer", "mouthUpperUp")),
    (3, ("jawOpen",)), (3, ("jawOpen", "mouthClose")), (1, ("jawOpen", "mouthStretch")),
    (2, ("jawLeft",)), (2, ("jawRight",)), (1, ("jawLeft", "jawOpen")), (1, ("jawRight", "jawOpen")),
    (2, ("jawForward",)), (0.7, ("jawForward", "mouthShrugLower")),
    (1.2, ("mouthLeft",)), (1.2, ("mouthRight",)),
    (2, ("mouthRollLower", "mouthRollUpper")), (1.5, ("mouthRollLower",)), (1.2, ("mouthRollUpper",)),
    (1, ("mouthRollLower", "mouthRollUpper", "mouthPress")),
    (3, ("mouthSmile",)), (1.5, ("mouthSmile", "jawOpen")), (1.5, ("mouthSmile", "cheekSquint")),
    (1, ("mouthSmile", "mouthDimple")),
    (2.5, ("mouthPucker",)), (1, ("mouthPucker", "mouthFunnel")), (2, ("mouthFunnel",)),
    (1, ("mouthFunnel", "jawOpen")),
    (2, ("mouthFrown",)), (0.7, ("mouthFrown", "mouthShrugLower")), (0.7, ("mouthFrown", "browInnerUp")),
    (1, ("mouthPress",)), (1, ("mouthShrugLower",)), (0.7, ("mouthShrugUpper",)),
    (1.2, ("mouthShrugLower", "mouthShrugUpper")), (1.2, ("mouthUpperUp",)), (1.2, ("mouthLowerDown",)),
    (1, ("mouthUpperUp", "mouthLowerDown")), (1.5, ("mouthDimple",)), (1, ("mouthStretch",)),
    (3, ("cheekPuff",)), (0.7, ("cheekPuff", "mouthPucker")), (0.5, ("cheekPuff", "eyeBlink")),
    (2, ("cheekSquint",)), (1, ("cheekSquint", "eyeSquint")),
    (3, ("noseSneer",)), (1, ("noseSneer", "mouthUpperUp")),
)  # fmt: skip
"""Expressions shown together and how often; a name without its side means both sides."""
_CHANCES = np.array([chance for chance, _ in TEMPLATES]) / sum(chance for chance, _ in TEMPLATES)

MOUTH = tuple(i for name, i in INDEX.items() if name.startswith(("jaw", "mouth", "cheekPuff")))
"""Channels that move nothing above the cheeks."""
_MOUTHS = [k for k, (_, names) in enumerate(TEMPLATES) if all({*channels(n)} <= {*MOUTH} for n in names)]
_MOUTH_CHANCES = _CHANCES[_MOUTHS] / _CHANCES[_MOUTHS].sum()

CHANGES = ("mouth", "turn", "gaze")
"""What alone can be another in a photograph that is painted over itself."""

CLOSING = {"eyeBlink": 1.0, "eyeLookDown": 0.5, "eyeSquint": 0.35}
"""How far a channel at 1 closes the lids."""


def closing(weights: np.ndarray) -> list[float]:
    """How far the left and the right lids are closed, 0 to 1, by weights (46,)."""
    return [
        min(1.0, sum(share * float(weights[INDEX[name + side]]) for name, share in CLOSING.items()))
        for side in SIDES
    ]


def possible(weights: np.ndarray) -> np.ndarray:
    """Weights (46,) held to what a face can do.

    Lids meet and no more, jaw and mouth go one way at a time, and lips close only over an open jaw.
    """
    w = np.clip(weights, 0, 1)
    for side in SIDES:
        room = 1.1 - w[INDEX["eyeBlink" + side]]
        for name in ("eyeLookDown", "eyeSquint"):
            i = INDEX[name + side]
            w[i] = min(w[i], max(0.0, room) / CLOSING[name])
            room -= CLOSING[name] * w[i]
        w[INDEX["eyeWide" + side]] *= 1 - max(w[INDEX[name + side]] for name in CLOSING)
    for name in ("jaw", "mouth"):
        left, right = INDEX[name + "Left"], INDEX[name + "Right"]
        w[min(left, right, key=lambda i: w[i])] = 0
    jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
    w[close] = min(w[close], 0.78 * w[jaw])
    for name in ("mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper"):
        w[INDEX[name]] = min(w[INDEX[name]], 1.3 - w[jaw] * (0.9 if "Roll" in name else 0.5))
    for name in ("mouthRollLower", "mouthRollUpper"):
        w[INDEX[name]] = min(w[INDEX[name]], 1.2 - w[INDEX["mouthFunnel"]])
    return w


def sample_expression(source: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """New weights (46,) for a face whose own are `source`; `real` (n, 46) are other people's."""
    kind = rng.choice(4, p=(0.55, 0.18, 0.14, 0.13))
    w = source * rng.uniform(0, 1)
    if kind == 0:
        w *= rng.choice([0.0, 1.0])
        _show(w, TEMPLATES[rng.choice(len(TEMPLATES), p=_CHANCES)][1], rng)
    elif kind == 1:
        chosen = rng.choice(len(EXPRESSIONS), rng.integers(2, 7), replace=False)
        w[chosen] = rng.uniform(0, 1, len(chosen))
    elif kind == 2:
        w = real[rng.integers(len(real))] * rng.uniform(0.7, 1.3)
    else:
        w = source * rng.uniform(0, 0.3) * rng.choice([0.0, 1.0])
        for name in LIDS:
            both = rng.uniform(0, 1)
            for i in channels(name):
                w[i] = (both if rng.random() < 0.6 else rng.uniform(0, 1)) * (rng.random() < 0.3)
    if rng.random() < 0.12:
        w[INDEX["jawOpen"]] = rng.uniform(0, 0.8)
    if rng.random() < 0.12:
        w[INDEX[rng.choice(["jawLeft", "jawRight"])]] = rng.uniform(0.2, 1)
    if rng.random() < 0.15:
        w[channels("eyeBlink")] = rng.choice([1.0, rng.uniform(0.3, 1)])
    return possible(w.astype(np.float32))


def sample_mouth(source: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weights (46,) of a face whose own are `source` with another mouth: one of the templates, another
    person's of `real` (n, 46), or its own, opened.
    """
    w, mouth = source.copy(), list(MOUTH)
    kind = rng.choice(3, p=(0.5, 0.3, 0.2))
    if kind == 0:
        w[mouth] *= rng.choice([0.0, rng.uniform(0, 1)])
        _show(w, TEMPLATES[rng.choice(_MOUTHS, p=_MOUTH_CHANCES)][1], rng)
    elif kind == 1:
        w[mouth] = real[rng.integers(len(real)), mouth] * rng.uniform(0.7, 1.3)
    if kind == 2 or rng.random() < 0.2:
        w[INDEX["jawOpen"]] = rng.uniform(0.2, 1)
        w[INDEX["mouthFunnel"]] = rng.uniform(0, 0.8) * (rng.random() < 0.5)
    w[mouth] = possible(w)[mouth]
    return w.astype(np.float32)


def _show(w: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> None:
    """Set the named expressions: at full strength often, one side alone or weaker at times."""
    strength = 1.0 if rng.random() < 0.4 else rng.uniform(0.25, 1.0)
    weaker = rng.choice([1.0, rng.uniform(0, 1), 0.0], p=(0.6, 0.2, 0.2))
    sides = rng.permutation([1.0, weaker])
    for name in names:
        both = channels(name)
        for i, side in zip(both, sides if len(both) == 2 else [1.0], strict=True):
            w[i] = np.clip(strength * side + (rng.normal(0, 0.06) if side else 0), 0, 1)


def sample_turn(rng: np.random.Generator, current: np.ndarray) -> np.ndarray:
    """A head turn (3, 3) to add to a face's own rotation (3, 3), which is `current`.

    Half are small; the others take the head to anywhere within 75 degrees of yaw and 30 of pitch.
    """
    if rng.random() < 0.5:
        return turn(rng.normal(0, 8), np.clip(rng.normal(0, 6), -18, 18), 0)
    return sample_pose(rng) @ current.T


def sample_pose(rng: np.random.Generator) -> np.ndarray:
    """A rotation (3, 3) of a head within 75 degrees of yaw and 30 of pitch, a little to one side."""
    yaw = rng.uniform(-75, 75) if rng.random() < 0.6 else np.clip(rng.normal(0, 25), -75, 75)
    return turn(yaw, np.clip(rng.normal(0, 14), -30, 30), np.clip(rng.normal(0, 8), -25, 25))


def sample_nod(rng: np.random.Generator) -> np.ndarray:
    """A small turn (3, 3) to add to a face's own rotation, more of it up and down than aside."""
    return turn(np.clip(rng.normal(0, 12), -30, 30), rng.uniform(-20, 20), np.clip(rng.normal(0, 6), -15, 15))


def sample_gaze(rng: np.random.Generator) -> np.ndarray:
    """Where the left and the right eye look (2, 2), radians to the performer's left and up: aside together,
    or crossed. Up and down by little, since lids go with the eyes.
    """
    aside, up = rng.uniform(-0.7, 0.7), np.clip(rng.normal(0, 0.1), -0.1, 0.25)
    inwards = 0.0
    if rng.random() < 0.35:
        aside, inwards = 0.3 * aside, rng.uniform(0.1, 0.6)
    return np.array([[aside - inwards, up], [aside + inwards, up]]).clip(-0.75, 0.75)


def sample_averted(rng: np.random.Generator) -> np.ndarray:
    """A rotation (3, 3) of a head that looks away: bent down by 25 to 50 degrees, at times up by 15 to 30, or
    in profile, 60 to 95 degrees of yaw.
    """
    yaw, pitch = rng.normal(0, 30), rng.uniform(25, 50) * rng.choice([1.0, -0.6], p=(0.8, 0.2))
    if rng.random() < 0.5:
        yaw, pitch = rng.uniform(60, 95) * rng.choice([-1, 1]), rng.normal(0, 12)
    return turn(np.clip(yaw, -95, 95), pitch, np.clip(rng.normal(0, 8), -25, 25))


def turn(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The rotation (3, 3) by pitch about x, then yaw about y, then roll about z, in degrees."""
    halves = np.radians([pitch, yaw, roll]) / 2
    quaternions = np.column_stack([np.cos(halves), np.diag(np.sin(halves))])
    about_x, about_y, about_z = rotation_matrices(quaternions)
    return about_z @ about_y @ about_x
