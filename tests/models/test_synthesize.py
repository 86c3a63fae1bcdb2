"""Edited photographs: possible faces, and a rasteriser that sees the nearest."""

from pathlib import Path

import numpy as np
import pytest

from facert_blender.capture.contract import EXPRESSIONS

pytest.importorskip("torch", reason="training is not set up (make setup-training)")
pytest.importorskip("numba")

from models.face_model import FaceMesh
from models.rasterize import interpolate, rasterize
from models.shared_data import FACE_MODEL
from models.synthesize import Editor, possible, sample_expression


def test_the_nearer_triangle_is_seen_and_interpolated() -> None:
    points = np.array([[0, 0, 0], [0, 20, 0], [20, 0, 0], [5, 2, 1], [5, 9, 1], [12, 2, 1]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 5], [3, 5, 4]], np.int32)
    seen, place = rasterize(points, triangles, 24, 24)
    assert seen[1, 1] == 0 and seen[3, 6] == 1 and seen[20, 20] == -1
    assert 2 not in seen  # it faces away
    across = interpolate(seen, place, triangles, points[:, :1].copy())
    assert across[10, 4, 0] == pytest.approx(4, abs=1e-3)
    assert across[3, 7, 0] == pytest.approx(7, abs=1e-3)


def test_sampled_expressions_are_possible_and_reach_extremes() -> None:
    rng = np.random.default_rng(0)
    real = rng.uniform(0, 0.3, (20, 46)).astype(np.float32)
    sampled = np.stack([sample_expression(real[0].copy(), real, rng) for _ in range(600)])
    assert sampled.min() >= 0 and sampled.max() <= 1
    index = {name: i for i, name in enumerate(EXPRESSIONS)}
    assert (np.minimum(sampled[:, index["jawLeft"]], sampled[:, index["jawRight"]]) == 0).all()
    assert (sampled[:, index["mouthClose"]] <= 0.78 * sampled[:, index["jawOpen"]] + 1e-6).all()
    closed = (sampled[:, index["eyeBlinkLeft"]] > 0.7).mean()
    opened = (sampled[:, index["jawOpen"]] > 0.5).mean()
    assert closed > 0.15 and opened > 0.1
    winking = np.abs(sampled[:, index["eyeBlinkLeft"]] - sampled[:, index["eyeBlinkRight"]]) > 0.4
    assert winking.mean() > 0.03
    assert possible(np.full(46, 2.0, np.float32)).max() <= 1


@pytest.mark.skipif(not Path(FACE_MODEL).exists(), reason="the face model's source is not here")
def test_editing_closes_the_lids_and_opens_the_mouth() -> None:
    editor = Editor.make(FaceMesh.load())
    parameters = np.zeros(104, np.float32)
    parameters[0], parameters[96], parameters[103] = 1, 1, 0.5
    landmarks = editor.shape.project(parameters[None])[0]
    image = np.full((192, 192, 3), 170, np.uint8)
    eye = np.rint(landmarks[36:42].mean(0) * 96 + 95.5).astype(int)
    image[eye[1] - 3 : eye[1] + 4, eye[0] - 4 : eye[0] + 5] = 20  # a dark eye
    weights = np.zeros(46, np.float32)
    weights[[EXPRESSIONS.index("eyeBlinkRight"), EXPRESSIONS.index("jawOpen")]] = 1
    edited, labels, moved = editor.edit(image, parameters, landmarks, weights, np.eye(3))
    np.testing.assert_array_equal(labels[50:96], weights)
    assert edited[eye[1], eye[0]].mean() > image[eye[1], eye[0]].mean() + 60  # skin over the eye
    assert moved[66, 1] - moved[62, 1] > landmarks[66, 1] - landmarks[62, 1] + 0.1
    mouth = np.rint(moved[60:68].mean(0) * 96 + 95.5).astype(int)
    assert edited[mouth[1], mouth[0]].mean() < 140  # the inside of the mouth
