"""Live speech over HTTP: chunks in, samples out, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dirfa_blender.core.animation import concatenate
from dirfa_blender.core.npz_io import animation_from_bytes
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.core.speech_level import speech_gain
from server.audio import read_speech
from server.engine import Engine
from server.error_answers import add_error_answers
from server.sessions import MAX_SESSIONS, MESSAGE_BYTES, Sessions
from server.streams import stream_routes

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


@pytest.fixture
def http(engine: Engine) -> TestClient:
    app = FastAPI()
    add_error_answers(app)
    app.include_router(stream_routes(Sessions(engine.live)))
    return TestClient(app)


def test_chunks_over_http_give_the_take_of_the_file(http: TestClient, engine: Engine) -> None:
    speech = read_speech(SAMPLE)
    pcm = np.round(speech.samples * 32768).clip(-32768, 32767).astype("<i2").tobytes()
    body = {"settings": {"seed": 5}, "gain": speech_gain(speech.samples)}
    opened = http.post("/v1/streams", json=body).json()

    parts = []
    for first in range(0, len(pcm), 16000):
        last = first + 16000 >= len(pcm)
        answer = http.post(
            f"/v1/streams/{opened['id']}", content=pcm[first : first + 16000], params={"last": last}
        )
        if answer.status_code == 200:
            parts.append(animation_from_bytes(answer.content))

    whole = engine.animate(speech, AnimateSettings(seed=5))
    joined = concatenate(parts)
    assert joined.start == 0.0
    np.testing.assert_allclose(joined.au[: len(whole)], whole.au, atol=0.02)
    assert 0 < opened["delay_seconds"] < 2
    assert http.post(f"/v1/streams/{opened['id']}", content=b"").status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"gain": "loud"}, "gain must be a number"),
        ({"gain": 0}, "gain must be 0.001"),
        ({"settings": {"fps": 25}}, "leave fps out"),
        ({"settings": {"transcript": "hello"}}, "leave the transcript out"),
        ({"voice": 1}, "got voice"),
        ({"sample_rate": 22040.5}, "multiple of 50"),
        ({"sample_rate": 96000}, "sample_rate must be 8000..48000"),
        ({"settings": "loud"}, "settings must be a JSON object"),
    ],
)
def test_a_stream_that_cannot_be_is_refused_in_words(http: TestClient, body, message: str) -> None:
    answer = http.post("/v1/streams", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["error"]


@pytest.mark.parametrize("rate", [8000, 24000, 44100, 48000])
def test_sound_of_another_rate_gives_nearly_the_same_take(engine: Engine, rate: int) -> None:
    time = np.arange(2 * rate) / rate
    tone = 0.1 * np.sin(2 * np.pi * 150 * time) * (np.sin(2 * np.pi * 3 * time) > 0)
    pcm = np.round(tone * 32767).astype("<i2").tobytes()
    sessions = Sessions(engine.live)

    def streamed(own: int, sound: bytes) -> np.ndarray:
        session = sessions.open({"settings": {"seed": 2}, "sample_rate": own})
        size = own // 5 * 2
        parts = [session.push(sound[at : at + size]) for at in range(0, len(sound), size)]
        take = concatenate([p for p in [*parts, session.push(b"", last=True)] if p is not None])
        sessions.close(session.id)
        return take.au

    at_16k = 0.1 * np.sin(2 * np.pi * 150 * np.arange(32000) / 16000)
    at_16k *= np.sin(2 * np.pi * 3 * np.arange(32000) / 16000) > 0
    usual = streamed(16000, np.round(at_16k * 32767).astype("<i2").tobytes())

    other = streamed(rate, pcm)

    assert len(other) == len(usual)
    assert np.abs(other - usual).mean() < 0.01


def test_half_a_sample_is_refused_and_streams_are_limited(http: TestClient) -> None:
    ids = [http.post("/v1/streams").json()["id"] for _ in range(MAX_SESSIONS)]

    assert "16-bit samples" in http.post(f"/v1/streams/{ids[0]}", content=b"abc").json()["error"]
    assert http.post("/v1/streams").status_code == 429
    assert http.delete(f"/v1/streams/{ids[0]}").status_code == 204
    assert http.post("/v1/streams").status_code == 201


@pytest.mark.parametrize("route", ["/v1/streams", "/v1/streams/{id}"])
def test_no_request_of_a_stream_fills_the_memory(http: TestClient, route: str) -> None:
    opened = http.post("/v1/streams", json={}).json()
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64 * MESSAGE_BYTES:
            sent += MESSAGE_BYTES // 4
            yield bytes(MESSAGE_BYTES // 4)

    answer = http.post(route.format(id=opened["id"]), content=endless())

    assert answer.status_code == 413
    assert "send it in parts" in answer.json()["error"]
