"""Naming schemes of character families: mappings shipped as JSON, one file each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ..capture.errors import MappingError
from .mapping import Row, parse, parse_rows

FOLDER = files(__package__.rpartition(".")[0]) / "presets"


@dataclass(frozen=True)
class Preset:
    """A naming scheme: the rows that drive a character whose targets are called so.

    `name` is the file's name, `title` what people read, `source` where the names come from. A row of
    `fallbacks` counts only where a character has none of the targets that `rows` give its expression.
    `least` is how many targets a character must have before automatic matching believes in this scheme.
    """

    name: str
    title: str
    source: str
    rows: tuple[Row, ...]
    fallbacks: tuple[Row, ...]
    least: int


def list_presets() -> tuple[str, ...]:
    """The names of all presets, in the order automatic matching prefers them."""
    return tuple(_contents())


def load_preset(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        MappingError: there is none of that name.
    """
    if name not in _contents():
        known = ", ".join(list_presets())
        raise MappingError(f"There is no preset called {name!r}. Choose one of: {known}.")
    content = _contents()[name]
    return Preset(
        name=name,
        title=content["title"],
        source=content["source"],
        rows=tuple(parse_rows(content["rows"], name)),
        fallbacks=tuple(parse_rows(content["fallbacks"], name)),
        least=content["least"],
    )


@cache
def _contents() -> dict[str, dict[str, Any]]:
    """The JSON objects of all presets by name, in their order."""
    contents = {
        file.name.removesuffix(".json"): parse(file.read_text(encoding="utf-8"), file.name)
        for file in FOLDER.iterdir()
        if file.name.endswith(".json")
    }
    return dict(sorted(contents.items(), key=lambda item: item[1]["order"]))
