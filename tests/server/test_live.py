"""A stream is the file's take, in any chunks, with a memory that does not grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core.animation import concatenate
from dirfa_blender.core.protocol import AnimateSettings
from server.audio import read_speech
from server.engine import Engine
from server.features import speech_gain
from server.postprocess import REST_SECONDS

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"
SETTINGS = AnimateSettings(seed=3)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


@pytest.mark.parametrize("chunk", [640, 4321])
def test_a_stream_gives_the_take_of_the_file(engine: Engine, chunk: int) -> None:
    speech = read_speech(SAMPLE)
    whole = engine.animate(speech, SETTINGS)
    live = engine.live(SETTINGS, speech_gain(speech.samples))

    places = range(0, len(speech.samples), chunk)
    parts = [live.push(speech.samples[first : first + chunk]) for first in places]
    joined = concatenate([part for part in [*parts, live.finish()] if len(part)])

    fade = round(REST_SECONDS * 50)
    assert len(joined) == len(whole) + fade
    inside = len(whole) - fade - 1
    np.testing.assert_allclose(joined.au[: len(whole)], whole.au, atol=1e-5)
    for name in ("rotation", "gaze", "translation"):
        expected = getattr(whole, name)[:inside]
        np.testing.assert_allclose(getattr(joined, name)[:inside], expected, atol=1e-5)
    assert not joined.rotation[-1].any()
    assert not joined.au[-1].any()


def test_a_long_stream_keeps_a_short_memory(engine: Engine) -> None:
    live = engine.live(SETTINGS, 1.0)
    noise = np.random.default_rng(0).normal(0, 0.05, 8000).astype(np.float32)

    sizes = []
    for _ in range(12):
        live.push(noise)
        sizes.append(sum(rows.nbytes for rows in live._rows))

    assert max(sizes[8:]) == max(sizes[5:8])
    assert live.delay_seconds < 1.5
