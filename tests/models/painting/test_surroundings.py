"""What is behind painted faces."""

import numpy as np

from models.painting.surroundings import COARSE, bent, fill_in


def test_holes_are_filled_from_around() -> None:
    image = np.full((64, 64, 3), 100, np.float32)
    image[:, 32:] = 200
    known = np.ones((64, 64), bool)
    known[20:44, 20:44] = False
    image[~known] = -1000
    filled = fill_in(image, known)
    assert filled.min() > 95 and filled.max() < 205
    assert filled[32, 22, 0] < filled[32, 42, 0]


def test_surroundings_go_with_the_face_and_stay_far_from_it() -> None:
    size = 192
    axes = np.tile(np.arange(size, dtype=np.float32), (2, 1))
    picture = np.repeat(np.tile(axes[0], (size, 1))[..., None], 3, axis=2)  # as bright as far to the right
    known = np.zeros((size // COARSE, size // COARSE), bool)
    known[20:28, 28:36] = True
    rows, columns = np.nonzero(known)
    source = np.column_stack([columns, rows]).astype(np.float32) * COARSE
    np.testing.assert_allclose(bent(picture, axes, source, known), picture, atol=1e-3)
    by = (bent(picture, axes, source + np.array([4, 0], np.float32), known) - picture)[96, :, 0]
    np.testing.assert_allclose(by[116:140], 4, atol=0.1)
    assert 3.5 > by[96] > by[80] > by[64] > by[48] > by[24] == 0
