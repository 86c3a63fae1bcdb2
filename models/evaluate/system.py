"""`all RUN`: the measures of a trained system that `models.report` tells, and the file that it reads."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from facert_blender.capture.errors import NoFaceError
from facert_blender.capture.network import MultiFaceNetwork, SingleFaceNetwork
from facert_blender.capture.output import replacing

from ..expressions import CHANGES
from ..shared_data import CHECKOUT, CLIPS, PHOTOS, RUNS, WEIGHTS
from .clips import correlations, main_performer, teach
from .expressions import expressions
from .jitter import trembling
from .people import reidentify
from .photographs import detection, landmarks
from .rotation import rotation
from .seen import Kind
from .twins import twins

RESULTS = CHECKOUT / "models" / "results"
VALIDATION = RUNS / "validation"
TEST = PHOTOS / "afw-dev"
PEOPLE = PHOTOS / "ytf"
TIMED = 60
"""Readings of which the median time is taken."""


def cost(kind: Kind, weights: Path = WEIGHTS) -> dict[str, Any]:
    """Megabytes of the network's file, and milliseconds of one thread for a picture of which as many faces as
    can be are read (MFN), or a face (SFN).

    The time is the thread's own, so that other work on the machine hardly counts.
    """
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    box = np.array([[200, 100, 440, 340]], np.float32)
    single = SingleFaceNetwork(weights / "single.onnx") if kind == "single" else None
    multi = MultiFaceNetwork(weights / "multi.onnx", threshold=0) if kind == "multi" else None
    followed = single.read(image, box) if single is not None else []
    times = []
    for _ in range(TIMED):
        began = time.thread_time()
        if single is not None:
            single.follow(image, followed)
        elif multi is not None:
            multi.read(image)
        times.append(time.thread_time() - began)
    size = (weights / f"{kind}.onnx").stat().st_size
    return {"megabytes": size / 1e6, "milliseconds": statistics.median(times) * 1000}


def performances(kind: Kind, weights: Path) -> dict[str, Any]:
    """Agreement with the teacher and jitter beside it, on each clip of one performer."""
    result: dict[str, Any] = {}
    for clip in sorted(CLIPS.glob("performer_*.mp4")):
        try:
            performer = main_performer(clip, kind, weights)
        except NoFaceError:
            result[clip.stem] = None
            continue
        taught = teach(clip, performer)
        jitter = trembling(performer, taught)
        result[clip.stem] = {
            "agreement": correlations(performer, taught)["correlation"],
            "jitter": {name: jitter[name] for name in ("raw", "smoothed", "teacher")},
            "frames": jitter["frames"],
        }
    return result


MEASURES: dict[str, Callable[[Kind, Path], dict[str, Any]]] = {
    "cost": cost,
    "landmarks": lambda kind, weights: landmarks(TEST, kind, weights),
    "detection": lambda kind, weights: detection(TEST, kind, weights),
    "expressions": lambda kind, weights: expressions(VALIDATION, kind, weights),
    "twins": lambda kind, weights: {
        change: twins(VALIDATION, kind, weights, f"{change}_*") for change in CHANGES
    },
    "rotation": lambda kind, weights: rotation(VALIDATION, kind, weights),
    "people": lambda kind, weights: reidentify(PEOPLE, kind, weights, only_held_out=True),
    "performances": performances,
}


def export_system(run: str) -> tuple[Kind, Path]:
    """Export a run beside its checkpoint, with what else the measures need; its kind and that folder.

    The SFN is told by the shipped MFN where faces are.

    Raises:
        FileNotFoundError: the run has no weights or no configuration.
    """
    from ..export import CONFIGS, export
    from ..train import TrainConfig

    config = TrainConfig.read(CONFIGS / f"{run}.toml")
    kind: Kind = "single" if config.network == "single" else "multi"
    folder = RUNS / run / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("face_shape.npz", "multi.onnx"):
        shutil.copyfile(WEIGHTS / name, folder / name)
    with redirect_stdout(sys.stderr):  # what it says is not part of the result
        export(run, folder)
    return kind, folder


def training(run: str) -> dict[str, Any]:
    """How a run was trained, from its log: epochs, hours and the images per second of its last epoch."""
    last = json.loads((RUNS / run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return {
        "epochs": last["epoch"],
        "hours": round(last["seconds"] / 3600, 2),
        "images_per_second": last["images_per_second"],
    }


def measure(kind: Kind, weights: Path, names: Iterable[str]) -> dict[str, Any]:
    """The named measures of a network; what has to do with boxes is left out for an SFN."""
    return {
        name: MEASURES[name](kind, weights)
        for name in names
        if not (name == "detection" and kind == "single")
    }


def measure_run(run: str, names: list[str], *, write: bool) -> dict[str, Any]:
    """Export a run and measure it; `write` puts the results into `results/RUN.json`, over older ones."""
    kind, weights = export_system(run)
    result: dict[str, Any] = {"network": kind, "training": training(run), **measure(kind, weights, names)}
    if write:
        write_result(run, result)
    return result


def write_result(run: str, result: dict[str, Any]) -> None:
    """Put measures of a run into its file; those that are not among them stay."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{run}.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps(rounded({**before, **result}), indent=1, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """A result with five decimals, so that a committed file changes only where a figure does."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, 5) if isinstance(value, float) else value
