"""What the settings of a bake mean."""

import bpy

from facert_blender.capture.contract import EXPRESSIONS


def test_at_first_everything_is_baked_anew(scene: bpy.types.Scene) -> None:
    options = scene.facert.bake.options(7)
    assert sorted(options.expressions) == sorted(EXPRESSIONS)
    assert options.head
    assert (options.start_frame, options.frame_range, options.destination) == (7, None, "NEW")
    assert 0 < options.tolerance < 0.01


def test_parts_and_single_expressions(scene: bpy.types.Scene) -> None:
    settings = scene.facert.bake
    settings.regions = {"brows", "jaw"}
    settings.jaw = {"jawOpen"}
    settings.mouth = {"mouthPucker"}
    options = settings.options(1)
    assert sorted(options.expressions) == [
        *(name for name in EXPRESSIONS if name.startswith("brow")),
        "jawOpen",
    ]
    assert not options.head


def test_range_counts_only_where_it_is_on(scene: bpy.types.Scene) -> None:
    settings = scene.facert.bake
    settings.start, settings.end = 20, 40
    assert settings.options(1).frame_range is None
    settings.use_range = True
    assert settings.options(1).frame_range == (20, 40)


def test_new_actions_do_not_blend(scene: bpy.types.Scene) -> None:
    settings = scene.facert.bake
    settings.blend_in, settings.blend_out = 3, 4
    assert (settings.options(1).blend_in, settings.options(1).blend_out) == (0, 0)
    for destination in ("CURRENT", "NLA"):
        settings.destination = destination
        assert (settings.options(1).blend_in, settings.options(1).blend_out) == (3, 4)
