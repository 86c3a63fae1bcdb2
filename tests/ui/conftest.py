"""FaceRT registered in an empty file, a mesh with shape keys, and a take."""

from collections.abc import Callable, Iterator

import bpy
import numpy as np
import pytest

import facert_blender
from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.take import Performer, Take


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    facert_blender.register()
    yield
    facert_blender.unregister()


@pytest.fixture(autouse=True)
def scene(registered: None) -> bpy.types.Scene:
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene


@pytest.fixture
def make_face(scene: bpy.types.Scene) -> Callable[..., bpy.types.Object]:
    """Makes a mesh with shape keys of the given names, selected."""

    def make(name: str, *keys: str) -> bpy.types.Object:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
        face = bpy.data.objects.new(name, mesh)
        scene.collection.objects.link(face)
        for key in ("Basis", *keys) if keys else ():
            face.shape_key_add(name=key).value = 0.0
        face.select_set(True)
        return face

    return make


@pytest.fixture
def take() -> Take:
    return make_take()


def make_take() -> Take:
    """Two performers over ten frames at 24 frames per second; the first opens the jaw."""
    performers = []
    for number in (1, 2):
        weights = np.zeros((10, len(EXPRESSIONS)), np.float32)
        weights[:, EXPRESSIONS.index("jawOpen")] = np.linspace(0, 1, 10) if number == 1 else 0.0
        performers.append(
            Performer(
                id=number,
                frames=np.arange(10, dtype=np.int32),
                times=np.arange(10) / 24,
                weights=weights,
                rotation=np.tile(np.float32([1, 0, 0, 0]), (10, 1)),
                boxes=np.tile(np.float32([10, 10, 60, 60]), (10, 1)),
                confidence=np.ones(10, np.float32),
                identity=np.zeros(50, np.float32),
            )
        )
    return Take("duet.mp4", "duet.mp4", 24.0, (160, 120), 10, performers)


@pytest.fixture
def ana(scene: bpy.types.Scene, make_face: Callable[..., bpy.types.Object]) -> bpy.types.PropertyGroup:
    """A character in the cast with a few of ARKit's keys."""
    make_face("Ana", "jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
    assert bpy.ops.facert.add_character() == {"FINISHED"}
    return scene.facert.characters["Ana"]
