"""Rigs made up with the real names of every family, among keys and bones that must stay alone."""

from collections import defaultdict

import pytest

from facert_blender.retarget.matching import TargetInfo, match
from facert_blender.retarget.names import find_head, find_jaw, find_neck
from facert_blender.retarget.presets import list_presets, load_preset

SIDES = ("L", "R")

STRANGERS = [
    # bodies and clothes
    "Basis", "Fat", "Thin", "Muscle_L", "Breast_Size", "Belly", "Age", "Height", "sleeve_L", "Shirt_Tuck",
    "Boots_Off", "Hat", "hairUp", "Hand_L", "fist_L", "Finger_Curl_R", "Foot_Flat", "Key 1", "Morph", "Left",
    # correctives and leftovers of an artist's work
    "jawOpen_mouthFunnel_corr", "fix_jawOpen", "jawOpen_x_mouthSmileLeft", "eyeBlinkLeft_old", "jawOpen2",
    "eyeBlinkLeft.001", "EyeBlink_L_copy", "pJCMForeArmFwd_75_L", "Jaw_Open_corrective", "Eye_Blink_Left_fix",
    # relatives that mean something else
    "mouthOpen", "mouthSmile", "eyesClosed", "eyesLookDown", "eyeLookUpLeft", "eyeLookInLeft", "tongueOut",
    "browDown", "browUp", "Eye_L_Look_Up", "Eye_L_Look_L", "Eye_R_Look_R", "Jaw_Up", "Jaw_Backward",
    "Mouth_Up", "Mouth_Blow_L", "Mouth_Chin_Up", "Brow_Compress_L", "Eyelash_Upper_Up_L",
    "Nose_Nostril_Dilate_L",
    "Head_Turn_L", "Head_Tilt_R", "Neck_Tighten_L", "Cheek_Suck_L", "Tongue_Up", "A12_Eye_Look_Out_Left",
    "A52_Tongue_Out", "Fcl_ALL_Joy", "Fcl_HA_Fung1", "Fcl_EYE_Spread", "neutral", "lookUp", "relaxed",
    "CheekSuckLeft", "EyeDilationLeft", "TongueOut", "JawBackward", "NeckFlexLeft", "JawChew", "EyeIn_L",
    # visemes
    "viseme_sil", "viseme_PP", "viseme_FF", "viseme_CH", "viseme_nn", "viseme_aa", "vrc.v_oh", "vrc.v_sil",
    "V_Open", "V_Tight_O", "V_Dental_Lip", "AH", "EE_wide", "MBP", "$md-viseme",
]  # fmt: skip

BODY = [
    *(
        "root",
        "torso",
        "hips",
        "chest",
        "spine_fk",
        "neck",
        "head",
        "tongue",
        "teeth.T",
        "nose_master",
        "eyes",
    ),
    *(
        f"{bone}.{side}"
        for side in SIDES
        for bone in ("hand_ik", "f_index.01", "thumb.01", "palm", "upper_arm_fk", "shoulder", "breast", "ear")
    ),
    *(
        f"{bone}.{side}"
        for side in SIDES
        for bone in ("eye", "lid.T", "lid.B", "brow.B", "jaw", "chin", "toe")
    ),
]
"""Bones of a Rigify character that no expression moves."""

STYLES = {
    "as it is": lambda name: name,
    "of a node": lambda name: f"blendShape2.{name}",
    "of an object": lambda name: f"hero_head_GEO.{name}",
    "of a rig": lambda name: f"hero:{name}",
    "with a prefix": lambda name: f"CH01_{name}",
    "with a suffix": lambda name: f"{name}_bs",
    "numbered": lambda name: f"{name}.001",
    "with both": lambda name: f"m_{name}_shape",
    "in capitals": lambda name: name.upper() if "_" in name else name,
}


def family(preset):
    """{(kind, name): the expressions that may move it} for a character with all names of `preset`."""
    truth = defaultdict(set)
    for row in load_preset(preset).rows:
        truth[row.kind, row.target].add(row.expression)
    # Lids follow the gaze where nothing else does.
    for row in load_preset(preset).fallbacks:
        if (row.kind, row.target) in truth:
            truth[row.kind, row.target].add(row.expression)
    return truth


