"""Train a network: `python -m models.train models/configs/NAME.toml`, again to resume where it stopped.

A run lives in `models/runs/NAME`: `checkpoint.pt` (everything needed to go on, written every few minutes,
when the run is interrupted, and at the end), `metrics.jsonl` (a line per epoch) and `best.pt` (averaged
weights of the best validation so far). Batches depend on the seed and the step alone, so a resumed run sees
what an uninterrupted one would have seen.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import signal
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from facert_blender.capture.output import replacing

from .shared_data import RUNS

CHECKPOINT_SECONDS = 180
AVERAGE_DECAY = 0.998
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)
MOST_BATCHES = 10**9
"""More than any time is enough for."""


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast.

    network: "single", "multi", or "reader", a small SFN that reads what the MFN of the run `finder` finds.
    epoch_batches: batches to an epoch. rate, floor: the learning rate at first, and that to which it falls
    along a cosine. start: another run whose weights to begin from, where their names and sizes agree. frozen:
    the parts of the network that stay as they are. settled: whether normalisations keep the means and spreads
    that they began with, which steadies small batches. confidence: of an MFN, what is exported as 0.5
    (`models.calibrate`).
    """

    name: str
    network: str
    epochs: int
    epoch_batches: int = 500
    batch: int = 32
    rate: float = 1e-3
    floor: float = 1e-6
    seed: int = 0
    start: str = ""
    frozen: tuple[str, ...] = ()
    settled: bool = False
    finder: str = ""
    confidence: float = 0.5
    model: dict[str, Any] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """Read a TOML file; the run is named after it."""
        return cls(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8")))


def short_floats(device: torch.device) -> torch.autocast:
    """bfloat16 arithmetic, except on processors that would only imitate it, several times slower."""
    native = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


class Task(Protocol):
    """What differs between the networks: data, loss and validation."""

    network: nn.Module

    def batch(self, seed: int, step: int) -> dict[str, Tensor]:
        """The training batch of this step."""
        ...

    def loss(self, network: nn.Module, batch: dict[str, Tensor], epoch: int) -> Tensor:
        """The loss of a batch, epochs counted from 1."""
        ...

    def validate(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Measures on held-out people; `score` is what training tries to lower."""
        ...


def make_task(config: TrainConfig) -> Task:
    """The task of a configuration."""
    # Pictures are small, and OpenCV's threads would not survive in processes that prepare batches.
    cv2.setNumThreads(1)
    if config.network != "multi":
        from .single_task import SingleFaceTask

        return SingleFaceTask(config)
    from .multi_task import MultiFaceTask

    return MultiFaceTask(config)


def quietly(_: int) -> None:
    """Let a process that prepares batches end when the run that it belongs to does, and by nothing else: a
    request to end often goes to both, and the run has its checkpoint to write.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class Steps(Dataset[dict[str, Tensor]]):
    """The batches of `steps`, in order."""

    def __init__(self, task: Task, seed: int, steps: range) -> None:
        self.task, self.seed, self.steps = task, seed, steps

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return self.task.batch(self.seed, self.steps[index])


def batches(
    task: Task, seed: int, steps: range, device: torch.device, workers: int = 0
) -> Iterator[dict[str, Tensor]]:
    """The batches of `steps`, prepared by so many processes; by none, each while the one before is computed
    with, if a core is free for it.

    Computing threads wait for each other at every layer: where one shares its core, all of them lose.
    """
    if workers:
        yield from DataLoader(
            Steps(task, seed, steps),
            batch_size=None,
            num_workers=workers,
            pin_memory=device.type == "cuda",
            worker_init_fn=quietly,
        )
        return
    if device.type == "cpu" and torch.get_num_threads() == os.cpu_count():
        yield from (task.batch(seed, step) for step in steps)
        return
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(task.batch, seed, steps.start)
        for step in steps:
            ready = coming.result()
            if step + 1 < steps.stop:
                coming = pool.submit(task.batch, seed, step + 1)
            yield ready


class Run:
    """A training run that can stop and go on at any moment."""

    def __init__(
        self,
        config: TrainConfig,
        task: Task,
        device: torch.device,
        runs: Path = RUNS,
        *,
        workers: int = 0,
        minutes: float | None = None,
    ) -> None:
        """workers: processes that prepare batches. minutes: how long it trains, all its parts together,
        instead of for the configuration's epochs; the rate then falls with the time.
        """
        self.config = config
        self.workers = workers
        self.limit = math.inf if minutes is None else 60 * minutes
        self.task = task
        self.device = device
        self.runs = runs
        self.folder = runs / config.name
        self.folder.mkdir(parents=True, exist_ok=True)
        to_device: Any = self.task.network.to
        self.network: nn.Module = to_device(device, memory_format=torch.channels_last)
        self.still = [self.network.get_submodule(name).requires_grad_(False) for name in config.frozen]
        if config.settled:
            self.still += [part for part in self.network.modules() if isinstance(part, NORMALISATIONS)]
        self.average = copy.deepcopy(self.network).eval()
        # These stay the same tensors: steps and checkpoints write into them.
        states = (self.average.state_dict().values(), self.network.state_dict().values())
        self.averaged = list(zip(*states, strict=True))
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=config.rate, fused=device.type == "cuda"
        )
        self.step = 0
        self.validated = 0
        self.best = math.inf
        self.seconds = 0.0
        self.began = time.monotonic()

    @property
    def epoch(self) -> int:
        """The current epoch, from 1."""
        return self.step // self.config.epoch_batches + 1

    @property
    def done(self) -> float:
        """How much of the training is done, 1 being all."""
        if math.isfinite(self.limit):
            return min(1.0, (self.seconds + time.monotonic() - self.began) / self.limit)
        return self.step / (self.config.epochs * self.config.epoch_batches)

    def count_seconds(self) -> None:
        """Add the time since this was last done to `seconds`."""
        now = time.monotonic()
        self.seconds += now - self.began
        self.began = now

    def restore(self) -> None:
        """Go on from the checkpoint where there is one, else begin, from another run's weights if so
        configured.
        """
        checkpoint = self.folder / "checkpoint.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location=self.device, weights_only=True)
            for name in ("network", "average", "optimizer"):
                getattr(self, name).load_state_dict(state[name])
            for name in ("step", "validated", "best", "seconds"):
                setattr(self, name, state[name])
        elif self.config.start:
            other = torch.load(
                self.runs / self.config.start / "best.pt", map_location=self.device, weights_only=True
            )
            mine = self.network.state_dict()
            fitting = {k: v for k, v in other.items() if k in mine and mine[k].shape == v.shape}
            self.network.load_state_dict({**mine, **fitting})
            self.average.load_state_dict(self.network.state_dict())
            print(f"began from {self.config.start}: {len(fitting)} of {len(mine)} tensors")

    def save(self, name: str, content: Any) -> None:
        """Write a file of the run, whole or not at all."""
        with replacing(self.folder / name) as temporary:
            torch.save(content, temporary)

    def checkpoint(self) -> None:
        """Write everything needed to go on."""
        self.count_seconds()
        state: dict[str, Any] = {
            name: getattr(self, name).state_dict() for name in ("network", "average", "optimizer")
        }
        counts = {name: getattr(self, name) for name in ("step", "validated", "best", "seconds")}
        self.save("checkpoint.pt", {**state, **counts})

    def rate(self) -> float:
        """The learning rate of this step: a short warm-up, then a cosine."""
        config = self.config
        warm = min(1.0, (self.step + 1) / 300)
        return warm * max(config.floor, config.rate * 0.5 * (1 + math.cos(math.pi * self.done)))

    def train_step(self, batch: dict[str, Tensor]) -> Tensor:
        """One step of Adam, and of the average; the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        self.network.train()
        for part in self.still:
            part.eval()
        moved = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
        # What is left out at random is the same in a run that was interrupted.
        torch.manual_seed(self.config.seed << 32 | self.step)
        loss = self.task.loss(self.network, moved, self.epoch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        decay = min(AVERAGE_DECAY, (self.step + 1) / (self.step + 10))
        moving = [pair for pair in self.averaged if pair[0].is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_(*map(list, zip(*moving, strict=True)), weight=1 - decay)
            for mean, value in self.averaged:
                if not mean.is_floating_point():
                    mean.copy_(value)
        self.step += 1
        return loss.detach()

    @property
    def ends_epoch(self) -> bool:
        """Whether the last step was the last of an epoch."""
        return self.step % self.config.epoch_batches == 0

    def finish_epoch(self, losses: list[Tensor], seconds: float) -> None:
        """Validate, write the metrics, keep the best. losses: of the batches of so many seconds, of which
        nothing may be known any more.
        """
        metrics = self.task.validate(self.average, self.device)
        images = len(losses) * self.config.batch
        line = {
            "epoch": math.ceil(self.step / self.config.epoch_batches),
            "loss": round(float(torch.stack(losses).mean()), 4) if losses else None,
            "rate": self.optimizer.param_groups[0]["lr"],
            "seconds": round(self.seconds),
            "images_per_second": round(images / seconds, 1) if losses else None,
            **{name: round(value, 4) for name, value in metrics.items()},
        }
        with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        if metrics["score"] < self.best:
            self.best = metrics["score"]
            self.save("best.pt", self.average.state_dict())
        self.validated = self.step
        print(json.dumps(line), flush=True)

    def go(self) -> None:
        """Train to the last epoch, for the time given, or until interrupted; nothing where that is done."""
        if self.step > self.validated and (self.done >= 1 or self.ends_epoch):
            self.finish_epoch([], 0.0)  # It was interrupted before that.
            self.checkpoint()
        if self.done >= 1:
            return
        config = self.config
        timed = math.isfinite(self.limit)
        last = self.step + MOST_BATCHES if timed else config.epochs * config.epoch_batches
        saved = epoch_began = self.began = time.monotonic()
        losses: list[Tensor] = []
        with tqdm(total=None if timed else last, initial=self.step, unit="batch", mininterval=5) as bar:
            steps = range(self.step, last)
            for batch in batches(self.task, config.seed, steps, self.device, self.workers):
                losses.append(self.train_step(batch))
                bar.update()
                finished = self.done >= 1
                if finished or self.ends_epoch:
                    self.count_seconds()
                    self.finish_epoch(losses, self.began - epoch_began)
                    losses, epoch_began = [], time.monotonic()
                if finished or time.monotonic() - saved > CHECKPOINT_SECONDS:
                    self.checkpoint()
                    saved = time.monotonic()
                if finished:
                    break


def interrupted(*_: object) -> None:
    """Turn a request to end into the interruption that saves a checkpoint."""
    raise KeyboardInterrupt


def main() -> None:
    """Train, or go on training, the network of a configuration file."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=main.__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="processor threads, all by default")
    parser.add_argument(
        "--workers", type=int, help="processes that prepare batches: on a GPU all cores but one, else none"
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="stop after so many, instead of the configuration's")
    length.add_argument("--minutes", type=float, help="train for so long instead, however many batches it be")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    config = TrainConfig.read(options.config)
    if options.epochs:
        config = TrainConfig(**{**vars(config), "epochs": options.epochs})
    signal.signal(signal.SIGTERM, interrupted)
    torch.manual_seed(config.seed)
    torch.backends.cudnn.benchmark = True
    device = torch.device(options.device)
    workers = options.workers
    if workers is None:
        workers = (os.cpu_count() or 1) - 1 if device.type == "cuda" else 0
    run = Run(config, make_task(config), device, workers=workers, minutes=options.minutes)
    run.restore()
    try:
        run.go()
    except KeyboardInterrupt:
        run.checkpoint()
        print(f"interrupted at step {run.step}; the same command goes on from there")


if __name__ == "__main__":
    main()
