"""Naming schemes: the 52 ARKit expressions, named and split as three families of rigs have them.

Every function takes and returns shape-key offsets by name, float64 (n, 3) each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Offsets = dict[str, np.ndarray]
Scheme = Callable[[Offsets, np.ndarray], Offsets]

MOUTH_LINE = 6.66
"""Height of the corners of the mouth in the base mesh, decimetres."""
BLEND = 0.12
"""Half the width of the band over which an expression cut in two fades from one half to the other."""

CHARACTER_CREATOR = {
    "browDown": "Brow_Drop",
    "browOuterUp": "Brow_Raise_Outer",
    "cheekSquint": "Cheek_Raise",
    "eyeBlink": "Eye_Blink",
    "eyeSquint": "Eye_Squint",
    "eyeWide": "Eye_Wide",
    "mouthDimple": "Mouth_Dimple",
    "mouthFrown": "Mouth_Frown",
    "mouthLowerDown": "Mouth_Down_Lower",
    "mouthPress": "Mouth_Press",
    "mouthSmile": "Mouth_Smile",
    "mouthStretch": "Mouth_Stretch",
    "mouthUpperUp": "Mouth_Up_Upper",
    "noseSneer": "Nose_Sneer",
    "jawForward": "Jaw_Forward",
    "jawLeft": "Jaw_L",
    "jawOpen": "Jaw_Open",
    "jawRight": "Jaw_R",
    "mouthClose": "Mouth_Close",
    "mouthLeft": "Mouth_L",
    "mouthRight": "Mouth_R",
    "mouthShrugLower": "Mouth_Shrug_Lower",
    "mouthShrugUpper": "Mouth_Shrug_Upper",
    "tongueOut": "Tongue_Out",
}
"""Expressions that Character Creator has one for one; paired ones end in _L and _R there."""
HALVED = {
    "browInnerUp": "Brow_Raise_Inner",
    "cheekPuff": "Cheek_Puff",
    "mouthRollLower": "Mouth_Roll_In_Lower",
    "mouthRollUpper": "Mouth_Roll_In_Upper",
}
"""Expressions that Character Creator has once for each side."""
QUARTERED = {"mouthFunnel": "Mouth_Funnel", "mouthPucker": "Mouth_Pucker"}
"""Expressions that Character Creator has once for each side of each lip."""


def camel_case(offsets: Offsets, base: np.ndarray) -> Offsets:
    """ARKit's own names: eyeBlinkLeft. `base` is not used."""
    return offsets


def left_right(offsets: Offsets, base: np.ndarray) -> Offsets:
    """Pairs end in _L and _R: eyeBlink_L; expressions without a twin, such as jawLeft, keep ARKit's name."""

    def name(arkit: str) -> str:
        for side in ("Left", "Right"):
            stem = arkit.removesuffix(side)
            if stem != arkit and stem not in ("jaw", "mouth"):
                return f"{stem}_{side[0]}"
        return arkit

    return {name(arkit): offset for arkit, offset in offsets.items()}


def character_creator(offsets: Offsets, base: np.ndarray) -> Offsets:
    """Character Creator's names: Eye_Blink_L; what it has once a side or once a lip is cut up.

    base: float64 (n, 3), where the vertices lie in the base mesh; decides to which half each belongs.
    """
    left = _fade(base[:, 0])[:, None]
    upper = _fade(base[:, 1] - MOUTH_LINE)[:, None]
    named: Offsets = {}
    for arkit, offset in offsets.items():
        if arkit in HALVED:
            named[f"{HALVED[arkit]}_L"] = offset * left
            named[f"{HALVED[arkit]}_R"] = offset * (1 - left)
        elif arkit in QUARTERED:
            for half, share in (("Up", upper), ("Down", 1 - upper)):
                named[f"{QUARTERED[arkit]}_{half}_L"] = offset * share * left
                named[f"{QUARTERED[arkit]}_{half}_R"] = offset * share * (1 - left)
        else:
            named[_character_creator_name(arkit)] = offset
    return named


def _character_creator_name(arkit: str) -> str:
    if arkit in CHARACTER_CREATOR:
        return CHARACTER_CREATOR[arkit]
    side = "L" if arkit.endswith("Left") else "R"
    stem = arkit.removesuffix("Left").removesuffix("Right")
    if stem.startswith("eyeLook"):
        return f"Eye_{side}_Look_{stem.removeprefix('eyeLook')}"
    return f"{CHARACTER_CREATOR[stem]}_{side}"


def _fade(distance: np.ndarray) -> np.ndarray:
    """0 below -BLEND, 1 above BLEND, smooth between."""
    t = np.clip((distance + BLEND) / (2 * BLEND), 0, 1)
    return t * t * (3 - 2 * t)
