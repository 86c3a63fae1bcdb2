"""The add-on comes and goes without a trace."""

import bpy

import facert_blender


def test_registering_again_and_again() -> None:
    for _ in range(2):
        facert_blender.unregister()
        assert not hasattr(bpy.types.Scene, "facert")
        assert not hasattr(bpy.types, "FACERT_OT_capture")
        facert_blender.register()
        assert bpy.context.scene.facert.quality == "best"
        assert hasattr(bpy.types, "FACERT_PT_footage")


def test_every_button_and_setting_has_a_tooltip() -> None:
    operators = [getattr(bpy.ops.facert, name).get_rna_type() for name in dir(bpy.ops.facert)]
    assert len(operators) == 15
    assert [operator.identifier for operator in operators if not operator.description] == []
    scene = bpy.context.scene.facert
    groups = [
        scene.bl_rna,
        scene.bake.bl_rna,
        scene.characters.add().bl_rna,
        scene.characters[0].rows.add().bl_rna,
    ]
    untold = [
        setting.identifier
        for group in groups
        for setting in group.properties
        if setting.type != "COLLECTION" and not setting.description
    ]
    assert untold == []
