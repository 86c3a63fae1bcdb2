"""Labels for the MFN from the trained SFN, as in the paper (section 3.4): `python -m models.relabel`.

Writes `runs/labels_single.npy`, float32 (n, 104), row by row beside `runs/labels.npz`. Every face is read as
it is and mirrored, and the two readings are averaged, which evens out what the network sees differently left
and right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from facert_blender.capture.contract import EXPRESSION, IDENTITY, MIRROR, ROTATION, SINGLE_SIZE
from facert_blender.capture.network import SingleFaceNetwork

from .face_model import FaceMesh
from .label import Labels, mirror_identity
from .shared_data import PHOTOS, RUNS, read_image

RELABELLED = RUNS / "labels_single.npy"


def relabel(labels: Labels, network: SingleFaceNetwork, identity_mirror: np.ndarray) -> np.ndarray:
    """The labels' parameters with identity, expression and rotation as the SFN reads them; unusable faces as
    they are.
    """
    parameters = labels.parameters.copy()
    rows = np.flatnonzero(labels.confidence > 0)
    rows = rows[np.argsort(labels.photo[rows], kind="stable")]
    opened, image = "", np.empty((0, 0, 3), np.uint8)
    for row in rows:
        if labels.photo[row] != opened:
            opened = str(labels.photo[row])
            image = read_image(PHOTOS / opened)
            image = cv2.copyMakeBorder(image, *(SINGLE_SIZE,) * 4, cv2.BORDER_REPLICATE)
        box = labels.box[row] + SINGLE_SIZE
        width = image.shape[1] - 1
        flipped = np.array([width - box[2], box[1], width - box[0], box[3]], np.float32)
        (straight,) = network.read(image, box[None])
        (mirrored,) = network.read(image[:, ::-1], flipped[None])
        rotation = straight.rotation + mirrored.rotation * np.array([1, 1, -1, -1], np.float32)
        parameters[row, IDENTITY] = (straight.identity + mirrored.identity @ identity_mirror) / 2
        parameters[row, EXPRESSION] = (straight.weights + mirrored.weights[list(MIRROR)]) / 2
        parameters[row, ROTATION] = rotation / np.linalg.norm(rotation)
    return parameters


def main() -> None:
    """Read every labelled face with the shipped SFN."""
    parser = argparse.ArgumentParser(prog="python -m models.relabel", description=main.__doc__)
    parser.add_argument("--network", type=Path, help="an SFN's ONNX file instead of the shipped one")
    options = parser.parse_args()
    parameters = relabel(Labels.load(), SingleFaceNetwork(options.network), mirror_identity(FaceMesh.load()))
    np.save(RELABELLED, parameters)
    print(f"{RELABELLED}: {len(parameters)} faces")


if __name__ == "__main__":
    main()
