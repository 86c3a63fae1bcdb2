"""The picture of the live preview: its levels."""

import numpy as np
import pytest

from facert_blender.ui.picture import levels


def test_levels_are_light_or_values() -> None:
    light = levels(linear=True)
    assert light.dtype == np.float32 and (light[0], light[255]) == (0, 1)
    # Middle grey is 18 % of the light.
    assert light[118] == pytest.approx(0.18, abs=0.005)
    assert levels(linear=False)[[0, 51, 255]] == pytest.approx([0, 0.2, 1])
