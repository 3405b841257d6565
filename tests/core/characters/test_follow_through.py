"""Neck and shoulders that follow the head: how late, how much, and the same at any rate."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.characters.follow_through import Trail, checked, followed, lag_of
from dirfa_blender.core.errors import SettingsError

RATES = (12.0, 23.976, 25.0, 29.97, 60.0)


def response(seconds: np.ndarray, lag: float) -> np.ndarray:
    """The critically damped answer to a ramp of slope 1 that starts at 0 s, from a textbook."""
    rate = 2 / lag
    decay = np.exp(-rate * seconds)
    return np.where(seconds > 0, seconds - lag + (lag + seconds) * decay, 0.0)


@pytest.mark.parametrize("rate", RATES)
def test_a_ramp_is_answered_as_the_closed_form_says_at_any_rate(rate: float) -> None:
    seconds = np.arange(-10, 61) / rate
    ramp = np.maximum(seconds, 0.0)[:, None]

    late = followed(ramp, seconds, 0.3)

    np.testing.assert_allclose(late[:, 0], response(seconds, 0.3), atol=1e-9)


def test_gaps_between_samples_change_nothing_where_the_motion_is_straight() -> None:
    seconds = np.linspace(0, 4, 161)
    corners = np.array([0.0, 1.0, 1.2, 4.0])
    bent = np.interp(seconds, corners, [0.0, 0.5, -0.3, -0.3])[:, None]
    few = np.isin(np.round(seconds, 6), corners)

    whole = followed(bent, seconds, 0.2)
    thinned = followed(bent[few], seconds[few], 0.2)

    np.testing.assert_allclose(thinned, whole[few], atol=1e-12)


def test_a_steady_motion_is_followed_by_the_lag() -> None:
    seconds = np.linspace(0, 5, 200)

    late = followed(seconds[:, None], seconds, 0.25)

    assert late[-1, 0] == pytest.approx(5 - 0.25, abs=1e-9)


def test_a_turn_is_never_overshot_and_is_reached() -> None:
    seconds = np.arange(100) / 25
    turn = np.clip((seconds - 0.5) / 0.2, 0, 1)[:, None]

    late = followed(turn, seconds, 0.2)

    assert (np.diff(late[:, 0]) >= -1e-12).all()
    assert late.max() <= 1.0
    assert late[-1, 0] == pytest.approx(1.0, abs=1e-9)
    assert (late <= turn + 1e-12).all()


def test_a_held_pose_is_followed_from_the_first_sample_on() -> None:
    held = np.full((20, 3), 0.4)

    np.testing.assert_allclose(followed(held, np.arange(20) / 24, 0.2), held, atol=1e-12)


def test_quick_nods_reach_the_shoulders_less_than_slow_turns() -> None:
    seconds = np.arange(500) / 50
    lag = lag_of(0.1, 1.0)

    slow, quick = (
        np.ptp(followed(np.sin(2 * np.pi * f * seconds)[:, None], seconds, lag)[200:])
        for f in (0.3, 3.0)
    )

    assert slow > 1.8
    assert quick < 0.3 * slow


def test_what_carries_the_whole_turn_or_has_no_strength_is_not_late() -> None:
    motion = np.random.default_rng(3).normal(size=(30, 3))

    for share, strength in ((1.0, 1.0), (0.4, 0.0)):
        late = followed(motion, np.arange(30) / 30, lag_of(share, strength))
        np.testing.assert_array_equal(late, motion)
    assert lag_of(0.1, 1.0) > lag_of(0.4, 1.0) > 0


def test_a_strength_that_is_out_of_range_is_refused() -> None:
    for wrong in (-0.1, 2.1, float("nan")):
        with pytest.raises(SettingsError, match="follow-through must be"):
            checked(wrong)


@pytest.mark.parametrize("sizes", [(1,) * 200, (1, 7, 40, 3, 149)])
def test_samples_that_come_piece_by_piece_are_followed_as_a_whole_take_is(sizes) -> None:
    random = np.random.default_rng(3)
    seconds = np.cumsum(random.uniform(0.005, 0.1, 200)) + 7.0
    motion = np.cumsum(random.normal(size=(200, 3)), 0)
    ends = np.cumsum(sizes)
    trails, lags = Trail(), (0.2, 0.05)

    parts = [
        [followed(motion[e - n : e], seconds[e - n : e], lag, trails) for lag in lags]
        for n, e in zip(sizes, ends, strict=True)
    ]

    for index, lag in enumerate(lags):
        found = np.concatenate([part[index] for part in parts])
        np.testing.assert_allclose(found, followed(motion, seconds, lag), atol=1e-9)


def test_a_sample_that_was_there_already_changes_nothing() -> None:
    seconds = np.arange(10) / 50
    trail = Trail()
    last = followed(seconds[:, None], seconds, 0.2, trail)[-1:]

    again = followed(seconds[-1:, None] + 5.0, seconds[-1:], 0.2, trail)

    np.testing.assert_array_equal(again, last)
