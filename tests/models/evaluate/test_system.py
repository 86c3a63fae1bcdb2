"""`all`: what a network costs, which measures apply, and the result file."""

import json
from pathlib import Path

import pytest

from models.evaluate import system


def test_cost_is_of_the_file_and_the_networks_own_time() -> None:
    cost = system.cost("single")
    assert cost["megabytes"] <= 2 and 0 < cost["milliseconds"] < 1000


def test_a_single_face_network_does_not_detect() -> None:
    assert set(system.measure("single", system.WEIGHTS, ["detection", "cost"])) == {"cost"}


def test_results_are_added_to_those_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "RESULTS", tmp_path)
    system.write_result("some_run", {"network": "single", "cost": {"megabytes": 1.23456789}})
    system.write_result("some_run", {"rotation": {"mean": None}})
    stored = json.loads((tmp_path / "some_run.json").read_text())
    assert stored == {"network": "single", "cost": {"megabytes": 1.23457}, "rotation": {"mean": None}}
