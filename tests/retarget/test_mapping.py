"""Rows: what they compute, and the files they are kept in."""

import json

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.errors import MappingError, OutputError
from facert_blender.retarget.mapping import VERSION, Row, evaluate, load_mapping, save_mapping


def weights(**values):
    """Three frames of weights: the given ones, all others 0."""
    table = np.zeros((3, 46), np.float32)
    for name, value in values.items():
        table[:, EXPRESSIONS.index(name)] = value
    return table


def shape(row_values):
    """The only target's values as a list."""
    [values] = row_values.values()
    return values.tolist()


def test_gain_and_offset():
    values = evaluate([Row("jawOpen", "Open", gain=0.5, offset=0.25)], weights(jawOpen=[0, 0.5, 1]))
    assert list(values) == [("SHAPE_KEY", "Open", 0)]
    assert shape(values) == [0.25, 0.5, 0.75]


@pytest.mark.parametrize(("exponent", "half"), [(2.0, 0.25), (0.5, 0.5**0.5)])
def test_the_response_curve_keeps_ends_and_signs(exponent, half):
    rows = [Row("jawOpen", "Open", gain=2, offset=0.1, minimum=-9, maximum=9, exponent=exponent)]
    assert shape(evaluate(rows, weights(jawOpen=[-0.5, 0.5, 1]))) == pytest.approx(
        [0.1 - 2 * half, 0.1 + 2 * half, 2.1]
    )


def test_one_expression_drives_many_targets_and_many_drive_one():
    rows = [
        Row("mouthFunnel", "FunnelUp"),
        Row("mouthFunnel", "FunnelDown", gain=0.5),
        Row("mouthPucker", "FunnelUp", gain=-0.5),
    ]
    values = evaluate(rows, weights(mouthFunnel=0.8, mouthPucker=[0, 0.4, 1]))
    assert values["SHAPE_KEY", "FunnelUp", 0] == pytest.approx([0.8, 0.6, 0.3])
    assert values["SHAPE_KEY", "FunnelDown", 0] == pytest.approx([0.4] * 3)


def test_sums_stay_within_the_tightest_bounds():
    rows = [Row("eyeBlinkLeft", "Blink", maximum=0.9), Row("eyeLookDownLeft", "Blink", gain=0.5, minimum=0.2)]
    values = evaluate(rows, weights(eyeBlinkLeft=[0, 0.5, 1], eyeLookDownLeft=[0, 0.2, 1]))
    assert shape(values) == pytest.approx([0.2, 0.6, 0.9])


def test_max_rows_take_the_larger_side():
    rows = [Row(f"browInnerUp{side}", "browInnerUp", combine="MAX") for side in ("Left", "Right")]
    values = evaluate(rows, weights(browInnerUpLeft=[0.2, 0.6, 0], browInnerUpRight=[0.5, 0.1, 0]))
    assert shape(values) == pytest.approx([0.5, 0.6, 0])


def test_max_and_sum_rows_of_one_target_add_up():
    rows = [
        Row("browInnerUpLeft", "up", combine="MAX"),
        Row("browInnerUpRight", "up", combine="MAX"),
        Row("eyeWideLeft", "up", gain=0.5),
    ]
    values = evaluate(rows, weights(browInnerUpLeft=0.1, browInnerUpRight=0.3, eyeWideLeft=0.4))
    assert shape(values) == pytest.approx([0.5] * 3)


def test_rows_that_are_off_do_nothing():
    assert evaluate([Row("jawOpen", "Open", enabled=False)], weights()) == {}


def test_channels_of_a_bone_are_separate():
    rows = [
        Row("jawOpen", "jaw", gain=20, maximum=20, kind="BONE_ROTATION"),
        Row("jawLeft", "jaw", gain=8, maximum=8, kind="BONE_ROTATION", channel=1),
    ]
    values = evaluate(rows, weights(jawOpen=1, jawLeft=0.5))
    assert values["BONE_ROTATION", "jaw", 0].tolist() == [20] * 3
    assert values["BONE_ROTATION", "jaw", 1].tolist() == [4] * 3


def test_one_frame_without_a_time_axis():
    values = evaluate([Row("jawOpen", "Open")], weights(jawOpen=0.5)[0])
    assert values["SHAPE_KEY", "Open", 0] == pytest.approx(0.5)


def test_unknown_expression_says_so():
    with pytest.raises(MappingError, match="grin"):
        evaluate([Row("grin", "Open")], weights())


def test_files_keep_every_field(tmp_path):
    rows = [
        Row("jawOpen", "Mund öffnen", 0.5, 0.1, -1.0, 2.0, False, "BONE_LOCATION", 2, "MAX"),
        Row("mouthClose", "close"),
    ]
    path = tmp_path / "mäpping with spaces.json"
    save_mapping(rows, path)
    assert load_mapping(path) == rows
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_empty_mapping_survives(tmp_path):
    save_mapping([], tmp_path / "empty.json")
    assert load_mapping(tmp_path / "empty.json") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "broken in line 1"),
        ('{\n"version": 1,\n"rows": [,]}', "broken in line 3"),
        ("[]", "not a mapping"),
        ('{"rows": []}', "not a mapping"),
        ('{"version": 1, "rows": {}}', "not a mapping"),
        ('{"version": 1, "rows": [{"expression": "jawOpen"}]}', "Row 1.*complete"),
        ('{"version": 1, "rows": [7]}', "Row 1.*complete"),
        ('{"version": 1, "rows": [{"expression": "grin", "target": "x"}]}', "grin"),
        ('{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "gain": "much"}]}', "gain.*much"),
        ('{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "gain": NaN}]}', "gain.*nan"),
        (
            '{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "gain": %s}]}' % ("9" * 400),
            "gain",
        ),
        ('{"version": %s}' % ("9" * 5000), "is broken"),
        ("[" * 100_000, "is broken"),
        ('{"version": true, "rows": 1}', "not a mapping"),
        ('{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "enabled": 1}]}', "enabled"),
        ('{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "channel": 3}]}', "channel"),
        ('{"version": 1, "rows": [{"expression": "jawOpen", "target": "x", "kind": "LIGHT"}]}', "kind"),
    ],
)
def test_broken_files_say_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "mapping.json"
    path.write_text(content)
    with pytest.raises(MappingError, match=message):
        load_mapping(path)


@pytest.mark.parametrize(
    "rest", [{"rows": [{"expression": "tongueCurl", "target": "x"}]}, {"rows": {}}, {"curves": []}]
)
def test_newer_version_asks_for_an_update(tmp_path, rest):
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"version": VERSION + 1} | rest))
    with pytest.raises(MappingError, match=r"newer.*Update"):
        load_mapping(path)


def test_files_that_an_editor_has_marked_are_read(tmp_path):
    save_mapping([Row("jawOpen", "jawOpen")], tmp_path / "mapping.json")
    (tmp_path / "mapping.json").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "mapping.json").read_bytes())
    assert load_mapping(tmp_path / "mapping.json") == [Row("jawOpen", "jawOpen")]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", None])
def test_unreadable_files_say_so(tmp_path, content):
    path = tmp_path / "mapping.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(path)


def test_unwritable_path_keeps_what_was_there(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        save_mapping([Row("jawOpen", "Open")], tmp_path / "file" / "mapping.json")
    assert (tmp_path / "file").read_text() == "mine"
