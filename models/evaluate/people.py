"""`reidentify DIR`: whether identity weights tell people apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.footage import Frame
from facert_blender.capture.reader import readers

from ..measures import area_under_roc
from ..shared_data import WEIGHTS, held_out, person, read_image
from .seen import QUALITY, Kind


def reidentify(
    folder: Path, kind: Kind, weights: Path = WEIGHTS, *, only_held_out: bool = False
) -> dict[str, Any]:
    """Area under the ROC curve of the distance of identity weights, over all pairs of pictures.

    The pictures are called person_frame.jpg; a pair is of one person or of two. The face of a picture is the
    largest that the add-on's own reading finds; pictures without one are missed.

    only_held_out: leave out people whose pictures may have been trained on.

    Raises:
        ValueError: there is no picture, or only one person.
    """
    files = sorted(file for kind_of in ("*.jpg", "*.png") for file in folder.glob(kind_of))
    names = np.array([file.stem.rsplit("_", 1)[0] for file in files])
    if only_held_out:
        kept = held_out(np.array([person(file) for file in files]))
        files, names = [file for file, keep in zip(files, kept, strict=True) if keep], names[kept]
    if len(set(names)) < 2:
        raise ValueError(f"{folder} has no pictures person_frame.jpg of at least two people.")
    identities, seen = [], np.zeros(len(files), bool)
    fresh_reader = readers(QUALITY[kind], weights=weights)
    for i, file in enumerate(files):
        faces = fresh_reader().read(Frame(0, 0.0, read_image(file)))
        if faces:
            seen[i] = True
            identities.append(max(faces, key=lambda face: (face.box[2:] - face.box[:2]).max()).identity)
    found, names = np.array(identities), names[seen]
    first, second = np.triu_indices(len(found), 1)
    distance = np.linalg.norm(found[first] - found[second], axis=1)
    same = names[first] == names[second]
    return {
        "auc": area_under_roc(-distance, same),
        "people": len(set(names)),
        "pairs_of_one": int(same.sum()),
        "missed": int((~seen).sum()),
        "n": len(files),
    }