def false_matches(report, truth):
    return [
        f"{row.expression} -> {row.target}"
        for row in report.rows
        if row.expression not in truth.get((row.kind, row.target), ())
    ]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("preset", [name for name in list_presets() if name != "rigify"])
def test_no_stranger_is_taken_for_an_expression(preset, style):
    spell = STYLES[style]
    truth = {(kind, spell(name)): expressions for (kind, name), expressions in family(preset).items()}
    taken = {name for _, name in family(preset)}
    alone = [spell(name) for name in STRANGERS if name not in taken]
    names = [*(name for _, name in truth), *alone]
    report = match([TargetInfo("SHAPE_KEY", name, owners=("Head",)) for name in dict.fromkeys(names)])
    assert false_matches(report, truth) == []
    assert report.ambiguous == {}
    assert set(report.matched) >= set().union(*family(preset).values())


def test_strangers_by_themselves_match_nothing():
    for spell in STYLES.values():
        # Some of them are whole expressions of one family or another.
        known = {row.target for preset in list_presets() for row in family_rows(preset)}
        alone = [name for name in STRANGERS if name not in known]
        report = match([TargetInfo("SHAPE_KEY", spell(name), owners=("Head",)) for name in alone])
        assert report.rows == []


def family_rows(preset):
    return [*load_preset(preset).rows, *load_preset(preset).fallbacks]


def test_clothes_and_body_of_a_character_stay_still():
    truth = family("arkit")
    head = [TargetInfo("SHAPE_KEY", name, owners=("Head",)) for _, name in truth]
    body = [TargetInfo("SHAPE_KEY", name, owners=("Body", "Shirt")) for name in STRANGERS]
    assert false_matches(match([*head, *body]), truth) == []


@pytest.mark.parametrize("prefix", ["", "DEF-", "ORG-", "MCH-"])
def test_rigify_moves_its_controls_and_no_other_bones(prefix):
    truth = family("rigify")
    controls = {name for _, name in truth}
    bones = [*BODY, "jaw_master", *controls, *(prefix + bone for bone in controls)]
    kinds = ("BONE_ROTATION", "BONE_LOCATION")
    report = match([TargetInfo(kind, bone) for bone in dict.fromkeys(bones) for kind in kinds])
    assert report.preset == "rigify"
    moved = [row for row in report.rows if row.target != "jaw_master"]
    assert {(row.kind, row.target) for row in moved} == set(truth)
    assert {row.expression for row in report.rows if row.target == "jaw_master"} == {
        "jawOpen", "jawLeft", "jawRight", "jawForward",
    }  # fmt: skip
    assert report.unmatched == []


def test_a_body_without_a_face_matches_nothing():
    kinds = ("BONE_ROTATION", "BONE_LOCATION")
    assert match([TargetInfo(kind, bone) for bone in BODY for kind in kinds]).rows == []


@pytest.mark.parametrize(
    ("bones", "neck"),
    [
        (["spine", "neck", "head"], "neck"),
        (["CC_Base_NeckTwist01", "CC_Base_NeckTwist02", "CC_Base_Head"], "CC_Base_NeckTwist01"),
        (["mixamorig:Neck", "mixamorig:Head"], "mixamorig:Neck"),
        (["neck_01", "neck_02", "head"], "neck_01"),
        (["J_Bip_C_Neck", "J_Bip_C_Head"], "J_Bip_C_Neck"),
        (["DEF-neck", "ORG-neck", "neck", "MCH-ROT-neck"], "neck"),
        (["neckLower", "neckUpper", "head"], "neckLower"),
        (["necklace", "neckTie_L", "bottleneck", "hand.L"], ""),
    ],
)
def test_neck_bones(bones, neck):
    assert find_neck(bones) == neck


def test_no_bone_of_a_body_is_a_jaw():
    hands = [bone for bone in BODY if bone not in ("head", "neck")]
    assert (find_head(hands), find_jaw(hands), find_neck(hands)) == ("", "", "")
