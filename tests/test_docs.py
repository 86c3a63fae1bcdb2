"""The pages for people: what they point to exists, pictures are small, and no complaint is left out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
USERS = ROOT.parent / "shared" / "design" / "users.md"
LARGEST_PICTURE = 280_000
ALL_PICTURES = 3_000_000


def rows() -> list[list[str]]:
    """The rows of the table of complaints, without its head."""
    lines = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def test_every_complaint_has_an_answer_and_a_test_or_picture() -> None:
    assert rows()
    for complaint, answer, shown_by in rows():
        assert complaint and answer
        named = re.findall(r"`(tests/[^`]+\.py)::(\w+)`", shown_by)
        assert named or "](" in shown_by, complaint
        for file, test in named:
            assert re.search(rf"^def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.M), (file, test)


@pytest.mark.skipif(not USERS.is_file(), reason="the collected complaints are not beside this checkout")
def test_no_complaint_is_left_out() -> None:
    text = USERS.read_text(encoding="utf-8").partition("frequency")[2].partition("Every open tool")[0]
    known = [cell.casefold() for cell, *_ in rows()]
    collected = [" ".join(one.split()) for one in re.split(r"(?:^|\s|·\s)\d+\. ", text)[1:]]
    assert len(collected) > 20
    for complaint in collected:
        assert complaint.partition(" — ")[0].rstrip(" ·").casefold() in known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs").rglob("*.[pj][np]g")}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > LARGEST_PICTURE} == {}
    assert sum(sizes.values()) < ALL_PICTURES
