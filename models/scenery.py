"""The photographs of which scenes are composed, small enough to carry (`models.compact`)."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np

from facert_blender.capture.output import replacing

from .packing import QUALITY, another, clear, cuts, decoded, encoded, restored, rounded
from .scenes import Photograph
from .shared_data import RUNS

NAME = "scenery"
POINTS_TO_A_PIXEL = 64
"""How finely landmarks are kept."""


def pack(
    training: list[Photograph],
    held_out: list[Photograph],
    folder: Path,
    *,
    labels: str,
    megabytes: float,
    quality: int = QUALITY,
) -> None:
    """Write photographs of training people and of those held out into files of a folder.

    labels: the run whose labels they have, "" for their own. megabytes: of a file, at most, by its pictures.
    """
    photographs = training + held_out
    pictures = encoded([photograph.image for photograph in photographs], quality)
    sizes = np.array([len(picture) for picture in pictures])
    ends = cuts(sizes, np.zeros(len(sizes), bool), megabytes * 1e6)
    clear(folder, NAME)
    for number, (first, last) in enumerate(pairwise(ends)):
        part = photographs[first:last]
        arrays = {
            "count": np.array(len(photographs)),
            "run": np.array(labels),
            "pictures": np.concatenate(pictures[first:last]),
            "sizes": sizes[first:last],
            "held_out": np.arange(first, last) >= len(training),
            "pixel": np.array([photograph.pixel for photograph in part]),
            "faces": np.array([len(photograph.parameters) for photograph in part]),
            "zones": np.array([len(photograph.ignored) for photograph in part]),
            "ignored": np.concatenate([photograph.ignored for photograph in part]),
            "confidence": np.concatenate([photograph.confidence for photograph in part]),
            **rounded(np.concatenate([photograph.parameters for photograph in part])),
        }
        landmarks = np.concatenate([photograph.landmarks for photograph in part])
        arrays["landmarks"] = np.rint(landmarks * POINTS_TO_A_PIXEL).astype(np.int16)
        with replacing(folder / f"{NAME}.{number}.npz") as temporary:
            np.savez_compressed(temporary, **arrays)


def unpack(file: Path) -> None:
    """Put a file of `pack` where `arrived` looks for it.

    Raises:
        ValueError: files of another packing are there.
    """
    folder = RUNS / NAME
    folder.mkdir(parents=True, exist_ok=True)
    if len({_count(each) for each in (file, *folder.glob("*.npz"))}) > 1:
        raise another(folder, file)
    with replacing(folder / file.name) as temporary:
        shutil.copyfile(file, temporary)


def _count(file: Path) -> int:
    with np.load(file) as packed:
        return int(packed["count"])


def arrived(labels: str) -> tuple[list[Photograph], list[Photograph]] | None:
    """The photographs that were unpacked, of training people and of those held out; None where none were.

    Raises:
        ValueError: they were packed with the labels of another run.
    """
    files = sorted((RUNS / NAME).glob("*.npz"))
    training: list[Photograph] = []
    validation: list[Photograph] = []
    for file in files:
        with np.load(file) as packed:
            arrays = dict(packed)
        if str(arrays["run"]) != labels:
            wanted = f"--labels {labels}" if labels else "no --labels"
            raise ValueError(f"{file} was packed with other labels. Pack it again with {wanted}.")
        images = decoded(arrays["pictures"], arrays["sizes"])
        starts, zones = (np.cumsum(arrays[name])[:-1] for name in ("faces", "zones"))
        of_faces = (
            np.split(values, starts)
            for values in (
                restored(arrays),
                (arrays["landmarks"] / POINTS_TO_A_PIXEL).astype(np.float32),
                arrays["confidence"],
            )
        )
        ignored = np.split(arrays["ignored"], zones)
        for image, held, pixel, parameters, landmarks, confidence, around in zip(
            images, arrays["held_out"], arrays["pixel"], *of_faces, ignored, strict=True
        ):
            (validation if held else training).append(
                Photograph(image, parameters, landmarks, confidence, False, around, float(pixel))
            )
    return (training, validation) if files else None
