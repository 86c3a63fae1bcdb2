"""What an animator changes about a performance as a whole, before any mapping: the take stays as it is.

In this order: smoothing, the neutral face taken off, gain per region, mirror, head offset. Where the
performer was away, the gaps' rule says what the character does meanwhile. Live and bake go through the same
code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from ..capture.contract import EXPRESSIONS, MIRROR, MIRROR_ROTATION
from ..capture.smoothing import smooth, smooth_rotations
from ..capture.take import Performer
from .resample import continuous, covered, resample, resample_rotations

REGIONS = ("brows", "eyes", "mouth", "jaw", "head")

GAP = 0.5
"""Seconds: a performer who was away for longer left a gap; what is shorter is bridged."""
EASE = 0.4
"""Seconds that it takes to ease to neutral, back from it, or from what was held to what comes next."""
NEUTRAL_LIMIT = 0.3
"""What is stronger than this at rest is being acted: more is never taken for neutral."""
MOUTH_LIMIT = 0.2
"""From here on less and less of mouth and jaw is taken: resting mouths of performers showed up to 0.18, half
smiles 0.25 and more."""
STILL = 1 / 3
"""The share of a performer's frames that counts as still, and the share of those that counts as relaxed."""
LARGEST_NEUTRAL = 0.95
"""What is taken off at most, so that the expression can still be acted."""
MOMENT = 0.1
"""Seconds around a frame whose median is the face there: one frame alone would jitter."""
OPEN = 0.5
"""Blinks weaker than this leave the lids apart."""

_REGION_OF_PREFIX = {"brow": "brows", "eye": "eyes", "jaw": "jaw"}
_IDENTITY = (1.0, 0.0, 0.0, 0.0)


def region_of(expression: str) -> str:
    """The region of the face that an expression belongs to; cheeks and nose go with the mouth."""
    prefix = next((prefix for prefix in _REGION_OF_PREFIX if expression.startswith(prefix)), "")
    return _REGION_OF_PREFIX.get(prefix, "mouth")


REGION_COLUMNS: Mapping[str, np.ndarray] = MappingProxyType(
    {
        region: np.array([i for i, name in enumerate(EXPRESSIONS) if region_of(name) == region], np.intp)
        for region in REGIONS
        if region != "head"
    }
)
"""The columns of the weights that belong to each region of the face."""


@dataclass(frozen=True, eq=False)
class Adjustments:
    """What to change about a performance. As they come, these only smooth, and leave gaps unkeyed.

    neutral: float32 (46,), the weights of the resting face; neutral_rotation: float32 (4,), how the resting
    head is turned. gains and smoothing: factor and strength by region, 1 where a region is not named;
    smoothing 0 is off, 1 usual, more is calmer. mirror: left becomes right. head_offset: float32 (4,), turns
    the head last, in the frame in which it was filmed. gaps: HOLD, EASE (to neutral) or UNKEYED. Rotations
    are unit quaternions w, x, y, z.
    """

    neutral: np.ndarray = field(default_factory=lambda: np.zeros(len(EXPRESSIONS), np.float32))
    neutral_rotation: np.ndarray = field(default_factory=lambda: np.array(_IDENTITY, np.float32))
    gains: Mapping[str, float] = field(default_factory=dict)
    smoothing: Mapping[str, float] = field(default_factory=dict)
    mirror: bool = False
    head_offset: np.ndarray = field(default_factory=lambda: np.array(_IDENTITY, np.float32))
    gaps: str = "UNKEYED"


@dataclass(frozen=True, eq=False)
class Performance:
    """What a character is to do at n times.

    times: float64 (n,), seconds of the footage. weights: float32 (n, 46), from 0; gains may take them over 1.
    rotation: float32 (n, 4), unit quaternions w, x, y, z, neighbours of equal sign. keyed: bool (n,), False
    where nothing is known of the performer and no keys are wanted.
    """

    times: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    keyed: np.ndarray


