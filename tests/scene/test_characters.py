"""Characters: which objects are one, and what of them can be driven."""

import bpy
import pytest

from facert_blender.capture.errors import CharacterError
from facert_blender.scene.characters import characters, find_character, members, sources, targets


def info(character, name, kind="SHAPE_KEY"):
    [target] = [target for target in targets(character) if (target.kind, target.name) == (kind, name)]
    return target


def test_any_part_finds_the_whole(make_mesh, make_armature, bind):
    head, eyes, teeth, armature = (
        make_mesh("Head", ["a", "b"]),
        make_mesh("Eyes", ["a"]),
        make_mesh("Teeth", []),
        make_armature(),
    )
    bind(armature, "head", head, eyes)
    teeth.parent, teeth.parent_type, teeth.parent_bone = armature, "BONE", "jaw"
    stranger = make_mesh("Stranger", ["a"])
    for part in (head, eyes, teeth, armature):
        character = find_character([part])
        assert character.meshes == (head, eyes, teeth)
        assert (character.armature, character.head_bone, character.jaw_bone) == (armature, "head", "jaw")
        assert character.name == "Rig"
    assert find_character([stranger]).meshes == (stranger,)


def test_common_parent_holds_meshes_together(make_mesh):
    parent = bpy.data.objects.new("Body", None)
    bpy.context.scene.collection.objects.link(parent)
    head, eyes = make_mesh("Head", ["a", "b"]), make_mesh("Eyes", ["a"])
    head.parent = eyes.parent = parent
    character = find_character([eyes])
    assert character.meshes == (head, eyes)
    assert character.head_object == parent


def test_selection_of_loose_meshes_is_one_character(make_mesh):
    head, eyes = make_mesh("Head", ["a", "b"]), make_mesh("Eyes", ["a"])
    character = find_character([eyes, head])
    assert character.meshes == (head, eyes)
    assert character.head_object is None


def test_collection_gives_the_name(scene, make_mesh, make_armature, bind):
    collection = bpy.data.collections.new("Fern")
    scene.collection.children.link(collection)
    head, armature = make_mesh("Head.003", ["a"], collection), make_armature(collection=collection)
    bind(armature, "head", head)
    assert find_character([head]).name == "Fern"
    assert find_character([head], "Anna").name == "Anna"
    make_mesh("Chair", [], collection)
    assert find_character([head]).name == "Rig"


def test_all_characters_of_a_scene(scene, make_mesh, make_armature, bind):
    head, eyes, armature = make_mesh("Head", ["a"]), make_mesh("Eyes", ["a"]), make_armature()
    bind(armature, "head", head, eyes)
    make_mesh("Chair", [])
    make_mesh("Alien", ["a"])
    assert [character.name for character in characters(scene)] == ["Alien", "Rig"]


def test_a_character_may_hang_from_anything(scene, make_mesh):
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    head, teeth = make_mesh("Head", ["a", "b"]), make_mesh("Teeth", ["a"])
    head.parent = teeth.parent = camera
    make_mesh("Alien", ["a"])
    assert [character.meshes for character in characters(scene)] == [
        (bpy.data.objects["Alien"],),
        (head, teeth),
    ]


def test_a_rig_without_a_face_of_meshes_is_a_character(scene, make_armature):
    make_armature("Puppet")
    make_armature("Crane", jaw=False)
    [puppet] = characters(scene)
    assert (puppet.name, puppet.meshes, puppet.head_object) == ("Puppet", (), bpy.data.objects["Puppet"])


def test_what_a_rig_was_made_from_is_passed_over(make_mesh, make_armature, bind):
    head, rig, metarig = make_mesh("Head", ["a"]), make_armature("rig"), make_armature("metarig")
    bind(rig, "head", head)
    character = find_character([metarig, rig, head])
    assert (character.armature, character.meshes) == (rig, (head,))


def test_collections_and_armatures_are_sources(scene, make_mesh, make_armature, bind):
    collection = bpy.data.collections.new("Fern")
    scene.collection.children.link(collection)
    head, teeth = make_mesh("Head", ["a"], collection), make_mesh("Teeth", ["a"], collection)
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    make_mesh("Chair", [], props)
    armature = make_armature("Puppet")
    bind(armature, "head", make_mesh("Face", ["a"]))
    make_armature("Crane", jaw=False)
    found = sources(scene)
    assert found == {"Fern": collection, "Puppet": armature}
    assert members(found["Fern"]) == [head, teeth]
    assert find_character(members(found["Fern"])).meshes == (head, teeth)
    assert members(found["Puppet"]) == [armature]


