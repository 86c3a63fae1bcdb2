"""Presets: every shipped file is sound."""

import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import MappingError
from facert_blender.retarget.names import normalise
from facert_blender.retarget.presets import list_presets, load_preset


def test_families_are_there():
    assert {"arkit", "character_creator", "character_creator_explus", "vrm", "mpfb"} <= set(list_presets())
    assert list_presets()[0] == "arkit"


@pytest.mark.parametrize("name", list_presets())
def test_preset_is_sound(name):
    preset = load_preset(name)
    assert preset.name == name
    assert preset.title
    assert preset.source
    rows = [*preset.rows, *preset.fallbacks]
    assert all(row.target and row.enabled and row.kind == "SHAPE_KEY" for row in rows)
    pairs = [(row.expression, normalise(row.target)) for row in rows]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("name", ["arkit", "mpfb", "character_creator", "character_creator_explus"])
def test_full_schemes_have_all_expressions(name):
    assert {row.expression for row in load_preset(name).rows} == set(EXPRESSIONS)


@pytest.mark.parametrize("name", list_presets())
def test_lids_follow_the_gaze_down(name):
    preset = load_preset(name)
    lids = {row.expression: row for row in preset.rows if row.expression.startswith("eyeBlink")}
    for side in ("Left", "Right"):
        [row] = [row for row in preset.fallbacks if row.expression == f"eyeLookDown{side}"]
        assert (row.target, row.gain) == (lids[f"eyeBlink{side}"].target, 0.5)


def test_unknown_preset_lists_the_known():
    with pytest.raises(MappingError, match="arkit"):
        load_preset("klingon")
