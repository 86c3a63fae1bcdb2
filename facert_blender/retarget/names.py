"""What names mean, whatever their spelling: shape keys, and the bones of head and jaw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}

# Where exporters put the name of the node or the rig in front: "blendShape2.jawOpen", "fern:jawOpen".
PREFIX = re.compile(
    r"^(?:.*:"
    r"|\w*(?:blend_?shape|arkit|morph|bs)\w*\."
    r"|(?:face|head)\."
    r"|(?:blend_?shapes?\d*|arkit|morphs?|bs)[_\- ]+)",
    re.IGNORECASE,
)
MARK = re.compile(r"(?<=\w)[:.\-\s_]+(?=\w)")
SEPARATOR = re.compile(r"(?<=\w)[.\-\s_]+(?=\w)")
SHARED = 10
"""Names of one mesh that must begin alike for that to be a rig's own word before each of them."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]|[^\s_]")

# Words in the names of bones that say how they are built, not what they are.
BUILD = {
    *("base", "bip", "bone", "c", "cc", "center", "centre", "ctrl", "j", "jnt", "joint"),
    *("m", "master", "mixamorig", "rig", "root", "x"),
}
DEFORM = {"def", "mch", "org"}
"""Words of bones that follow a control bone of the same name."""


def words(name: str) -> list[str]:
    """The words of a name in lower case, without an exporter's prefix: "Eye_Blink.L" -> eye, blink, l."""
    return [word.lower() for word in WORD.findall(SEPARATOR.sub(" ", PREFIX.sub("", name)))]


def normalise(name: str) -> str:
    """One spelling for all spellings of a name: its letters, then "|" and its side if it has just one.

    Nothing but case, separators, the place and length of the side and exporters' prefixes is ignored, so
    that two names share a spelling only if they mean the same.
    """
    parts = words(name)
    sides = [SIDES[part] for part in parts if part in SIDES]
    if len(sides) == 1:
        return "".join(part for part in parts if part not in SIDES) + "|" + sides[0]
    joined = "".join(parts)
    for side in ("left", "right"):
        if not sides and joined.endswith(side):
            return joined.removesuffix(side) + "|" + side
    return joined + "|"


def shared_prefixes(names: Iterable[str]) -> list[str]:
    """What stands, up to a separator, before at least SHARED of the names: "hero_", "Head_GEO."."""
    counts = Counter(name[: mark.end()] for name in names for mark in MARK.finditer(name))
    return [prefix for prefix, count in counts.items() if count >= SHARED]


def find_head(bones: Iterable[str]) -> str:
    """The bone that turns the head, "" if no name says so."""
    return _simplest(bones, "head")


def find_jaw(bones: Iterable[str]) -> str:
    """The bone that opens the jaw, "" if no name says so."""
    return _simplest(bones, "jaw")


def _simplest(bones: Iterable[str], meaning: str) -> str:
    """The shortest name that says `meaning` and nothing else, control bones first."""
    found = [bone for bone in bones if set(words(bone)) - BUILD - DEFORM == {meaning}]
    return min(found, key=lambda bone: (not DEFORM.isdisjoint(words(bone)), len(bone)), default="")
