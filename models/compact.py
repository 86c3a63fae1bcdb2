"""What networks learn from, small enough to carry to a machine that trains faster.

`python -m models.compact pack FOLDER SHARD…` writes a fortieth of the shards' size into a folder, in files of
bounded size that can travel one by one; `python -m models.compact unpack FOLDER`, there, makes shards of
those that have come. Pictures become WebP. Of the dense points, those that networks locate are kept. The
photographs of which scenes are composed go by the name of "scenery" among the shards (`models.scenery`).
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facert_blender.capture.contract import PARAMETERS
from facert_blender.capture.output import replacing

from . import scenery
from .datasets import SURE, Shard
from .dense import DENSE, STEADIEST, DensePoints
from .face_model import FaceMesh
from .packing import QUALITY, another, clear, cuts, decoded, encoded, restored, rounded
from .relabel import labels_file
from .scenes import load_photographs
from .shared_data import RUNS

POINTS_TO_A_SIDE = 2048
"""How finely points are kept: to a twentieth of a stored crop's pixel."""
LABELLED = "labelled_"
"""What the names of a run's labels begin with, in a file."""
UNPACKED = "unpacked.txt"
"""What an unpacked shard has that no other has: of how many rows it is."""


class ModelPoints:
    """Where the face model has the landmarks and the dense points that networks locate: what is kept of a
    face's own is how far they lie from there.
    """

    def __init__(self) -> None:
        mesh = FaceMesh.load()
        self.dense = DensePoints.load(mesh)
        self.located = self.dense.located(STEADIEST + len(self.dense.brows()))
        self.shape = mesh.reduced()

    def of(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The landmarks (n, 68, 2) and located dense points (n, k, 2) of parameters (n, 104), in sides."""
        return self.shape.project(parameters), self.dense.project(parameters)[:, self.located]


def _steps(offsets: np.ndarray) -> np.ndarray:
    return np.rint(offsets * POINTS_TO_A_SIDE).astype(np.int16)


def chosen(shard: Shard, most: int | None, rng: np.random.Generator) -> np.ndarray:
    """Rows (n,) that are sure enough, at most about so many, pairs whole and side by side."""
    rows = np.arange(len(shard))
    leader = np.where(shard.pair >= 0, np.minimum(rows, shard.pair), rows)
    sure = np.flatnonzero(shard.confidence > SURE)
    sure = sure[np.argsort(leader[sure], kind="stable")]
    leaders = np.unique(leader[sure])
    if most is not None and most < len(sure):
        kept = rng.permutation(leaders)[: round(len(leaders) * most / len(sure))]
        sure = sure[np.isin(leader[sure], kept)]
    return sure


def pack(
    name: str,
    folder: Path,
    points: ModelPoints,
    *,
    most: int | None,
    labels: str,
    megabytes: float,
    quality: int = QUALITY,
) -> None:
    """Write a shard of `runs/` into files of a folder.

    most: about how many of its rows, all unless given. labels: the run whose labels go with them, "" for
    none. megabytes: of a file, at most, by its pictures.
    """
    shard = Shard.open(RUNS / name)
    read = np.load(labels_file(labels, name)) if labels else None
    rows = chosen(shard, most, np.random.default_rng(0))
    now = np.full(len(shard), -1)
    now[rows] = np.arange(len(rows))
    pair = np.where(shard.pair[rows] >= 0, now[shard.pair[rows]], -1)
    pictures = encoded([shard.images[row] for row in rows], quality)
    sizes = np.array([len(picture) for picture in pictures])
    ends = cuts(sizes, pair == np.arange(len(rows)) - 1, megabytes * 1e6)
    clear(folder, name)
    for number, (first, last) in enumerate(pairwise(ends)):
        part = rows[first:last]
        arrays = rounded(shard.parameters[part])
        landmarks, dense = points.of(restored(arrays))
        arrays |= {
            "rows": np.array([len(rows), first]),
            "pictures": np.concatenate(pictures[first:last]),
            "sizes": sizes[first:last],
            "landmarks": _steps(shard.landmarks[part] - landmarks),
            "dense": _steps(shard.dense[part][:, points.located] - dense),
            "dense_weight": np.rint(shard.dense_weight[part][:, points.located] * 255).astype(np.uint8),
            "pair": np.where(pair[first:last] >= 0, pair[first:last] - first, -1).astype(np.int32),
            **{key: getattr(shard, key)[part] for key in ("confidence", "person", "exact", "pixel")},
        }
        if read is not None:
            labelled = {LABELLED + key: array for key, array in rounded(read[part]).items()}
            arrays |= {"run": np.array(labels), **labelled}
        with replacing(folder / f"{name}.{number}.npz") as temporary:
            np.savez_compressed(temporary, **arrays)


def _unpacked(arrays: dict[str, np.ndarray], points: ModelPoints) -> Shard:
    images = np.stack(decoded(arrays["pictures"], arrays["sizes"]))
    parameters = restored(arrays)
    landmarks, modelled = points.of(parameters)
    dense = np.zeros((len(images), DENSE, 2), np.float32)
    dense[:, points.located] = modelled + arrays["dense"] / POINTS_TO_A_SIDE
    weight = np.zeros((len(images), DENSE), np.float32)
    weight[:, points.located] = arrays["dense_weight"] / 255
    return Shard(
        images=images,
        parameters=parameters,
        landmarks=(landmarks + arrays["landmarks"] / POINTS_TO_A_SIDE).astype(np.float32),
        dense=dense,
        dense_weight=weight,
        **{key: arrays[key] for key in ("confidence", "person", "exact", "pixel", "pair")},
    )


def unpack(file: Path, points: ModelPoints) -> None:
    """Write the rows of a file of `pack` into its shard of `runs/`, where those that have not come yet are
    rows of no confidence.

    Raises:
        ValueError: there is another shard of that name.
    """
    name = file.name.split(".")[0]
    with np.load(file) as packed:
        arrays = dict(packed)
    count, first = arrays["rows"]
    folder, mark = RUNS / name, RUNS / name / UNPACKED
    if folder.exists() and (not mark.exists() or mark.read_text() != str(count)):
        raise another(folder, file)
    shard = Shard.writable(folder, int(count))
    mark.write_text(str(count))
    shard.put(int(first), _unpacked(arrays, points))
    if "run" in arrays:
        target = labels_file(str(arrays["run"]), name)
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            np.save(target, np.zeros((count, PARAMETERS), np.float32))
        labelled = {key.removeprefix(LABELLED): arrays[key] for key in arrays if key.startswith(LABELLED)}
        read = restored(labelled)
        np.load(target, mmap_mode="r+")[first : first + len(read)] = read


def main() -> None:
    """Pack shards into a folder, or unpack what has come."""
    parser = argparse.ArgumentParser(prog="python -m models.compact", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="write shards of runs/ into a folder")
    packing.add_argument("folder", type=Path)
    packing.add_argument("shards", nargs="+", metavar="SHARD[:ROWS]", help="and about how many of its rows")
    packing.add_argument("--labels", default="", metavar="RUN", help="with the labels that this run read")
    packing.add_argument("--megabytes", type=float, default=45, help="of a file, at most (%(default)s)")
    packing.add_argument("--quality", type=int, default=QUALITY, help="of pictures (%(default)s)")
    unpacking = commands.add_parser("unpack", help="make shards in runs/ of a folder's files")
    unpacking.add_argument("folder", type=Path)
    options = parser.parse_args()
    points = ModelPoints()
    if options.command == "unpack":
        for file in tqdm(sorted(options.folder.glob("*.npz"))):
            if file.name.split(".")[0] == scenery.NAME:
                scenery.unpack(file)
            else:
                unpack(file, points)
        return
    for name, _, most in (shard.partition(":") for shard in options.shards):
        if name == scenery.NAME:
            scenery.pack(
                *load_photographs(options.labels),
                options.folder,
                labels=options.labels,
                megabytes=options.megabytes,
                quality=options.quality,
            )
            continue
        pack(
            name,
            options.folder,
            points,
            most=int(most) if most else None,
            labels=options.labels,
            megabytes=options.megabytes,
            quality=options.quality,
        )


if __name__ == "__main__":
    main()
