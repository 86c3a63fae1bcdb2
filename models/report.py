"""The paper's tables with ours beside them: `python -m models.report`.

Trains and measures nothing. It reads `results/*.json`, which `python -m models.evaluate all RUN --write`
makes, prints the tables and writes them into README.md between its two marks. What has not been measured is
a dash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facert_blender.capture.output import replacing

from .evaluate.system import RESULTS
from .expression_measures import CATEGORIES
from .shared_data import CHECKOUT

README = CHECKOUT / "models" / "README.md"
BEGIN, END = "<!-- made by python -m models.report -->", "<!-- end of report -->"
NONE = "–"  # noqa: RUF001

Result = dict[str, Any]


@dataclass(frozen=True)
class System:
    """A system that the paper compares.

    run: the name of our run. paper: its NME in percent, and AP, AP50, AP75 in percent (table 2); None where
    it has none. categories: its errors by category (table 5), if it reports them. expressions: whether it
    reads faces at all.
    """

    run: str
    title: str
    paper: tuple[float | None, ...] = (None, None, None, None)
    categories: tuple[float, ...] = ()
    expressions: bool = True


SYSTEMS = (
    System("brief_mfn_detection", "MFN, detection only", (None, 92.1, 99.2, 94.3), expressions=False),
    System(
        "brief_ss_sfn", "SS-SFN", (2.16, None, None, None),
        (0.082, 0.265, 0.360, 0.451, 0.373, 0.331, 0.359, 0.223, 0.299),
    ),
    System(
        "brief_ms_sfn", "MS-SFN", (1.91, None, None, None),
        (0.016, 0.257, 0.216, 0.381, 0.334, 0.131, 0.204, 0.245, 0.277),
    ),
    System("brief_ss_mfn_of_ss_sfn", "SS-MFN, labels from SS-SFN", (2.89, 97.5, 99.8, 98.1)),
    System("brief_ss_mfn", "SS-MFN, labels from MS-SFN", (2.65, 98.2, 100.0, 98.9)),
    System(
        "brief_ms_mfn", "MS-MFN, labels from MS-SFN", (2.23, 98.8, 100.0, 99.3),
        (0.117, 0.407, 0.284, 0.405, 0.284, 0.173, 0.325, 0.248, 0.349),
    ),
    System("long_ss_sfn", "SS-SFN, three times the budget"),
    System("long_ms_sfn", "MS-SFN, three times the budget"),
    System("long_mfn_detection", "MFN, detection only, three times the budget", expressions=False),
    System("long_ss_mfn_of_ss_sfn", "SS-MFN, labels from SS-SFN, three times the budget"),
    System("long_ss_mfn", "SS-MFN, labels from MS-SFN, three times the budget"),
    System("long_ms_mfn", "MS-MFN, labels from MS-SFN, three times the budget"),
    System("ms_sfn_first", "MS-SFN, shipped, half trained"),
    System("ms_sfn_second", "MS-SFN, shipped, two parts of four"),
    System("ms_sfn_third", "MS-SFN, shipped, three parts of four"),
    System("ms_sfn", "MS-SFN, shipped"),
    System("ms_mfn_find", "MS-MFN, finds and reads in cells"),
    System("ms_mfn", "MS-MFN, shipped"),
)  # fmt: skip
"""In the order of the paper's table 2, all with the same budget, and with three times as much; then those
that are shipped, with more.
"""


@dataclass(frozen=True)
class Ablation:
    """One ingredient: the run with it, and the run it is compared with (none: where the row begins)."""

    run: str
    title: str
    without: str = ""


ABLATIONS = (
    Ablation("brief_sfn_photographs", "MS-SFN: photographs only"),
    Ablation("brief_sfn_flips", "+ flips", "brief_sfn_photographs"),
    Ablation("brief_sfn_edited", "+ edited photographs", "brief_sfn_flips"),
    Ablation("brief_ms_sfn", "+ rendered heads", "brief_sfn_edited"),
    Ablation("brief_reader_relabelled", "MS-MFN's reader: all labels from MS-SFN"),
    Ablation("brief_reader", "exact labels where they exist", "brief_reader_relabelled"),
    Ablation("brief_reader_mixed", "half of each", "brief_reader"),
)
"""Trained briefly and alike, each with one ingredient more than the one it is compared with."""


def load(folder: Path = RESULTS) -> dict[str, Result]:
    """The results of all measured runs, by name."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def pick(result: Result | None, *path: str) -> float | None:
    """A figure of a result; None where it, or anything on the way to it, is missing."""
    value: Any = result
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def figure(value: float | None, digits: int, scale: float = 1) -> str:
    """A figure for a table; a dash for none."""
    return NONE if value is None else f"{value * scale:.{digits}f}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def accuracy(results: dict[str, Result]) -> str:
    """Landmarks, detection and cost (table 2): the paper's figure, then ours."""
    rows = []
    for system in SYSTEMS:
        result = results.get(system.run)
        nme = pick(result, "landmarks", "nme") if system.expressions else None
        ours = [figure(nme, 2)]
        ours += [figure(pick(result, "detection", name), 1, 100) for name in ("ap", "ap50", "ap75")]
        paper = [figure(value, 2 if i == 0 else 1) for i, value in enumerate(system.paper)]
        rows.append(
            [
                system.title,
                *(f"{a} / {b}" if a != NONE or b != NONE else "" for a, b in zip(paper, ours, strict=True)),
                figure(pick(result, "cost", "megabytes"), 2),
                figure(pick(result, "cost", "milliseconds"), 1),
            ]
        )
    return table(["paper / ours", "NME %", "AP", "AP50", "AP75", "MB", "ms"], rows)


