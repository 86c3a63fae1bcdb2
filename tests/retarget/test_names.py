"""Names: spellings that mean the same, and those that do not."""

import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.retarget.names import find_head, find_jaw, normalise


@pytest.mark.parametrize(
    "spelling",
    [
        "eyeBlinkLeft", "EyeBlinkLeft", "eye_blink_left", "EYE_BLINK_LEFT", "Eye Blink Left", "eyeblinkleft",
        "eyeBlink_L", "EyeBlink_L", "eye_blink_l", "eyeBlink.L", "Eye-Blink-L", "EyeBlinkL", "eyeBlink_Left",
        "leftEyeBlink", "L_EyeBlink", "blendShape2.eyeBlinkLeft", "blendShape1.eyeBlink_L",
        "head_BS.eyeBlinkLeft",         "fern:eyeBlinkLeft", "ARKit_eyeBlinkLeft", "Face.EyeBlinkLeft",
    ],
)  # fmt: skip
def test_spellings_of_one_name(spelling):
    assert normalise(spelling) == normalise("eyeBlinkLeft")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("mouthLeft", "mouthSmileLeft"), ("mouthLeft", "mouthRight"), ("mouthLeft", "mouth"),
        ("eyeBlinkLeft", "EyeBlink_L_old"), ("eyeBlinkLeft", "eyeBlinkLeft.001"),
        ("eyeBlinkLeft", "eyeBlink"), ("eyeBlinkLeft", "eyeBlinkLeft2"),
        ("eyeBlinkLeft", "old.eyeBlinkLeft"), ("eyeBlinkLeft", "eyeBlinkLeft+"),
        ("jawOpen", "jawOpen-"), ("jawOpen", "!ex-jawOpen"), ("jawOpen", "A25_Jaw_Open"),
        ("jawOpen", "jawOpenWide"), ("Eye_L_Look_L", "Eye_L_Look_R"), ("A", "a_L"), ("A", "aa"),
        ("Left", "Right"), ("あ", "い"),
    ],
)  # fmt: skip
def test_different_names_stay_different(name, other):
    assert normalise(name) != normalise(other)


def test_expressions_do_not_collide():
    assert len({normalise(name) for name in EXPRESSIONS}) == len(EXPRESSIONS)


@pytest.mark.parametrize(
    ("bones", "head", "jaw"),
    [
        (["root", "neck", "head", "jaw", "head_end"], "head", "jaw"),
        (
            ["CC_Base_Head", "CC_Base_JawRoot", "CC_Base_UpperJaw", "CC_Base_L_Eye"],
            "CC_Base_Head",
            "CC_Base_JawRoot",
        ),
        (["mixamorig:Hips", "mixamorig:Head", "mixamorig:HeadTop_End"], "mixamorig:Head", ""),
        (["J_Bip_C_Neck", "J_Bip_C_Head"], "J_Bip_C_Head", ""),
        (["DEF-head", "ORG-head", "head", "ORG-jaw", "jaw_master"], "head", "jaw_master"),
        (["head.x", "c_head.x", "jawbone.x", "c_jawbone.x", "c_skull_01.x"], "c_head.x", "c_jawbone.x"),
        (["Bip01 Head", "Bip01 HeadNub", "Bip01 Jaw"], "Bip01 Head", "Bip01 Jaw"),
        (["ValveBiped.Bip01_Head1"], "ValveBiped.Bip01_Head1", ""),
        (["neck_01", "head", "FACIAL_C_Jaw", "FACIAL_L_JawBulge"], "head", "FACIAL_C_Jaw"),
        (["jaw", "jaw_master", "head_FK", "head_IK", "head_end"], "head_FK", "jaw_master"),
        (["Head_Top", "UpperJaw", "LowerJaw", "head.001"], "head.001", "LowerJaw"),
        (["forehead", "Head_L", "jaw.L", "spine"], "", ""),
    ],
)
def test_head_and_jaw_bones(bones, head, jaw):
    assert (find_head(bones), find_jaw(bones)) == (head, jaw)
