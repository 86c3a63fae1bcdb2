"""The SFN's task: who is shown beside whom."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training is not set up (make setup-training)")

from models.single_task import mates


def test_mates_are_the_other_training_pictures_of_the_same_person() -> None:
    person = np.array(["ann", "bob", "ann", "cid", "ann", "bob"])
    found = mates(person, np.array([0, 1, 2, 3, 4]))
    assert {row: sorted(alike.tolist()) for row, alike in found.items()} == {0: [2, 4], 2: [0, 4], 4: [0, 2]}
