"""`reidentify`: pairs of pictures of one person and of two."""

from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest

from models.evaluate.people import reidentify
from models.shared_data import PHOTOS, held_out, person

FACES = PHOTOS / "ytf"


@pytest.mark.skipif(not FACES.exists(), reason="../shared/data is not here")
def test_the_same_picture_twice_is_the_same_person(tmp_path: Path) -> None:
    by_person: dict[str, Path] = {}
    for file in sorted(FACES.glob("*.jpg")):
        by_person.setdefault(person(file), file)
    for number, file in enumerate(list(by_person.values())[:4]):
        copyfile(file, tmp_path / f"someone_{number}_00.jpg")
        copyfile(file, tmp_path / f"someone_{number}_01.jpg")
    found = reidentify(tmp_path, "single")
    assert found["auc"] == 1 and found["people"] == 4 - found["missed"] / 2
    assert found["pairs_of_one"] == found["people"] and found["n"] == 8


@pytest.mark.skipif(not FACES.exists(), reason="../shared/data is not here")
def test_people_who_were_trained_on_can_be_left_out(tmp_path: Path) -> None:
    files = np.array(sorted(FACES.glob("*.jpg")))
    held = held_out(np.array([person(file) for file in files]))
    (tmp_path / "ytf").mkdir()
    for file in [*files[held][[0, 1, -1]], files[~held][0]]:
        copyfile(file, tmp_path / "ytf" / file.name)
    assert reidentify(tmp_path / "ytf", "multi", only_held_out=True)["n"] == 3


def test_one_person_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a_1.jpg").touch()
    with pytest.raises(ValueError, match="two people"):
        reidentify(tmp_path, "single")
