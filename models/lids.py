"""How far eyes are closed, from the gaps between lids.

A fit to points alone shrinks blinks: a narrow eye can be had from another identity as well. So closing is
read from the gap itself, in units of the face model, against the gap of this person's open eyes.
"""

from __future__ import annotations

import numpy as np

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.face_shape import rotation_matrices

MARKED = (((43, 47), (44, 46)), ((37, 41), (38, 40)))
TAUGHT = (((386, 374), (385, 380), (387, 373)), ((159, 145), (158, 153), (160, 144)))
"""Upper and lower lids of the left and of the right eye, among the 68 landmarks and the teacher's points."""
ACROSS = (0.0, 0.99, 0.16)
"""From the lower to the upper lid, in the head's frame."""
OPEN = 0.112
"""The median gap of open eyes, by people's marks and by the teacher."""
CLOSED = 0.02
"""The gap that the teacher leaves between closed lids; people's marks leave none."""
AT_EASE = 0.85
"""An eye open to this share of the usual gap is still an open eye: people differ, and look down a little."""
STARING, STARE = 1.34, 0.4
"""A gap beyond this share of the usual one means eyeWide, which adds this share at full strength."""
FULLY_TURNED = np.radians(30)
"""A head turned by half of this shows both eyes as well; turned by all of it, one."""
SMALL = 60
"""Side in pixels of a face too small for its two eyes to be told apart."""
RAISED = 0.4
"""Brows raised this far make a wide eye credible."""
LOOK_DOWN_SHARE, SQUINT_SHARE = 0.57, 0.26
"""How far eyeLookDown and eyeSquint close the eye of the face model."""
SPREAD = {"eyeBlink": 0.03, "eyeWide": 0.03, "eyeLookDown": 0.06, "eyeSquint": 0.08}
"""How far a fit may stray from what the lids say."""


def gaps(
    points: np.ndarray, pairs: tuple[tuple[tuple[int, int], ...], ...], rotation: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    """The mean gaps (n, 2) of the left and the right eye, in units of the face model.

    points: (n, p, 2 or more), y down. rotation: quaternions (n, 4). unit: (n,), length of the model's unit in
    the points' own.
    """
    across = (rotation_matrices(rotation) @ np.array(ACROSS, np.float32))[:, None, :2] * (1, -1)
    length = (across**2).sum(2) * unit[:, None]
    eyes = []
    for eye in pairs:
        upper, lower = np.array(eye).T
        eyes.append((((points[:, upper, :2] - points[:, lower, :2]) * across).sum(2) / length).mean(1))
    return np.stack(eyes, 1)


def joined(marked: np.ndarray, taught: np.ndarray) -> np.ndarray:
    """One gap (n, 2) of people's and the teacher's, either NaN where unknown, on the teacher's scale."""
    rescaled = CLOSED + marked * (OPEN - CLOSED) / OPEN
    both = (rescaled + taught) / 2
    return np.where(np.isfinite(both), both, np.where(np.isfinite(taught), taught, rescaled))


def evened(gap: np.ndarray, rotation: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Gaps (n, 2) in which an eye that is hardly seen does as the other does.

    Of a turned head (quaternions (n, 4)) the nearer eye counts, of a small face (side (n,) in pixels) both
    alike; else people would seem to wink who do not.
    """
    towards = rotation_matrices(rotation)[:, 0, 2]  # positive: the performer's left is farther away
    near_left = np.clip(0.5 - towards / (2 * np.sin(FULLY_TURNED)), 0, 1)
    alike = gap[:, 0] * near_left + gap[:, 1] * (1 - near_left)
    facing = np.clip(2 - np.abs(towards) / np.sin(FULLY_TURNED / 2), 0, 1)
    sure = np.clip((side - SMALL) / SMALL, 0, 1) * facing
    return alike[:, None] + (gap - alike[:, None]) * sure[:, None]


def usual_gap(gap: np.ndarray, person: np.ndarray) -> np.ndarray:
    """The gap (n,) of each face's open eyes: its person's own, as far as there are photographs to tell."""
    usual = np.full(len(gap), OPEN, np.float32)
    for name in np.unique(person):
        rows = np.flatnonzero(person == name)
        if len(rows) > 3:
            own = np.nanpercentile(gap[rows], 75)
            usual[rows] = np.clip((len(rows) * own + 3 * OPEN) / (len(rows) + 3), 0.07, 0.14)
    return usual


def lid_weights(
    gap: np.ndarray, usual: np.ndarray, look_down: np.ndarray, squint: np.ndarray, raised: np.ndarray
) -> dict[str, np.ndarray]:
    """Weights (n, 2) of eyeBlink, eyeWide, eyeLookDown and eyeSquint, left and right, that make these gaps.

    look_down, squint, raised: (n, 2), what is thought of them and of raised brows. A closed eye is a blink,
    whatever the gaze; both eyes look down alike. Large eyes are wide only under raised brows: children's eyes
    are large.
    """
    ease = AT_EASE * usual[:, None]
    closing = np.clip((ease - gap) / (ease - CLOSED), 0, 1)
    unshut = np.clip((0.9 - closing) / 0.25, 0, 1)
    down = look_down.min(1, keepdims=True) * unshut
    down = np.minimum(down, closing / LOOK_DOWN_SHARE)
    narrowed = squint * unshut
    by_squint = np.minimum(SQUINT_SHARE * narrowed, closing - LOOK_DOWN_SHARE * down)
    blink = np.clip(closing - LOOK_DOWN_SHARE * down - by_squint, 0, 1)
    wide = np.clip((gap / usual[:, None] - STARING) / STARE, 0, 1) * np.clip(raised / RAISED, 0, 1)
    return {"eyeBlink": blink, "eyeWide": wide, "eyeLookDown": down, "eyeSquint": narrowed}


def set_lids(mean: np.ndarray, spread: np.ndarray, weights: dict[str, np.ndarray], known: np.ndarray) -> None:
    """Put the lids' weights in place in a prior's mean and spread (n, 46), for the faces `known` (n,)."""
    for stem, values in weights.items():
        for column, side in enumerate(("Left", "Right")):
            i = EXPRESSIONS.index(stem + side)
            mean[known, i] = values[known, column]
            spread[known, i] = SPREAD[stem]
