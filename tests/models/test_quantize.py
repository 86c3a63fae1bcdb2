"""Whole numbers for the MFN's convolutions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import MULTI_SIZE, check
from facert_blender.capture.view import inputs

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")
onnx = pytest.importorskip("onnx")

from models import quantize as module  # noqa: E402
from models.datasets import LAYOUT, Shard, held_out  # noqa: E402
from models.export import MultiFaceOutputs, halve, moved, to_onnx  # noqa: E402
from models.quantize import Given, mosaics, quantize  # noqa: E402
from models.shipped import adopt, exported, parts_of  # noqa: E402
from models.single_face import SingleFaceNetwork  # noqa: E402

Networks = Callable[[], tuple[torch.nn.Module, SingleFaceNetwork]]


def soft_noise(count: int, seed: int) -> Iterator[Given]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        hard = torch.from_numpy(rng.uniform(0, 255, (1, 3, 36, 36)))
        soft = torch.nn.functional.interpolate(hard, size=MULTI_SIZE, mode="bilinear").to(torch.uint8)
        yield inputs(soft.permute(0, 2, 3, 1).numpy()[0], threshold=0)


@pytest.fixture(scope="module")
def files(narrow_networks: Networks) -> tuple[bytes, bytes]:
    """A network's file, and that with whole numbers."""
    whole = to_onnx(MultiFaceOutputs(*narrow_networks()), "multi")
    return whole, halve(quantize(whole, soft_noise(4, 0)))


def test_convolutions_become_whole_numbers_and_give_nearly_the_same(files: tuple[bytes, bytes]) -> None:
    whole, content = files
    model = onnx.load_from_string(content)
    check({entry.key: entry.value for entry in model.metadata_props}, "multi", "made")
    steps = {name for node in model.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    whole_numbers = {node.name: node.input[1] in steps for node in model.graph.node if node.op_type == "Conv"}

    def kinds(part: str) -> set[bool]:
        return {rounded for name, rounded in whole_numbers.items() if part in name}

    for part in (
        "network/level1/",
        "network/box/hidden/",
        "network/finer/mix/",
        "reader/stem/stem.0/",
        "reader/points/mix_fine/",
    ):
        assert kinds(part) == {True}
    for part in ("network/box/out/", "network/finer/box/out/", "reader/expression/narrow/"):
        assert kinds(part) == {False}
    assert moved(whole, content, soft_noise(2, 1)) < 0.01
    assert moved(whole, whole, soft_noise(1, 1)) == 0


def test_what_is_joined_has_the_steps_of_what_comes_of_it(files: tuple[bytes, bytes]) -> None:
    graph = onnx.load_from_string(files[1]).graph
    makers = {name: node for node in graph.node for name in node.output}
    steps = {node.input[0]: list(node.input[1:]) for node in graph.node if node.op_type == "QuantizeLinear"}
    joined = [n for n in graph.node if n.op_type == "Concat" and n.output[0] in steps and "/level" in n.name]
    assert len(joined) > 8
    for node in joined:
        for name in node.input:
            restored = makers[name]
            rounded = makers[restored.input[0]]
            assert list(restored.input[1:]) == list(rounded.input[1:]) == steps[node.output[0]]
    used = {name for node in graph.node for name in node.input}
    assert {weights.name for weights in graph.initializer} <= used


def test_weights_come_back_from_whole_numbers_as_they_were(
    narrow_networks: Networks, files: tuple[bytes, bytes]
) -> None:
    _, reader = narrow_networks()
    crops = torch.randint(0, 255, (4, *[reader.config.size] * 2, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = reader(crops)
    after = SingleFaceNetwork(reader.config).eval()
    adopt(after, parts_of(exported(onnx.load_from_string(files[1])), "reader"))
    with torch.no_grad():
        for one, other in zip(after(crops), expected, strict=True):
            torch.testing.assert_close(one, other, atol=5e-3, rtol=5e-3)


def test_mosaics_show_faces_that_are_trained_on_of_every_kind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = np.array([f"person {number}" for number in range(40)])
    held = held_out(names)
    assert held.any() and not held.all()
    shard = Shard(**{name: np.zeros((40, *shape), dtype) for name, (dtype, shape) in LAYOUT.items()})
    shard.person[:] = names
    shard.confidence[:] = 1
    monkeypatch.setattr(module, "SHOWN", tuple(tmp_path / folder.name for folder in module.SHOWN))
    for number, folder in enumerate(module.SHOWN):
        shard.images[:] = np.where(held, 255, 100 + number)[:, None, None, None]
        shard.save(folder)
    pictures = list(mosaics(seed=0))
    assert len(pictures) == module.PICTURES
    shown = {level for given in pictures for level in np.unique(given["image"])}
    assert shown == {100 + number for number in range(len(module.SHOWN))}
    assert all(given["image"].shape == (1, MULTI_SIZE, MULTI_SIZE, 3) for given in pictures)
