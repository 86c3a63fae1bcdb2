"""Give what reads faces in the MFN what the SFN has learned: `python -m models.transfer FROM TO`.

FROM is the run of an SFN, TO the configuration of a network that sees fewer pixels of a face in maps of
nearly the same size, its first convolution having a stride of 1 instead of 2. What the SFN's filters see in a
view made twice as large, its filters see in the view; what the SFN makes of each place in a map, it makes of
the places around it; and where it is wider, what is new changes nothing at first. Written as the best weights
of the run in which the training of TO starts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from facert_blender.capture.output import replacing

from .augment import first_spread
from .export import CONFIGS, load_trained
from .shared_data import RUNS
from .single_face import Head, SingleFaceNetwork
from .single_task import SingleFaceTask
from .train import NORMALISATIONS, TrainConfig

BATCHES = 40
"""From how many batches of training normalisations take their means and spreads."""
HEADS = ("pose", "identity", "expression")
"""The parts of an SFN that give the parameters."""


def between(places: np.ndarray, count: int) -> Tensor:
    """Weights (n, count) that interpolate at n places between values at 0, 1, … count - 1."""
    inside = places.clip(0, count - 1)[:, None]
    return torch.from_numpy(np.maximum(0, 1 - np.abs(inside - np.arange(count)))).float()


def finer(filters: Tensor) -> Tensor:
    """Filters (n, 3, 7, 7) of stride 2 as those (n, 3, 5, 5) of stride 1 that see in a picture what the
    former see once it has been made twice as large.
    """
    seen = between((np.arange(7) - 3.5) / 2 + 2, 5)
    return torch.einsum("ncxy,xi,yj->ncij", filters, seen, seen)


def cells(count: int, mine: int, span: float) -> Tensor:
    """What each of `count` times `count` places in a map is of `mine` times `mine` in another: (count²,
    mine²). span: how much of a side of the first the second covers.
    """
    places = (np.arange(count) + 0.5) / count - 0.5
    along = between((places / span + 0.5) * mine - 0.5, mine)
    return torch.kron(along, along)


def widen(mine: Tensor, other: Tensor) -> None:
    """Put weights in the first places of larger ones."""
    mine[tuple(map(slice, other.shape))] = other


def columns(head: Head, places: int) -> tuple[slice, slice, slice]:
    """Which of a head's features are pooled, which lie in a map of so many places, and which are points."""
    pooled = head.narrow.in_channels
    in_place = pooled + head.narrow.out_channels * places
    return slice(pooled), slice(pooled, in_place), slice(in_place, None)


def give_head(mine: Head, other: Head, cells: Tensor) -> None:
    """Give a head what another has learned. cells: (k, l), what each of the k places in the other's map is of
    the l places in its own.
    """
    learned, norm = other.hidden.weight, other.standardise
    known = mine.hidden.weight[: len(learned)]
    known.zero_()
    own, theirs = columns(mine, cells.shape[1]), columns(other, cells.shape[0])
    for part in (0, 2):
        known[:, own[part]] = learned[:, theirs[part]]
        mine.standardise.weight[own[part]] = norm.weight[theirs[part]]
        mine.standardise.bias[own[part]] = norm.bias[theirs[part]]
    in_place = (learned * norm.weight)[:, theirs[1]].unflatten(1, (-1, len(cells))) @ cells
    widen(known[:, own[1]], in_place.flatten(1))
    widen(mine.hidden.bias, other.hidden.bias + learned[:, theirs[1]] @ norm.bias[theirs[1]])
    mine.out.weight.zero_()
    widen(mine.out.weight, other.out.weight)
    mine.out.bias.copy_(other.out.bias)
    for name in ("weight", "bias"):
        widen(getattr(mine.narrow, name), getattr(other.narrow, name))


def give_seen(mine: Head, other: Head, points: int) -> None:
    """Give a head what another makes of what is seen at so many points."""
    by_point = (len(other.hidden.weight), points, -1)
    widen(mine.at_points.weight.unflatten(1, (points, -1)), other.at_points.weight.view(by_point))
    for name in ("weight", "bias"):
        own, theirs = (getattr(head.standardise_seen, name).view(points, -1) for head in (mine, other))
        widen(own, theirs)


@torch.no_grad()
def transfer(network: SingleFaceNetwork, other: SingleFaceNetwork) -> None:
    """Give a network what another one of stride 2 has learned, but for what looks like a face."""
    span = first_spread(network.config.size).aim / first_spread(other.config.size).aim
    places = cells(other.config.coarsest, network.config.coarsest, span)
    for name in HEADS:
        give_head(getattr(network, name), getattr(other, name), places)
    give_seen(network.expression, other.expression, network.config.points)
    mine = network.state_dict()
    for name, weights in other.state_dict().items():
        part = name.split(".")[0]
        if name == "stem.0.0.weight":
            mine[name].copy_(finer(weights))
        elif part not in (*HEADS, "likeness"):
            widen(mine[name], weights)


@torch.no_grad()
def settle(network: SingleFaceNetwork, shown: Iterable[Tensor]) -> None:
    """Let normalisations have the means and spreads of what they get for crops uint8 (n, size, size, 3)."""
    norms = [part for part in network.modules() if isinstance(part, NORMALISATIONS)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all that is shown
    network.train()
    for crops in shown:
        network(crops)
    network.eval()


def main() -> None:
    """Begin a training with what an SFN has learned."""
    parser = argparse.ArgumentParser(prog="python -m models.transfer", description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("config")
    options = parser.parse_args()
    source, config = (TrainConfig.read(CONFIGS / f"{name}.toml") for name in (options.run, options.config))
    torch.manual_seed(config.seed)
    task, other = SingleFaceTask(config), load_trained(source)
    assert isinstance(other, SingleFaceNetwork)
    transfer(task.network, other)
    steps = tqdm(range(BATCHES), desc="settling", unit="batch")
    settle(task.network, (task.batch(config.seed, step)["image"] for step in steps))
    folder = RUNS / config.start
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "best.pt") as temporary:
        torch.save(task.network.state_dict(), temporary)


if __name__ == "__main__":
    main()