def expressions(results: dict[str, Result]) -> str:
    """Expression errors by category (table 5), with what the paper does not report."""
    rows = []
    for system in SYSTEMS:
        if not system.expressions:
            continue
        if system.categories:
            mean = sum(system.categories) / len(system.categories)
            rows.append(
                [f"{system.title}, paper", *(figure(v, 2) for v in (*system.categories, mean)), "", ""]
            )
        found = pick_group(results.get(system.run), "expressions")
        rows.append([f"{system.title}, ours", *expression_figures(found)])
    return table(["", *CATEGORIES, "mean", "neutral", "off category"], rows)


def expression_figures(found: Result) -> list[str]:
    """The nine errors, their mean, neutral activation and off-category error of an `expressions` result."""
    values = [pick(found, "categories", name) for name in CATEGORIES]
    rest = ("mean", "neutral_activation", "off_category_error")
    return [
        *(figure(value, 2) for value in (*values, pick(found, rest[0]))),
        *(figure(pick(found, name), 3) for name in rest[1:]),
    ]


def pick_group(result: Result | None, name: str) -> Result:
    """A group of figures of a result, empty where it is missing."""
    return (result or {}).get(name) or {}


def beyond(results: dict[str, Result]) -> str:
    """What the paper does not measure: rotation, people, agreement with the teacher, jitter."""
    rows = []
    for system in SYSTEMS:
        if not system.expressions:
            continue
        result = results.get(system.run)
        clips = [clip for clip in pick_group(result, "performances").values() if clip]
        rows.append(
            [
                system.title,
                figure(pick(result, "rotation", "to_45"), 1),
                figure(pick(result, "rotation", "45_to_75"), 1),
                figure(pick(result, "people", "auc"), 2),
                *(figure(agreement(clips, stem), 2) for stem in ("eyeBlink", "jawOpen", "mouthSmile")),
                figure(mean([clip["jitter"]["smoothed"] for clip in clips]), 4),
                figure(mean([clip["jitter"]["teacher"] for clip in clips]), 4),
                figure(pick(result, "training", "hours"), 1),
            ]
        )
    heads = ["", "rotation to 45°", "45° to 75°", "same person AUC", "eyeBlink", "jawOpen", "mouthSmile"]
    return table([*heads, "jitter, smoothed", "jitter, teacher", "hours of training"], rows)


