"""What looks like a face to a network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import CROP_MARGIN

torch = pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models import likeness  # noqa: E402
from models.datasets import LAYOUT, SHARD_SIZE, Shard, able  # noqa: E402
from models.likeness import examples, features, learn, views  # noqa: E402
from models.shared_data import held_out  # noqa: E402
from models.single_face import SingleFaceConfig, SingleFaceNetwork  # noqa: E402
from models.train import TrainConfig  # noqa: E402

PEOPLE = [f"ytf/person_{n}" for n in range(40)]


def shard(pictures: np.ndarray) -> Shard:
    """One row for each of PEOPLE."""
    arrays = {name: np.zeros((len(PEOPLE), *shape), kind) for name, (kind, shape) in LAYOUT.items()}
    arrays["images"][:] = pictures
    arrays["parameters"][:, 96] = 1
    arrays["person"][:] = PEOPLE
    return replace(Shard(**arrays), confidence=np.full(len(PEOPLE), 0.9, np.float32))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Faces are bright below, things above."""
    bright = np.zeros((len(PEOPLE), SHARD_SIZE, SHARD_SIZE, 3), np.uint8)
    bright[:, SHARD_SIZE // 2 :] = 220
    shard(bright).save(tmp_path / "photographs")
    shard(bright[:, ::-1]).save(tmp_path / "things")
    monkeypatch.setattr(likeness, "RUNS", tmp_path)
    return tmp_path


def test_things_are_shown_as_often_as_the_finder_takes_them_for_faces(runs: Path) -> None:
    things = Shard.open(runs / "things")
    pictures = np.zeros_like(things.images)
    pictures[::2] = 255
    likely = np.where(np.arange(len(PEOPLE)) % 2, 0.1, 0.9).astype(np.float32)
    replace(things, images=pictures, confidence=likely).save(runs / "things")
    torch.manual_seed(0)
    config = TrainConfig("small", "reader", 1, data={"shares": {"photographs": 1.0}})
    network = SingleFaceNetwork(SingleFaceConfig(64, 16, 2, (32, 32, 32), (8, 8, 8))).eval()
    seen, face = examples(network, config, 200, held=False, seed=0)
    # White ones, which are likely, and black ones look alike to the network but for their kind.
    of_things = seen[face == 0]
    white, black = (features(network, np.full((1, 64, 64, 3), level, np.uint8)) for level in (230, 15))
    nearer = torch.cdist(of_things, white) < torch.cdist(of_things, black)
    assert 0.8 < nearer.float().mean() < 0.97


@pytest.mark.parametrize("alike", [True, False])
def test_it_learns_which_is_which_and_nothing_else_changes(
    alike: bool, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "STEPS", 200)
    torch.manual_seed(0)
    config = TrainConfig("small", "reader", 1, data={"shares": {"photographs": 1.0}})
    shape = SingleFaceConfig(64, 16, 2, (32, 32, 32), (8, 8, 8), seen=4, alike=alike)
    network = SingleFaceNetwork(shape).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learn(network, *examples(network, config, 80, held=False, seed=0))
    seen, face = examples(network, config, 40, held=True, seed=1)
    with torch.no_grad():
        found = torch.sigmoid(network.likeness.odds(seen)) > 0.5
    assert len(face) == 80 and face.sum() == 40 and (found == face.bool()).float().mean() > 0.95
    changed = {n for n, value in network.state_dict().items() if not torch.equal(value, before[n])}
    assert changed and all(name.startswith("likeness.") for name in changed)


def test_a_reader_also_learns_from_faces_far_beside_the_middle() -> None:
    dot = np.zeros((len(PEOPLE), SHARD_SIZE, SHARD_SIZE, 3), np.uint8)
    dot[:, 90:102, 90:102] = 255  # the middle of a stored face
    shown = views(shard(dot), np.arange(len(PEOPLE)), 64, 0.0, np.random.default_rng(0))
    lit = [np.argwhere(view.min(-1) > 100) for view in shown]
    places = np.array([where.mean(0) for where in lit if len(where)])
    aside = np.abs((places + 0.5) / 64 - 0.5) * CROP_MARGIN
    assert len(places) > 20 and 0.15 < aside.max() < 0.36


def test_people_held_out_are_not_learned_from() -> None:
    people = shard(np.zeros((len(PEOPLE), SHARD_SIZE, SHARD_SIZE, 3), np.uint8))
    held = held_out(np.array(PEOPLE))
    assert 0 < held.sum() < len(PEOPLE)
    for wanted in (False, True):
        rows = able(people, held=wanted, least=0.2)
        np.testing.assert_array_equal(rows, np.flatnonzero(held == wanted))
    assert len(able(people, held=True, least=0.95)) == 0


def test_a_part_is_left_out_only_while_it_learns() -> None:
    torch.manual_seed(0)
    head = SingleFaceNetwork(SingleFaceConfig(64, 16, 2, (32, 32, 32), (8, 8, 8))).likeness
    torch.nn.init.normal_(head.out.weight)
    seen = torch.randn(30, head.standardise.num_features)
    with torch.no_grad():
        assert not torch.equal(head.train().odds(seen), head.odds(seen))
        assert torch.equal(head.eval().odds(seen), head.odds(seen))
