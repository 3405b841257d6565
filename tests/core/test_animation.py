from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES, expand_code
from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.errors import FormatError


def animation(count: int = 120, fps: float = 50.0, start: float = 0.0, seed: int = 1) -> Animation:
    generator = np.random.default_rng(seed)
    return Animation(
        fps=fps,
        start=start,
        au_names=AU_NAMES,
        au=generator.uniform(0, 1, (count, len(AU_NAMES))),
        gaze=generator.normal(0, 0.1, (count, 2)),
        rotation=generator.normal(0, 0.1, (count, 3)),
        translation=generator.normal(0, 0.01, (count, 3)),
        source={"seed": "1"},
    )


def same(a: Animation, b: Animation, atol: float = 0.0) -> None:
    assert (a.fps, a.au_names, a.source) == (b.fps, b.au_names, b.source)
    assert a.start == pytest.approx(b.start, abs=1e-9)
    for name in ("au", "gaze", "rotation", "translation"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=atol, err_msg=name)


def test_resampling_to_the_same_rate_returns_the_same_samples() -> None:
    same(animation().resampled(50.0), animation())


@pytest.mark.parametrize("fps", [100.0, 60.0, 59.94, 30.0, 24000 / 1001, 5.0])
def test_resampling_covers_the_same_span(fps: float) -> None:
    resampled = animation(1234).resampled(fps)

    assert resampled.duration == pytest.approx(animation(1234).duration, abs=1 / fps)
    assert resampled.duration >= animation(1234).duration - 1e-6


@pytest.mark.parametrize("fps", [25.0, 29.97, 120.0])
def test_resampling_keeps_a_straight_line_straight_inside(fps: float) -> None:
    ramp = np.linspace(0, 1, 200, dtype=np.float32)
    line = Animation(
        50.0, 2.0, ("AU26",), ramp[:, None], np.zeros((200, 2)),
        np.zeros((200, 3)), np.zeros((200, 3)),
    )  # fmt: skip

    resampled = line.resampled(fps)

    expected = np.interp(resampled.times, line.times, ramp)
    np.testing.assert_allclose(resampled.au[2:-3, 0], expected[2:-3], atol=1e-5)


def test_a_rate_of_one_frame_a_day_asks_for_one_sample_of_the_whole_motion() -> None:
    whole = animation()

    daily = whole.resampled(1 / 86400)

    assert len(daily) == 1
    # Wider than the motion an average has nothing more to see.
    np.testing.assert_array_equal(daily.au, whole.resampled(whole.fps / len(whole)).au)


def test_a_blink_between_two_frames_survives_a_low_rate() -> None:
    au = np.zeros((100, 1), np.float32)
    au[51:54] = 1
    blink = Animation(
        100.0, 0.0, ("AU45L",), au, np.zeros((100, 2)), np.zeros((100, 3)), np.zeros((100, 3))
    )

    assert blink.resampled(12.0).au.max() > 0.15


def test_slices_put_together_are_the_whole() -> None:
    whole = animation(173, start=3.2)

    parts = [whole.sliced(a, b) for a, b in ((0, 4.0), (4.0, 4.01), (4.01, 6.0), (6.0, 99))]

    same(concatenate(parts), whole)


def test_a_gap_between_chunks_is_refused() -> None:
    with pytest.raises(FormatError, match="must start at"):
        concatenate([animation(10), animation(10, start=0.3)])


def test_missing_units_read_as_zero_and_canonical_adds_them() -> None:
    small = Animation(
        50, 0, ("AU12L",), np.ones((4, 1)), np.zeros((4, 2)), np.zeros((4, 3)), np.zeros((4, 3))
    )

    assert small.canonical().au_names == AU_NAMES
    assert small.canonical().channel("AU12L").tolist() == [1, 1, 1, 1]
    assert small.channel("AU26").tolist() == [0, 0, 0, 0]


def test_arrays_cannot_be_changed_behind_its_back() -> None:
    source = np.zeros((4, 1), np.float32)
    made = Animation(50, 0, ("AU26",), source, np.zeros((4, 2)), np.zeros((4, 3)), np.zeros((4, 3)))

    source[:] = 1

    assert made.au.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        made.au[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fps": 0.0}, "fps must be a positive number"),
        ({"fps": float("nan")}, "fps must be a positive number"),
        ({"start": float("inf")}, "start must be a finite time"),
        ({"au_names": ("AU99",)}, "AU99"),
        ({"au_names": ("AU26", "AU26")}, "distinct"),
        ({"gaze": np.zeros((3, 2))}, r"gaze must have shape \(4, 2\)"),
        ({"rotation": np.full((4, 3), np.nan)}, "rotation must be finite"),
    ],
)
def test_what_cannot_be_an_animation_is_refused(changes: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {
        "fps": 50.0, "start": 0.0, "au_names": ("AU26",), "au": np.zeros((4, 1)),
        "gaze": np.zeros((4, 2)), "rotation": np.zeros((4, 3)), "translation": np.zeros((4, 3)),
    }  # fmt: skip

    with pytest.raises(FormatError, match=message):
        Animation(**(fields | changes))  # type: ignore[arg-type]


def test_a_number_means_both_sides() -> None:
    assert expand_code("12") == expand_code("au12") == ("AU12L", "AU12R")
    assert expand_code("AU12L") == ("AU12L",)
    assert expand_code("AU26") == ("AU26",)
    assert expand_code("AU1") == ("AU1L", "AU1R")
    assert expand_code("AU2") == ("AU2L", "AU2R")
    assert expand_code("AU28") == ("AU28U", "AU28D")
    with pytest.raises(KeyError):
        expand_code("AU99")
