"""A stream is the file's take to the bit, in any chunks, with a memory that does not grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.animation import Animation, concatenate
from dirfa_blender.core.controls import Controls
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.core.speech_level import speech_gain
from server.audio import read_speech
from server.engine import Engine
from server.live import LiveTake
from server.postprocess import REST_SECONDS

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"
FADE = round(REST_SECONDS * 50)
PARTS = ("au", "gaze", "rotation", "translation")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


@pytest.fixture(scope="module")
def takes(engine: Engine) -> dict[float, Animation]:
    speech = read_speech(SAMPLE)
    return {
        lookahead: engine.animate(speech, AnimateSettings(seed=3, lookahead=lookahead))
        for lookahead in (0.0, 0.04, 0.12)
    }


def streamed(engine: Engine, settings: AnimateSettings, chunk: int) -> Animation:
    speech = read_speech(SAMPLE)
    live = engine.live(settings, speech_gain(speech.samples))
    places = range(0, len(speech.samples), chunk)
    parts = [live.push(speech.samples[first : first + chunk]) for first in places]
    return concatenate([part for part in [*parts, live.finish()] if len(part)])


@pytest.mark.parametrize("milliseconds", [20, 40, 100, 500])
@pytest.mark.parametrize("lookahead", [0.0, 0.04, 0.12])
def test_a_stream_has_the_bytes_of_the_file(
    engine: Engine, takes: dict[float, Animation], lookahead: float, milliseconds: int
) -> None:
    whole = takes[lookahead]

    joined = streamed(engine, AnimateSettings(seed=3, lookahead=lookahead), 16 * milliseconds)

    assert len(joined) == len(whole) + FADE
    for name in PARTS:
        assert getattr(joined, name)[: len(whole)].tobytes() == getattr(whole, name).tobytes(), name
    assert not joined.rotation[-1].any()
    assert not joined.au[-1].any()


def test_with_any_lookahead_all_but_the_end_has_the_bytes_of_the_file(engine: Engine) -> None:
    settings = AnimateSettings(seed=3)
    whole = engine.animate(read_speech(SAMPLE), settings)

    joined = streamed(engine, settings, 4321)

    inside = len(whole) - FADE - 1
    assert joined.au[: len(whole)].tobytes() == whole.au.tobytes()
    for name in PARTS[1:]:
        assert getattr(joined, name)[:inside].tobytes() == getattr(whole, name)[:inside].tobytes()


def test_an_emotion_that_grows_is_streamed_to_the_bit(engine: Engine) -> None:
    rising = Curve((0.2, 3.9), (0.0, 0.9))
    controls = Controls(emotions=(("happy", rising),), jaw=0.8, head=1.2)
    settings = AnimateSettings(seed=1, lookahead=0.04, controls=controls)
    whole = engine.animate(read_speech(SAMPLE), settings)

    joined = streamed(engine, settings, 640)

    for name in PARTS:
        assert getattr(joined, name)[: len(whole)].tobytes() == getattr(whole, name).tobytes(), name


@pytest.mark.parametrize(
    ("lookahead", "delay"),
    [(0.0, 0.092), (0.04, 0.132), (0.12, 0.212), (0.44, 0.492), (None, 1.172)],
)
def test_the_delay_is_lookahead_and_a_short_block(
    engine: Engine, lookahead: float | None, delay: float
) -> None:
    live = engine.live(AnimateSettings(lookahead=lookahead), 1.0)

    assert live.delay_seconds == pytest.approx(delay)
    assert longest_wait(live) <= delay + 0.02 + 1e-9


def longest_wait(live: LiveTake) -> float:
    """Longest time from a frame of the take to the sound that completes it, fed 20 ms at a time."""
    noise = np.random.default_rng(0).normal(0, 0.05, 320).astype(np.float32)
    waits = []
    for heard in range(1, 160):
        part = live.push(noise)
        waits += [heard * 0.02 - time for time in part.times.tolist()]
    return max(waits)


def test_a_long_stream_keeps_a_short_memory(engine: Engine) -> None:
    live = engine.live(AnimateSettings(seed=3), 1.0)
    noise = np.random.default_rng(0).normal(0, 0.05, 8000).astype(np.float32)

    sizes = []
    for _ in range(20):
        live.push(noise)
        sizes.append(sum(rows.nbytes for rows in live._rows))

    assert max(sizes[14:]) <= max(sizes[10:14])
