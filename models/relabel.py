"""Labels for the MFN from a trained SFN, as in the paper (section 3.4): `python -m models.relabel RUN`.

Writes `runs/RUN/labels.npy`, float32 (n, 104), row by row beside `runs/labels.npz`; the same for the crops
that were cut of them, `labels_photographs.npy`; and with `--made` the like for shards of made faces,
`labels_SHARD.npy`, to learn what exact labels are worth. Every face is read as it is and in a mirror, as
*best* does, and what stays in both pictures of a pair is labelled alike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION
from facert_blender.capture.network import SingleFaceNetwork

from .datasets import SHARD_SIZE, SHARD_SPAN, Shard, rows_to_cut
from .evaluate.system import export_system
from .evaluate.twins import SAME
from .label import Labels
from .shared_data import PHOTOS, RUNS, read_image


def labels_file(run: str, shard: str = "") -> Path:
    """Where a run's labels lie: those of the photographs, or of the made faces of a shard."""
    return RUNS / run / (f"labels_{shard}.npy" if shard else "labels.npy")


def label(network: SingleFaceNetwork, image: np.ndarray, box: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The parameters `before` (104,) with identity, expression and rotation as the SFN reads them.

    image: uint8 (h, w, 3). box: (4,) pixels.
    """
    (face,) = network.read(image, box[None])
    parameters = before.copy()
    parameters[IDENTITY] = face.identity
    parameters[EXPRESSION] = face.weights
    parameters[ROTATION] = face.rotation
    return parameters


def photographs(network: SingleFaceNetwork, labels: Labels) -> np.ndarray:
    """Labels (n, 104) of the labelled photographs; unusable faces keep theirs."""
    parameters = labels.parameters.copy()
    rows = np.flatnonzero(labels.confidence > 0)
    rows = rows[np.argsort(labels.photo[rows], kind="stable")]
    opened, image = "", np.empty((0, 0, 3), np.uint8)
    for row in rows:
        if labels.photo[row] != opened:
            opened = str(labels.photo[row])
            image = read_image(PHOTOS / opened)
        parameters[row] = label(network, image, labels.box[row], parameters[row])
    return parameters


def as_one(read: np.ndarray, shard: Shard) -> np.ndarray:
    """What was read (n, 104) of a shard, but where labels are a photograph's: what is alike in both pictures
    of a pair is there the mean of both readings.
    """
    rows = np.flatnonzero((shard.pair >= 0) & ~shard.exact)
    mates = shard.pair[rows]
    shown, known = read[:, EXPRESSION], shard.parameters[:, EXPRESSION]
    alike = np.abs(known[rows] - known[mates]) < SAME
    one = read.copy()
    one[rows, EXPRESSION] = np.where(alike, (shown[rows] + shown[mates]) / 2, shown[rows])
    return one


def made(network: SingleFaceNetwork, shard: Shard) -> np.ndarray:
    """Labels (n, 104) of made faces."""
    reach = SHARD_SIZE / SHARD_SPAN / 2
    middle = (SHARD_SIZE - 1) / 2
    box = np.array([middle - reach, middle - reach, middle + reach, middle + reach], np.float32)
    rows = zip(shard.images, shard.parameters, strict=True)
    return as_one(np.stack([label(network, np.asarray(image), box, before) for image, before in rows]), shard)


def main() -> None:
    """Read every labelled photograph with the SFN of a run."""
    parser = argparse.ArgumentParser(prog="python -m models.relabel", description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--made", nargs="*", default=[], metavar="SHARD", help="read made faces too")
    options = parser.parse_args()
    run = options.run
    _, weights = export_system(run)
    network = SingleFaceNetwork(weights / "single.onnx", closely=True)
    labels = Labels.load()
    read = photographs(network, labels)
    np.save(labels_file(run), read)
    np.save(labels_file(run, "photographs"), read[rows_to_cut(labels)])
    for name in options.made:
        np.save(labels_file(run, name), made(network, Shard.open(RUNS / name)))


if __name__ == "__main__":
    main()
