"""The buttons of the cast."""

from collections.abc import Callable

import bpy
import pytest


def test_a_removed_character_keeps_its_objects(scene: bpy.types.Scene, ana: bpy.types.PropertyGroup) -> None:
    bpy.ops.facert.add_demo_character(character="Coral")
    scene.facert.character_index = 0
    bpy.ops.facert.remove_character()
    assert [item.name for item in scene.facert.characters] == ["Coral"]
    assert scene.facert.active_character.name == "Coral"
    assert "Ana" in scene.objects


def test_a_collection_is_added_by_its_name(
    scene: bpy.types.Scene, make_face: Callable[..., bpy.types.Object]
) -> None:
    collection = bpy.data.collections.new("Heroine")
    scene.collection.children.link(collection)
    for face in (make_face("Head", "jawOpen", "eyeBlinkLeft"), make_face("Lashes", "eyeBlinkLeft")):
        scene.collection.objects.unlink(face)
        collection.objects.link(face)
    assert bpy.ops.facert.add_source(source="Heroine") == {"FINISHED"}
    [item] = scene.facert.characters
    assert (item.name, len(item.parts)) == ("Heroine", 2)
    with pytest.raises(TypeError):
        bpy.ops.facert.add_source(source="Heroine")
    with pytest.raises(RuntimeError, match="press Add Selected"):
        bpy.ops.facert.add_source()


def test_selected_parts_are_added(
    scene: bpy.types.Scene, ana: bpy.types.PropertyGroup, make_face: Callable[..., bpy.types.Object]
) -> None:
    bpy.data.objects["Ana"].select_set(False)
    with pytest.raises(RuntimeError, match="Select the meshes"):
        bpy.ops.facert.add_parts()
    make_face("Teeth", "jawOpen")
    assert bpy.ops.facert.add_parts() == {"FINISHED"}
    assert [part.object.name for part in ana.parts] == ["Ana", "Teeth"]


def test_a_removed_character_that_shows_something_is_put_back(ana: bpy.types.PropertyGroup) -> None:
    key = bpy.data.objects["Ana"].data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.25
    bpy.ops.facert.show_expression(expression="jawOpen")
    assert key.value == 1.0
    bpy.ops.facert.remove_character()
    assert key.value == 0.25
