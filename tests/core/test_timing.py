from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from dirfa_blender.core.errors import SettingsError
from dirfa_blender.core.timing import FrameRate, parse_rate

RATES = ["5", "12.5", "15", "23.976", "24", "25", "29.97", "30", "50", "59.94", "60", "120"]


@pytest.mark.parametrize("text", RATES)
def test_seconds_to_frames_and_back_is_the_identity(text: str) -> None:
    rate = parse_rate(text)

    there_and_back = [rate.seconds_at(rate.frame_at(t, 101), 101) for t in (0.0, 0.04, 7.3, 3600.0)]

    assert there_and_back == pytest.approx([0.0, 0.04, 7.3, 3600.0], abs=1e-9)


@pytest.mark.parametrize(
    ("text", "exact"), [("23.976", 24000 / 1001), ("29.97", 30000 / 1001), ("59.94", 60000 / 1001)]
)
def test_ntsc_rates_are_exact(text: str, exact: float) -> None:
    assert parse_rate(text).per_second == pytest.approx(exact, rel=1e-12)


def test_an_hour_at_29_97_does_not_drift() -> None:
    rate = parse_rate("29.97")

    frame = rate.frame_at(3600.0, frame_start=0)

    assert frame == pytest.approx(3600 * 30000 / 1001, abs=1e-6)


def test_decimal_rates_keep_their_value() -> None:
    assert parse_rate("12.5").per_second == pytest.approx(12.5, rel=1e-12)


def test_frame_count_covers_the_duration_and_no_more() -> None:
    rate = FrameRate(25)

    assert [rate.frame_count(d) for d in (0.0, 0.04, 0.041, 1.0, 1.0 + 1e-9)] == [1, 1, 2, 25, 25]


@pytest.mark.parametrize("text", ["0", "-25", "nan", "inf", "fast", "1/0", "241", ""])
def test_a_rate_that_cannot_be_is_refused_in_words(text: str) -> None:
    with pytest.raises(SettingsError, match="frame rate must be"):
        parse_rate(text)


@pytest.mark.parametrize("text", ["23.976", "29.97", "25", "59.94"])
def test_keys_of_an_hour_lie_exactly_on_whole_frames(text: str) -> None:
    rate = parse_rate(text)
    count = rate.frame_count(3600.0)

    frames = np.float32(1 + np.arange(count) / rate.per_second * rate.per_second)

    np.testing.assert_array_equal(frames, np.arange(1, count + 1, dtype=np.float32))
    exact = Fraction(rate.fps) / Fraction(str(rate.fps_base)) * 3600
    assert count == math.ceil(exact)
