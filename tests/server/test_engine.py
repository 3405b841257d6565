"""A take depends on recording, model, seed and settings alone, and looks like speech."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import FormatError, JobCancelled, SettingsError
from dirfa_blender.core.protocol import AnimateSettings
from server.audio import SAMPLE_RATE, Speech, read_speech
from server.engine import Engine

MOUTH = ("AU8", "AU10L", "AU12L", "AU16R", "AU17", "AU18", "AU22", "AU24L", "AU26", "AU28D")
SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"
SOUNDS = ("au", "gaze", "rotation", "translation")


@lru_cache(maxsize=1)
def engine() -> Engine:
    return Engine("cpu")


def recording(seconds: float, loudness: float = 1.0) -> Speech:
    """A buzz that opens and shuts its mouth three times a second."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 25))
    envelope = np.clip(np.sin(2 * np.pi * 1.5 * time), 0.0, 1.0)
    samples = (loudness * 0.2 * buzz * envelope).astype(np.float32)
    return Speech(samples, SAMPLE_RATE, len(samples) / SAMPLE_RATE, "hash")


def same(first: Animation, second: Animation) -> bool:
    return all(getattr(first, n).tobytes() == getattr(second, n).tobytes() for n in SOUNDS)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = engine().animate(recording(3.1), AnimateSettings(seed=7))
    second = engine().animate(recording(3.1), AnimateSettings(seed=7))

    assert same(first, second)


def test_two_seeds_agree_on_the_mouth_and_differ_above_it() -> None:
    first, second = (
        engine().animate(recording(4.0), AnimateSettings(seed=seed)) for seed in (1, 2)
    )

    for name in MOUTH:
        assert first.channel(name).tobytes() == second.channel(name).tobytes(), name
    assert not np.allclose(first.rotation, second.rotation, atol=np.radians(0.3))


@pytest.mark.parametrize("mouth", ["facegood", "plain"])
def test_the_mouths_it_was_taught_by_can_be_asked_for_by_name(mouth: str) -> None:
    speech = read_speech(SAMPLE)
    shipped = engine().animate(speech, AnimateSettings(seed=1))
    other = engine().animate(speech, AnimateSettings(seed=1, actor=mouth))

    assert np.abs(other.channel("AU26") - shipped.channel("AU26")).max() > 0.05
    assert other.rotation.tobytes() == shipped.rotation.tobytes()


def test_an_unknown_actor_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no actor 'nobody'.*grid, facegood, plain"):
        engine().animate(recording(0.5), AnimateSettings(actor="nobody"))


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.345])
def test_a_take_lasts_as_long_as_the_recording_within_a_frame(seconds: float) -> None:
    take = engine().animate(recording(seconds))

    assert abs(take.duration - seconds) <= 1.0 / take.fps


@pytest.mark.parametrize("fps", [24000 / 1001, 25.0, 60.0])
def test_the_rate_asked_for_is_exact(fps: float) -> None:
    take = engine().animate(recording(1.0), AnimateSettings(fps=fps))

    assert take.fps == fps
    assert abs(take.duration - 1.0) <= 1.0 / fps


def test_head_and_gaze_begin_and_end_at_rest() -> None:
    take = engine().animate(recording(3.0), AnimateSettings(seed=3))

    for curve in (take.rotation, take.translation, take.gaze):
        assert np.abs(curve[[0, -1]]).max() < 1e-3


def test_a_silent_recording_rests_but_lives() -> None:
    take = engine().animate(recording(10.0, loudness=0.0))

    assert take.channel("AU26").max() < 0.05
    assert take.channel("AU45L").max() > 0.9
    assert np.degrees(take.rotation).std() > 0.05


def test_no_strength_means_no_motion() -> None:
    still = AnimateSettings(head=0.0, gaze=0.0, brows=0.0, blinks=0.0)

    take = engine().animate(recording(3.0), still)

    assert np.abs(take.rotation).max() == np.abs(take.gaze).max() == 0.0
    assert max(take.channel(n).max() for n in ("AU1L", "AU2R", "AU4L", "AU45L")) == 0.0


def test_the_level_of_a_recording_hardly_changes_the_mouth() -> None:
    loud = engine().animate(recording(3.0)).channel("AU26")
    soft = engine().animate(recording(3.0, loudness=0.1)).channel("AU26")

    assert np.abs(loud - soft).max() < 0.02


def test_the_take_says_what_made_it() -> None:
    source = engine().animate(recording(0.5), AnimateSettings(seed=11)).source

    assert source["seed"] == "11"
    assert source["weights"] == engine().model_info.weights
    assert source["audio"] == "hash"
    assert source["synthetic"] == "true"


def test_the_model_says_which_units_a_take_carries() -> None:
    assert engine().animate(recording(0.5)).au_names == engine().model_info.au_names


def test_progress_rises_to_one() -> None:
    seen: list[float] = []

    engine().animate(recording(5.0), progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_cancelled_job_ends_at_once() -> None:
    with pytest.raises(JobCancelled):
        engine().animate(recording(5.0), cancelled=lambda: True)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.safetensors"):
        Engine("cpu", tmp_path / "gone.safetensors")


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        Engine("nowhere")


def test_an_actor_nobody_learnt_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no actor 'anna'"):
        Engine("cpu", actors=tmp_path).animate(recording(0.5), AnimateSettings(actor="anna"))


@pytest.mark.parametrize("seconds", [0.0, 0.04, 0.12, 1.0])
def test_every_lookahead_gives_a_take_of_the_same_length(seconds: float) -> None:
    take = engine().animate(recording(2.0), AnimateSettings(lookahead=seconds))

    assert len(take) == len(engine().animate(recording(2.0)))


def test_a_lookahead_below_zero_is_refused() -> None:
    with pytest.raises(SettingsError, match="0 seconds or more"):
        AnimateSettings(lookahead=-0.1)
