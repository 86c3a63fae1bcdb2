"""The report: the paper's figures beside ours, dashes, verdicts, and where it is written."""

import tomllib
from pathlib import Path

import pytest

pytest.importorskip("cv2")

from models.expression_measures import CATEGORIES
from models.report import ABLATIONS, BEGIN, END, NONE, SYSTEMS, insert, report, verdict


def result(nme: float, error: float) -> dict[str, object]:
    return {
        "landmarks": {"nme": nme},
        "detection": {"ap": 0.987, "ap50": 1.0, "ap75": 0.5},
        "expressions": {
            "mean": error,
            "categories": dict.fromkeys(CATEGORIES, error),
            "neutral_activation": 0.0123,
            "off_category_error": 0.05,
        },
        "rotation": {"mean": 3.0, "to_45": 2.1, "45_to_75": None},
        "cost": {"megabytes": 1.8, "milliseconds": 2.6},
        "performances": {
            "a": {
                "agreement": {"eyeBlinkLeft": 0.8, "eyeBlinkRight": 0.6, "jawOpen": None},
                "jitter": JITTER,
            },
            "b": None,
        },
    }


JITTER = {"raw": 0.03, "smoothed": 0.02, "teacher": 0.05}


def line(text: str, begins: str, place: int = 0) -> list[str]:
    """The cells of the first line that begins so, or of a later one."""
    found = [row for row in text.splitlines() if row.startswith(f"| {begins} |")][place]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_what_has_not_been_measured_is_a_dash() -> None:
    text = report({})
    for system in SYSTEMS:
        assert f"| {system.title}" in text
    assert line(text, "SS-SFN")[1] == f"2.16 / {NONE}"
    assert line(text, "MS-MFN, labels from MS-SFN, ours")[1:] == [NONE] * 12


def test_everything_in_the_tables_can_be_trained() -> None:
    runs = {system.run for system in SYSTEMS} | {ablation.run for ablation in ABLATIONS}
    folder = Path(__file__).parents[2] / "models" / "configs"
    configs = [tomllib.loads(file.read_text()) | {"name": file.stem} for file in folder.glob("*.toml")]
    # What only finds faces is measured with what reads them.
    finders = {config["name"] for config in configs if not config["model"].get("reads", True)}
    assert finders <= {config.get("finder") for config in configs}
    assert runs == {config["name"] for config in configs} - finders


def test_ours_stand_beside_the_papers() -> None:
    text = report({"brief_ms_sfn": result(2.3456, 0.2)})
    accuracy = line(text, "MS-SFN")
    assert accuracy[1] == "1.91 / 2.35" and accuracy[-2:] == ["1.80", "2.6"]
    assert line(text, "MS-SFN, ours")[1:] == ["0.20"] * 10 + ["0.012", "0.050"]
    assert line(text, "MS-SFN, paper")[10] == "0.23"
    beyond = line(text, "MS-SFN", 1)
    assert beyond[1:] == ["2.1", NONE, NONE, "0.70", NONE, NONE, "0.0200", "0.0500", NONE]


def test_ingredients_are_judged_against_the_run_without_them() -> None:
    flips = next(a for a in ABLATIONS if a.title == "+ flips")
    better = {flips.without: result(3, 0.4), flips.run: result(2.5, 0.3)}
    better[flips.run]["expressions"]["off_category_error"] = 0.04  # type: ignore[index]
    better[flips.run]["rotation"] = {"mean": 2.0}
    assert line(report(better), "+ flips")[-1] == "helped"
    worse = {flips.without: better[flips.run], flips.run: better[flips.without]}
    assert line(report(worse), "+ flips")[-1] == "did not help"
    assert verdict([(1.0, 2.0), (3.0, 2.0), (None, 1.0)]) == "helped in part"


def test_tables_replace_what_was_between_the_marks() -> None:
    document = f"before\n{BEGIN}\nold\n{END}\nafter"
    once = insert(document, "| new |")
    assert once == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter"
    assert insert(once, "| new |") == once
    with pytest.raises(ValueError, match="needs one line"):
        insert("nothing", "| new |")
