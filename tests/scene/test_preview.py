"""Preview pictures: the right character, in the right frame, and no traces left."""

import bpy
import numpy as np
import pytest

from facert_blender.scene.characters import find_character
from facert_blender.scene.preview import BACKGROUND, render_characters

SIZE = 64


@pytest.fixture
def moving(make_mesh):
    """A mesh whose shape key pulls its top down between frames 1 and 10."""
    mesh = make_mesh("Face", ["a", "b", "c", "d", "squash"])
    key = mesh.data.shape_keys.key_blocks["squash"]
    for frame, value in ((1, 0.0), (10, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    return find_character([mesh])


def covered(picture):
    return (np.abs(picture.astype(int) - BACKGROUND) > 3).any(-1)


def test_pictures_show_the_frame(scene, moving):
    first, last = (pictures["Face"] for pictures in render_characters(scene, [moving], [1, 10], size=SIZE))
    assert first.shape == (SIZE, SIZE, 3)
    assert first.dtype == np.uint8
    assert covered(first)[SIZE // 2, SIZE // 2]
    assert not covered(first)[0].any()
    assert np.flatnonzero(covered(last).any(1))[0] > np.flatnonzero(covered(first).any(1))[0]


def test_each_character_alone_and_from_its_front(scene, moving, make_mesh, make_armature, bind):
    """One that stands far away and looks elsewhere is framed like the other."""
    mesh, armature = make_mesh("Far Face", ["a", "b", "c", "d", "e"]), make_armature("Far")
    bind(armature, "head", mesh)
    armature.location, armature.rotation_euler = (50, -20, 3), (0, 0, 2)
    [pictures] = render_characters(scene, [moving, find_character([mesh])], [1], size=SIZE)
    assert set(pictures) == {"Face", "Far"}
    shares = [covered(picture).mean() for picture in pictures.values()]
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_camera_goes_where_the_body_carries_the_head(scene, make_mesh, make_armature, bind):
    mesh, armature = make_mesh("Face", ["a", "b", "c", "d", "e"]), make_armature()
    bind(armature, "head", mesh)
    character = find_character([mesh])
    [rest] = render_characters(scene, [character], [1], size=SIZE)
    armature.pose.bones["root"].location = (4, 1, 2)
    [moved] = render_characters(scene, [character], [1], size=SIZE)
    assert np.abs(rest["Rig"].astype(int) - moved["Rig"]).mean() < 2


def test_nothing_is_left_behind(scene, moving):
    def everything():
        images = [image for image in bpy.data.images if image.type != "RENDER_RESULT"]
        return [len(data) for data in (bpy.data.scenes, bpy.data.cameras, bpy.data.objects, images)]

    scene.frame_set(3)
    before = everything()
    next(render_characters(scene, [moving], [1, 2], size=SIZE)).clear()
    assert everything() == before
    assert scene.frame_current == 3
    assert bpy.context.scene == scene
