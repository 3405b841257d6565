"""Live speech over HTTP: chunks in, samples out, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dirfa_blender.core.animation import concatenate
from dirfa_blender.core.npz_io import animation_from_bytes
from dirfa_blender.core.protocol import AnimateSettings
from server.app import _add_error_answers
from server.audio import read_speech
from server.engine import Engine
from server.features import speech_gain
from server.streams import MAX_STREAMS, add_stream_routes

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


@pytest.fixture
def http(engine: Engine) -> TestClient:
    app = FastAPI()
    _add_error_answers(app)
    add_stream_routes(app, engine.live)
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
        ({"voice": 1}, "object of settings and gain"),
    ],
)
def test_a_stream_that_cannot_be_is_refused_in_words(http: TestClient, body, message: str) -> None:
    answer = http.post("/v1/streams", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_half_a_sample_is_refused_and_streams_are_limited(http: TestClient) -> None:
    ids = [http.post("/v1/streams").json()["id"] for _ in range(MAX_STREAMS)]

    assert "16-bit samples" in http.post(f"/v1/streams/{ids[0]}", content=b"abc").json()["error"]
    assert http.post("/v1/streams").status_code == 429
    assert http.delete(f"/v1/streams/{ids[0]}").status_code == 204
    assert http.post("/v1/streams").status_code == 201
