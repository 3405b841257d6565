"""Lines on the scene's clock: whole frames, no snap, nothing between lines."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.composition import Line, composed, weighted
from dirfa_blender.core.timing import FrameRate

RATE = FrameRate(24)


def constant(level: float, seconds: float = 1.0, fps: float = 50.0) -> Animation:
    """Every channel at one level."""
    count = round(seconds * fps)
    return Animation(
        fps, 0.0, AU_NAMES, np.full((count, len(AU_NAMES)), level), np.full((count, 2), level),
        np.full((count, 3), level), np.full((count, 3), level),
    )  # fmt: skip


def test_one_line_is_its_take_at_the_scenes_rate() -> None:
    whole = composed([Line(constant(0.5), 11.0)], RATE)

    assert whole.frames.tolist() == list(range(11, 35))
    assert np.allclose(whole.animation.au, 0.5)


def test_lines_far_apart_rest_between_and_have_no_keys_there() -> None:
    whole = composed([Line(constant(0.5), 1.0), Line(constant(0.8), 1001.0)], RATE)

    between = (whole.frames > 60) & (whole.frames < 900)
    assert not between.any()
    edge = whole.frames.searchsorted(900) - 1
    assert whole.animation.au[edge].max() == 0.0
    assert whole.animation.au.max() == pytest.approx(0.8)


def test_no_frame_jumps_where_a_line_begins_or_ends() -> None:
    whole = composed([Line(constant(1.0), 10.0), Line(constant(1.0), 200.0)], RATE)

    steps = np.abs(np.diff(whole.animation.au[:, 0]))[np.diff(whole.frames) == 1]
    assert steps.max() < 0.25


def test_overlapping_lines_never_add_up_beyond_themselves() -> None:
    whole = composed([Line(constant(0.9), 1.0), Line(constant(0.9), 10.0)], RATE)

    assert whole.animation.au.max() <= 0.9 + 1e-6


def peak_bytes(count: int) -> int:
    lines = [Line(constant(0.5, 0.5), 1.0 + 40 * i) for i in range(count)]
    tracemalloc.start()
    composed(lines, RATE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_twice_as_many_lines_take_twice_the_memory() -> None:
    peak_bytes(2)

    assert peak_bytes(1200) < 2.4 * peak_bytes(600)


def test_no_line_is_an_empty_performance() -> None:
    assert len(composed([], RATE).frames) == 0


def test_a_muted_layer_is_at_rest_and_the_others_are_untouched() -> None:
    take = constant(0.5)

    shown = weighted(take, {"lips": 0.0, "head": 0.5})

    assert shown.channel("AU26").max() == 0.0
    assert np.array_equal(shown.channel("AU45L"), take.channel("AU45L"))
    assert np.array_equal(shown.gaze, take.gaze)
    assert np.allclose(shown.rotation, 0.25)