def test_neck_and_bones_held_by_constraints(make_mesh, make_armature, bind):
    head, armature = make_mesh("Head", ["a"]), make_armature()
    bind(armature, "head", head)
    bones = armature.pose.bones
    holder = bones["jaw"].constraints.new("COPY_ROTATION")
    holder.target, holder.subtarget = armature, "root"
    character = find_character([head])
    assert info(character, "jaw", "BONE_ROTATION").reason == "its constraint Copy Rotation holds it"
    assert info(character, "jaw", "BONE_LOCATION").drivable
    for freed in ("influence", "mute", "mix"):
        holder.influence = 0.5 if freed == "influence" else 1
        holder.enabled = freed != "mute"
        holder.mix_mode = "ADD" if freed == "mix" else "REPLACE"
        assert info(character, "jaw", "BONE_ROTATION").drivable


def test_without_shape_keys_says_so(make_mesh, make_armature, bind):
    chair = make_mesh("Chair", [])
    with pytest.raises(CharacterError, match="Chair has no shape keys"):
        find_character([chair])
    with pytest.raises(CharacterError, match="no shape keys"):
        find_character([])
    armature = make_armature("Puppet", jaw=False)
    bind(armature, "head", chair)
    with pytest.raises(CharacterError, match="Puppet has no shape keys"):
        find_character([chair])


def test_two_characters_at_once_say_so(make_armature):
    with pytest.raises(CharacterError, match="Rig and Other are different"):
        find_character([make_armature("Rig"), make_armature("Other")])


def test_shape_keys_of_all_meshes_are_targets(make_mesh, make_armature, bind):
    head, lashes, armature = (
        make_mesh("Head", ["jawOpen", "blink"]),
        make_mesh("Lashes", ["blink"]),
        make_armature(),
    )
    bind(armature, "head", head, lashes)
    character = find_character([head])
    assert info(character, "blink").owners == ("Head", "Lashes")
    assert info(character, "jawOpen").owners == ("Head",)
    assert not any(target.name == "Basis" for target in targets(character))


def test_undrivable_keys_say_why(make_mesh):
    mesh = make_mesh("Head", ["driven", "muted", 'qu"ote'])
    shape_keys = mesh.data.shape_keys
    shape_keys.driver_add('key_blocks["driven"].value')
    shape_keys.key_blocks["muted"].mute = True
    character = find_character([mesh])
    assert "driver" in info(character, "driven").reason
    assert "muted" in info(character, "muted").reason
    assert info(character, 'qu"ote').drivable
    shape_keys.use_relative = False
    assert "absolute" in info(character, 'qu"ote').reason


def test_key_driven_on_one_mesh_is_free_on_the_other(make_mesh, make_armature, bind):
    head, lashes, armature = make_mesh("Head", ["blink"]), make_mesh("Lashes", ["blink"]), make_armature()
    bind(armature, "head", head, lashes)
    lashes.data.shape_keys.driver_add('key_blocks["blink"].value')
    target = info(find_character([head]), "blink")
    assert target.drivable
    assert target.owners == ("Head",)


def test_bones_are_targets_with_reasons(make_mesh, make_armature, bind):
    head, teeth, armature = make_mesh("Head", ["a"]), make_mesh("Teeth", []), make_armature()
    bind(armature, "head", head)
    bind(armature, "jaw", teeth)
    armature.pose.bones["head"].lock_rotation = (True, True, True)
    armature.driver_add('pose.bones["root"].rotation_euler', 0)
    character = find_character([head])
    assert info(character, "jaw", "BONE_ROTATION").owners == ("Teeth",)
    assert info(character, "head", "BONE_ROTATION").reason == "it is locked"
    assert info(character, "head", "BONE_LOCATION").drivable
    assert "driver" in info(character, "root", "BONE_ROTATION").reason
    armature.pose.bones["root"].lock_location = (True, True, True)
    assert info(character, "root", "BONE_LOCATION").reason == "it is locked"


def test_linked_characters_ask_for_an_override(scene, make_mesh, tmp_path):
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {make_mesh("Head", ["a"])})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, linked):
        linked.objects = ["Head"]
    bpy.context.scene.collection.objects.link(linked.objects[0])
    assert "library override" in info(find_character(linked.objects), "a").reason
