"""Pictures of characters at given frames, rendered by Workbench: works without a window."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from .characters import Character
from .orientation import head_frame, rotation_matrix

BACKGROUND = 60
"""Grey level behind the characters."""
MARGIN = 1.5
"""The picture is this much wider than the face."""


def render_characters(
    scene: bpy.types.Scene, characters: Sequence[Character], frames: Sequence[float], *, size: int = 256
) -> Iterator[dict[str, NDArray[np.uint8]]]:
    """Render each character's head from the front, at each of `frames` of `scene`.

    Yields for each frame {character name: (size, size, 3) uint8 RGB}. `scene` stays as it is: the pictures
    are made in scenes of their own, removed at the end.
    """
    stages: dict[str, bpy.types.Scene] = {}
    try:
        for character in characters:
            stages[character.name] = _stage(character, scene, size)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "frame.png"
            for frame in frames:
                yield {name: _render(stage, frame, path) for name, stage in stages.items()}
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
    stage.display.render_aa = "8"
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
    camera.matrix_world = Matrix.LocRotScale(axes @ centre, Matrix(axes).to_quaternion(), None)
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
    return (rest[moved] if moved.any() else rest) @ matrix[:3, :3].T + matrix[:3, 3]


def _coordinates(points: bpy.types.bpy_prop_collection) -> NDArray[np.float64]:
    numbers = np.empty(3 * len(points), np.float32)
    points.foreach_get("co", numbers)
    return numbers.reshape(-1, 3).astype(np.float64)


def _render(stage: bpy.types.Scene, frame: float, path: Path) -> NDArray[np.uint8]:
    whole = int(np.floor(frame))
    stage.frame_set(whole, subframe=frame - whole)
    stage.render.filepath = str(path)
    bpy.ops.render.render(scene=stage.name, write_still=True)
    image = bpy.data.images.load(str(path))
    try:
        width, height = image.size
        numbers = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(numbers)
    finally:
        bpy.data.images.remove(image)
    picture = numbers.reshape(height, width, 4)[::-1]
    alpha = picture[..., 3:]
    return np.rint(255 * picture[..., :3] * alpha + BACKGROUND * (1 - alpha)).astype(np.uint8)


def _strike(stage: bpy.types.Scene) -> None:
    data = stage.camera.data
    bpy.data.objects.remove(stage.camera)
    bpy.data.cameras.remove(data)
    bpy.data.scenes.remove(stage)
