"""What the networks see of a picture is exactly where the docstrings say."""

from __future__ import annotations

import numpy as np
import pytest

from facert_blender.capture import contract
from facert_blender.capture.view import GREY, View, fit, head_roll, pyramid, turn, turned


def centroid(picture: np.ndarray) -> np.ndarray:
    """Brightness-weighted x, y of a picture on black."""
    light = picture.sum(axis=2, dtype=float)
    rows, columns = np.indices(light.shape)
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


def spotted(spot: np.ndarray, width: float) -> np.ndarray:
    """A picture with a soft spot at x, y."""
    rows, columns = np.indices((900, 900))
    distance = ((columns - spot[0]) ** 2 + (rows - spot[1]) ** 2) / width**2
    return np.repeat((255 * np.exp(-distance)).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize("roll", [0.0, 0.7, -2.5])
@pytest.mark.parametrize("side", [30.0, 98.4, 150.0, 333.3, 600.0])
def test_a_view_puts_every_point_where_it_says(side: float, roll: float) -> None:
    spot = np.array([460.0, 430.0])
    view = View(np.array([450.3, 441.8]), side, roll)
    seen = (centroid(view.crop(spotted(spot, side / 15))) - 63.5) / 128 * contract.CROP_MARGIN
    assert view.outside(seen[None])[0] == pytest.approx(spot, abs=0.0007 * side)


def test_an_unturned_view_is_a_plain_enlargement() -> None:
    spot, centre, side = np.array([460.0, 430.0]), np.array([450.3, 441.8]), 150.0
    expected = (spot - centre) / (contract.CROP_MARGIN * side) * 128 + 63.5
    assert centroid(View(centre, side).crop(spotted(spot, 10))) == pytest.approx(expected, abs=0.06)


def test_a_view_goes_on_with_the_edge_outside_the_picture() -> None:
    ramp = np.repeat(np.arange(100, 150, dtype=np.uint8)[None, :, None], 50, axis=0).repeat(3, axis=2)
    seen = View(np.array([0, 25]), 40).crop(ramp)
    assert seen.shape == (128, 128, 3)
    assert (seen[:, :60] == 100).all()
    assert (np.diff(seen[64, 66:, 0].astype(int)) >= 0).all() and seen[64, -1, 0] > 120
    assert (View(np.array([-500, 2000]), 40).crop(ramp) == GREY).all()


def test_a_view_around_a_box() -> None:
    view = View.around(np.array([10, 20, 50, 80]))
    assert (view.centre.tolist(), view.side, view.roll) == ([30, 50], 60, 0)


@pytest.mark.parametrize("degrees", [-120, -30, 0, 30, 75])
def test_an_upright_view_undoes_the_roll_of_the_head(degrees: float) -> None:
    angle = np.radians(degrees)
    level = np.random.default_rng(0).uniform((-20, -30), (20, 30), (68, 2))
    yawed = np.array([np.cos(0.3), 0, np.sin(0.3), 0])
    view = View.upright(level @ turn(angle).T + (300, 200), turned(yawed, angle))
    assert view.roll == pytest.approx(angle)
    assert view.side == pytest.approx(np.ptp(level, axis=0).max())
    middle = (level.min(axis=0) + level.max(axis=0)) / 2
    assert view.outside((level - middle) / view.side) == pytest.approx(level @ turn(angle).T + (300, 200))


def test_turns_are_anticlockwise_as_seen() -> None:
    assert turn(np.pi / 2) @ (1, 0) == pytest.approx([0, -1])
    upright = np.array([1.0, 0, 0, 0])
    assert head_roll(turned(upright, 0.4)) == pytest.approx(0.4)
    assert turned(upright, 0.4) == pytest.approx([np.cos(0.2), 0, 0, np.sin(0.2)])
    assert (turned(turned(upright, 3), 3) >= (0, -1, -1, -1)).all()


@pytest.mark.parametrize("size", [(64, 64), (640, 360), (333, 501), (3840, 2160)])
def test_fit_scales_to_fit_and_pads_right_or_below(size: tuple[int, int]) -> None:
    view, scale = fit(np.full((size[1], size[0], 3), 255, np.uint8))
    assert view.shape == (576, 576, 3)
    width, height = int(size[0] * scale), int(size[1] * scale)
    assert (view[: height - 1, : width - 1] == 255).all()
    assert (view[height + 1 :] == GREY).all()
    assert (view[:, width + 1 :] == GREY).all()


@pytest.mark.parametrize("size", [(100, 80), (501, 333), (577, 1000), (1280, 720), (3839, 2157)])
def test_fit_puts_every_point_where_it_says(size: tuple[int, int]) -> None:
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    ramps = np.stack([250 * across / size[0], 250 * down / size[1], 0 * across], -1)
    view, scale = fit(np.rint(ramps).astype(np.uint8))
    height, width = int(size[1] * scale) - 8, int(size[0] * scale) - 8
    y, x = np.mgrid[8:height, 8:width]
    for seen, place, side in (
        (view[8:height, 8:width, 0], x, size[0]),
        (view[8:height, 8:width, 1], y, size[1]),
    ):
        expected = 250 * ((place + 0.5) / scale - 0.5) / side
        assert np.abs(seen - expected).max() < 1.5
        assert np.abs(seen - expected).mean(axis=(0, 1)) < 0.4


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (1, 3000), (5000, 9)])
def test_fit_takes_any_picture(size: tuple[int, int]) -> None:
    view, scale = fit(np.full((size[1], size[0], 3), 200, np.uint8))
    assert view.shape == (576, 576, 3) and scale == 576 / max(size)
    assert set(np.unique(view)) <= {200, GREY}


def test_a_pyramid_halves_the_view_and_keeps_its_means() -> None:
    image = np.zeros((576, 576, 3), np.uint8)
    image[:, 288:] = (200, 100, 50)
    image[:4:2, 1] = 240  # one of two rows
    levels = pyramid(image)
    assert [level.shape for level in levels] == [(side, side, 3) for side in (576, 288, 144, 72)]
    for level in levels[1:]:
        half = len(level) // 2
        assert (level[:, 1:half] == 0).all() and (level[:, half:] == (200, 100, 50)).all()
    assert levels[1][0, 0].tolist() == [60] * 3
    assert levels[2][0, 0].tolist() == [30] * 3
