"""Finds by name which of a character's targets a preset's rows mean, and says what it could not do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from ..capture.contract import EXPRESSIONS
from .mapping import Row
from .names import find_jaw, normalise, shared_prefixes, shared_suffixes
from .presets import Preset, list_presets, load_preset

MISSING = "the character has none of that name"


@dataclass(frozen=True)
class TargetInfo:
    """Something of a character that a row can drive.

    `reason` says why it is not `drivable` ("it has a driver", "it is locked"); `owners` are the names of
    the meshes that have the shape key, or that the jaw bone moves.
    """

    kind: str
    name: str
    drivable: bool = True
    reason: str = ""
    owners: tuple[str, ...] = ()


@dataclass
class MatchReport:
    """What automatic matching found.

    `rows` is the mapping; `preset` the naming scheme it comes from ("" when none fits). Every one of the 46
    expressions is in exactly one of `matched`, `unmatched`, `ambiguous` (with the names of the rival targets)
    and `blocked` (all its targets are in `not_drivable`). `not_drivable` gives the reason for each such
    target.
    """

    preset: str = ""
    rows: list[Row] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    not_drivable: dict[str, str] = field(default_factory=dict)


JAW = (
    Row("jawOpen", "", gain=20, maximum=20, kind="BONE_ROTATION", channel=0),
    Row("jawLeft", "", gain=8, minimum=-8, maximum=8, kind="BONE_ROTATION", channel=1),
    Row("jawRight", "", gain=-8, minimum=-8, maximum=8, kind="BONE_ROTATION", channel=1),
    Row("jawForward", "", gain=0.1, maximum=0.1, kind="BONE_LOCATION", channel=2),
)
"""What drives a jaw bone: degrees about the head's axes, and lengths of the bone."""


def match(targets: Sequence[TargetInfo], preset: str | None = None, jaw: str | None = None) -> MatchReport:
    """Match a character's `targets` with the preset of that name; None picks the one that fits best.

    The `jaw` bone (None finds it by name) is driven too, unless it moves a mesh on which shape keys already
    open the jaw.

    Raises:
        MappingError: there is no preset of that name.
    """
    found = _by_meaning(targets)
    report = _match_best(found) if preset is None else _match_preset(found, load_preset(preset))
    _match_jaw(targets, report, jaw)
    report.unmatched = [
        name for name in EXPRESSIONS if name not in {*report.matched, *report.ambiguous, *report.blocked}
    ]
    return report


def check(rows: Iterable[Row], targets: Iterable[TargetInfo]) -> dict[str, str]:
    """Why enabled `rows` cannot drive this character: {target: reason}, empty when all is well.

    Of a bone that only turns, or only moves, what it cannot do is named behind it: "jaw (location)".
    """
    known = {(target.kind, target.name): target for target in targets}
    wanted = {(row.kind, row.target) for row in rows if row.enabled}
    able = {name for kind, name in wanted if (kind, name) in known and known[kind, name].drivable}
    problems = {}
    for kind, name in sorted(wanted, reverse=True):
        target = known.get((kind, name))
        if target is None or not target.drivable:
            problems[_label(kind, name, name in able)] = target.reason if target else MISSING
    return problems


def _label(kind: str, name: str, partly: bool) -> str:
    """What is told about a target that cannot be driven, or of which only the other `kind` can (`partly`)."""
    return f"{name} ({kind.removeprefix('BONE_').lower()})" if partly else name


SHARED = 10
"""Keys of one mesh that must begin or end alike for that to be a rig's own word on each of them."""

Meaning = tuple[str, str]
"""(kind, name): a shape key's normalised name, a bone's own."""

Targets = dict[Meaning, list[TargetInfo]]
"""What a character has, by what it means."""


def _meaning(row: Row) -> Meaning:
    # Bones are called exactly as the rig's generator calls them: anything looser would find hands and hair.
    return row.kind, normalise(row.target) if row.kind == "SHAPE_KEY" else row.target


def _by_meaning(targets: Sequence[TargetInfo]) -> Targets:
    """The `targets`; shape keys that no preset knows without the words that their rig puts on each key."""
    keys = [target for target in targets if target.kind == "SHAPE_KEY"]
    found = defaultdict(list)
    for target in targets:
        if target.kind != "SHAPE_KEY":
            found[target.kind, target.name].append(target)
    known = _known()
    prefixes, suffixes = _affixes(keys, known)
    for target in keys:
        meaning = normalise(target.name)
        if meaning not in known:
            meaning = normalise(_stripped(target.name, prefixes, suffixes))
        found["SHAPE_KEY", meaning].append(target)
    return found


@cache
def _known() -> frozenset[str]:
    """The normalised names of all shape keys that presets know."""
    presets = [load_preset(name) for name in list_presets()]
    rows = [row for preset in presets for row in (*preset.rows, *preset.fallbacks)]
    return frozenset(normalise(row.target) for row in rows if row.kind == "SHAPE_KEY")


