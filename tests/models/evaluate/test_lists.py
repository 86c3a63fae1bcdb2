"""Lists of faces: what is written is read, and what is wrong is told."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluate.lists import FaceList


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "expressions.csv"
    files = [tmp_path / "rendered_1.png", tmp_path / "more" / "edited_2.png"]
    written = FaceList(files, np.arange(8.0).reshape(2, 4), ("jawOpen",), np.array([[0.25], [1]]))
    written.write(path)
    read = FaceList.read(path)
    assert read.files == files and read.columns == ("jawOpen",)
    np.testing.assert_array_equal(read.boxes, written.boxes)
    np.testing.assert_array_equal(read.values, written.values)
    assert FaceList.read(path, "edited_*").files == files[1:]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("file,x0,y0,x1\na,1,2,3", "x0,y0,x1,y1"), ("file,x0,y0,x1,y1\n", "no face")],
)
def test_a_wrong_list_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        FaceList.read(tmp_path / "list.csv")
