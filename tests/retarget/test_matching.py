"""Matching: right rows, no false ones, nothing passed over in silence."""

import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.retarget.mapping import Row
from facert_blender.retarget.matching import TargetInfo, check, match
from facert_blender.retarget.presets import list_presets, load_preset

ARKIT = [name for name in EXPRESSIONS if not name.startswith("browInnerUp")] + ["browInnerUp"]
GAZE = ["eyeLookUpLeft", "eyeLookInLeft", "eyeLookOutRight", "tongueOut"]


def keys(*names, owners=("Face",)):
    return [TargetInfo("SHAPE_KEY", name, owners=owners) for name in names]


def jaw(*owners, drivable=True):
    reason = "" if drivable else "it is locked"
    return [TargetInfo(kind, "jaw", drivable, reason, owners) for kind in ("BONE_ROTATION", "BONE_LOCATION")]


def spelt(style, name):
    """An ARKit name as a rig of some style would write it."""
    if style == "pascal":
        return name[0].upper() + name[1:]
    snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
    if style == "snake":
        return snake
    if style == "suffix":
        return name.replace("Left", "_L").replace("Right", "_R")
    return f"blendShape2.{name}"


@pytest.mark.parametrize("style", ["pascal", "snake", "suffix", "prefix"])
def test_arkit_in_its_spellings(style):
    names = {spelt(style, name): name for name in ARKIT}
    report = match(keys(*names, *(spelt(style, name) for name in GAZE)))
    assert report.preset == "arkit"
    assert (report.unmatched, report.ambiguous, report.blocked) == ([], {}, [])
    for row in report.rows:
        expected = names[row.target]
        assert row.expression == expected or (expected == "browInnerUp" and row.combine == "MAX")


@pytest.mark.parametrize("name", list_presets())
def test_every_family_is_recognised(name):
    """A character with all names of a family is matched by that family's rows and no others."""
    preset = load_preset(name)
    targets = dict.fromkeys((row.kind, row.target) for row in preset.rows)
    report = match([TargetInfo(kind, target, owners=("Face",)) for kind, target in targets])
    assert report.preset == name
    assert {(row.expression, row.target) for row in preset.rows} <= {
        (row.expression, row.target) for row in report.rows
    }
    assert report.ambiguous == {}


@pytest.mark.parametrize("prefix", ["hero_", "Wolf3D_Head.", "SK Old Man - ", "h_lod0.h_"])
@pytest.mark.parametrize("name", ["arkit", "character_creator_extended", "character_creator_traditional"])
def test_a_rigs_own_prefix_is_passed_over(name, prefix):
    names = list(dict.fromkeys(row.target for row in load_preset(name).rows))
    plain = match(keys(*names))
    report = match([*keys(*(prefix + key for key in names)), *keys(prefix + "jawOpen", owners=("Teeth",))])
    assert report.preset == name
    assert report.matched == plain.matched
    found = {(row.expression, row.target) for row in report.rows}
    assert found >= {(row.expression, prefix + row.target) for row in plain.rows}


def test_each_mesh_may_have_a_prefix_of_its_own():
    head = keys(*("head_GEO." + name for name in ARKIT))
    report = match([*head, *keys("lowerTeeth_GEO.jawOpen", owners=("Teeth",))])
    assert [row.target for row in report.rows if row.expression == "jawOpen"] == [
        "head_GEO.jawOpen",
        "lowerTeeth_GEO.jawOpen",
    ]


def test_a_few_names_that_begin_alike_have_no_prefix():
    assert match(keys("old_jawOpen", "old_eyeBlinkLeft", "old_eyeBlinkRight")).rows == []


def test_keys_with_the_plain_names_come_first():
    copies = ["backup_" + name for name in ARKIT]
    report = match(keys(*ARKIT, *copies))
    assert not {row.target for row in report.rows} & set(copies)


def test_mouth_left_is_not_a_smile():
    report = match(keys("mouthSmileLeft", "mouthSmileRight", "mouthDimpleLeft"), "arkit")
    assert {row.expression for row in report.rows} == {"mouthSmileLeft", "mouthSmileRight", "mouthDimpleLeft"}
    assert "mouthLeft" in report.unmatched


@pytest.mark.parametrize(
    "names",
    [
        ["EyeBlink_L_old", "jaw_open_fix", "mouth"],
        ["Basis", "Key 1", "Fat", "Muscle_L", "Smile"],
        ["A", "O"],
        [],
    ],
)
def test_strangers_match_nothing(names):
    report = match(keys(*names))
    assert report.rows == []
    assert report.preset == ""
    assert report.unmatched == list(EXPRESSIONS)


def test_two_keys_of_one_meaning_are_ambiguous():
    report = match(keys("eyeBlinkLeft", "EyeBlink_L", "jawOpen"))
    assert report.ambiguous["eyeBlinkLeft"] == ("eyeBlinkLeft", "EyeBlink_L")
    assert "eyeBlinkLeft" not in {row.expression for row in report.rows}
    assert "eyeBlinkLeft" not in (*report.matched, *report.unmatched, *report.blocked)


