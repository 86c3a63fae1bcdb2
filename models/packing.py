"""How pictures and parameters are made small, and cut into files of bounded size (`compact`, `scenery`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from facert_blender.capture.contract import EXPRESSION, IDENTITY, ROTATION

IDENTITIES_TO_ONE = 256
EXPRESSIONS_TO_ONE = 255
"""How finely numbers are kept."""
QUALITY = 80
"""Of pictures, WebP's."""


def rounded(parameters: np.ndarray) -> dict[str, np.ndarray]:
    """Parameters (n, 104) in few bytes."""
    return {
        "identity": np.rint(parameters[:, IDENTITY] * IDENTITIES_TO_ONE).astype(np.int16),
        "expression": np.rint(parameters[:, EXPRESSION] * EXPRESSIONS_TO_ONE).clip(0, 255).astype(np.uint8),
        "place": parameters[:, ROTATION.start :].astype(np.float32),
    }


def restored(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Parameters float32 (n, 104) of what `rounded` made."""
    parts = (arrays["identity"] / IDENTITIES_TO_ONE, arrays["expression"] / EXPRESSIONS_TO_ONE)
    return np.concatenate([*parts, arrays["place"]], 1, dtype=np.float32)


def encoded(images: Sequence[np.ndarray], quality: int) -> list[np.ndarray]:
    """Pictures uint8 (h, w, 3) as WebP, uint8 (size,) each."""

    def encode(image: np.ndarray) -> np.ndarray:
        picture = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        return np.asarray(cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1]).ravel()

    with ThreadPoolExecutor() as pool:
        return list(tqdm(pool.map(encode, images), total=len(images)))


def decoded(pictures: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """The pictures of what `encoded` made, put behind each other, of these sizes (n,)."""
    ends = np.cumsum(sizes)

    def decode(end: int, size: int) -> np.ndarray:
        picture = cv2.imdecode(pictures[end - size : end], cv2.IMREAD_COLOR)
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))

    with ThreadPoolExecutor() as pool:
        return list(pool.map(decode, ends, sizes))


def cuts(sizes: np.ndarray, paired: np.ndarray, limit: float) -> list[int]:
    """Where rows of these sizes are cut into parts of at most `limit` bytes, if no row or pair alone has
    more: never before the second of a pair, which is `paired` (n,) with the one before.
    """
    ends, size = [0], 0
    for row, more in enumerate(sizes):
        if size + more > limit and size:
            cut = row - int(paired[row])
            if cut > ends[-1]:
                ends.append(cut)
            size = int(sizes[cut:row].sum())
        size += more
    return [*ends, len(sizes)]


def clear(folder: Path, name: str) -> None:
    """Make room in a folder for files of a name."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}.*.npz"):
        old.unlink()


def another(folder: Path, file: Path) -> ValueError:
    """The error of a folder in which something else lies than what a file belongs to."""
    return ValueError(f"{folder} is another shard. Move it away, then unpack {file} again.")
