"""What drives what: the rows that turn expression weights into a character's targets.

A row gives `gain * weight ** exponent + offset` to its target. Several rows may share an expression or a
target: SUM rows of a target add up, of its MAX rows the largest counts and is added to that sum. The result
stays within the tightest bounds that the target's enabled rows state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..capture.contract import EXPRESSIONS
from ..capture.errors import MappingError
from ..capture.output import replacing

VERSION = 1
LARGEST = 3e38
"""Blender's numbers end here."""

STEEPEST = 10.0
"""No response curve has a larger exponent, nor one smaller than its reciprocal."""

PLACES = {name: place for place, name in enumerate(EXPRESSIONS)}
"""Where each expression stands among the weights."""

KINDS = ("SHAPE_KEY", "BONE_ROTATION", "BONE_LOCATION")
COMBINATIONS = ("SUM", "MAX")

TargetKey = tuple[str, str, int]
"""(kind, target, channel): one number that a bake writes."""


@dataclass
class Row:
    """One line of a mapping: an expression and the target it drives.

    `kind` says what `target` names: a shape key (of every mesh of the character that has one of that
    name), or a bone. For bones `channel` is the axis 0, 1, 2 = x, y, z of the head's frame at rest
    (x right in the front view, y up, z out of the face), whatever the bone's roll; a BONE_ROTATION is in
    degrees, a BONE_LOCATION in lengths of the bone. `exponent` is the response curve: above 1 small
    expressions move less, below 1 they move more; a full one stays full, and the sign stays.
    """

    expression: str
    target: str
    gain: float = 1.0
    offset: float = 0.0
    minimum: float = 0.0
    maximum: float = 1.0
    enabled: bool = True
    kind: str = "SHAPE_KEY"
    channel: int = 0
    combine: str = "SUM"
    exponent: float = 1.0

    @property
    def key(self) -> TargetKey:
        """What this row drives."""
        return (self.kind, self.target, self.channel)


TYPES: dict[str, type] = {
    "expression": str, "target": str,
    "gain": float, "offset": float, "minimum": float, "maximum": float,
    "enabled": bool, "kind": str, "channel": int, "combine": str, "exponent": float,
}  # fmt: skip
"""The fields of a row as they stand in files."""


def evaluate(rows: Iterable[Row], weights: np.ndarray) -> dict[TargetKey, NDArray[np.float32]]:
    """The values of all targets of the enabled `rows` for expression `weights` (..., 46).

    Returns an array (...) float32 for each (kind, target, channel), in the order of the rows.

    Raises:
        MappingError: a row names an expression that does not exist.
    """
    driving = [row for row in rows if row.enabled]
    if not driving:
        return {}
    # All rows at once: live, this is done for every frame.
    chosen = weights[..., [_index(row.expression) for row in driving]]
    exponents, gains, offsets = np.array(
        [(row.exponent, row.gain, row.offset) for row in driving], np.float32
    ).T
    parts = gains * _curved(chosen, exponents) + offsets
    by_target: dict[TargetKey, list[int]] = {}
    for place, row in enumerate(driving):
        by_target.setdefault(row.key, []).append(place)
    groups = list(by_target.values())
    # The lowest maximum wins where bounds contradict each other.
    lowest = [max(driving[place].minimum for place in group) for group in groups]
    highest = [min(driving[place].maximum for place in group) for group in groups]
    values = parts[..., [group[0] for group in groups]]
    for target, group in enumerate(groups):
        if len(group) > 1:
            largest = np.array([driving[place].combine == "MAX" for place in group])
            values[..., target] = _combined(parts[..., group], largest)
    values = np.minimum(np.maximum(values, lowest), highest).astype(np.float32)
    return {key: values[..., target] for target, key in enumerate(by_target)}


def _combined(parts: np.ndarray, largest: NDArray[np.bool_]) -> np.ndarray:
    """What several rows (..., r) give to one target together; of those marked `largest` only one counts."""
    together = parts[..., ~largest].sum(axis=-1)
    return together + parts[..., largest].max(axis=-1) if largest.any() else together


def _curved(weights: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Weights (..., r) ** exponents (r,), on both sides of 0."""
    if (exponents == 1).all():
        return weights
    return np.sign(weights) * np.abs(weights) ** exponents


def _index(expression: str) -> int:
    if expression not in PLACES:
        raise MappingError(f"There is no expression called {expression!r}. Correct that row of the mapping.")
    return PLACES[expression]


def save_mapping(rows: Iterable[Row], path: str | Path) -> None:
    """Write `rows` to a JSON file, which appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    lines = ",\n".join("    " + json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    with replacing(path) as temporary:
        temporary.write_text(
            f'{{\n  "version": {VERSION},\n  "rows": [\n{lines}\n  ]\n}}\n', encoding="utf-8"
        )


def load_mapping(path: str | Path) -> list[Row]:
    """The rows of a file written by `save_mapping`.

    Raises:
        MappingError: the file is missing, broken, or of a newer version.
    """
    path = Path(path)
    try:
        # Editors on Windows may have put a mark at its beginning.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"The mapping {path} cannot be read. Choose another file.") from error
    return parse_rows(parse(text, path.name)["rows"], path.name)


def parse(text: str, name: str) -> dict[str, Any]:
    """The JSON object in the mapping or preset file `name`, its version checked.

    Raises:
        MappingError: it is broken, or of a newer version.
    """
    try:
        content: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise MappingError(
            f"The mapping {name} is broken in line {error.lineno}. Save it again from its character."
        ) from error
    except (ValueError, RecursionError) as error:  # numbers or brackets beyond all measure
        raise MappingError(f"The mapping {name} is broken. Save it again from its character.") from error
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise MappingError(f"The mapping {name} was saved by a newer FaceRT. Update the add-on to load it.")
    if version != VERSION or not isinstance(content.get("rows"), list):
        raise MappingError(f"{name} is not a mapping of FaceRT. Choose a file saved with Save Mapping.")
    return content


def parse_rows(entries: list[Any], name: str) -> list[Row]:
    """Rows from the JSON objects of the mapping or preset file `name`.

    Raises:
        MappingError: an entry is not a row.
    """
    return [
        _parse_row(entry, f"Row {number} of the mapping {name}") for number, entry in enumerate(entries, 1)
    ]


def _parse_row(entry: Any, where: str) -> Row:
    if not isinstance(entry, dict) or not {"expression", "target"} <= entry.keys() <= TYPES.keys():
        raise MappingError(f"{where} is not complete. Correct it or save the mapping again.")
    for key, value in entry.items():
        number = type(value) in (float, int) and -LARGEST < value < LARGEST
        if not (number if TYPES[key] is float else type(value) is TYPES[key]):
            raise MappingError(f"{where} has a {key} that makes no sense: {value!r}. Correct it.")
    row = Row(**entry)
    _index(row.expression)
    if row.kind not in KINDS or row.combine not in COMBINATIONS or row.channel not in range(3):
        raise MappingError(f"{where} has a kind, channel or combination that does not exist. Correct it.")
    if not 1 / STEEPEST <= row.exponent <= STEEPEST:
        raise MappingError(f"{where} has an exponent that makes no sense: {row.exponent:g}. Correct it.")
    return row
