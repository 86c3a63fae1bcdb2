"""Portraits stay in the .blend, upright, and have a preview for lists."""

import bpy
import numpy as np
import pytest

from facert_blender.scene.portrait import new_portrait


@pytest.fixture
def picture():
    """Red above, blue below."""
    picture = np.zeros((96, 96, 3), np.uint8)
    picture[:48, :, 0] = picture[48:, :, 2] = 255
    return picture


def colours(numbers, side=96):
    """Mean colour of the upper and the lower half of Blender's rows, which begin below."""
    rows = np.array(numbers).reshape(side, side, 4)
    return rows[side // 2 :].mean((0, 1)).tolist(), rows[: side // 2].mean((0, 1)).tolist()


def test_a_portrait_is_saved_with_the_file(picture, tmp_path):
    image = new_portrait("Take 1 Ana", picture)
    image.use_fake_user = True
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    image = bpy.data.images["Take 1 Ana"]
    assert image.packed_file is not None
    above, below = colours(image.pixels[:])
    assert above == pytest.approx([1, 0, 0, 1], abs=0.01)
    assert below == pytest.approx([0, 0, 1, 1], abs=0.01)


def test_its_preview_shows_it(picture):
    preview = new_portrait("Take 1 Ana", picture).preview
    for above, below in (colours(preview.image_pixels_float[:]), colours(preview.icon_pixels_float[:], 32)):
        assert above == pytest.approx([1, 0, 0, 1], abs=0.01)
        assert below == pytest.approx([0, 0, 1, 1], abs=0.01)
