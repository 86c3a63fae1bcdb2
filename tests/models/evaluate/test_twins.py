"""`twins`: what is kept of what is alike in two pictures of one face, on a folder with a list."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS
from facert_blender.capture.network import SingleFaceNetwork
from models.evaluate.twins import twins

BOX = np.array([30, 30, 90, 100], np.float32)
BLINK, SQUINT, SMILE = (
    EXPRESSIONS.index(name) for name in ("eyeBlinkRight", "eyeSquintLeft", "mouthSmileLeft")
)


def listed(folder: Path, rows: list[tuple[str, int, dict[int, float]]]) -> None:
    """Write twins.csv: file, pair, and the expressions that are said to show."""
    lines = [",".join(("file,x0,y0,x1,y1,pair", *EXPRESSIONS))]
    for file, pair, shown in rows:
        values = (str(shown.get(i, 0)) for i in range(len(EXPRESSIONS)))
        lines.append(",".join((file, "30,30,90,100", str(pair), *values)))
    (folder / "twins.csv").write_text("\n".join(lines))


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
            ("b.png", 4, {SQUINT: 0.5, SMILE: 0.9}),
            ("a.png", 1, {BLINK: 0.5}),
            ("a.png", 4, {SQUINT: 0.5, SMILE: 0.4}),
            ("b.png", 1, {BLINK: 0.5}),
        ],
    )
    found = twins(tmp_path, "single")
    a, b = weights
    assert found["kept"]["eyeBlink"] == pytest.approx(b[BLINK] / a[BLINK], rel=1e-3)
    assert found["moved"]["eyeBlink"] == pytest.approx(abs(b[BLINK] / a[BLINK] - 1), rel=1e-2)
    assert found["kept"]["eyeSquint"] == pytest.approx(a[SQUINT] / b[SQUINT], rel=1e-3)
    assert found["kept"]["browDown"] is None and found["n"] == 2 and found["missed"] == 0
    assert found["kept"]["mouthSmile"] is None  # it is not alike in both
    apart = np.abs(a - b)
    left = EXPRESSIONS.index("eyeBlinkLeft")
    assert found["errors"]["eyeBlink"] == pytest.approx((apart[BLINK] + apart[left]) / 2, abs=1e-5)
    right = EXPRESSIONS.index("mouthSmileRight")
    assert found["errors"]["mouthSmile"] == pytest.approx((apart[SMILE] + 2 * apart[right]) / 3, abs=1e-5)
    assert found["error"] == pytest.approx((2 * apart.sum() - apart[SMILE]) / 91, abs=1e-5)


def test_the_same_picture_twice_keeps_all(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(tmp_path, [("a.png", 0, {BLINK: 1}), ("a.png", 0, {BLINK: 1})])
    found = twins(tmp_path, "single")
    assert found["kept"]["eyeBlink"] == pytest.approx(1) and found["error"] == pytest.approx(0)


def test_a_pair_that_is_not_found_is_missed(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(tmp_path, [("a.png", 0, {BLINK: 1}), ("b.png", 0, {BLINK: 1})])
    found = twins(tmp_path, "multi")
    assert found["missed"] == found["n"] == 1
    assert found["error"] is None and found["kept"]["eyeBlink"] is None is found["errors"]["eyeBlink"]


def test_other_columns_are_refused(tmp_path: Path, weights: list[np.ndarray]) -> None:
    (tmp_path / "twins.csv").write_text("file,x0,y0,x1,y1,pair,jawOpen\na.png,30,30,90,100,0,1\n")
    with pytest.raises(ValueError, match="pair and"):
        twins(tmp_path, "single")


def test_half_a_pair_is_refused(tmp_path: Path, weights: list[np.ndarray]) -> None:
    listed(tmp_path, [("a.png", 0, {BLINK: 1}), ("b.png", 0, {BLINK: 1})])
    with pytest.raises(ValueError, match="two of a pair"):
        twins(tmp_path, "single", pattern="a*")
