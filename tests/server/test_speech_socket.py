"""Live speech over a WebSocket, against a server in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from dirfa_blender.client import Client
from dirfa_blender.core.mapping import load_profile
from dirfa_blender.server_process import ServerProcess
from server.config import ServerConfig
from server.serving import PONG_SECONDS, serve
from server.sessions import MAX_SESSIONS, Sessions
from server.speech_socket import ROUTE, socket_route
from tests.server.quick_server import QuickServices, QuickTake
from tests.server.test_client import QUICK, ROOT

JAW = load_profile("arkit").shapes.index("jawOpen")
SENT_AHEAD_SECONDS = 60
"""Sound enough to fill all that lies between two programs, should one wait for the other."""
WAIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        with ServerProcess(ROOT, command=QUICK) as client:
            yield client


@contextmanager
def opened(client: Client, **fields: object) -> Iterator[ClientConnection]:
    """A connection with its token in the header, that has said what it wants."""
    url = client.url.replace("http", "ws", 1) + ROUTE
    with connect(url, additional_headers=client.authorization, proxy=None) as socket:
        socket.send(json.dumps(fields))
        yield socket


def heard(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(socket.recv(timeout=10))


def rising(seconds: float, rate: int = 16000) -> bytes:
    return np.linspace(0, 20000, int(seconds * rate)).astype("<i2").tobytes()


def frames_to_the_end(socket: ClientConnection) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    while "frames" in (message := heard(socket)):
        frames += message["frames"]
    assert message == {"event": "end"}
    return frames


@pytest.mark.parametrize("size", [640, 32000])
def test_sound_comes_back_as_frames_of_a_rig_to_the_last(client: Client, size: int) -> None:
    pcm = rising(2.0)

    with opened(client) as socket:
        ready = heard(socket)
        for first in range(0, len(pcm), size):
            socket.send(pcm[first : first + size])
        socket.send('{"end": true}')
        frames = frames_to_the_end(socket)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)

    assert ready["event"] == "ready"
    assert ready["names"] == list(load_profile("arkit").shapes)
    assert [frame["sample"] for frame in frames] == [320 * n for n in range(2 * 50 + 5)]
    jaw = [frame["weights"][JAW] for frame in frames[:100]]
    assert np.all(np.diff(jaw) >= 0)
    assert jaw[-1] > jaw[0]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


@pytest.mark.parametrize(("layout", "name"), [("vrm", "aa"), ("units", "AU26")])
def test_weights_come_in_the_layout_that_is_asked_for(
    client: Client, layout: str, name: str
) -> None:
    with opened(client, layout=layout) as socket:
        ready = heard(socket)
        socket.send(rising(0.5))
        frame = heard(socket)["frames"][-1]

    assert ready["layout"] == layout
    assert len(frame["weights"]) == len(ready["names"])
    assert frame["weights"][ready["names"].index(name)] > 0


def test_frames_count_the_samples_of_the_own_rate(client: Client) -> None:
    with opened(client, sample_rate=48000) as socket:
        assert heard(socket)["sample_rate"] == 48000
        socket.send(rising(1.0, 48000))
        frames = heard(socket)["frames"]

    assert [frame["sample"] for frame in frames[:3]] == [0, 960, 1920]


def test_a_browser_shows_its_token_in_the_opening(client: Client) -> None:
    url = client.url.replace("http", "ws", 1) + ROUTE

    with connect(url, proxy=None) as socket:
        socket.send(json.dumps({"token": client.token}))

        assert heard(socket)["event"] == "ready"


def test_a_wrong_header_is_refused_before_anything_is_said(client: Client) -> None:
    url = client.url.replace("http", "ws", 1) + ROUTE

    with pytest.raises(InvalidStatus) as refused:
        connect(url, additional_headers={"Authorization": "Bearer guess"}, proxy=None)

    assert refused.value.response.status_code == 403


def refusal(socket: ClientConnection) -> tuple[str, int, str]:
    """The sentence, and the code and reason of the closing frame."""
    message: dict[str, Any] = {}
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            message = heard(socket)
    assert closed.value.rcvd is not None
    return message["error"], closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize("opening", ["{}", '{"token": "guess"}', '{"token": 5}'])
def test_no_token_or_a_wrong_one_ends_with_1008(client: Client, opening: str) -> None:
    with connect(client.url.replace("http", "ws", 1) + ROUTE, proxy=None) as socket:
        socket.send(opening)
        sentence, code, reason = refusal(socket)

    assert "token of its current start" in sentence
    assert (code, reason) == (1008, sentence)


@pytest.mark.parametrize(
    ("fields", "sent", "message"),
    [
        ({"gain": "loud"}, None, "gain must be a number"),
        ({"layout": "../../etc"}, None, "layout must be one of units, arkit"),
        ({"layout": ["arkit"]}, None, "layout must be one of"),
        ({"settings": {"seed": "x"}}, None, "seed"),
        ({"settings": {"actor": "nobody"}}, None, "knows no actor"),
        ({"colour": 1}, None, "got colour"),
        ({}, b"abc", "16-bit samples"),
        ({}, rising(11.0), "at most 10 s"),
        ({}, "hello", "JSON object"),
        ({}, '{"pause": true}', "as binary messages"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_ends_with_1007(
    client: Client, fields: dict[str, object], sent: bytes | str | None, message: str
) -> None:
    with opened(client, **fields) as socket:
        if sent is not None:
            socket.send(sent)
        sentence, code, reason = refusal(socket)

    assert message in sentence
    assert code == 1007
    assert sentence.startswith(reason)


def test_sound_before_the_opening_is_refused(client: Client) -> None:
    url = client.url.replace("http", "ws", 1) + ROUTE

    with connect(url, additional_headers=client.authorization, proxy=None) as socket:
        socket.send(rising(0.1))

        assert refusal(socket)[:2] == (
            "A stream is opened with a JSON object as text, then comes sound.",
            1007,
        )


def test_a_message_without_end_is_not_taken_in(client: Client) -> None:
    with opened(client) as socket:
        heard(socket)
        # The server closes with 1009 and does not read the rest, so the code may be lost on the way.
        with pytest.raises(ConnectionClosed):
            socket.send(bytes(3 << 20))
            socket.recv(timeout=10)

    with opened(client) as socket:
        assert heard(socket)["event"] == "ready"


def test_one_stream_too_many_is_told_to_come_later_and_a_closed_one_makes_room(
    client: Client,
) -> None:
    with ExitStack() as others:
        sockets = [others.enter_context(opened(client)) for _ in range(MAX_SESSIONS)]
        assert {heard(socket)["event"] for socket in sockets} == {"ready"}
        with opened(client) as late:
            sentence, code, _ = refusal(late)
        sockets.pop().close()
        with opened(client) as next_one:
            assert heard(next_one)["event"] == "ready"

    assert "streams are open already" in sentence
    assert code == 1013


def test_the_example_of_the_manual_works_as_it_stands(client: Client, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "manual" / "http.md").read_text("utf-8")
    example = text.partition("```python\n")[2].partition("```")[0]
    address = urlsplit(client.url)
    server = {"host": address.hostname, "port": address.port, "token": client.token}
    (tmp_path / "server.json").write_text(json.dumps(server), "utf-8")
    with wave.open(str(tmp_path / "line.wav"), "wb") as sound:
        sound.setparams((1, 2, 24000, 0, "NONE", ""))
        for _ in range(SENT_AHEAD_SECONDS):
            sound.writeframes(rising(1.0, 24000))

    run = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    samples = [int(line.split()[0]) for line in run.stdout.splitlines()]
    assert samples == [480 * n for n in range(50 * SENT_AHEAD_SECONDS + 5)]


def spoken_to(messages: list[dict[str, Any]], *, reader_waits: bool) -> tuple[int, list[str]]:
    """How many messages the route takes in, and what it sends; a reader who waits takes one answer."""
    app = FastAPI()
    router = socket_route(Sessions(lambda _settings, gain: QuickTake(gain)), "t", ("AU26",))
    app.include_router(router)
    taken = 0
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if taken == len(messages):
            await asyncio.Event().wait()
        taken += 1
        return messages[taken - 1]

    async def send(message: dict[str, Any]) -> None:
        text = message.get("text", message["type"])
        sent.append(text)
        if reader_waits and text.startswith('{"frames"'):
            await asyncio.Event().wait()

    async def run() -> None:
        scope = {
            "type": "websocket", "path": ROUTE, "headers": [], "query_string": b"",
            "root_path": "", "subprotocols": [], "scheme": "ws",
        }  # fmt: skip
        talk = asyncio.ensure_future(app(scope, receive, send))
        while not talk.done() and len([t for t in sent if t.startswith('{"frames"')]) < 1:
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        talk.cancel()
        await asyncio.gather(talk, return_exceptions=True)

    asyncio.run(run())
    return taken, sent


def test_nothing_more_is_taken_in_while_an_answer_waits_for_its_reader() -> None:
    sound = [{"type": "websocket.receive", "bytes": rising(1.0)}] * 50
    opening = {"type": "websocket.receive", "text": '{"token": "t"}'}

    taken, sent = spoken_to([{"type": "websocket.connect"}, opening, *sound], reader_waits=True)

    assert taken == 3
    assert [text[:9] for text in sent] == ["websocket", '{"event":', '{"frames"']


def test_a_client_that_sends_ahead_has_minutes_to_answer_a_ping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[uvicorn.Config] = []

    class Seen(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            told.append(config)
            raise KeyboardInterrupt

    monkeypatch.setattr("server.serving._Server", Seen)
    config = ServerConfig(announcement=tmp_path / "a.json")

    with pytest.raises(KeyboardInterrupt):
        serve(config, make_services=lambda _device: QuickServices())

    assert told[0].ws_ping_timeout == PONG_SECONDS >= 300
