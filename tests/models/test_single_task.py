"""The task of the SFN and the MFN's reader: who is shown beside whom, and with whose labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from facert_blender.capture.contract import EXPRESSION, EXPRESSIONS, ROTATION
from models import relabel, single_task
from models.datasets import LAYOUT, Shard
from models.single_task import mates, open_labelled


def test_mates_are_the_other_training_pictures_of_the_same_person() -> None:
    person = np.array(["ann", "bob", "ann", "cid", "ann", "bob"])
    found = mates(person, np.array([0, 1, 2, 3, 4]))
    assert {row: sorted(alike.tolist()) for row, alike in found.items()} == {0: [2, 4], 2: [0, 4], 4: [0, 2]}


@pytest.mark.parametrize("share", [1.0, 0.75, 0.0])
def test_fitted_labels_give_way_to_those_of_an_sfn_and_exact_ones_as_far_as_wished(
    share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (relabel, single_task):
        monkeypatch.setattr(module, "RUNS", tmp_path)
    rows = Shard(**{name: np.zeros((2, *shape), dtype) for name, (dtype, shape) in LAYOUT.items()})
    fitted = replace(rows, confidence=np.ones(2, np.float32))
    fitted.save(tmp_path / "photographs")
    upright = fitted.parameters.copy()
    upright[:, ROTATION.start] = 1
    replace(fitted, parameters=upright, exact=np.ones(2, bool)).save(tmp_path / "edited")
    (tmp_path / "sfn").mkdir()
    for name in ("photographs", "edited"):
        np.save(relabel.labels_file("sfn", name), np.full((2, 104), 0.5, np.float32))
    data = {"labels": "sfn", "exact": share}
    assert open_labelled("photographs", {}).parameters.max() == 0
    assert open_labelled("photographs", data).parameters.min() == 0.5
    kept = open_labelled("photographs", {**data, "fitted": ["browDown", "mouthPucker"]}).parameters
    names = [EXPRESSIONS[i] for i in np.flatnonzero(kept[0, EXPRESSION] == 0)]
    assert sorted(names) == ["browDownLeft", "browDownRight", "mouthPucker"] and (kept != 0.5).sum() == 6
    made = open_labelled("edited", data)
    assert made.exact.all() == (share > 0)
    np.testing.assert_allclose(made.parameters[:, EXPRESSION], 0.5 * (1 - share))
    turned = made.parameters[:, ROTATION]
    np.testing.assert_array_equal(turned, upright[:, ROTATION] if share else np.full((2, 4), 0.5))
    assert made.parameters.dtype == np.float32
    exactly = open_labelled("edited", {**data, "exactly": ["jawLeft"]}).parameters[0, EXPRESSION]
    assert exactly[EXPRESSIONS.index("jawLeft")] == (0 if share else 0.5)
    assert exactly[EXPRESSIONS.index("jawRight")] == pytest.approx(0.5 * (1 - share))
