"""The command line: `python -m models.evaluate MEASURE … [--json]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..shared_data import WEIGHTS
from .blinks import blinks
from .clips import agreement, track_identity
from .coverage import coverage
from .expressions import expressions
from .jitter import jitter
from .people import reidentify
from .photographs import detection, landmarks
from .rotation import rotation
from .system import MEASURES as OF_A_SYSTEM
from .system import measure_run
from .twins import twins

MEASURES: dict[str, tuple[str, str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "landmarks": (
        "DIR", "error of the 68 landmarks", lambda o: landmarks(o.subject, o.network, o.weights),
    ),
    "detection": (
        "DIR", "AP and recall of the MFN, or of best (single)",
        lambda o: detection(o.subject, o.network, o.weights),
    ),
    "expressions": (
        "DIR", "errors of the expression weights, by channel and by the paper's categories",
        lambda o: expressions(o.subject, o.network, o.weights, o.only),
    ),
    "twins": (
        "DIR", "whether what is alike in two pictures of one face is read alike",
        lambda o: twins(o.subject, o.network, o.weights, o.only),
    ),
    "rotation": (
        "DIR", "error of the head's rotation in degrees, by yaw",
        lambda o: rotation(o.subject, o.network, o.weights, o.only),
    ),
    "reidentify": (
        "DIR", "whether identity weights tell people apart",
        lambda o: reidentify(o.subject, o.network, o.weights, only_held_out=o.held_out),
    ),
    "blinks": (
        "CLIP", "whether eyes are seen to close", lambda o: blinks(o.subject, o.truth, o.network, o.weights),
    ),
    "jitter": (
        "CLIP", "how much weights tremble, beside the teacher",
        lambda o: jitter(o.subject, o.network, o.weights),
    ),
    "identity": (
        "CLIP", "who is who, over time",
        lambda o: track_identity(o.subject, o.truth, o.network, o.weights),
    ),
    "coverage": (
        "CLIP", "whether performers are seen where another detector sees faces",
        lambda o: coverage(o.subject, o.network, o.weights, o.sheet),
    ),
    "agreement": (
        "CLIP", "correlation with the teacher's scores",
        lambda o: agreement(o.subject, o.network, o.weights),
    ),
}  # fmt: skip
"""Name: what is measured, help, how."""
TRUTHS = {"identity": "TRUTH.json", "blinks": "TRUTH.csv"}


def show(result: dict[str, Any], indent: str = "") -> None:
    """Print a result for people."""
    for key, value in result.items():
        if isinstance(value, dict):
            print(f"{indent}{key}:")
            show(value, indent + "  ")
        else:
            print(f"{indent}{key:24s} {_number(value)}")


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return format(value, ".4f") if isinstance(value, float) else str(value)


def main() -> None:
    """Measure the shipped networks, or others."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=main.__doc__)
    commands = parser.add_subparsers(dest="measure", required=True)
    for name, (subject, explanation, _) in MEASURES.items():
        command = commands.add_parser(name, help=explanation)
        command.add_argument("subject", type=Path, metavar=subject)
        if name in TRUTHS:
            command.add_argument("truth", type=Path, metavar=TRUTHS[name])
        usual = "multi" if name == "detection" else "single"
        command.add_argument("--network", choices=("single", "multi"), default=usual)
        command.add_argument(
            "--weights", type=Path, default=WEIGHTS, metavar="FOLDER", help="networks other than the shipped"
        )
        if name in ("expressions", "twins", "rotation"):
            command.add_argument("--only", default="*", metavar="PATTERN", help='files such as "rendered_*"')
        if name == "coverage":
            command.add_argument("--sheet", type=Path, metavar="PNG", help="a picture of what is missed")
        if name == "reidentify":
            command.add_argument("--held-out", action="store_true", help="only people never trained on")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    system = commands.add_parser("all", help="the measures of a trained run that the report tells")
    system.add_argument("run", help="its name: that of its configuration")
    system.add_argument(
        "--only", nargs="+", choices=OF_A_SYSTEM, default=list(OF_A_SYSTEM), metavar="MEASURE"
    )
    system.add_argument("--write", action="store_true", help="into models/results, for models.report")
    system.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.measure == "all":
        result = measure_run(options.run, options.only, write=options.write)
    else:
        result = MEASURES[options.measure][2](options)
    if options.json:
        print(json.dumps(result, allow_nan=False))
    else:
        show(result)


if __name__ == "__main__":
    main()
