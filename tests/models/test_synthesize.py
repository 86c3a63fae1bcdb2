"""Blocks of made faces: by seed, in pairs, and gone on with after a stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, IDENTITY, ROTATION, SCALE, TRANSLATION
from facert_blender.capture.face_shape import rotation_matrices
from models import synthesize
from models.datasets import SHARD_SPAN, Shard
from models.dense import DENSE
from models.expressions import MOUTH
from models.shared_data import held_out
from models.synthesize import Maker, Recipe, make

if TYPE_CHECKING:
    from models.painting.head import Head


@pytest.fixture
def photographs(head: Head) -> Shard:
    n = 10
    parameters = np.zeros((n, 104), np.float32)
    parameters[:, 0], parameters[:, SCALE], parameters[:, 96] = 1, 0.5, 1
    return Shard(
        np.random.default_rng(0).integers(0, 255, (n, 192, 192, 3), np.uint8),
        parameters,
        head.shape.project(parameters),
        np.ones(n, np.float32),
        np.array([f"person{i}" for i in range(n)]),
        np.zeros(n, bool),
        np.full(n, 0.01, np.float32),
        np.full(n, -1, np.int32),
        np.zeros((n, DENSE, 2), np.float32),
        np.zeros((n, DENSE), np.float32),
    )


@pytest.mark.parametrize("kind", ["edited", "rendered"])
def test_blocks_follow_from_the_seed_and_hold_pairs(head: Head, photographs: Shard, kind: str) -> None:
    maker = Maker(Recipe(13, kind, 5, "training"), photographs, head)
    block = maker.block(0)
    assert len(block) == 13 and block.exact.all()
    again = maker.block(0)
    np.testing.assert_array_equal(again.images, block.images)
    np.testing.assert_array_equal(again.parameters, block.parameters)
    assert not held_out(block.person).any()
    paired = np.flatnonzero(block.pair >= 0)
    assert 0 < len(paired) < 13
    for i in paired:
        j = block.pair[i]
        assert block.pair[j] == i and block.person[i] == block.person[j]
        one, two = block.parameters[i], block.parameters[j]
        np.testing.assert_array_equal(one[IDENTITY], two[IDENTITY])
        same = [np.array_equal(one[part], two[part]) for part in (EXPRESSION, ROTATION)]
        assert sum(same) == 1
    assert (kind == "rendered") == bool((block.parameters[:, 1:50] != 0).any())


def test_nothing_of_people_held_out_is_in_heads_of_others(head: Head, photographs: Shard) -> None:
    held = held_out(photographs.person)
    assert held.any() and not held.all()
    photographs.parameters[:, 1:50] = np.where(held, 2, -2)[:, None]
    photographs.parameters[held, EXPRESSION.start + EXPRESSIONS.index("cheekPuff")] = 1
    maker = Maker(Recipe(12, "rendered", 0, "all"), photographs, head)
    block = maker.block(0)
    made = held_out(block.person)
    assert made.any() and not made.all()
    shapes = block.parameters[:, 1:50].mean(1)
    assert (shapes[made] > 1).all() and (shapes[~made] < -1).all()
    for side, people in zip(maker.sides, (~held, held), strict=True):
        np.testing.assert_array_equal(side.rows, np.flatnonzero(people))
        assert (side.expressions.max() == 1) == held[side.rows].all()


def test_held_out_people_stay_held_out(head: Head, photographs: Shard) -> None:
    for kind in ("edited", "rendered"):
        block = Maker(Recipe(4, kind, 0, "held-out"), photographs, head).block(0)
        assert held_out(block.person).all()


def test_averted_heads_look_away(head: Head, photographs: Shard) -> None:
    block = Maker(Recipe(12, "rendered", 3, "all", averted=True), photographs, head).block(0)
    ahead = rotation_matrices(block.parameters[:, ROTATION])[:, 2, 2]
    assert (ahead < np.cos(np.radians(20))).all() and block.exact.all()


@pytest.mark.parametrize("change", ["mouth", "turn", "gaze"])
def test_what_is_not_changed_stays_as_photographed(head: Head, photographs: Shard, change: str) -> None:
    photographs.confidence[:] = 0.6
    frown = EXPRESSION.start + EXPRESSIONS.index("browDownLeft")
    photographs.parameters[:, frown] = 0.5
    block = Maker(Recipe(12, "edited", 3, "all", change=change), photographs, head).block(0)
    assert not block.exact.any() and (block.confidence == np.float32(0.6)).all()
    assert (block.pair == np.arange(12) + np.tile([1, -1], 6)).all()
    other = block.parameters[block.pair]
    changed = (block.parameters != other).any(0)
    changed[TRANSLATION.start :] = False  # where the crop lies
    numbers = set(np.flatnonzero(changed))
    may = {"mouth": {EXPRESSION.start + i for i in MOUTH}, "turn": set(range(104)[ROTATION]), "gaze": set()}
    assert numbers <= may[change] and (len(numbers) >= 4 or change == "gaze")
    assert (block.parameters[:, frown] == 0.5).all()
    assert (block.images != block.images[block.pair]).any((1, 2, 3)).all()


def test_another_gaze_is_seen_in_the_eyes_alone(head: Head, photographs: Shard) -> None:
    photographs.parameters[:, EXPRESSION] = 0
    block = Maker(Recipe(12, "edited", 3, "all", change="gaze"), photographs, head).block(0)
    size = block.images.shape[1]
    for one, other in zip(range(0, 12, 2), range(1, 12, 2), strict=True):
        apart = np.abs(block.images[one].astype(int) - block.images[other]).max(2) > 20
        lids = block.landmarks[one][36:48] * (size / SHARD_SPAN) + (size - 1) / 2
        (left, top), (right, bottom) = (lids.min(0) - 3).astype(int), (lids.max(0) + 4).astype(int)
        assert apart[top:bottom, left:right].any()
        assert apart.sum() == apart[top:bottom, left:right].sum()


def test_rendered_heads_cannot_be_changed_in_one_thing_alone() -> None:
    for wrong in ({"kind": "rendered"}, {"kind": "edited", "averted": True}):
        with pytest.raises(ValueError, match="Only edited photographs"):
            Recipe(count=2, seed=0, people="all", change="gaze", **wrong)


def test_a_stopped_run_goes_on(
    head: Head, photographs: Shard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthesize, "BLOCK", 2)
    recipe = Recipe(5, "edited", 1, "all")
    monkeypatch.setattr(synthesize, "_makers", {recipe: Maker(recipe, photographs, head)})
    whole, folder = tmp_path / "whole", tmp_path / "stopped"
    make(recipe, whole, 1)
    part = tmp_path / "stopped.part"
    synthesize.begin(recipe, part)
    done = np.lib.format.open_memmap(part / "done.npy", "r+")
    done[1] = True
    done.flush()
    make(recipe, folder, 1)
    one, other = Shard.open(whole), Shard.open(folder)
    assert len(one) == 5 and not part.exists()
    np.testing.assert_array_equal(other.images[:2], one.images[:2])
    np.testing.assert_array_equal(other.images[4:], one.images[4:])
    assert (other.images[2:4] == 0).all()  # what was said to be done was not done again
    assert one.pair.max() < 5 and (one.pair[one.pair[one.pair >= 0]] >= 0).all()