def _affixes(keys: Sequence[TargetInfo], known: frozenset[str]) -> tuple[set[str], set[str]]:
    """What the rig of these shape keys puts before and behind their names, mostly nothing."""
    names = defaultdict(list)
    for target in keys:
        for owner in target.owners:
            names[owner].append(target.name)
    pairs = {_affix(found, known, SHARED) for found in names.values()}
    if pairs - {("", "")}:
        # In such a rig, meshes with few keys have a word of their own too.
        pairs |= {_affix(found, known, len(found)) for found in names.values()}
    return {prefix for prefix, _ in pairs} - {""}, {suffix for _, suffix in pairs} - {""}


def _affix(names: Sequence[str], known: frozenset[str], least: int) -> tuple[str, str]:
    """The prefix and suffix of at least `least` names of a mesh that are most often `known` without."""

    def count(pair: tuple[str, str]) -> int:
        prefix, suffix = pair
        bare = [
            name.removeprefix(prefix).removesuffix(suffix)
            for name in names
            if name.startswith(prefix) and name.endswith(suffix)
        ]
        return sum(normalise(name) in known for name in bare)

    prefixes = ["", *shared_prefixes(names, least)]
    suffixes = ["", *shared_suffixes(names, least)]
    return max(((prefix, suffix) for prefix in prefixes for suffix in suffixes), key=count)


def _stripped(name: str, prefixes: set[str], suffixes: set[str]) -> str:
    """`name` without the longest of the `prefixes` and of the `suffixes` that it has."""
    before = max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default="")
    behind = max((suffix for suffix in suffixes if name.endswith(suffix)), key=len, default="")
    return name.removeprefix(before).removesuffix(behind)


def _match_best(found: Targets) -> MatchReport:
    """The report of the preset that accounts for most expressions of those that are believable."""
    best = MatchReport()
    for name in list_presets():
        preset = load_preset(name)
        known = {_meaning(row) for row in (*preset.rows, *preset.fallbacks)} & found.keys()
        report = _match_preset(found, preset)
        if len(known) >= preset.least and _extent(report) > _extent(best):
            best = report
    return best


def _extent(report: MatchReport) -> int:
    return len(report.matched) + len(report.ambiguous) + len(report.blocked)


def _match_preset(found: Targets, preset: Preset) -> MatchReport:
    report = MatchReport(preset.name)
    for expression in EXPRESSIONS:
        for choice in (preset.rows, preset.fallbacks):
            rows = [row for row in choice if row.expression == expression and found.get(_meaning(row))]
            if rows:
                _match_expression(expression, rows, found, report)
                break
    return report


def _match_expression(expression: str, rows: list[Row], found: Targets, report: MatchReport) -> None:
    """Put `expression`, for which the character has the targets of `rows`, into the report."""
    drivable: list[tuple[Row, TargetInfo]] = []
    for row in rows:
        candidates = found[_meaning(row)]
        report.not_drivable.update(
            {target.name: target.reason for target in candidates if not target.drivable}
        )
        free = [target for target in candidates if target.drivable]
        if _rivals(free):
            report.ambiguous[expression] = tuple(target.name for target in free)
            return
        drivable += [(row, target) for target in free]
    if drivable:
        report.matched.append(expression)
        report.rows += [replace(row, target=target.name) for row, target in drivable]
    else:
        report.blocked.append(expression)


def _rivals(targets: list[TargetInfo]) -> bool:
    """Whether two of `targets`, which mean the same, are on one mesh; on different meshes both are wanted."""
    owners = [owner for target in targets for owner in target.owners or ("",)]
    return len(owners) > len(set(owners))


def _match_jaw(targets: Sequence[TargetInfo], report: MatchReport, jaw: str | None) -> None:
    """Add the rows of the jaw bone, if there is one and it is wanted."""
    if jaw is None:
        jaw = find_jaw(target.name for target in targets if target.kind == "BONE_ROTATION")
    opening = {row.target for row in report.rows if row.expression == "jawOpen"}
    skin = {owner for target in targets if target.name in opening for owner in target.owners}
    for row in JAW:
        bone = next((target for target in targets if (target.kind, target.name) == (row.kind, jaw)), None)
        if bone is None or row.expression in report.ambiguous:
            continue
        if opening and (not bone.owners or skin & set(bone.owners)):
            continue
        if not bone.drivable:
            turns = any(row.target == jaw for row in report.rows)
            report.not_drivable[_label(bone.kind, bone.name, turns)] = bone.reason
            continue
        report.rows.append(replace(row, target=jaw))
        if row.expression not in report.matched:
            report.matched.append(row.expression)
            report.blocked = [name for name in report.blocked if name != row.expression]
