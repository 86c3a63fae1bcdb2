"""Presets: every shipped file is sound."""

import pytest

from facert_blender.capture.contract import EXPRESSIONS, mirrored
from facert_blender.capture.errors import MappingError
from facert_blender.retarget.names import normalise
from facert_blender.retarget.presets import list_presets, load_preset

FULL = [f"character_creator_{kind}" for kind in ("standard", "extended", "explus")] + ["vrchat_unified"]


def test_families_are_there():
    creator = {
        f"character_creator_{kind}" for kind in ("standard", "extended", "explus", "traditional", "hd")
    }
    others = {"arkit", "facewarehouse", "mpfb", "rigify", "vrchat_unified", "vrm", "vrm1", "vroid"}
    assert set(list_presets()) == creator | others
    assert list_presets()[0] == "arkit"


@pytest.mark.parametrize("name", list_presets())
def test_preset_is_sound(name):
    preset = load_preset(name)
    assert preset.name == name
    assert preset.title
    assert preset.source
    rows = [*preset.rows, *preset.fallbacks]
    assert all(row.target and row.enabled for row in rows)
    assert all(row.minimum <= 0 <= row.maximum for row in rows)
    pairs = [(row.expression, row.kind, normalise(row.target), row.channel) for row in rows]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("name", list_presets())
def test_titles_are_told_apart_and_sources_are_named(name):
    assert [load_preset(other).title for other in list_presets()].count(load_preset(name).title) == 1
    assert len(load_preset(name).source) > 40


@pytest.mark.parametrize("name", ["arkit", "mpfb", *FULL])
def test_full_schemes_have_all_expressions(name):
    assert {row.expression for row in load_preset(name).rows} == set(EXPRESSIONS)


@pytest.mark.parametrize("name", [name for name in list_presets() if name != "rigify"])
def test_lids_follow_the_gaze_down(name):
    preset = load_preset(name)
    lids = {row.expression: row for row in preset.rows if row.expression.startswith("eyeBlink")}
    for side in ("Left", "Right"):
        [row] = [row for row in preset.fallbacks if row.expression == f"eyeLookDown{side}"]
        assert (row.target, row.gain) == (lids[f"eyeBlink{side}"].target, 0.5)


def test_rigify_lids_follow_the_gaze_and_both_sides_mirror():
    rows = {(row.expression, row.target, row.channel): row.gain for row in load_preset("rigify").rows}
    assert rows["eyeLookDownLeft", "lid.T.L.002", 1] < 0
    for (expression, target, channel), gain in rows.items():
        other = rows[mirrored(expression), target.translate(str.maketrans("LR", "RL")), channel]
        assert other == (-gain if channel == 0 else gain)


def test_unknown_preset_lists_the_known():
    with pytest.raises(MappingError, match="arkit"):
        load_preset("klingon")
