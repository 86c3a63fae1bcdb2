"""Look at the demo characters: one picture, a row for each character and a column for each expression.

python characters/render_sheet.py OUT.png [expression[+expression…] …]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from make_characters import ASSET
from recipes import RECIPES

SIZE = 384
JAW_DEGREES = 20.0
COLUMNS = [
    "neutral", "jawOpen", "eyeBlinkLeft+eyeBlinkRight", "mouthSmileLeft+mouthSmileRight", "mouthPucker",
    "browInnerUp", "browDownLeft+browDownRight", "mouthFunnel", "jawOpen+mouthClose",
    "eyeLookDownLeft+eyeLookDownRight",
]  # fmt: skip


def pose(collection: bpy.types.Collection, recipe_index: int, expressions: list[str]) -> None:
    """Set the shape keys that `expressions` have in the character's naming scheme, and its jaw bone."""
    recipe = RECIPES[recipe_index]
    wanted: set[str] = set()
    for expression in expressions:
        probe = {expression: np.ones((1, 3))}
        if expression != "neutral":
            wanted |= set(recipe.scheme(probe, np.zeros((1, 3))))
    for thing in collection.objects:
        if thing.type == "ARMATURE":
            bone = thing.pose.bones[recipe.bones[2]]
            bone.rotation_mode = "XYZ"
            bone.rotation_euler.x = np.radians(JAW_DEGREES) if "jawOpen" in expressions else 0.0
        elif thing.data.shape_keys:
            for block in thing.data.shape_keys.key_blocks[1:]:
                block.value = 1.0 if block.name in wanted else 0.0


def main() -> None:
    """Render every cell with Workbench and paste them together."""
    out, columns = sys.argv[1], sys.argv[2:] or COLUMNS
    bpy.ops.wm.open_mainfile(filepath=str(ASSET))
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    scene.display.shading.color_type = "MATERIAL"
    scene.display.shading.light = "STUDIO"
    scene.display.shading.show_cavity = True
    scene.world = bpy.data.worlds.new("Background")
    scene.world.color = (0.35, 0.37, 0.4)
    scene.display.shading.background_type = "WORLD"
    scene.view_settings.view_transform = "Standard"
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens = 110
    camera.rotation_euler.x = np.pi / 2
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for k, recipe in enumerate(RECIPES):
            rig = bpy.data.objects[f"{recipe.name} Rig"]
            camera.location = (rig.location.x, -0.95, 0.14)
            cells = []
            for column in columns:
                pose(bpy.data.collections[recipe.name], k, column.split("+"))
                scene.render.filepath = str(Path(folder) / "cell.png")
                bpy.ops.render.render(write_still=True)
                image = bpy.data.images.load(scene.render.filepath)
                pixels = np.empty(SIZE * SIZE * 4, np.float32)
                image.pixels.foreach_get(pixels)
                bpy.data.images.remove(image)
                cells.append(pixels.reshape(SIZE, SIZE, 4))
            rows.append(np.concatenate(cells, axis=1))
    sheet = np.concatenate(rows[::-1], axis=0)
    picture = bpy.data.images.new("Sheet", sheet.shape[1], sheet.shape[0])
    picture.pixels.foreach_set(sheet.ravel())
    picture.filepath_raw, picture.file_format = out, "PNG"
    picture.save()


if __name__ == "__main__":
    main()
