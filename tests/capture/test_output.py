"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from facert_blender.capture.errors import OutputError
from facert_blender.capture.output import file_name, replacing


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    target = tmp_path / "out put.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.suffix == ".txt" and temporary.parent == tmp_path
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(KeyError), replacing(target) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="cannot be written"),
        replacing(tmp_path / "no" / "out.txt") as temporary,
    ):
        temporary.write_text("new")


def test_any_title_names_a_file(tmp_path: Path) -> None:
    name = file_name('Ana/Bo: "take 2"? ü.mp4')
    assert name == "Ana_Bo_ _take 2__ ü.mp4"
    (tmp_path / name).write_text("here")