def agreement(clips: list[Result], stem: str) -> float | None:
    """Mean correlation of a channel with the teacher over clips and sides."""
    return mean([value for clip in clips for name, value in clip["agreement"].items() if name in sided(stem)])


def sided(stem: str) -> tuple[str, ...]:
    """The channels of a stem: itself, or its two sides."""
    return (stem, stem + "Left", stem + "Right")


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are there."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def ablations(results: dict[str, Result]) -> str:
    """What each ingredient changed, and whether it helped."""
    measures: tuple[tuple[str, Callable[[Result | None], float | None], int], ...] = (
        ("NME %", lambda r: pick(r, "landmarks", "nme"), 2),
        ("nine categories", lambda r: pick(r, "expressions", "mean"), 3),
        ("off category", lambda r: pick(r, "expressions", "off_category_error"), 3),
        ("rotation °", lambda r: pick(r, "rotation", "mean"), 1),
    )
    rows = []
    for ablation in ABLATIONS:
        own, other = results.get(ablation.run), results.get(ablation.without)
        values = [(get(own), get(other)) for _, get, _ in measures]
        cells = [figure(value, digits) for (value, _), (_, _, digits) in zip(values, measures, strict=True)]
        rows.append([ablation.title, *cells, verdict(values) if ablation.without else ""])
    for kind, budget in (("brief", ""), ("long", ", three times the budget")):
        alone = pick(results.get(f"{kind}_mfn_detection"), "detection", "ap")
        joint = pick(results.get(f"{kind}_ms_mfn"), "detection", "ap")
        said = verdict([(alone, joint)])
        for title, ap, word in (("alone", alone, ""), ("with faces (MS-MFN)", joint, said)):
            rows.append([f"detection {title}, AP{budget}", figure(ap, 3), "", "", "", word])
    return table(["", *(name for name, _, _ in measures), ""], rows)


def verdict(values: Sequence[tuple[float | None, float | None]]) -> str:
    """Whether errors became smaller: pairs of one with the ingredient and one without."""
    known = [with_it < without for with_it, without in values if with_it is not None and without is not None]
    if not known:
        return NONE
    if all(known):
        return "helped"
    return "helped in part" if any(known) else "did not help"


ACCURACY = """
**Landmarks, detection, cost.** The paper's NME is on LFW and its AP on AFW; ours are on `afw-dev`, where
not all faces are marked. Milliseconds of one thread, for a picture (MFN) or a face (SFN).
"""
EXPRESSIONS = """
**Expressions.** Mean |1 - w| on the channels of each category; the paper's on its own posed faces, ours
on the validation set. Less is better. Neutral: mean weight in neutral faces. Off category: mean error of
the channels outside.
"""
BEYOND = """
**What the paper does not measure.** Degrees on the validation set; held-out people of `ytf`; correlation
with the teacher, and jitter beside its own, on the `performer_*` clips.
"""
INGREDIENTS = """
**Ingredients.** Each line is trained like the one before it, with one thing more.
"""


def report(results: dict[str, Result]) -> str:
    """All tables, in Markdown."""
    parts = [
        (ACCURACY, accuracy),
        (EXPRESSIONS, expressions),
        (BEYOND, beyond),
        (INGREDIENTS, ablations),
    ]
    return "\n\n".join(f"{text.strip()}\n\n{make(results)}" for text, make in parts)


def insert(document: str, text: str) -> str:
    """The document with the text between its two marks.

    Raises:
        ValueError: the marks are missing.
    """
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise ValueError(f"The document needs one line {BEGIN} and one line {END}.")
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Print the tables and write them into models/README.md."""
    text = report(load())
    print(text)
    with replacing(README) as temporary:
        temporary.write_text(insert(README.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()
