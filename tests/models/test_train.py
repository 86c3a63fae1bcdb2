"""The training loop: a run that is interrupted ends where an uninterrupted one ends."""

import copy
import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.multi_face import AnchorGrid, MultiFaceConfig, multi_face_network  # noqa: E402
from models.multi_task import assign, finding_loss, read  # noqa: E402
from models.train import Run, TrainConfig, batches  # noqa: E402


class Line:
    """A task small enough to solve: a straight line through points."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = torch.nn.Linear(1, 1)

    def batch(self, seed: int, step: int) -> dict[str, torch.Tensor]:
        x = torch.from_numpy(np.random.default_rng((seed, step)).normal(size=(8, 1)).astype(np.float32))
        return {"x": x, "y": 3 * x - 1}

    def loss(self, network: torch.nn.Module, batch: dict[str, torch.Tensor], epoch: int) -> torch.Tensor:
        return ((network(batch["x"]) - batch["y"]) ** 2).mean()

    def validate(self, network: torch.nn.Module, device: torch.device) -> dict[str, float]:
        with torch.no_grad():
            return {"score": float(self.loss(network, self.batch(1, 0), 1))}


class Gaps(Line):
    """A line that learns from points of which some are left out at random."""

    def loss(self, network: torch.nn.Module, batch: dict[str, torch.Tensor], epoch: int) -> torch.Tensor:
        left = {"x": torch.dropout(batch["x"], 0.2, network.training), "y": batch["y"]}
        return super().loss(network, left, epoch)


def trained(folder: Path, task: Line) -> Run:
    settings: dict[str, object] = {"epochs": 8, "epoch_batches": 60, "rate": 0.1}
    run = Run(TrainConfig(name="line", network="single", **settings), task, torch.device("cpu"), folder)
    run.restore()
    return run


def test_training_learns_and_keeps_its_log(tmp_path: Path) -> None:
    run = trained(tmp_path, Line())
    run.go()
    lines = [json.loads(line) for line in (tmp_path / "line" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 9))
    assert lines[-1]["score"] < 0.05 < lines[0]["loss"]
    best = torch.load(tmp_path / "line" / "best.pt", weights_only=True)
    assert abs(float(best["weight"]) - 3) < 0.3


def test_interrupted_training_ends_where_uninterrupted_training_ends(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", Gaps())
    whole.go()
    first = trained(tmp_path / "parts", Gaps())
    for step in range(100):
        first.train_step(first.task.batch(0, step))
    first.checkpoint()
    second = trained(tmp_path / "parts", Gaps())
    assert second.step == 100
    second.go()
    for a, b in zip(whole.network.parameters(), second.network.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_training_that_is_interrupted_as_it_validates_does_so_when_it_goes_on(tmp_path: Path) -> None:
    class Stopped(Line):
        def validate(self, network: torch.nn.Module, device: torch.device) -> dict[str, float]:
            raise KeyboardInterrupt

    config, cpu = TrainConfig(name="line", network="single", epochs=1, epoch_batches=20), torch.device("cpu")
    first = Run(config, Stopped(), cpu, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        first.go()
    first.checkpoint()
    for _ in range(2):
        again = Run(config, Line(), cpu, tmp_path)
        again.restore()
        again.go()
    (line,) = (tmp_path / "line" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["epoch"] == 1 and json.loads(line)["loss"] is None
    kept = torch.load(tmp_path / "line" / "best.pt", weights_only=True)
    torch.testing.assert_close(kept, first.average.state_dict())


def test_training_for_a_given_time_ends_with_the_rate_at_its_floor(tmp_path: Path) -> None:
    config = TrainConfig(name="line", network="single", epochs=1000, epoch_batches=60, rate=0.1, floor=0.001)
    run = Run(config, Line(), torch.device("cpu"), tmp_path, minutes=0.01)
    run.go()
    lines = [json.loads(line) for line in (tmp_path / "line" / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["epoch"] == -(-run.step // 60) < 1000
    assert lines[-1]["rate"] < 0.01 < run.config.rate
    state = torch.load(tmp_path / "line" / "checkpoint.pt", weights_only=True)
    assert state["step"] == run.step and state["seconds"] >= 0.6
    again = Run(config, Line(), torch.device("cpu"), tmp_path, minutes=0.01)
    again.restore()
    assert again.done == 1


def test_batches_are_the_same_prepared_aside_or_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    task, wanted = Line(), range(3, 7)
    for cores in (torch.get_num_threads(), torch.get_num_threads() + 1):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        came = list(batches(task, 5, wanted, torch.device("cpu")))
        assert len(came) == len(wanted)
        for step, batch in zip(wanted, came, strict=True):
            torch.testing.assert_close(batch["x"], task.batch(5, step)["x"])


def test_batches_are_the_same_prepared_by_other_processes() -> None:
    task, wanted = Line(), range(3, 12)
    came = list(batches(task, 5, wanted, torch.device("cpu"), workers=2))
    assert len(came) == len(wanted)
    for step, batch in zip(wanted, came, strict=True):
        torch.testing.assert_close(batch["x"], task.batch(5, step)["x"])


def test_processes_that_prepare_batches_end_with_the_run_alone() -> None:
    coming = batches(Line(), 5, range(40), torch.device("cpu"), workers=1)
    next(coming)
    (process,) = multiprocessing.active_children()
    process.terminate()
    assert len(list(coming)) == 39
    process.join(20)
    assert not process.is_alive()


def test_frozen_parts_stay_as_they_are(tmp_path: Path) -> None:
    task = Line()
    task.network = torch.nn.Sequential(torch.nn.BatchNorm1d(1), torch.nn.Linear(1, 1))
    config = TrainConfig(name="line", network="single", epochs=1, rate=0.1, frozen=("0",))
    run = Run(config, task, torch.device("cpu"), tmp_path)
    kept, learned = (copy.deepcopy(part.state_dict()) for part in task.network)
    for step in range(3):
        run.train_step(task.batch(0, step))
    torch.testing.assert_close(task.network[0].state_dict(), kept)
    assert not torch.equal(task.network[1].weight, learned["weight"])


def test_settled_normalisations_learn_but_keep_means_and_spreads(tmp_path: Path) -> None:
    task = Line()
    task.network = torch.nn.Sequential(torch.nn.BatchNorm1d(1), torch.nn.Linear(1, 1))
    config = TrainConfig(name="line", network="single", epochs=1, rate=0.1, settled=True)
    run = Run(config, task, torch.device("cpu"), tmp_path)
    before = copy.deepcopy(task.network[0].state_dict())
    for step in range(3):
        run.train_step(task.batch(0, step))
    after = task.network[0].state_dict()
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(after[name], before[name])
    assert not torch.equal(after["weight"], before["weight"])


def test_faces_are_read_where_their_anchors_are() -> None:
    torch.manual_seed(0)
    pictures = torch.randint(0, 255, (3, 288, 288, 3), dtype=torch.uint8)
    picture, place = torch.tensor([0, 0, 2]), torch.tensor([7, 100, 300])
    for config in (MultiFaceConfig(), MultiFaceConfig(multi_scale=False)):
        network = multi_face_network(config).eval()
        with torch.no_grad():
            seen = network(pictures)
            parameters, points = read(seen, picture, place)
            last, _ = read(seen, picture[2:], place[2:])
        assert parameters.shape == (3, 104)
        assert points is None if not config.multi_scale else points.shape == (3, 68, 2)
        torch.testing.assert_close(last[0], parameters[2], atol=0.02, rtol=0)


def test_boxes_learn_from_their_own_cell_and_shape() -> None:
    boxes = torch.tensor([[[0.5, 0.5, 0.1, 0.1], [0.95, 0.05, 0.45, 0.44], [0, 0, 0, 0]]])
    valid = torch.tensor([[True, True, False]])
    anchors = ((0.03, 0.03), (0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.45, 0.44))
    _, face, place = assign(boxes, valid, AnchorGrid(MultiFaceConfig(anchors=anchors)))
    found = dict(zip(face.tolist(), place.tolist(), strict=True))
    assert found == {0: (4 * 9 + 4) * 5 + 1, 1: (0 * 9 + 8) * 5 + 4}


def test_small_faces_also_learn_in_finer_cells_and_large_ones_do_not() -> None:
    boxes = torch.tensor([[[0.52, 0.24, 0.05, 0.05], [0.5, 0.5, 0.45, 0.44]]])
    grid = AnchorGrid(MultiFaceConfig(finer=32))
    _, face, place = assign(boxes, torch.ones(1, 2, dtype=torch.bool), grid)
    small, large = place[face == 0], place[face == 1]
    assert 405 + (4 * 18 + 9) * 3 + 1 in small.tolist()
    assert (2 * 9 + 4) * 5 in small.tolist()
    assert (large < 405).all()


def test_finding_is_learned_in_finer_cells_and_zones_to_be_ignored_cost_nothing() -> None:
    torch.manual_seed(0)
    # With 8 filters before a stride of 2, oneDNN's backward pass writes beyond its memory (AVX-512).
    narrow = MultiFaceConfig(16, (32, 32, 32, 32), (16, 16, 8, 8), branch=16, finer=16, reads=False)
    network = multi_face_network(narrow)
    optimizer = torch.optim.Adam(network.finer.parameters(), 0.003)
    small, zone = [0.23, 0.27, 0.05, 0.05], [0.7, 0.7, 0.2, 0.2]
    image = torch.randint(0, 255, (1, 288, 288, 3), dtype=torch.uint8)
    image[:, 70:86, 60:74] = 240
    batch = {
        "image": image,
        "boxes": torch.tensor([[small]]),
        "confidence": torch.ones(1, 1),
        "ignored": torch.tensor([[zone]]),
    }
    for _ in range(60):
        loss, _ = finding_loss(network(batch["image"]), batch, network.grid)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        seen = network(batch["image"])
        best = 405 + int(seen.logits[0, 405:].argmax())
        torch.testing.assert_close(seen.boxes[0, best], torch.tensor(small), atol=0.015, rtol=0)
        cost, _ = finding_loss(seen, batch, network.grid)
        inside = (seen.boxes[0, :, :2] - torch.tensor(zone[:2])).abs().amax(1) < 0.08
        seen.logits[0, inside] = 5.0
        torch.testing.assert_close(finding_loss(seen, batch, network.grid)[0], cost)
        seen.logits[0, 0] = 5.0
        assert finding_loss(seen, batch, network.grid)[0] > cost + 1
