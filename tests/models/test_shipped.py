"""Training on from the shipped weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")
onnx = pytest.importorskip("onnx")

from models import shipped  # noqa: E402
from models.datasets import LAYOUT, Shard, held_out  # noqa: E402
from models.export import MultiFaceOutputs, SingleFaceOutputs, to_onnx  # noqa: E402
from models.shipped import adopt, exported, parts_of, unfold  # noqa: E402
from models.single_face import SingleFaceConfig, SingleFaceNetwork  # noqa: E402

NARROW = SingleFaceConfig(128, 16, 2, (32, 32, 32), (8, 8, 8))


def trained(network: torch.nn.Module, image: torch.Tensor) -> torch.nn.Module:
    """The network with normalisations that have seen something."""
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.uniform_(part.bias, -0.5, 0.5)
    with torch.no_grad():
        network.train()(image)
    return network.eval()


def test_an_exported_network_comes_back_and_does_the_same() -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 255, (4, 128, 128, 3), dtype=torch.uint8)
    before = trained(SingleFaceNetwork(NARROW), image)
    with torch.no_grad():
        expected = before(image)
    stored = exported(onnx.load_from_string(to_onnx(SingleFaceOutputs(before), "single")))
    after = SingleFaceNetwork(NARROW)
    adopt(after, parts_of(stored, "network"))
    unfold(after, image)
    with torch.no_grad():
        found = after(image)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)
    # Normalisation is what it is in training: its means and spreads are those of what it gets.
    seen = {}
    after.level1[0].norm.register_forward_pre_hook(lambda _, inputs: seen.update(x=inputs[0]))
    with torch.no_grad():
        after(image)
    torch.testing.assert_close(seen["x"].mean((0, 2, 3)), after.level1[0].norm.running_mean)


def test_a_factored_stem_comes_back_whole() -> None:
    torch.manual_seed(0)
    image = torch.randint(0, 255, (4, 128, 128, 3), dtype=torch.uint8)
    before = SingleFaceNetwork(replace(NARROW, stem=64))
    with torch.no_grad():
        filters = before.stem[0][0].weight
        filters.copy_(torch.nn.functional.interpolate(filters[..., 2:5, 2:5], size=(7, 7), mode="bilinear"))
    trained(before, image).stem.factor()
    assert isinstance(before.stem[0][0], torch.nn.Sequential)
    stored = exported(onnx.load_from_string(to_onnx(SingleFaceOutputs(before), "single")))
    after = SingleFaceNetwork(before.config).eval()
    adopt(after, parts_of(stored, "network"))
    assert isinstance(after.stem[0][0], torch.nn.Conv2d)
    with torch.no_grad():
        for one, other in zip(after(image), before(image), strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_what_finds_and_what_reads_come_back_apart(
    narrow_networks: Callable[[], tuple[torch.nn.Module, SingleFaceNetwork]],
) -> None:
    finder, reader = narrow_networks()
    image = torch.randint(0, 255, (2, 288, 288, 3), dtype=torch.uint8)
    side = reader.config.size
    crops = image[:, :side, :side].contiguous()
    with torch.no_grad():
        seen, read = finder(image), reader(crops)
    stored = exported(onnx.load_from_string(to_onnx(MultiFaceOutputs(finder, reader), "multi")))
    same_finder, same_reader = narrow_networks()
    for part in (*same_finder.parameters(), *same_reader.parameters()):
        torch.nn.init.zeros_(part)
    adopt(same_finder, parts_of(stored, "network"))
    adopt(same_reader, parts_of(stored, "reader"))
    with torch.no_grad():
        again = same_finder(image)
        torch.testing.assert_close(again.boxes, seen.boxes, atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(again.logits, seen.logits, atol=1e-4, rtol=1e-3)
        for one, other in zip(same_reader(crops), read, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_means_and_spreads_are_those_of_people_who_are_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = np.array([f"person {number}" for number in range(30)])
    rows = Shard(**{name: np.zeros((30, *shape), dtype) for name, (dtype, shape) in LAYOUT.items()})
    held = held_out(names)
    rows.person[:] = names
    rows.confidence[:] = np.arange(30) % 3 > 0
    rows.images[:] = np.where(held | (rows.confidence == 0), 255, 90)[:, None, None, None]
    rows.save(tmp_path / "photographs")
    monkeypatch.setattr(shipped, "PHOTOGRAPHS", tmp_path / "photographs")
    shown = shipped.photographs(64)
    assert shown.shape == (int((~held & (rows.confidence > 0)).sum()), 64, 64, 3) and (shown == 90).all()
