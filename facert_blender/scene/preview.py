"""Pictures of characters at given frames, rendered by Workbench: works without a window."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from .characters import Character
from .orientation import head_frame, rotation_matrix

BACKGROUND = 60
"""Grey level behind the characters."""
MARGIN = 1.5
"""The picture is this much wider than the face."""


def render_characters(
    scene: bpy.types.Scene, characters: Sequence[Character], frames: Iterable[float], *, size: int = 256
) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """Render each character's head from the front, at the whole frame nearest to each of `frames` of `scene`.

    Yields for each frame {character name: (size, size, 3) uint8 RGB}. `scene` stays as it is: the pictures
    are made in scenes of their own, removed at the end.
    """
    scene.view_layers[0].update()
    stages: dict[str, bpy.types.Scene] = {}
    try:
        for character in characters:
            stages[character.name] = _stage(character, scene, size)
        with tempfile.TemporaryDirectory() as folder:
            for frame in frames:
                yield {name: _render(stage, round(frame), Path(folder)) for name, stage in stages.items()}
    finally:
        for stage in stages.values():
            _strike(stage)


def _stage(character: Character, scene: bpy.types.Scene, size: int) -> bpy.types.Scene:
    """A scene with nothing but the character and a camera before its face."""
    stage = bpy.data.scenes.new("FaceRT Preview")
    for part in (*character.meshes, character.armature):
        if part is not None:
            stage.collection.objects.link(part)
    camera = _camera(character)
    stage.collection.objects.link(camera)
    stage.camera = camera

    render = stage.render
    render.engine = "BLENDER_WORKBENCH"
    render.resolution_x = render.resolution_y = size
    render.resolution_percentage = 100
    render.fps, render.fps_base = scene.render.fps, scene.render.fps_base
    render.film_transparent = True
    render.use_compositing = render.use_sequencer = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    render.image_settings.compression = 0
    stage.view_settings.view_transform = "Standard"
    stage.display.render_aa = "FXAA"
    stage.display.shading.light = "STUDIO"
    stage.display.shading.color_type = "TEXTURE"
    stage.display.shading.show_cavity = True
    return stage


def _camera(character: Character) -> bpy.types.Object:
    """An orthographic camera that looks straight at the face of the character at rest."""
    carrier = character.armature or character.meshes[0]
    axes = rotation_matrix(carrier.matrix_world) @ head_frame(
        carrier, character.head_bone if character.armature else ""
    )
    points = _face_points(character) @ axes
    low, high = points.min(0), points.max(0)
    extent = float((high - low).max())
    centre = (low + high) / 2
    centre[2] = high[2] + 2 * extent

    data = bpy.data.cameras.new("FaceRT Preview")
    data.type = "ORTHO"
    data.ortho_scale = MARGIN * float((high - low)[:2].max())
    data.clip_start, data.clip_end = 0.01 * extent, 10 * extent
    camera = bpy.data.objects.new("FaceRT Preview", data)
    camera.matrix_world = Matrix.LocRotScale(Vector(axes @ centre), Matrix(axes).to_quaternion(), None)
    if character.head_bone:
        # Where the body carries the head, the camera goes along.
        bone = carrier.data.bones[character.head_bone]
        camera.location -= carrier.matrix_world @ bone.head_local
        follow = camera.constraints.new("COPY_LOCATION")
        follow.target, follow.subtarget, follow.use_offset = carrier, character.head_bone, True
    return camera


def _face_points(character: Character) -> NDArray[np.float64]:
    """The world positions (n, 3) at rest of the first mesh's points; if any, those that shape keys move."""
    mesh = character.meshes[0]
    shape_keys = mesh.data.shape_keys
    rest = _coordinates(shape_keys.reference_key.data if shape_keys else mesh.data.vertices)
    moved = np.zeros(len(rest), bool)
    for key in shape_keys.key_blocks if shape_keys else ():
        moved |= np.abs(_coordinates(key.data) - rest).max(1) > 1e-3 * np.ptp(rest, axis=0).max()
    matrix = np.array(mesh.matrix_world, np.float64)
    points: NDArray[np.float64] = rest[moved] if moved.any() else rest
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _coordinates(points: bpy.types.bpy_prop_collection) -> NDArray[np.float64]:
    numbers = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", numbers)
    return numbers.reshape(-1, 3).astype(np.float64)


def _render(stage: bpy.types.Scene, frame: int, folder: Path) -> NDArray[np.uint8]:
    stage.frame_start = stage.frame_end = frame
    stage.render.filepath = str(folder / "frame-######")
    # Not a still: those show a scene without a window at the frame where its animation was last evaluated.
    with _silence():
        bpy.ops.render.render(scene=stage.name, animation=True)
    image = bpy.data.images.load(stage.render.frame_path(frame=frame))
    try:
        width, height = image.size
        numbers = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(numbers)
    finally:
        bpy.data.images.remove(image)
    picture = numbers.reshape(height, width, 4)[::-1]
    alpha = picture[..., 3:]
    return np.asarray(np.rint(255 * picture[..., :3] * alpha + BACKGROUND * (1 - alpha)), np.uint8)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep off the terminal what Blender itself, past Python, prints about every picture."""
    sys.stdout.flush()
    terminal = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(terminal, 1)
        os.close(terminal)
        os.close(nowhere)


def _strike(stage: bpy.types.Scene) -> None:
    data = stage.camera.data
    bpy.data.objects.remove(stage.camera)
    bpy.data.cameras.remove(data)
    bpy.data.scenes.remove(stage)
