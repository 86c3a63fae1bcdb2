"""Square pieces cut out of pictures."""

import numpy as np
import pytest

from models.crops import cut_out, window


def test_what_is_looked_at_is_in_the_middle_and_as_large_as_asked() -> None:
    image = np.zeros((100, 140, 3), np.uint8)
    image[30:50, 80:100] = 255  # a square of 20 pixels around (89.5, 39.5)
    piece = cut_out(image, np.array([89.5, 39.5]), 20.0, 64, 2.0)
    rows, columns = np.nonzero(piece[..., 0] > 127)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 47, 16, 47)


def test_points_go_where_their_pixels_go() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    image[12, 31] = 255
    shown = window(np.array([25.0, 20.0]), 15.0, 60, 2.0)
    x, y = shown[:, :2] @ (31, 12) + shown[:, 2]
    piece = cut_out(image, np.array([25.0, 20.0]), 15.0, 60, 2.0)[..., 0].astype(float)
    rows, columns = np.indices(piece.shape)
    centre = (columns * piece).sum() / piece.sum(), (rows * piece).sum() / piece.sum()
    assert centre == pytest.approx((x, y), abs=0.3)


def test_nothing_is_passed_over_where_it_shrinks() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::4] = 255  # a quarter of the light, in lines thinner than the piece's pixels
    piece = cut_out(stripes, np.array([200.0, 200.0]), 360.0, 45, 1.0)
    assert piece.mean() == pytest.approx(255 / 4, abs=3) and piece.std() < 8


def test_the_edge_goes_on_outside_the_picture() -> None:
    image = np.full((20, 20, 3), 90, np.uint8)
    assert (cut_out(image, np.array([0.0, 0.0]), 20.0, 16, 1.6) == 90).all()