def test_two_spellings_on_two_meshes_are_both_driven():
    report = match(keys("eyeBlinkLeft") + keys("blendShape3.eyeBlinkLeft", owners=("Lashes",)))
    rows = [row.target for row in report.rows if row.expression == "eyeBlinkLeft"]
    assert rows == ["eyeBlinkLeft", "blendShape3.eyeBlinkLeft"]


def test_driven_key_gives_way_to_the_free_one():
    driven = TargetInfo("SHAPE_KEY", "EyeBlink_L", False, "it has a driver", ("Face",))
    report = match([*keys("eyeBlinkLeft"), driven])
    assert [row.target for row in report.rows if row.expression == "eyeBlinkLeft"] == ["eyeBlinkLeft"]
    assert report.not_drivable == {"EyeBlink_L": "it has a driver"}


def test_driven_keys_are_reported_not_mapped():
    driven = TargetInfo("SHAPE_KEY", "jawOpen", False, "it has a driver", ("Face",))
    report = match([driven, *keys("mouthClose")])
    assert report.blocked == ["jawOpen"]
    assert report.not_drivable == {"jawOpen": "it has a driver"}
    assert [row.expression for row in report.rows] == ["mouthClose"]


def test_every_expression_is_accounted_for_once():
    driven = TargetInfo("SHAPE_KEY", "jawLeft", False, "it has a driver", ("Face",))
    report = match([driven, *keys("jawOpen", "eyeBlinkLeft", "EyeBlink_L")])
    everything = [*report.matched, *report.unmatched, *report.ambiguous, *report.blocked]
    assert sorted(everything) == sorted(EXPRESSIONS)


def test_lids_follow_the_gaze_only_without_look_down_keys():
    with_keys = match(keys(*ARKIT))
    without = match(keys(*(name for name in ARKIT if not name.startswith("eyeLookDown"))))
    assert ("eyeLookDownLeft", "eyeLookDownLeft", 1.0) in {
        (r.expression, r.target, r.gain) for r in with_keys.rows
    }
    assert ("eyeLookDownLeft", "eyeBlinkLeft", 0.5) in {
        (r.expression, r.target, r.gain) for r in without.rows
    }
    assert "eyeLookDownLeft" in without.matched


def test_split_inner_brows_are_driven_apart():
    report = match(keys("browInnerUpLeft", "browInnerUp_R"), "arkit")
    assert [(r.expression, r.target) for r in report.rows] == [
        ("browInnerUpLeft", "browInnerUpLeft"),
        ("browInnerUpRight", "browInnerUp_R"),
    ]


def test_one_blink_key_serves_both_lids():
    report = match(keys("A", "I", "U", "E", "O", "Blink"))
    assert {(r.expression, r.gain) for r in report.rows if r.target == "Blink"} == {
        ("eyeBlinkLeft", 0.5),
        ("eyeBlinkRight", 0.5),
    }


def test_jaw_bone_opens_where_no_key_does():
    report = match([*keys("eyeBlinkLeft"), *jaw("Face")])
    assert {row.expression for row in report.rows if row.target == "jaw"} == {
        "jawOpen", "jawLeft", "jawRight", "jawForward",
    }  # fmt: skip
    assert "jawOpen" in report.matched


def test_jaw_bone_moves_teeth_beside_a_key_that_opens_the_skin():
    assert any(row.target == "jaw" for row in match([*keys("jawOpen"), *jaw("Teeth")]).rows)


def test_jaw_bone_and_key_never_open_the_same_skin_twice():
    assert not any(row.target == "jaw" for row in match([*keys("jawOpen"), *jaw("Face", "Teeth")]).rows)


def test_locked_jaw_bone_is_reported():
    report = match([*keys("eyeBlinkLeft"), *jaw("Face", drivable=False)])
    assert report.not_drivable == {"jaw": "it is locked"}
    assert "jawOpen" in report.unmatched


def test_a_jaw_that_only_turns_is_turned():
    targets = [TargetInfo("BONE_ROTATION", "jaw", owners=("Face",))]
    targets.append(TargetInfo("BONE_LOCATION", "jaw", False, "it is connected to its parent", ("Face",)))
    report = match([*keys("eyeBlinkLeft"), *targets])
    assert {row.expression for row in report.rows if row.target == "jaw"} == {
        "jawOpen",
        "jawLeft",
        "jawRight",
    }
    assert report.not_drivable == {"jaw (location)": "it is connected to its parent"}
    rows = [Row("jawOpen", "jaw", kind="BONE_ROTATION"), Row("jawForward", "jaw", kind="BONE_LOCATION")]
    assert check(rows, targets) == {"jaw (location)": "it is connected to its parent"}
    assert check(rows[1:], targets) == {"jaw": "it is connected to its parent"}


def test_check_tells_missing_and_driven_targets():
    targets = [*keys("jawOpen"), TargetInfo("SHAPE_KEY", "mouthClose", False, "it has a driver")]
    rows = [Row("jawOpen", "jawOpen"), Row("mouthClose", "mouthClose"), Row("mouthPucker", "kiss")]
    rows.append(Row("jawLeft", "gone", enabled=False))
    assert check(rows, targets) == {
        "mouthClose": "it has a driver",
        "kiss": "the character has none of that name",
    }
