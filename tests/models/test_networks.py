"""Both networks: shapes, ranges, sizes and the exported files."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN, EXPRESSION, LEVELS, ROTATION, SCALE, check

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")
onnx = pytest.importorskip("onnx")

from models.blocks import activate  # noqa: E402
from models.export import (  # noqa: E402
    MultiFaceOutputs,
    SingleFaceOutputs,
    difference,
    halve,
    make_network,
    system,
    to_onnx,
)
from models.face_reader import given  # noqa: E402
from models.multi_face import MultiFaceConfig, multi_face_network  # noqa: E402
from models.single_face import Head, Points, SingleFaceConfig, SingleFaceNetwork  # noqa: E402
from models.train import TrainConfig  # noqa: E402

CONFIGS = Path(__file__).parents[2] / "models" / "configs"


def noise(count: int, size: int) -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 255, (count, size, size, 3), np.uint8))


@pytest.mark.parametrize("multi_scale", [True, False])
def test_single_face_network_reads_crops(multi_scale: bool) -> None:
    network = SingleFaceNetwork(SingleFaceConfig(multi_scale=multi_scale)).eval()
    with torch.no_grad():
        parameters, points, likeness = network(noise(3, 128))
    assert parameters.shape == (3, 104) and points.shape == (3, 68, 2)
    assert torch.sigmoid(likeness).min() > 0.99  # Before it has learned that, nothing is no face.
    assert (parameters[:, EXPRESSION] >= 0).all() and (parameters[:, EXPRESSION] <= 1).all()


@pytest.mark.parametrize("multi_scale", [True, False])
def test_only_the_multi_scale_network_sees_more_than_the_last_level(multi_scale: bool) -> None:
    torch.manual_seed(0)
    network = SingleFaceNetwork(SingleFaceConfig(multi_scale=multi_scale)).eval()
    network.level3.register_forward_hook(lambda *_: torch.zeros(2, 192, 8, 8))
    with torch.no_grad():
        (one, other), (points, other_points), _ = network(noise(2, 128))
    assert torch.equal(one, other) != multi_scale
    assert torch.equal(points, other_points) != multi_scale


def test_located_points_lie_in_the_crop_and_follow_their_map() -> None:
    torch.manual_seed(0)
    points = Points((4, 4, 4), 8, 5, 32).eval()
    features = (*(torch.randn(2, 4, side, side) for side in (32, 16, 8)),)
    with torch.no_grad():
        anywhere, _ = points(*features)
        points.maps.weight.zero_()
        nowhere, _ = points(*features)
    assert anywhere.shape == (2, 5, 2) and anywhere.abs().max() < CROP_MARGIN / 2
    np.testing.assert_allclose(nowhere.numpy(), 0, atol=1e-5)


def test_what_is_seen_at_a_point_is_what_the_map_holds_there() -> None:
    torch.manual_seed(0)
    points = Points((4, 4, 4), 8, 5, 32, seen=3).eval()
    features = (*(torch.randn(2, 4, side, side) for side in (32, 16, 8)),)
    with torch.no_grad():
        points.maps.weight.mul_(1e5)  # Each point is then where its map is greatest.
        maps: list[torch.Tensor] = []
        points.look.register_forward_hook(lambda _, inputs, looked: maps.extend([*inputs, looked]))
        _, seen = points(*features)
    mixed, looked = maps
    place = (points.maps.weight.flatten(1) @ mixed.flatten(2)).argmax(2)
    held = looked.flatten(2).gather(2, place[:, None].expand(-1, 3, -1)).transpose(1, 2)
    torch.testing.assert_close(seen, held, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("alike", [True, False])
def test_likeness_is_given_what_is_seen_where_that_is_asked_for(alike: bool) -> None:
    torch.manual_seed(0)
    network = SingleFaceNetwork(SingleFaceConfig(seen=4, alike=alike)).eval()
    torch.nn.init.normal_(network.likeness.out.weight)
    with torch.no_grad():
        before = network(noise(2, 128))
        network.points.look[0].weight.mul_(2)
        after = network(noise(2, 128))
    assert torch.equal(after[1], before[1])
    assert torch.equal(after[2], before[2]) != alike


def test_expressions_alone_are_given_what_is_seen_at_first_to_no_effect() -> None:
    torch.manual_seed(4)
    without = SingleFaceNetwork(SingleFaceConfig()).eval()
    network = SingleFaceNetwork(SingleFaceConfig(seen=4)).eval()
    network.load_state_dict(without.state_dict(), strict=False)
    with torch.no_grad():
        before = without(noise(2, 128))[0]
        torch.testing.assert_close(network(noise(2, 128))[0], before)
        torch.nn.init.normal_(network.expression.at_points.weight)
        changed = (network(noise(2, 128))[0] - before).abs()
    assert changed[:, EXPRESSION].max() > 0.01
    changed[:, EXPRESSION] = 0
    assert changed.max() < 1e-5


def test_a_head_does_without_whole_points_while_it_learns() -> None:
    torch.manual_seed(0)
    points, channels = 50, 3
    head = Head(8, 1, SingleFaceConfig(points=points, hidden=16), channels, left_out=0.4)
    given = torch.randn(40, 8, 8, 8), torch.randn(40, points, 2)
    seen = torch.randn(40, points, channels, requires_grad=True)
    torch.nn.init.normal_(head.at_points.weight)
    head.standardise_seen.eval()  # Else every face hangs on all others of the batch.
    head(*given, seen).sum().backward()
    used = seen.grad != 0
    assert torch.equal(used.any(2), used.all(2))
    assert 0.5 < used.float().mean() < 0.7

    learned = head.eval()(*given, seen)
    assert torch.equal(head(*given, seen), learned)


@pytest.mark.parametrize("multi_scale", [True, False])
def test_multi_face_network_reads_pictures(multi_scale: bool) -> None:
    network = multi_face_network(MultiFaceConfig(multi_scale=multi_scale)).eval()
    with torch.no_grad():
        seen = network(noise(2, 288))
    assert seen.boxes.shape == (2, 405, 4) and seen.logits.shape == (2, 405)
    assert seen.parameters.shape == (2, 405, 104)
    assert (seen.points is not None) == multi_scale
    assert seen.points is None or seen.points.shape == (2, 405, 68, 2)
    centres = seen.boxes[0, :, :2].reshape(9, 9, 5, 2)
    cells = (centres * 9).floor().long()
    assert (cells[2, 7, :, 0] == 7).all() and (cells[2, 7, :, 1] == 2).all()


def test_finer_cells_see_small_faces_beside_the_others_and_begin_by_finding_nothing() -> None:
    torch.manual_seed(0)
    paper = multi_face_network(MultiFaceConfig()).eval()
    network = multi_face_network(MultiFaceConfig(finer=32, reads=False)).eval()
    network.load_state_dict(
        {n: v for n, v in paper.state_dict().items() if n in network.state_dict()}, strict=False
    )
    with torch.no_grad():
        before, seen = paper(noise(2, 288)), network(noise(2, 288))
    assert seen.boxes.shape == (2, 405 + 18 * 18 * 3, 4) and seen.parameters is None
    torch.testing.assert_close(seen.boxes[:, :405], before.boxes)
    torch.testing.assert_close(seen.logits[:, :405], before.logits)
    assert torch.sigmoid(seen.logits[:, 405:]).max() < 0.2
    cells = (seen.boxes[0, 405:, :2].reshape(18, 18, 3, 2) * 18).floor().long()
    assert (cells[2, 15, :, 0] == 15).all() and (cells[2, 15, :, 1] == 2).all()
    assert seen.boxes[:, 405:, 2:].median() < before.boxes[..., 2:].median()


def test_activation_gives_unit_quaternions_with_positive_w() -> None:
    raw = torch.randn(40, 104) * 3
    parameters = activate(raw)
    np.testing.assert_allclose(parameters[:, ROTATION].norm(dim=1).numpy(), 1, atol=1e-4)
    assert (parameters[:, ROTATION][:, 0] >= 0).all()
    assert ((parameters[:, SCALE] > 0) & (parameters[:, SCALE] < 1)).all()


@pytest.mark.parametrize(("name", "megabytes"), [("ms_sfn", 2), ("ms_mfn", 13)])
def test_export_keeps_the_contract_the_size_and_the_numbers(name: str, megabytes: int) -> None:
    config = TrainConfig.read(CONFIGS / f"{name}.toml")
    network = make_network(config)
    kind = "single" if config.network == "single" else "multi"
    graph = SingleFaceOutputs(network)
    if kind == "multi":
        finder = make_network(TrainConfig.read(CONFIGS / f"{config.finder}.toml"))
        graph = MultiFaceOutputs(finder, network)
    graph.eval()
    whole = to_onnx(graph, kind)
    assert difference(graph, kind, whole) < 1e-4
    content = halve(whole)
    assert len(content) <= megabytes * 1e6
    assert len(content) < 0.55 * len(whole)
    assert difference(graph, kind, content) < 2e-2
    model = onnx.load_from_string(content)
    assert model.opset_import[0].version <= 17
    check({entry.key: entry.value for entry in model.metadata_props}, kind, "made")


def test_a_network_that_reads_faces_in_its_cells_is_given_what_others_are() -> None:
    torch.manual_seed(0)
    narrow = MultiFaceConfig(16, (32, 32, 32, 32), (8, 8, 8, 8), branch=16)
    graph = MultiFaceOutputs(multi_face_network(narrow)).eval()
    content = to_onnx(graph, "multi")
    given_names = {each.name for each in onnx.load_from_string(content).graph.input}
    assert given_names == {*LEVELS, "threshold"}
    assert difference(graph, "multi", content) < 1e-4
    with torch.no_grad():
        *_, likeness = graph(*given(noise(1, 576).numpy()), torch.tensor(0.0))
    assert (likeness == 1).all()


def test_what_only_finds_faces_is_not_exported_alone() -> None:
    with pytest.raises(ValueError, match="only finds faces"):
        system(TrainConfig.read(CONFIGS / "ms_mfn_find_finer.toml"))


def test_a_chosen_confidence_comes_out_as_one_half() -> None:
    torch.manual_seed(0)
    network = multi_face_network(MultiFaceConfig()).eval()
    levels = given(noise(1, 576).numpy())
    with torch.no_grad():
        own = MultiFaceOutputs(network)(*levels, torch.tensor(1))[1]
        level = float(own.median())
        shifted = MultiFaceOutputs(network, confidence=level)(*levels, torch.tensor(1))[1]
    clear = (own - level).abs() > 1e-6
    np.testing.assert_array_equal((shifted > 0.5)[clear].numpy(), (own > level)[clear].numpy())
    assert 0.4 < float((shifted > 0.5).float().mean()) < 0.6
