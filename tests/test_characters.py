"""The demo characters as they ship."""

import bpy
import numpy as np
import pytest
from make_characters import ASSET
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from naming import camel_case, character_creator, left_right
from recipes import RECIPES

from facert_blender.capture.contract import EXPRESSIONS

MEGABYTE = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def opened():
    bpy.ops.wm.open_mainfile(filepath=str(ASSET))
    yield
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(params=RECIPES, ids=lambda recipe: recipe.name)
def recipe(request):
    return request.param


def keys(recipe, part):
    shape_keys = bpy.data.meshes[f"{recipe.name} {part}"].shape_keys
    return shape_keys.key_blocks if shape_keys else {}


def name(recipe, expression):
    """What the character calls a one-for-one ARKit expression."""
    (found,) = recipe.scheme({expression: np.zeros((1, 3))}, np.zeros((1, 3)))
    return found


def positions(recipe, part, key):
    block = keys(recipe, part)[key]
    points = np.empty(len(block.data) * 3, np.float32)
    block.data.foreach_get("co", points)
    return points.reshape(-1, 3)


def rays(recipe, expression, side):
    """Share of rays towards an eye (side: 1 left, -1 right) that meet skin before they meet the eye."""
    skin = bpy.data.objects[f"{recipe.name} Head"]
    eyes = positions(recipe, "Eyes", "Basis")
    eyes = eyes[eyes[:, 0] * side > 0]
    centre, front = (eyes.max(0) + eyes.min(0)) / 2, eyes[:, 1].min()
    polygons = [tuple(polygon.vertices) for polygon in skin.data.polygons]
    tree = BVHTree.FromPolygons(positions(recipe, "Head", expression).tolist(), polygons)
    covered = 0
    for x in np.linspace(-0.006, 0.006, 7):
        for z in np.linspace(-0.003, 0.003, 7):
            start = Vector((centre[0] + x, -1.0, centre[2] + z))
            hit, *_ = tree.ray_cast(start, Vector((0, 1, 0)))
            covered += hit is not None and hit.y < front + 0.008
    return covered / 49


def test_the_file_is_small():
    assert ASSET.stat().st_size <= 4 * MEGABYTE


def test_each_has_a_collection_with_a_rig_and_separate_parts(recipe):
    names = {thing.name for thing in bpy.data.collections[recipe.name].objects}
    parts = ("Rig", "Head", "Eyes", "Upper Teeth", "Lower Teeth", "Tongue", "Brows", "Lashes", "Hair")
    assert {f"{recipe.name} {part}" for part in parts} <= names


def test_each_rig_has_its_bones(recipe):
    assert {bone.name for bone in bpy.data.armatures[f"{recipe.name} Rig"].bones} == set(recipe.bones)


def test_naming_schemes_cover_the_52_expressions(recipe):
    expected = {camel_case: 52, left_right: 52, character_creator: 62}[recipe.scheme]
    parts = ("Head", "Eyes", "Tongue")
    every = {key.name for part in parts for key in keys(recipe, part)} - {"Basis"}
    assert len(every) == expected


def test_arkit_names_are_the_contracts():
    fern = RECIPES[0]
    merged = {"browInnerUpLeft", "browInnerUpRight"}
    assert set(EXPRESSIONS) - merged <= {key.name for key in keys(fern, "Head")}


@pytest.mark.parametrize(("expression", "side"), [("eyeBlinkLeft", 1), ("eyeBlinkRight", -1)])
def test_a_blink_closes_its_own_eye_only(recipe, expression, side):
    key = name(recipe, expression)
    assert rays(recipe, key, side) > 0.9
    assert rays(recipe, key, -side) < 0.5


def test_jaw_open_opens_the_mouth(recipe):
    rest = positions(recipe, "Head", "Basis")
    moved = positions(recipe, "Head", name(recipe, "jawOpen")) - rest
    assert moved[:, 2].min() < -0.02
    assert moved[:, 2].max() < 0.005


def test_the_jaw_bone_moves_the_lower_teeth_and_no_shape_key_moves_them_twice(recipe):
    jaw = recipe.bones[2]
    for part in ("Lower Teeth", "Tongue"):
        thing = bpy.data.objects[f"{recipe.name} {part}"]
        group = thing.vertex_groups[jaw]
        assert all(group.weight(vertex.index) == 1 for vertex in thing.data.vertices)
        assert not [key.name for key in keys(recipe, part) if key.name.lower().startswith("jaw")]
    skin = bpy.data.objects[f"{recipe.name} Head"]
    assert not [
        v for v in skin.data.vertices if any(g.group == skin.vertex_groups[jaw].index for g in v.groups)
    ]


def test_eyes_follow_looks(recipe):
    look = positions(recipe, "Eyes", name(recipe, "eyeLookDownLeft")) - positions(recipe, "Eyes", "Basis")
    assert look[:, 2].min() < -0.003


def test_brows_follow_the_skin(recipe):
    raised = [
        key for key in keys(recipe, "Brows") if key.name.startswith(("browInnerUp", "Brow_Raise_Inner"))
    ]
    rest = positions(recipe, "Brows", "Basis")
    assert raised
    for key in raised:
        assert (positions(recipe, "Brows", key.name) - rest)[:, 2].max() > 0.004


def test_halves_of_a_cut_expression_add_up():
    base = np.array([[0.3, 6.7, 0], [-0.3, 6.7, 0], [0.05, 6.6, 0], [0, 6.66, 0]])
    offset = np.random.default_rng(0).normal(size=(4, 3))
    cut = character_creator({"mouthPucker": offset}, base)
    assert set(cut) == {f"Mouth_Pucker_{lip}_{side}" for lip in ("Up", "Down") for side in "LR"}
    np.testing.assert_allclose(sum(cut.values()), offset)
    np.testing.assert_allclose(cut["Mouth_Pucker_Up_L"][1], 0)
