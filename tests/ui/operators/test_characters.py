"""The buttons of the cast."""

import bpy


def test_a_removed_character_keeps_its_objects(scene: bpy.types.Scene, ana: bpy.types.PropertyGroup) -> None:
    bpy.ops.facert.add_demo_character(character="Coral")
    scene.facert.character_index = 0
    bpy.ops.facert.remove_character()
    assert [item.name for item in scene.facert.characters] == ["Coral"]
    assert scene.facert.active_character.name == "Coral"
    assert "Ana" in scene.objects
