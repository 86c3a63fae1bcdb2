"""The footage's sound in the sequencer: where it is placed, and why where it is not."""

import wave

import bpy
import numpy as np
import pytest

from facert_blender.scene.sound import place_sound, remove_sound

heard = pytest.mark.skipif(not bpy.app.build_options.audaspace, reason="this Blender has no sound")


def strips(scene):
    editor = scene.sequence_editor
    return list(getattr(editor, "strips", None) or getattr(editor, "sequences", ())) if editor else []


def ends(strip):
    """First frame that is played, and the one after the last."""
    if hasattr(strip, "left_handle"):
        return strip.left_handle, strip.right_handle
    return strip.frame_final_start, strip.frame_final_end


def begins(strip):
    """The frame at which the footage begins, played or not."""
    return strip.content_start if hasattr(strip, "content_start") else strip.frame_start


@pytest.fixture
def footage(make_take, tmp_path):
    """A take whose footage is ten seconds of sound."""
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.zeros(80000, np.int16).tobytes())
    take = make_take(np.arange(300) / 30)
    take.footage = str(path)
    return take


@heard
def test_strip_is_in_step_with_the_start_frame(scene, footage):
    scene.render.fps = 24
    assert place_sound(footage, scene, 101, (101, 340)) == ""
    [strip] = strips(scene)
    assert strip.sound.filepath == footage.footage
    assert begins(strip) == 101
    assert ends(strip) == (101, 341)


@heard
def test_range_plays_the_part_that_belongs_there(scene, footage):
    scene.render.fps = 24
    place_sound(footage, scene, 101, (151, 200))
    [strip] = strips(scene)
    assert begins(strip) == 101
    assert ends(strip) == (151, 201)


@heard
def test_placing_again_replaces_only_its_own(scene, footage):
    place_sound(footage, scene, 1, (1, 50))
    music = strips(scene)[0]
    music.name, music["facert_take"] = "music", "another take"
    place_sound(footage, scene, 1, (1, 50))
    place_sound(footage, scene, 11, (11, 50))
    placed = {strip.get("facert_take"): strip for strip in strips(scene)}
    assert set(placed) == {"another take", footage.name}
    assert begins(placed[footage.name]) == 11
    assert len({strip.channel for strip in placed.values()}) == 2
    remove_sound(footage.name, scene)
    assert [strip.get("facert_take") for strip in strips(scene)] == ["another take"]


@heard
def test_silent_footage_leaves_nothing(scene, footage, tmp_path):
    (tmp_path / "clip.wav").write_bytes(b"no sound")
    assert place_sound(footage, scene, 1, (1, 50)) == "its footage has no sound"
    assert not strips(scene)
    assert not bpy.data.sounds


@pytest.mark.parametrize(
    ("where", "said"),
    [("0", "pictures without sound"), (".", "pictures without sound"), ("gone.mov", "not at")],
)
def test_footage_that_cannot_sound(scene, footage, where, said):
    footage.footage = where
    assert said in place_sound(footage, scene, 1, (1, 50))
    assert not strips(scene)
