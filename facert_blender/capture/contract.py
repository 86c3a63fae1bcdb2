"""The contract between the networks and everything that reads them.

Written once, here; `models.export` stamps it into every ONNX file and `network` checks it on load.

Axes    the head's frame and the camera's: x right in the picture, y up, z towards the camera.
Angles  a rotation is a unit quaternion (w, x, y, z), w >= 0, that turns the neutral frontal head
        into the camera's frame.
Boxes   (x0, y0, x1, y1) in pixels, y down: the tight box around a face's 68 landmarks.
Units   a face's *side* is the longer side of its box. Landmarks come out of the networks in sides,
        relative to the centre of the box (or of the crop), y down.
SFN     parameters (n, 104), points (n, 68, 2), the landmarks, and likeness (n,), from 0 to 1, that of a
        face, of n crops.
MFN     of n pictures, each given at LEVELS sizes: boxes (n, m, 4), centre and size as fractions of its
        view, which reaches from edge to edge of its pixels, and confidence (n, m); the k of these
        predictions that it has read, faces (n, k), the most confident first and none twice, and their
        parameters (n, k, 104), points (n, k, 68, 2) and likeness (n, k). It reads those whose confidence
        reaches its last input, threshold: as many as the picture with most of them has, at least one, at
        most MOST_READ.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import WeightsError

VERSION = 7

EXPRESSIONS: tuple[str, ...] = (
    "browDownLeft", "browDownRight",
    "browInnerUpLeft", "browInnerUpRight",
    "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight",
    "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight",
    "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft",
    "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""The 46 expressions in canonical order; Left is the performer's own left."""

LANDMARKS = 68
IDENTITIES = 50

# The 104 parameters of a face, in the order of the networks' outputs (paper, section 7.2).
IDENTITY = slice(0, 50)
EXPRESSION = slice(50, 96)
ROTATION = slice(96, 100)
TRANSLATION = slice(100, 103)
SCALE = 103
PARAMETERS = 104

# Network inputs are uint8 RGB, batch x height x width x 3; normalisation is inside the graphs.
SINGLE_SIZE = 128
"""Side of the SFN's input, in pixels."""
CROP_MARGIN = 1.3
"""The SFN's crop covers this many sides of the face, so that a wide open jaw stays inside."""
MULTI_SIZE = 576
"""Side of the MFN's view, in pixels; a picture is scaled to fit and padded right and below."""
LEVELS = ("image", "half", "quarter", "eighth")
"""The MFN's inputs: its view, and that halved once, twice and three times."""
FINDING_SIZE = 288
"""Side at which the MFN looks for faces in it, as in the paper; it reads each at the size that suits it."""
MOST_READ = 16
"""How many faces the MFN reads of a picture at most; more may be found."""
GRID = 9
ANCHORS = 5

KINDS = ("single", "multi")


def mirrored(name: str) -> str:
    """The expression that `name` becomes in a mirror."""
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")


MIRROR: tuple[int, ...] = tuple(EXPRESSIONS.index(mirrored(name)) for name in EXPRESSIONS)
"""Index of each expression's mirror image: weights of a flipped picture are `weights[..., MIRROR]`."""
MIRROR_ROTATION: tuple[int, int, int, int] = (1, 1, -1, -1)
"""Signs: the rotation of a flipped picture is `rotation * MIRROR_ROTATION`, quaternions as w, x, y, z."""
SIDEWAYS = (10, 21, 26, 29, 34, 38, 44, 46)
"""Identity modes that make a head uneven, one side against the other; all others are the same on both."""
MIRROR_IDENTITY: tuple[int, ...] = tuple(-1 if mode in SIDEWAYS else 1 for mode in range(IDENTITIES))
"""Signs: the identity of a flipped picture is `identity * MIRROR_IDENTITY`."""

MIRROR_LANDMARKS: tuple[int, ...] = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip
"""The landmark that each of the 68 becomes in a mirror."""


def stamp(kind: str) -> dict[str, str]:
    """The metadata of an ONNX file of `kind` ("single" or "multi")."""
    return {
        "facert_contract": str(VERSION),
        "facert_network": kind,
        "facert_expressions": ",".join(EXPRESSIONS),
        "facert_size": str(SINGLE_SIZE if kind == "single" else MULTI_SIZE),
        "facert_crop_margin": str(CROP_MARGIN),
    }


def check(metadata: Mapping[str, str], kind: str, name: str) -> None:
    """Compare the metadata of the weights file `name` with this contract.

    Raises:
        WeightsError: the file was made for another network or another version of the contract.
    """
    for key, expected in stamp(kind).items():
        if metadata.get(key) != expected:
            raise WeightsError(
                f"The network file {name} does not belong to this version of FaceRT "
                f"({key.removeprefix('facert_')} differs). Install the add-on again."
            )
