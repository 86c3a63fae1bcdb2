"""A performer as the CSV of the Live Link Face app, which many other tools read."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import OutputError
from ..capture.output import replacing
from ..capture.take import Performer, Take

BLENDSHAPES = (
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft",
    "EyeSquintLeft", "EyeWideLeft",
    "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight",
    "EyeSquintRight", "EyeWideRight",
    "JawForward", "JawRight", "JawLeft", "JawOpen",
    "MouthClose", "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft",
    "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft", "MouthFrownRight",
    "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight",
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    "MouthPressLeft", "MouthPressRight", "MouthLowerDownLeft", "MouthLowerDownRight",
    "MouthUpperUpLeft", "MouthUpperUpRight",
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight",
    "TongueOut",
)  # fmt: skip
ANGLES = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip


def save_csv(performer: Performer, take: Take, path: str | Path) -> None:
    """Write a row per frame in which `performer` was seen: timecode, 52 ARKit weights, angles in radians.

    Timecodes are hh:mm:ss:ff.fff, frames counted at the footage's nominal rate. BrowInnerUp is the larger of
    its two sides. Gaze and tongue, which the networks do not predict, are 0. Positive angles turn the head
    to the right in the picture (yaw), down (pitch), and against the clock in the picture (roll). The file
    appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    table = np.zeros((len(performer.times), len(BLENDSHAPES) + len(ANGLES)))
    for column, name in enumerate(BLENDSHAPES):
        sources = [i for i, expression in enumerate(EXPRESSIONS) if expression.lower() == name.lower()]
        if name == "BrowInnerUp":
            sources = [EXPRESSIONS.index("browInnerUpLeft"), EXPRESSIONS.index("browInnerUpRight")]
        if sources:
            table[:, column] = performer.weights[:, sources].max(1)
    table[:, len(BLENDSHAPES) : len(BLENDSHAPES) + 3] = angles(performer.rotation)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Timecode", "BlendShapeCount", *BLENDSHAPES, *ANGLES])
        for time, numbers in zip(performer.times, table, strict=True):
            count = len(BLENDSHAPES) + len(ANGLES)
            writer.writerow([timecode(time, take.fps), count, *(f"{number:.8f}" for number in numbers)])


def save_csvs(take: Take, folder: str | Path) -> list[Path]:
    """Write a table per performer of `take` into `folder`, which is made if need be; returns their paths.

    Raises:
        OutputError: a file cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made ({error.strerror}). Choose another."
        ) from error
    # A take may be named anything; a file may not.
    title = re.sub(r'[<>:"/\\|?*]', "_", take.name)
    paths = [folder / f"{title} {performer.name}.csv" for performer in take.performers]
    for performer, path in zip(take.performers, paths, strict=True):
        save_csv(performer, take, path)
    return paths


def timecode(time: float, fps: float) -> str:
    """`time` in seconds as hh:mm:ss:ff.fff, with frames and thousandths of frames at `fps`."""
    seconds, rest = divmod(time, 1)
    thousandths = round(rest * fps * 1000)
    if thousandths >= round(fps * 1000):
        seconds, thousandths = seconds + 1, 0
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}:{thousandths // 1000:02}.{thousandths % 1000:03}"


def angles(rotations: np.ndarray) -> NDArray[np.float64]:
    """Yaw, pitch, roll (n, 3) in radians of unit quaternions (n, 4) in the camera's frame.

    They turn about y, then x, then z, each about the axes that the one before has turned.
    """
    w, x, y, z = rotations.astype(np.float64).T
    yaw = np.arctan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * x - y * z), -1, 1))
    roll = np.arctan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    return np.column_stack([yaw, pitch, roll])
