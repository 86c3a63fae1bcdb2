"""How much what a network reads looks like a face: `python -m models.likeness RUN`.

A network has learned from faces alone, and reads one in whatever it is given. Here its head `likeness` learns
to tell faces, as they are in training, from what the finder takes for some (`models.things`), the likelier
the more often; nothing else of the network changes. Written into the run's best weights. Prints how many
faces and things of held-out people are left by what is asked.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from facert_blender.capture.contract import SINGLE_SIZE
from facert_blender.capture.output import replacing

from .augment import ASIDE, ROUGH, photographic, random_view, seen_small
from .datasets import SURE, Shard, able
from .export import CONFIGS, load_trained
from .shared_data import RUNS
from .single_face import SingleFaceNetwork
from .things import THINGS
from .train import TrainConfig

EXAMPLES = 24_000
"""Views of faces, and as many of things."""
HELD_OUT = 2_000
"""The same of people held out."""
STEPS, BATCH, RATE, DECAY = 4_000, 256, 3e-3, 1e-3
ASKED = (0.1, 0.3, 0.5, 0.7, 0.9)


def views(shard: Shard, rows: np.ndarray, size: int, upright: float, rng: np.random.Generator) -> np.ndarray:
    """Views uint8 (n, size, size, 3) of rows (n,) of a shard, as the network that reads `size` pixels may see
    them; `upright`: how often as of a face that is being followed.
    """
    spread = ROUGH if size == SINGLE_SIZE else ASIDE
    crops = []
    for row in rows:
        crop, _, _ = random_view(shard, row, rng, spread=spread, upright=upright)
        crops.append(seen_small(photographic(crop, rng), size, rng))
    return np.stack(crops)


@torch.no_grad()
def features(network: SingleFaceNetwork, crops: np.ndarray) -> Tensor:
    """What `likeness` is given of crops uint8 (n, size, size, 3), before it is standardised."""
    seen: list[Tensor] = []

    def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    hook = network.likeness.standardise.register_forward_pre_hook(see)
    for chunk in torch.from_numpy(crops).split(50):
        network(chunk)
    hook.remove()
    return torch.cat(seen)


def examples(
    network: SingleFaceNetwork, config: TrainConfig, count: int, *, held: bool, seed: int
) -> tuple[Tensor, Tensor]:
    """Features (n, …) of `count` views of faces, less where nobody of a shard can be taken, and then as many
    of things, and which are faces (n,).
    """
    rng = np.random.default_rng(seed)
    shares = config.data["shares"]
    upright = float(config.data.get("upright", 0.0))
    chosen = rng.choice(list(shares), count, p=np.array(list(shares.values())) / sum(shares.values()))
    sources = [(name, int((chosen == name).sum()), upright, SURE) for name in shares]
    sources.append((THINGS.name, count, 0.0, 0.0))
    seen: list[Tensor] = []
    for name, number, often, least in sources:
        shard = Shard.open(RUNS / name)
        rows = able(shard, held=held, least=least)
        # What the finder hardly takes for a face is hardly ever asked about.
        chance = shard.confidence[rows] if name == THINGS.name else np.ones(len(rows))
        picks = rng.choice(rows, number, p=chance / chance.sum()) if len(rows) else rows
        for chunk in tqdm(np.array_split(picks, max(1, number // 500)), desc=name):
            if len(chunk):
                seen.append(features(network, views(shard, chunk, network.config.size, often, rng)))
    everything = torch.cat(seen)
    face = torch.ones(len(everything))
    face[-count:] = 0
    return everything, face


def learn(network: SingleFaceNetwork, seen: Tensor, face: Tensor) -> None:
    """Let `likeness` learn from features (n, …) which of them show a face (n,)."""
    head = network.likeness.train()
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator = torch.Generator().manual_seed(0)
    for _ in tqdm(range(STEPS), desc="learning"):
        rows = torch.randint(len(seen), (BATCH,), generator=generator)
        loss = functional.binary_cross_entropy_with_logits(head.odds(seen[rows]), face[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    head.eval()


def main() -> None:
    """Teach a run's network what looks like a face."""
    parser = argparse.ArgumentParser(prog="python -m models.likeness", description=main.__doc__)
    parser.add_argument("run")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    config = TrainConfig.read(CONFIGS / f"{options.run}.toml")
    network = load_trained(config)
    if not isinstance(network, SingleFaceNetwork):
        raise SystemExit(f"{options.run} reads faces in its cells; only an SFN, or a reader, learns this.")
    learn(network, *examples(network, config, EXAMPLES, held=False, seed=0))
    seen, face = examples(network, config, HELD_OUT, held=True, seed=1)
    with torch.no_grad():
        likeness = torch.sigmoid(network.likeness.odds(seen))
    for asked in ASKED:
        left = [float((likeness[face == kind] >= asked).float().mean()) for kind in (1, 0)]
        print(f"likeness {asked:.1f}: {left[0]:.3f} of faces, {left[1]:.3f} of things")
    with replacing(RUNS / options.run / "best.pt") as temporary:
        torch.save(network.state_dict(), temporary)


if __name__ == "__main__":
    main()
