"""Grain of the skin: as wide as long wherever it is seen."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.head_template import template
from server.photo import texture
from server.photo.grain import below_jaw

SIZE = 1024
APART_MM = 1.0


@pytest.mark.parametrize("down", [False, True])
def test_pores_of_the_neck_are_as_wide_as_those_of_the_face(down: bool) -> None:
    """How like the skin a millimetre away is, both ways, is the same on the neck as on a cheek."""
    cheek = likeness(np.array([0.0, 0.03]), face=True, down=down)
    neck = likeness(np.array([-0.02, 0.02]), face=False, down=down)

    assert abs(neck - cheek) < 0.25


def likeness(across_metres: np.ndarray, *, face: bool, down: bool) -> float:
    """Correlation of the grain with itself a millimetre away, of the front of the face or the neck."""
    small = texture._texels(SIZE // 2)
    grain = texture._grain(SIZE).of_light[::2, ::2] - 1
    head = template()
    places = small.spread(np.c_[head.vertices, below_jaw().share])
    x, z, share = places[..., 0], places[..., 2], places[..., 3]
    here = small.covered & (x > across_metres[0]) & (x < across_metres[1]) & (places[..., 1] < 0)
    chin = head.landmarks()[152][2]
    here &= (
        (share < 0.01) & (z > chin + 0.02) & (z < 0.0) if face else (z < chin - 0.03) & (z > -0.17)
    )
    axis = 0 if down else 1
    step = np.median(
        np.linalg.norm(np.diff(places[..., :3], axis=axis), axis=-1)[
            here[:-1] if down else here[:, :-1]
        ]
    )
    lag = APART_MM / 1000 / step
    low = int(lag)
    both = [correlation(grain, here, axis, k) for k in (low, low + 1)]
    return float(both[0] + (lag - low) * (both[1] - both[0]))


def correlation(grain: np.ndarray, here: np.ndarray, axis: int, lag: int) -> float:
    there = here & np.roll(here, -lag, axis)
    return float(np.corrcoef(grain[there], np.roll(grain, -lag, axis)[there])[0, 1])
