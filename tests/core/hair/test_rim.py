"""Hair thins out toward its line in every direction, and no strand ends at one with its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.hair.groom import Strands, cap_grid, strands
from dirfa_blender.core.hair.hairline import grown_over, with_hairline, without_sideburns
from dirfa_blender.core.hair.rim import (
    BAND_METRES,
    FINE_METRES,
    density,
    fineness,
    inside_metres,
    unevenness,
)
from dirfa_blender.core.head_template import template

MM = 1e-3


@pytest.fixture(scope="module")
def grown() -> Strands:
    made = strands(template())
    assert made is not None
    return made


def test_a_place_is_as_far_inside_as_the_nearest_point_of_the_line() -> None:
    angle = np.linspace(0.0, 2 * np.pi, 160, endpoint=False)
    ring = 0.1 * np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], -1)

    away = inside_metres(np.array([[0.0, 0.0, 0.0], [0.07, 0.0, 0.0], [0.0, 0.1, 0.02]]), ring)

    assert away == pytest.approx([0.1, 0.03, 0.02], abs=0.1 * MM)


def test_hair_comes_to_full_density_over_a_band_that_is_uneven_along_the_line() -> None:
    inside = np.broadcast_to(np.linspace(0.0, 0.02, 41)[:, None], (41, 160))

    share = density(inside)

    assert (np.diff(share, axis=0) >= 0).all()
    assert share[0].mean() < 0.4
    assert (share[-1] == 1.0).all()
    assert np.ptp(share[inside[:, 0] == 0.004]) > 0.2
    assert abs(unevenness(160).mean()) < 0.2 * MM


def test_hairs_at_the_line_are_finer_and_shorter_than_behind_it() -> None:
    thick, long = fineness(np.array([0.0, FINE_METRES / 2, FINE_METRES, 0.05]))

    assert (np.diff(thick)[:2] > 0).all() and (np.diff(long)[:2] > 0).all()
    assert thick[2:].tolist() == long[2:].tolist() == [1.0, 1.0]


def test_strands_are_fine_where_they_root_at_the_line_alone(grown: Strands) -> None:
    cap = cap_grid(template())
    assert cap is not None and grown.fine is not None
    inside = inside_metres(grown.points[:, 0], cap[0])

    assert grown.fine[inside < 2 * MM].mean() < 0.6
    assert (grown.fine[inside > FINE_METRES + 8 * MM] == 1.0).all()


def test_what_comes_down_to_the_line_ends_over_a_band(grown: Strands) -> None:
    cap = cap_grid(template())
    assert cap is not None
    root, tip = (inside_metres(grown.points[:, at], cap[0]) for at in (0, -1))
    low = grown.points[:, -1, 2] < np.percentile(cap[0, :, 2], 40)
    coming = low & (tip < root - 5 * MM) & (tip < 15 * MM)

    ends = tip[coming]

    assert coming.sum() > 300
    assert np.percentile(ends, 85) - np.percentile(ends, 15) > 3 * MM


def test_sideburns_that_are_gone_leave_a_line_from_the_temple_to_the_ear() -> None:
    head = template()
    whole, left_gone = cap_grid(head), cap_grid(with_hairline(head, without_sideburns((1.0, 0.0))))
    assert whole is not None and left_gone is not None
    ear = head.landmarks()[[234, 454]]
    before = np.abs(whole[0, :, 1] - ear[:, 1].mean() + 0.02) < 0.02
    left, right = before & (whole[0, :, 0] > 0), before & (whole[0, :, 0] < 0)

    assert left_gone[0, left, 2].min() > whole[0, left, 2].min() + 20 * MM
    assert left_gone[0, right] == pytest.approx(whole[0, right])


def test_the_skin_under_a_sideburn_takes_hairs_colour_from_its_sides_inward() -> None:
    head, cap = template(), cap_grid(template())
    assert cap is not None
    painted = grown_over(head, None)
    chosen = head.part("face", "scalp") & (painted > 0)
    inside = inside_metres(head.vertices[chosen], cap[0])

    assert painted[chosen][inside < 2 * MM].max() < 0.25
    assert painted[chosen][inside > BAND_METRES].min() > 0.9


def test_the_line_runs_under_the_rim_of_the_ear_and_below_its_lobe_at_the_nape() -> None:
    head = template()
    cap = cap_grid(head)
    assert cap is not None
    ear = head.vertices[head.part("ear_left")]
    low, high = ear[:, 2].min(), ear[:, 2].max()
    left = cap[0, cap[0, :, 0] > 0]
    over = left[(left[:, 1] > ear[:, 1].min() + 10 * MM) & (left[:, 1] < ear[:, 1].max() - 10 * MM)]
    behind = left[(left[:, 2] > low + 10 * MM) & (left[:, 2] < high - 15 * MM)]
    behind = behind[behind[:, 1] > ear[:, 1].mean()]

    assert np.abs(over[:, 2] - high).max() < 6 * MM
    assert len(behind) > 2
    assert np.abs(behind[:, 1] - ear[:, 1].max()).max() < 6 * MM
    assert cap[0, cap[0, :, 1] > 55 * MM, 2].max() < low