def perform(performer: Performer, adjustments: Adjustments, times: np.ndarray) -> Performance:
    """What `performer` does, adjusted, at ascending `times` (n,) in seconds of the footage.

    UNKEYED gaps, and what lies before the first sight and after the last one, are not keyed; their values are
    the straight line, or the nearest end. With HOLD and EASE every time is keyed.
    """
    times = np.asarray(times, np.float64)
    weights, rotation = smoothed(performer, adjustments.smoothing)
    if adjustments.gaps == "UNKEYED":
        moments, presence = times, np.ones(len(times))
        keyed = covered(performer.times, times, GAP)
    else:
        moments, presence = _across_gaps(performer.times, times, ease=adjustments.gaps == "EASE")
        keyed = np.ones(len(times), bool)
    adjusted = _adjusted(
        resample(performer.times, weights, moments),
        resample_rotations(performer.times, rotation, moments),
        adjustments,
        presence[:, None],
    )
    return Performance(times, adjusted[0], continuous(adjusted[1]), keyed)


def smoothed(performer: Performer, smoothing: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n, 46) and rotation (n, 4), float32, of a performer with less jitter, at the same times."""
    if not any(smoothing.get(region, 1.0) for region in REGIONS):
        return performer.weights, performer.rotation
    weights = np.empty((len(performer.times), len(EXPRESSIONS)), np.float32)
    for region, columns in REGION_COLUMNS.items():
        strength = smoothing.get(region, 1.0)
        weights[:, columns] = smooth(performer.times, performer.weights[:, columns], strength=strength)
    strength = smoothing.get("head", 1.0)
    return weights, smooth_rotations(performer.times, performer.rotation, strength=strength)


def adjust_frame(
    weights: np.ndarray, rotation: np.ndarray, adjustments: Adjustments
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (..., 46) and rotation (..., 4), float32, after all but smoothing and gaps.

    What exceeds the neutral face is stretched so that 1 stays in reach; what falls short of it is 0.
    """
    return _adjusted(weights, rotation, adjustments, np.ones((*np.shape(weights)[:-1], 1)))


def estimate_neutral(performer: Performer) -> tuple[np.ndarray, np.ndarray]:
    """The resting face of a performer: weights float32 (46,), and rotation float32 (4,) of the resting head.

    It is the median of frames in which the lids are apart, little moves, and little is expressed.
    """
    blinks = performer.weights[:, [EXPRESSIONS.index("eyeBlinkLeft"), EXPRESSIONS.index("eyeBlinkRight")]]
    closed = blinks.max(axis=1)
    apart = np.flatnonzero(closed < OPEN)
    chosen = apart if len(apart) else np.flatnonzero(closed == closed.min())
    chosen = _least(_unrest(performer), chosen)
    rotation = _mean_rotation(performer.rotation[chosen])
    chosen = _least(performer.weights.sum(axis=1), chosen)
    weights = np.median(performer.weights[chosen], axis=0)
    return _resting(weights), rotation


def _resting(weights: np.ndarray) -> np.ndarray:
    """What of a still face's weights (46,) is its rest, float32 (46,).

    People's brows and lids rest at many heights, and up to `NEUTRAL_LIMIT` of them is taken for rest. A mouth
    that shows more than a little is acting, a held smile above all: less of it is taken the more it shows.
    """
    rest = np.clip(weights, 0, NEUTRAL_LIMIT).astype(np.float32)
    mouth = np.concatenate([REGION_COLUMNS["mouth"], REGION_COLUMNS["jaw"]])
    rest[mouth] *= np.clip((NEUTRAL_LIMIT - rest[mouth]) / (NEUTRAL_LIMIT - MOUTH_LIMIT), 0, 1)
    return rest


def neutral_at(performer: Performer, frame: int) -> tuple[np.ndarray, np.ndarray]:
    """The face of a performer at the sight nearest to a frame of the footage, as `estimate_neutral`."""
    place = int(np.abs(performer.frames - frame).argmin())
    around = np.abs(performer.times - performer.times[place]) <= MOMENT
    weights = np.median(performer.weights[around], axis=0)
    return weights.astype(np.float32), _mean_rotation(performer.rotation[around])


