from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.filters import faded, reduced_keys


@pytest.mark.parametrize("tolerance", [0.001, 0.01, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_reduced_keys_stay_within_the_bound(seed: int, tolerance: float) -> None:
    steps = np.random.default_rng(seed).normal(0, 0.03, 2000)
    curve = np.cumsum(steps)

    kept = reduced_keys(curve, tolerance)

    rebuilt = np.interp(np.arange(len(curve)), kept, curve[kept])
    assert np.abs(rebuilt - curve).max() <= tolerance + 1e-9
    assert kept[0] == 0 and kept[-1] == len(curve) - 1


def test_a_straight_line_needs_two_keys() -> None:
    assert reduced_keys(np.linspace(0, 1, 500), 1e-6).tolist() == [0, 499]


def test_a_smooth_curve_needs_far_fewer_keys() -> None:
    curve = np.sin(np.linspace(0, 20, 1800)) * 0.5 + 0.5

    assert len(reduced_keys(curve, 0.01)) * 4 < len(curve)


def test_fades_start_at_zero_end_near_it_and_leave_the_middle() -> None:
    result = faded(np.ones((100, 2), np.float32), 50.0, 0.4)

    assert result[0].max() == 0 and result[-1].max() < 0.1
    assert (result[20:80] == 1).all()
