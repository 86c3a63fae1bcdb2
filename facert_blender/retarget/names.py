"""What names mean, whatever their spelling: shape keys, and the bones of head and jaw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

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
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]|[^\s_]")

# Words in the names of bones that say how they are built, not what they are.
BUILD = {
    *("base", "bip", "biped", "bone", "cc", "center", "centre", "facial", "j", "jnt", "joint"),
    *("m", "mixamorig", "rig", "root", "valve", "x"),
}
CONTROL = {"c", "ctrl", "fk", "master"}
"""Words of bones that a person moves, where others of the same name follow them."""
DEFORM = {"def", "mch", "org"}
"""Words of bones that follow a control bone of the same name."""
HEAD = ({"head"},)
NECK = ({"neck"}, {"neck", "twist"}, {"neck", "lower"}, {"lower", "neck"})
JAW = ({"jaw"}, {"jawbone"}, {"lower", "jaw"}, {"mandible"})


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


def shared_prefixes(names: Iterable[str], least: int) -> list[str]:
    """What stands, up to a separator, before at least `least` of the names: "hero_", "Head_GEO."."""
    counts = Counter(name[: mark.end()] for name in names for mark in MARK.finditer(name))
    return [prefix for prefix, count in counts.items() if count >= least]


def shared_suffixes(names: Iterable[str], least: int) -> list[str]:
    """What stands, from a separator on, behind at least `least` of the names: "_bs", ".001"; no sides."""
    counts = Counter(name[mark.start() :] for name in names for mark in MARK.finditer(name))
    return [
        suffix
        for suffix, count in counts.items()
        if count >= least and not SIDES.keys() & {part.lower() for part in WORD.findall(suffix)}
    ]


def find_head(bones: Iterable[str]) -> str:
    """The bone that turns the head, "" if no name says so."""
    return _simplest(bones, HEAD)


def find_neck(bones: Iterable[str]) -> str:
    """The bone at the foot of the neck, "" if no name says so."""
    return _simplest(bones, NECK)


def find_jaw(bones: Iterable[str]) -> str:
    """The bone that opens the jaw, "" if no name says so."""
    return _simplest(bones, JAW)


def _simplest(bones: Iterable[str], meanings: Collection[set[str]]) -> str:
    """The shortest name that says one of `meanings` and nothing else, control bones first, followers last."""

    def burden(bone: str) -> tuple[bool, bool, int]:
        parts = _bone_words(bone)
        return not DEFORM.isdisjoint(parts), CONTROL.isdisjoint(parts), len(bone)

    found = [bone for bone in bones if _bone_words(bone) - BUILD - CONTROL - DEFORM in meanings]
    return min(found, key=burden, default="")


def _bone_words(bone: str) -> set[str]:
    """The words of a bone's name without its rig's namespace and without numbers."""
    parts = WORD.findall(SEPARATOR.sub(" ", bone.rpartition(":")[2]))
    return {part.lower() for part in parts if not part.isdecimal()}