def _adjusted(
    weights: np.ndarray, rotation: np.ndarray, adjustments: Adjustments, presence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`adjust_frame` for a performer who is there (presence 1), away (0) or in between: (..., 1)."""
    neutral = np.clip(np.asarray(adjustments.neutral, np.float64), 0, LARGEST_NEUTRAL)
    weights = np.maximum(weights - neutral, 0) / (1 - neutral)
    for region, columns in REGION_COLUMNS.items():
        weights[..., columns] *= adjustments.gains.get(region, 1.0)
    turn = _product(_inverse(adjustments.neutral_rotation), np.asarray(rotation, np.float64))
    turn = _part(turn, adjustments.gains.get("head", 1.0) * presence)
    if adjustments.mirror:
        weights = weights[..., list(MIRROR)]
        turn = turn * MIRROR_ROTATION
    turn = _product(np.asarray(adjustments.head_offset, np.float64), turn)
    return (weights * presence).astype(np.float32), turn.astype(np.float32)


def _across_gaps(seen: np.ndarray, times: np.ndarray, *, ease: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each of `times`, the moment (n,) among `seen` whose face to show, and how far (n,) to show it.

    Held faces turn into the next one just before the performer is back; eased ones fade to nothing and back.
    """
    before = np.searchsorted(seen, times, side="right") - 1
    left = np.where(before >= 0, seen[np.maximum(before, 0)], -np.inf)
    back = np.where(before + 1 < len(seen), seen[np.minimum(before + 1, len(seen) - 1)], np.inf)
    away = back - left > GAP
    span = np.minimum(EASE, (back - left) / 2)
    gone = _ramp((times - left) / span)
    here = _ramp((times - back) / span + 1)
    if ease:
        held = np.where(back - times < times - left, back, left)
        return np.where(away, held, times), np.where(away, np.maximum(1 - gone, here), 1)
    # Beyond the ends there is nothing to turn into.
    left, back = np.maximum(left, seen[0]), np.minimum(back, seen[-1])
    return np.where(away, left + here * (back - left), times), np.ones(len(times))


def _ramp(part: np.ndarray) -> np.ndarray:
    """From 0 to 1 without corners."""
    part = np.clip(part, 0, 1)
    return part * part * (3 - 2 * part)


def _unrest(performer: Performer) -> np.ndarray:
    """How fast the face (n,) moves around each frame, per second, the head's turning included."""
    if len(performer.times) < 2:
        return np.zeros(len(performer.times))
    apart = np.diff(performer.times)
    cosine = np.abs((performer.rotation[1:] * performer.rotation[:-1]).sum(axis=1)).clip(0, 1)
    speed = (np.abs(np.diff(performer.weights, axis=0)).sum(axis=1) + 2 * np.arccos(cosine)) / apart
    around = np.concatenate([speed[:1], (speed[1:] + speed[:-1]) / 2, speed[-1:]])
    return np.convolve(np.pad(around, 2, mode="edge"), np.ones(5) / 5, mode="valid")


def _least(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The share STILL of `chosen` indices, at least one, at which `values` are lowest."""
    count = max(1, round(STILL * len(chosen)))
    return chosen[np.argsort(values[chosen], kind="stable")[:count]]


def _mean_rotation(rotations: np.ndarray) -> np.ndarray:
    """The rotation float32 (4,) nearest to all of (n, 4), whichever their signs."""
    rotations = rotations.astype(np.float64)
    mean = np.linalg.eigh(rotations.T @ rotations)[1][:, -1]
    return (mean if mean[0] >= 0 else -mean).astype(np.float32)


def _inverse(rotation: np.ndarray) -> np.ndarray:
    return np.asarray(rotation, np.float64) * (1, -1, -1, -1)


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Quaternions (..., 4) that turn by `second`, then by `first`."""
    w1, v1, w2, v2 = first[..., :1], first[..., 1:], second[..., :1], second[..., 1:]
    scalar = w1 * w2 - (v1 * v2).sum(axis=-1, keepdims=True)
    return np.concatenate([scalar, w1 * v2 + w2 * v1 + np.cross(v1, v2)], axis=-1)


def _part(rotation: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Quaternions (..., 4) that turn by `share` (..., 1) of the angle of others, the shorter way."""
    rotation = np.where(rotation[..., :1] < 0, -rotation, rotation)
    sine = np.linalg.norm(rotation[..., 1:], axis=-1, keepdims=True)
    half = share * np.arctan2(sine, rotation[..., :1])
    axis = rotation[..., 1:] / np.maximum(sine, 1e-12)
    return np.concatenate([np.cos(half), axis * np.sin(half)], axis=-1)
