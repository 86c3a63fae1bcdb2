"""`mouths`: what is kept above a mouth that becomes another, on a folder with a list."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.network import SingleFaceNetwork
from models.evaluate.mouths import ABOVE, mouths
from models.expressions import INDEX

BOX = np.array([30, 30, 90, 100], np.float32)


def listed(folder: Path, rows: list[tuple[str, int, str]]) -> None:
    """Write mouths.csv: file, pair, and the expression that is said to show."""
    lines = [",".join(("file,x0,y0,x1,y1,pair", *ABOVE))]
    for file, pair, shown in rows:
        values = ("0.5" if name == shown else "0" for name in ABOVE)
        lines.append(",".join((file, "30,30,90,100", str(pair), *values)))
    (folder / "mouths.csv").write_text("\n".join(lines))


@pytest.fixture
def weights(tmp_path: Path) -> list[np.ndarray]:
    """What is read in two pictures, a.png and b.png."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (2, 128, 128, 3), np.uint8)
    for name, image in zip("ab", images, strict=True):
        cv2.imwrite(str(tmp_path / f"{name}.png"), image[..., ::-1])
    return [SingleFaceNetwork().read(image, BOX[None])[0].weights for image in images]


def test_what_is_kept_is_a_share_of_the_first_reading(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(
        tmp_path,
        [
            ("b.png", 4, "eyeSquintLeft"),
            ("a.png", 1, "eyeBlinkRight"),
            ("a.png", 4, "eyeSquintLeft"),
            ("b.png", 1, "eyeBlinkRight"),
        ],
    )
    found = mouths(tmp_path, "single")
    a, b = weights
    blink, squint = INDEX["eyeBlinkRight"], INDEX["eyeSquintLeft"]
    assert found["kept"]["eyeBlink"] == pytest.approx(b[blink] / a[blink], rel=1e-3)
    assert found["kept"]["eyeSquint"] == pytest.approx(a[squint] / b[squint], rel=1e-3)
    assert found["kept"]["browDown"] is None and found["n"] == 2 and found["missed"] == 0
    above = [INDEX[name] for name in ABOVE]
    assert found["moved"] == pytest.approx(np.abs(a - b)[above].mean(), abs=1e-5)


def test_the_same_picture_twice_keeps_all(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(tmp_path, [("a.png", 0, "browDownLeft"), ("a.png", 0, "browDownLeft")])
    found = mouths(tmp_path, "single")
    assert found["kept"]["browDown"] == pytest.approx(1) and found["moved"] == pytest.approx(0)


def test_a_pair_that_is_not_found_is_missed(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(tmp_path, [("a.png", 0, "browDownLeft"), ("b.png", 0, "browDownLeft")])
    found = mouths(tmp_path, "multi")
    assert found["missed"] == found["n"] == 1 and found["moved"] is None and found["kept"]["browDown"] is None


def test_other_columns_are_refused(tmp_path: Path, weights: list[np.ndarray]) -> None:
    (tmp_path / "mouths.csv").write_text("file,x0,y0,x1,y1,pair,jawOpen\na.png,30,30,90,100,0,1\n")
    with pytest.raises(ValueError, match="pair and"):
        mouths(tmp_path, "single")
