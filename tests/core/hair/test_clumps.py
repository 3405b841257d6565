"""Locks come together toward their tips, each to its own clump; few strands leave them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dirfa_blender.core.hair.bundles import bundles
from dirfa_blender.core.hair.clumps import clumps, drawn_together, strayed
from dirfa_blender.core.hair.curtain import carried_hair
from dirfa_blender.core.hair.groom import Strands
from dirfa_blender.core.head_template import template

MM = 1e-3
OUTWARD = np.array([0.0, -1.0, 0.0])


def parallel(count: int = 600, points: int = 8) -> np.ndarray:
    """(N, P, 3) metres, straight locks of 5 cm that hang beside each other on a wall of 12 cm."""
    place = np.random.default_rng(4).uniform(0.0, 0.12, (count, 1))
    down = np.linspace(0.0, -0.05, points) * np.ones((count, 1))
    return np.stack([place + 0.0 * down, 0.0 * down, down], -1)


def test_locks_leave_gaps_between_clumps_at_their_tips_and_none_at_their_roots() -> None:
    locks = parallel()

    middle, closing = clumps(locks, 0.012, np.random.default_rng(1))
    drawn = drawn_together(locks, locks[middle] - locks, closing)

    def widest_gap(at: int) -> float:
        return float(np.sort(np.diff(np.sort(drawn[:, at, 0])))[-5:].mean())

    assert np.array_equal(drawn[:, 0], locks[:, 0])
    assert widest_gap(-1) > 3 * widest_gap(0)
    assert np.abs(drawn - locks).max() < 0.024


@pytest.mark.parametrize("wide", [0.006, 0.024])
def test_clumps_are_as_wide_as_they_are_said_to_be(wide: float) -> None:
    middle, _ = clumps(parallel(), wide, np.random.default_rng(1))

    across = 0.12 / len(np.unique(middle))

    assert across == pytest.approx(2 * wide, rel=0.5)


def test_a_lock_far_from_all_others_stays_where_it_is() -> None:
    alone = parallel(200)
    alone[0, :, 0] += 0.5

    middle, closing = clumps(alone, 0.01, np.random.default_rng(1))

    assert middle[0] == 0 or closing[0] == 0.0


def test_few_strands_stray_and_those_from_their_roots_on_more_and_more() -> None:
    strands = parallel(2000)
    outward = np.broadcast_to(OUTWARD, strands.shape)

    wild, astray = strayed(strands, outward, 0.05, 0.01, np.random.default_rng(2))

    off = np.linalg.norm(wild - strands, axis=2)
    straying = off[off.max(1) > 0]
    assert len(straying) == pytest.approx(100, rel=0.3)
    assert (astray == (off.max(1) > 0)).all()
    assert straying[:, 0].max() == 0.0
    assert straying[:, -1].mean() > 3 * straying[:, 3].mean()
    assert (wild - strands)[..., 1].max() <= 0.0  # off the wall, never into it


def test_no_bundle_is_made_of_strands_that_go_astray() -> None:
    straight = parallel(2000)
    points, astray = strayed(
        straight, np.broadcast_to(OUTWARD, straight.shape), 0.05, 0.03, np.random.default_rng(2)
    )
    radii, tones = np.full(points.shape[1], 1e-4, np.float32), np.full(2000, 0.5, np.float32)
    grown = Strands(points.astype(np.float32), radii, tones, astray=astray)

    random = np.random.default_rng(1)
    runs = bundles(grown, 400, 4, 0.0, random)[0]
    of_all = bundles(replace(grown, astray=None), 400, 4, 0.0, random)[0]

    off = [np.ptp(some[:, -1] @ np.array(OUTWARD)) for some in (runs, of_all)]
    assert off[0] < 1e-6 < 0.003 < off[1]


def test_hair_of_a_head_has_strands_that_its_outline_does_not_show() -> None:
    grown = carried_hair(template())

    assert grown is not None
    tips = grown.points[:, -1].astype(np.float64)
    off = np.linalg.norm(tips - tips.mean(0), axis=1)
    usual = np.percentile(off, 99.0)
    assert 3 * MM < off.max() - usual < 25 * MM
