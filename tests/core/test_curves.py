from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.curves import Curve
from dirfa_blender.core.errors import SettingsError

CASES = 200


def random_curve(generator: np.random.Generator) -> Curve:
    count = int(generator.integers(2, 9))
    times = np.cumsum(generator.uniform(0.01, 3.0, count)) - 4.0
    return Curve(tuple(times), tuple(generator.uniform(0, 1, count)))


def test_a_curve_passes_through_its_keys() -> None:
    generator = np.random.default_rng(1)
    for _ in range(CASES):
        curve = random_curve(generator)

        assert np.allclose(curve.at(curve.times), curve.values, atol=1e-12)


def test_between_two_keys_a_curve_goes_one_way_and_never_past_them() -> None:
    generator = np.random.default_rng(2)
    for _ in range(CASES):
        curve = random_curve(generator)
        for place in range(len(curve.times) - 1):
            found = curve.at(np.linspace(curve.times[place], curve.times[place + 1], 50))
            way = np.sign(curve.values[place + 1] - curve.values[place])

            assert (way * np.diff(found) >= -1e-9).all(), curve


def test_outside_its_keys_a_curve_is_held() -> None:
    curve = Curve((1.0, 2.0, 4.0), (0.2, 0.9, 0.4))

    assert curve.at([-100.0, 1.0]).tolist() == [0.2, 0.2]
    assert curve.at([4.0, 1e6]) == pytest.approx([0.4, 0.4])


def test_a_curve_has_no_corner_at_a_key() -> None:
    curve = Curve((0.0, 1.0, 3.0), (0.0, 0.5, 0.6))
    step = 1e-5
    before, at, after = curve.at([1.0 - step, 1.0, 1.0 + step])

    assert (at - before) / step == pytest.approx((after - at) / step, rel=1e-3)


def test_a_curve_reads_the_same_in_pieces() -> None:
    times = np.arange(500) / 50.0
    curve = Curve((0.5, 2.0, 7.0), (0.0, 1.0, 0.3))

    pieces = np.concatenate([curve.at(times[:123]), curve.at(times[123:])])

    assert np.array_equal(pieces, curve.at(times))


@pytest.mark.parametrize(
    ("times", "values", "expected"),
    [
        ((), (), "at least one key"),
        ((0.0, 1.0), (0.0,), "2 times and 1 values"),
        ((0.0, 0.0), (0.0, 1.0), "must rise, got 0, 0"),
        ((0.0, float("nan")), (0.0, 1.0), "finite"),
    ],
)
def test_keys_that_are_no_curve_are_refused(
    times: tuple[float, ...], values: tuple[float, ...], expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected):
        Curve(times, values)
