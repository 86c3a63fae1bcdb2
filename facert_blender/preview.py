"""Pictures of footage beside the characters that act what it shows, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import tee
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from .capture.face_shape import FaceShape
from .capture.footage import open_footage
from .capture.network import weights_folder
from .capture.overlay import (
    beside,
    colour_of,
    contact_sheet,
    draw,
    performer_landmarks,
    write_movie,
    write_picture,
)
from .capture.take import Take
from .scene.bake import scene_frame
from .scene.preview import render_characters
from .ui import casting

HEIGHT = 360
"""Pixels of footage and characters; footage is reduced by a whole number to come near it."""
MOVIE_PICTURES = 240
"""A movie shows every frame of shorter footage, and every second, third … of longer."""
SHEET_PICTURES = 8
SHEET_COLUMNS = 2

Picture = NDArray[np.uint8]


def write_preview(take: Take, path: Path, on_picture: Callable[[int, int], None]) -> None:
    """Write a movie or, for a path ending in .png, a sheet: the footage of `take` beside its characters.

    `on_picture` is told how many of how many pictures are done.

    Raises:
        FootageError: the footage cannot be read again.
        OutputError: `path` cannot be written.
    """
    seen = np.unique(np.concatenate([performer.frames for performer in take.performers]))
    if path.suffix.lower() == ".png":
        places = np.linspace(0, len(seen) - 1, min(SHEET_PICTURES, len(seen)))
        chosen = seen[places.round().astype(int)]
        write_picture(contact_sheet(list(pictures(take, chosen, on_picture)), SHEET_COLUMNS), path)
    else:
        step = -(-int(seen[-1] - seen[0] + 1) // MOVIE_PICTURES)
        chosen = np.arange(seen[0], seen[-1] + 1, step)
        write_movie(pictures(take, chosen, on_picture), path, take.fps / step)


def pictures(
    take: Take, chosen: NDArray[np.integer], on_picture: Callable[[int, int], None]
) -> Iterator[Picture]:
    """The footage's frames with the indices `chosen`, each beside the characters at the same moment."""
    scene = bpy.context.scene
    played = [item for item in scene.facert.characters if item.performer_id]
    labels = {item.name: f"{item.name} - Performer {item.performer_id}" for item in played}
    shape = FaceShape.load(weights_folder() / "face_shape.npz")
    landmarks = [performer_landmarks(performer, shape) for performer in take.performers]
    factor = max(1, round(take.size[1] / HEIGHT))
    wanted = set(chosen.tolist())
    with open_footage(take.footage, start=int(chosen[0]), end=int(chosen[-1]) + 1) as footage:
        shown, timed = tee(frame for frame in footage if frame.index in wanted)
        moments = (scene_frame(frame.time, scene, scene.facert.start_frame) for frame in timed)
        heads = render_characters(
            scene, [casting.character_of(item) for item in played], moments, size=take.size[1] // factor
        )
        for number, (frame, rendered) in enumerate(zip(shown, heads, strict=False), 1):
            marked = annotated(reduced(frame.image, factor), take, landmarks, frame.index, 1 / factor)
            yield beside(marked, [(labels[name], head) for name, head in rendered.items()])
            on_picture(number, len(chosen))


def annotated(
    image: Picture, take: Take, landmarks: list[NDArray[np.float32]], index: int, scale: float
) -> Picture:
    """A picture of the footage's frame `index`, reduced by `scale`, with the faces that the take has there.

    `landmarks` are (n, 68, 2) for each performer of the take, in pixels of the footage.
    """
    here = [
        (performer, place, points[place])
        for performer, points in zip(take.performers, landmarks, strict=True)
        for place in np.flatnonzero(performer.frames == index)
    ]
    return draw(
        image,
        np.array([performer.boxes[place] * scale for performer, place, _ in here]),
        np.array([points * scale for _, _, points in here]),
        [performer.name for performer, _, _ in here],
        [colour_of(performer.id) for performer, _, _ in here],
    )


def reduced(image: Picture, factor: int) -> Picture:
    """A picture with one pixel, their mean, for each `factor` x `factor` pixels."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    return blocks.mean((1, 3)).astype(np.uint8)
