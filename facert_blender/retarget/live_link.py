"""Performers from and to the CSV of the Live Link Face app, which records on a phone and many tools read.

Weights keep their ARKit names. Angles are radians about the camera's axes: positive ones turn the head to the
right in the picture (yaw), down (pitch), and against the clock in the picture (roll). Of the app's weights a
take has no room for gaze but down, nor for the tongue.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS, IDENTITIES
from ..capture.errors import OutputError, TakeError
from ..capture.output import file_name, replacing
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
SOURCES = tuple(re.sub("(?<=^browInnerUp)(Left|Right)$", "", name).lower() for name in EXPRESSIONS)
"""The column, in lower case, that each expression comes from: the inner brows share one."""

RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
"""Frames per second that timecodes count."""
USUAL_RATE = 60
"""What the app counts unless it is told otherwise."""
MOVIES = (".mov", ".mp4")
"""What the app calls its recording of the camera, beside the table of the same name."""
TIMECODE = re.compile(r"(\d+):(\d+):(\d+)[:;](\d+(?:\.\d+)?)")
DAY = 24 * 3600


def save_csv(performer: Performer, take: Take, path: str | Path) -> None:
    """Write a row per frame in which `performer` was seen: timecode, 52 ARKit weights, angles in radians.

    Timecodes are hh:mm:ss:ff.fff, frames counted at the footage's nominal rate. BrowInnerUp is the larger of
    its two sides. What a take does not hold (gaze but down, eye angles, tongue) is 0. The file appears whole
    or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    table = np.zeros((len(performer.times), len(BLENDSHAPES) + len(ANGLES)))
    for column, name in enumerate(BLENDSHAPES):
        sources = [i for i, source in enumerate(SOURCES) if source == name.lower()]
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
    paths: list[Path] = []
    for performer in take.performers:
        title = file_name(f"{take.name} {performer.name}")
        again = f" {performer.id}" if folder / f"{title}.csv" in paths else ""
        paths.append(folder / f"{title}{again}.csv")
    for performer, path in zip(take.performers, paths, strict=True):
        save_csv(performer, take, path)
    return paths


def load_csvs(paths: Sequence[str | Path], fps: float | None = None) -> Take:
    """A take of the performers in one or several tables of the Live Link Face app, or of `save_csv`.

    Several tables are of performers filmed at once, by phones whose timecodes agree: 0 seconds is where the
    first of them begins. Rows in which the app saw no face are gaps. `fps` is the rate at which the timecodes
    count frames; left out, it is told from them. The take's footage is the movie beside the first table, or
    that table where there is none. Boxes are empty, for nobody knows where in the picture the face was.

    Raises:
        TakeError: a table cannot be read, or holds no face.
    """
    tables = [_read_table(Path(path)) for path in paths]
    fps = fps or _rate(max((clock for clock, _ in tables), key=len))
    moments = [_seconds(clock, fps) for clock, _ in tables]
    began = min(times[0] for times in moments)
    performers = [
        _performer(number, times - began, numbers, fps)
        for number, (times, (_, numbers)) in enumerate(zip(moments, tables, strict=True), start=1)
    ]
    first = Path(paths[0])
    movie = next((first.with_suffix(end) for end in MOVIES if first.with_suffix(end).is_file()), first)
    length = 1 + max(int(performer.frames[-1]) for performer in performers)
    return Take(first.stem, str(movie), fps, (0, 0), length, performers)


def _read_table(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The clock (n, 4) of a file in hours, minutes, seconds and frames; its weights and angles (n, 46 + 3).

    Raises:
        TakeError: it cannot be read, or holds no face.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [name.strip().lower() for name in next(rows, [])]
            columns = [header.index(name) if name in header else -1 for name in SOURCES]
            columns += [header.index(name.lower()) if name.lower() in header else -1 for name in ANGLES[:3]]
            if "timecode" not in header or max(columns) < 0:
                raise TakeError(
                    f"{path.name} is no table of Live Link Face. Choose a CSV that the app wrote."
                )
            place = header.index("timecode")
            # Where the app sees no face it leaves the row empty.
            seen = [row for row in rows if len(row) > max(columns) and row[max(columns)].strip()]
            clock = [_clock(row[place]) for row in seen]
            numbers = [[float(row[column]) if column >= 0 else 0.0 for column in columns] for row in seen]
    except OSError as error:
        raise TakeError(
            f"{path} cannot be read ({error.strerror}). Choose a CSV of Live Link Face."
        ) from error
    except (ValueError, csv.Error) as error:
        raise TakeError(f"{path.name} is damaged ({error}). Copy it from the phone again.") from error
    if not numbers or not np.isfinite(numbers).all():
        raise TakeError(f"{path.name} holds no face that can be read. Choose another recording.")
    return np.array(clock), np.array(numbers)


def _clock(timecode: str) -> tuple[float, ...]:
    match = TIMECODE.fullmatch(timecode.strip())
    if match is None:
        raise ValueError(f"{timecode!r} is no timecode")
    return tuple(float(part) for part in match.groups())


def _rate(clock: NDArray[np.float64]) -> float:
    """The rate at which `clock` (n, 4) counts frames: the usual one where it never gets to a next second."""
    if (clock[:, 2] == clock[0, 2]).all():
        return USUAL_RATE
    whole = next((rate for rate in RATES if rate > clock[:, 3].max()), RATES[-1])
    steps = np.diff(_seconds(clock, whole))
    # At 29.97 only the steps from one second to the next differ from those at 30: their mean tells.
    step = steps[np.abs(steps) < 1.5 * np.median(steps)].mean()
    return next((rate for rate in (whole, whole / 1.001) if abs(step * rate - 1) < 3e-4), whole)


def _seconds(clock: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Seconds (n,) of a clock (n, 4) that may pass midnight."""
    times = clock @ (3600, 60, 1, 1 / fps)
    return times + DAY * np.concatenate([[0], np.cumsum(np.diff(times) < -DAY / 2)])


def _performer(number: int, times: NDArray[np.float64], table: NDArray[np.float64], fps: float) -> Performer:
    """Performer `number` of `times` (n,) in seconds and the weights and head angles `table` (n, 46 + 3)."""
    frames, kept = np.unique(np.rint(times * fps).astype(np.int32), return_index=True)
    count = len(frames)
    return Performer(
        id=number,
        frames=frames,
        times=times[kept],
        weights=np.clip(table[kept, : len(EXPRESSIONS)], 0, 1).astype(np.float32),
        rotation=rotations(table[kept, len(EXPRESSIONS) :]),
        boxes=np.zeros((count, 4), np.float32),
        confidence=np.ones(count, np.float32),
        identity=np.zeros(IDENTITIES, np.float32),
    )


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


def rotations(angles: NDArray[np.float64]) -> NDArray[np.float32]:
    """Unit quaternions (n, 4) in the camera's frame, w >= 0, of yaw, pitch, roll (n, 3): undoes `angles`."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles.T / 2), np.sin(angles.T / 2)
    turns = np.column_stack(
        [
            cy * cp * cr + sy * sp * sr,
            cy * sp * cr + sy * cp * sr,
            sy * cp * cr - cy * sp * sr,
            cy * cp * sr - sy * sp * cr,
        ]
    )
    return np.where(turns[:, :1] < 0, -turns, turns).astype(np.float32)
