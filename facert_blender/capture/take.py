"""A take: one capture, as numbers. Nothing later changes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .contract import EXPRESSIONS, IDENTITIES
from .errors import TakeError
from .output import replacing

VERSION = 1


def default_name(number: int) -> str:
    """What a performer is called until somebody gives them a name."""
    return f"Performer {number}"


@dataclass(eq=False)
class Performer:
    """One person over the n frames in which they were seen; frames in between are gaps.

    id: 1, 2, … in order of appearance. frames: int32 (n,), increasing indices in the footage.
    times: float64 (n,), seconds since the start of the footage. weights: float32 (n, 46), raw, within 0..1.
    rotation: float32 (n, 4), unit quaternions w, x, y, z. boxes: float32 (n, 4), pixels. confidence:
    float32 (n,).
    identity: float32 (50,), the mean over the frames.
    change: float32 (n,), how unlike the face before each frame is to the face from there on; where it reaches
    1, somebody else may have taken over. Zeros where the capture did not tell.
    name: for people; "" becomes "Performer 1" and so on.
    portrait: right after the capture, uint8 (96, 96, 3) RGB, the face where it was clearest; it is not stored
    in files.
    """

    id: int
    frames: np.ndarray
    times: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    boxes: np.ndarray
    confidence: np.ndarray
    identity: np.ndarray
    change: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    name: str = ""
    portrait: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.name = self.name or default_name(self.id)
        if not len(self.change):
            self.change = np.zeros(len(self.frames), np.float32)


@dataclass(eq=False)
class Take:
    """One capture.

    footage: path of the footage, or the camera's number. fps: its nominal frames per second.
    size: (width, height) in pixels. frames: how many frames were read.
    notice: right after the capture, a sentence on what of damaged footage is missing; it is not stored.
    """

    name: str
    footage: str
    fps: float
    size: tuple[int, int]
    frames: int
    performers: list[Performer] = field(default_factory=list)
    notice: str = ""


# Arrays of a performer: attribute, name in the file, shape of one frame's entry, dtype, decimals kept.
_COLUMNS: tuple[tuple[str, str, tuple[int, ...], type, int], ...] = (
    ("frames", "frames", (), np.int32, 0),
    ("times", "time", (), np.float64, 6),
    ("weights", "weights", (len(EXPRESSIONS),), np.float32, 5),
    ("rotation", "rotation", (4,), np.float32, 6),
    ("boxes", "box", (4,), np.float32, 2),
    ("confidence", "confidence", (), np.float32, 4),
)


def save_take(take: Take, path: str | Path) -> None:
    """Write a take as JSON.

    Raises:
        OutputError: the file cannot be written.
        TakeError: the take holds numbers that are not finite.
    """
    stored = {
        "version": VERSION,
        "name": take.name,
        "footage": take.footage,
        "fps": take.fps,
        "size": list(take.size),
        "frames": take.frames,
        "expressions": list(EXPRESSIONS),
        "performers": [
            {"id": performer.id}
            | {key: getattr(performer, name).round(digits).tolist() for name, key, _, _, digits in _COLUMNS}
            | {
                "identity": performer.identity.round(5).tolist(),
                "change": performer.change.round(4).tolist(),
                "name": performer.name,
            }
            for performer in take.performers
        ],
    }
    try:
        text = json.dumps(stored, allow_nan=False, ensure_ascii=False)
    except ValueError as error:
        raise TakeError(
            f"The take {take.name} holds numbers that are not finite. Capture it again."
        ) from error
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_take(path: str | Path) -> Take:
    """Read a take that `save_take` wrote.

    Raises:
        TakeError: the file is missing, damaged, from a newer version or does not hold a take.
    """
    path = Path(path)
    try:
        # Editors on Windows may have put a mark at its beginning.
        stored = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TakeError(
            f"{path} cannot be read ({error.strerror}). Choose a take saved by FaceRT."
        ) from error
    except (ValueError, RecursionError) as error:
        raise TakeError(f"{path.name} is damaged. Choose a take saved by FaceRT.") from error
    if not isinstance(stored, dict) or not isinstance(stored.get("version"), int):
        raise TakeError(f"{path.name} does not hold a take. Choose a JSON file saved by FaceRT.")
    if stored["version"] > VERSION:
        raise TakeError(f"{path.name} was saved by a newer version of FaceRT. Update the add-on to open it.")
    if stored.get("expressions") != list(EXPRESSIONS):
        raise TakeError(f"{path.name} lists other expressions than this version of FaceRT. Capture it again.")
    try:
        performers = [_performer(entry) for entry in stored["performers"]]
        if len({performer.id for performer in performers}) < len(performers):
            raise ValueError("two performers have one number")
        return Take(
            name=str(stored["name"]),
            footage=str(stored["footage"]),
            fps=_rate(stored["fps"]),
            size=(int(stored["size"][0]), int(stored["size"][1])),
            frames=int(stored["frames"]),
            performers=performers,
        )
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise TakeError(
            f"{path.name} is damaged ({error}). Choose another take or capture it again."
        ) from error


def _rate(value: Any) -> float:
    fps = float(value)
    if not (np.isfinite(fps) and fps > 0):
        raise ValueError(f"{fps} frames per second")
    return fps


def _performer(entry: dict[str, Any]) -> Performer:
    """A performer from its JSON entry; ValueError, KeyError or TypeError if it is not one."""
    count = len(entry["frames"])
    if not count:
        raise ValueError(f"performer {entry['id']} is in no frame")
    arrays = {name: _array(entry[key], (count, *shape), kind, key) for name, key, shape, kind, _ in _COLUMNS}
    for name in ("frames", "times"):
        if count > 1 and not (np.diff(arrays[name]) > 0).all():
            raise ValueError(f"the {name} of performer {entry['id']} do not increase")
    return Performer(
        id=int(entry["id"]),
        identity=_array(entry["identity"], (IDENTITIES,), np.float32, "identity"),
        # Takes written by hand or by earlier versions may lack these.
        change=_array(entry.get("change", [0] * count), (count,), np.float32, "change"),
        name=str(entry.get("name", "")),
        **arrays,
    )


def _array(values: Any, shape: tuple[int, ...], kind: type, key: str) -> np.ndarray:
    array: np.ndarray = np.asarray(values, kind)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"{key} is not made of {' x '.join(map(str, shape))} finite numbers")
    return array
