"""A trained network with fewer filters in its first convolution: `python -m models.narrow RUN FILTERS`.

The first convolution is the dearest layer, and all that the network sees of it is what the first squeeze
makes of its filters: 16 mixtures. Filters are dropped one after the other, each time the one that the
others make up for best, and the squeeze mixes those that stay (least squares on training pictures; compare He
et al. 2017, "Channel pruning"). Writes `runs/RUN_narrow/best.pt`, for another run to start from.
"""

from __future__ import annotations

import argparse
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from facert_blender.capture.output import replacing

from .blocks import Fire
from .export import CONFIGS, load_trained
from .shared_data import RUNS
from .train import TrainConfig, make_task

BATCHES = 3
EVERY = 7
"""Of the places in a map every so many are looked at."""


def mixtures(apart: np.ndarray, together: np.ndarray, kept: list[int]) -> np.ndarray:
    """The mixtures (k, m) of the filters kept that are nearest to m targets.

    apart: covariance of all filters (n, n). together: of filters and targets (n, m). kept: k of the n.
    """
    own = apart[np.ix_(kept, kept)] + 1e-6 * np.eye(len(kept))
    return np.asarray(np.linalg.solve(own, together[kept]))


def choose(apart: np.ndarray, together: np.ndarray, count: int) -> list[int]:
    """Which filters to keep, as `mixtures`."""
    kept = list(range(len(apart)))
    while len(kept) > count:
        without = [[filter_ for filter_ in kept if filter_ != dropped] for dropped in kept]
        explained = [float((mixtures(apart, together, few) * together[few]).sum()) for few in without]
        kept = without[int(np.argmax(explained))]
    return kept


@torch.no_grad()
def narrowed(network: nn.Module, images: Tensor, count: int) -> tuple[dict[str, Tensor], float]:
    """The weights of a network with `count` filters in its first convolution, and which share of the
    variance of the first squeeze they leave unexplained.

    network: an SFN or MS-MFN, in evaluation mode. images: uint8 (n, s, s, 3), such as it was trained on.
    """
    parts: Any = network
    seen = parts.stem(parts.normalise(images)).permute(0, 2, 3, 1).flatten(0, 2)[::EVERY].double()
    mix, norm, _ = cast(Fire, parts.level1[0]).squeeze
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).double()
    wanted = seen @ mix.weight[:, :, 0, 0].double().T * scale
    x, y = (values - values.mean(0) for values in (seen, wanted))
    apart, together = (x.T @ x / len(x)).numpy(), (x.T @ y / len(x)).numpy()
    kept = choose(apart, together, count)
    mixed = torch.from_numpy(mixtures(apart, together, kept))
    lost = 1 - float((mixed.numpy() * together[kept]).sum() / (y**2).mean(0).sum())
    weights = dict(network.state_dict())
    for name in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var"):
        weights[f"stem.0.{name}"] = weights[f"stem.0.{name}"][kept]
    offset = (wanted.mean(0) - seen.mean(0)[kept] @ mixed) / scale
    weights["level1.0.squeeze.0.weight"] = (mixed / scale).T[:, :, None, None].float().contiguous()
    weights["level1.0.squeeze.1.running_mean"] = norm.running_mean - offset.float()
    return weights, lost


def main() -> None:
    """Narrow the first convolution of a run's best weights."""
    parser = argparse.ArgumentParser(prog="python -m models.narrow", description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("filters", type=int)
    options = parser.parse_args()
    config = TrainConfig.read(CONFIGS / f"{options.run}.toml")
    task = make_task(config)
    images = torch.cat([task.batch(config.seed, step)["image"] for step in range(BATCHES)])
    weights, lost = narrowed(load_trained(config), images, options.filters)
    path = RUNS / f"{options.run}_narrow" / "best.pt"
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary:
        torch.save(weights, temporary)
    print(f"{path}: {options.filters} filters, {lost:.2%} of what the first squeeze sees is lost")


if __name__ == "__main__":
    main()
