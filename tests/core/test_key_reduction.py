"""Key reduction: within the bound at every sample, fewer keys, and what Blender will play."""

from __future__ import annotations

import numpy as np
import pytest

from dirfa_blender.core import key_reduction
from dirfa_blender.core.key_reduction import Keys, reduced


def smooth(seed: int, *, count: int = 800, curves: int = 8) -> np.ndarray:
    """Curves of slow random motion, (T, C) in 0..1."""
    noise = np.random.default_rng(seed).normal(size=(count, curves))
    kernel = np.hanning(49) / np.hanning(49).sum()
    moved = np.stack([np.convolve(column, kernel, "same") for column in noise.T], 1)
    return np.clip(0.3 + moved, 0.0, 1.0)


@pytest.mark.parametrize("interpolation", ["LINEAR", "BEZIER", "CONSTANT"])
@pytest.mark.parametrize("seed", range(5))
def test_every_sample_is_within_the_bound(interpolation, seed: int) -> None:
    values = smooth(seed)
    frames = 1.0 + np.arange(len(values))

    found = reduced(frames, values, 0.01, interpolation)

    for column, keys in enumerate(found):
        assert np.abs(keys.at(frames) - values[:, column]).max() <= 0.01 + 1e-12


def test_the_first_and_the_last_sample_stay_keys() -> None:
    values = smooth(1)

    found = reduced(np.arange(len(values)), values, 0.05)

    assert all((keys.frames[0], keys.frames[-1]) == (0, len(values) - 1) for keys in found)


def test_smooth_motion_needs_a_quarter_of_the_keys_at_most() -> None:
    values = smooth(2)
    frames = np.arange(len(values))

    for interpolation in ("LINEAR", "BEZIER"):
        count = sum(len(keys) for keys in reduced(frames, values, 0.01, interpolation))
        assert values.size / count >= 4, interpolation


def test_a_curve_that_does_not_move_keeps_one_key() -> None:
    (keys,) = reduced(np.arange(50), np.full((50, 1), 0.3), 0.01)

    assert len(keys) == 1
    assert keys.at([0.0, 100.0]).tolist() == pytest.approx([0.3, 0.3])


def test_each_curve_has_its_own_bound() -> None:
    values = np.repeat(smooth(3, curves=1), 2, axis=1)
    frames = np.arange(len(values))

    fine, coarse = reduced(frames, values, [0.001, 0.1])

    assert len(fine) > 2 * len(coarse)


def test_frames_with_a_gap_are_reduced_like_others() -> None:
    frames = np.concatenate([np.arange(50), np.arange(500, 550)]).astype(float)
    values = np.sin(frames / 8)[:, None]

    (keys,) = reduced(frames, values, 0.01, "BEZIER")

    assert np.abs(keys.at(frames) - values[:, 0]).max() <= 0.01


def test_a_curve_holds_its_ends() -> None:
    keys = Keys(np.array([1.0, 11.0]), np.array([0.0, 1.0]))

    assert keys.at([-5.0, 1.0, 6.0, 11.0, 40.0]).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_many_equal_words_take_few_passes(monkeypatch) -> None:
    passes: list[int] = []
    inner = key_reduction._between
    monkeypatch.setattr(
        key_reduction, "_between", lambda *given: (passes.append(1), inner(*given))[1]
    )
    word = np.concatenate([np.zeros(40), smooth(3, count=80, curves=1)[:, 0]])
    values = np.tile(word, 300)[:, None]

    reduced(np.arange(len(values)), values, 0.001)

    assert len(passes) < 60
