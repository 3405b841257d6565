"""The client's side of live speech, against a server in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.client import Client
from dirfa_blender.core.animation import concatenate
from dirfa_blender.core.errors import ServerError, Unreachable
from dirfa_blender.core.protocol import AnimateSettings
from dirfa_blender.live.speech_stream import SpeechStream
from dirfa_blender.server_process import ServerProcess
from tests.server.test_client import QUICK, ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        quick = ServerProcess(ROOT, command=QUICK)
        yield quick
        quick.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Client:
    return server.start()


def rising(seconds: float) -> bytes:
    return np.linspace(0, 20000, int(seconds * 16000)).astype("<i2").tobytes()


@pytest.mark.parametrize("size", [8000, 32000, 10**7])
def test_samples_come_in_order_and_all_of_them(client: Client, size: int) -> None:
    pcm = rising(12.0)

    with SpeechStream(client, AnimateSettings()) as stream:
        parts = []
        for first in range(0, len(pcm), size):
            parts += stream.push(pcm[first : first + size], last=first + size >= len(pcm))

    whole = concatenate(parts)
    assert whole.start == 0.0
    assert len(whole) == 12 * 50 + 5
    assert np.all(np.diff(whole.au[:600, 0]) > 0)


def test_many_pushes_use_one_connection(client: Client) -> None:
    with SpeechStream(client, AnimateSettings()) as stream:
        stream.push(rising(0.1))
        socket = stream._connection.sock
        for _ in range(5):
            stream.push(rising(0.1))

        assert stream._connection.sock is socket


def test_what_the_server_refuses_is_said_in_its_words(client: Client) -> None:
    with pytest.raises(ServerError, match="knows no actor"):
        SpeechStream(client, AnimateSettings(actor="nobody"))


def test_a_closed_stream_is_gone_at_the_server(client: Client) -> None:
    stream = SpeechStream(client, AnimateSettings())
    route = stream._route
    stream.close()

    with pytest.raises(ServerError, match="has no stream"):
        stream._ask("POST", route, b"")
    stream.close()


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        SpeechStream(Client("http://127.0.0.1:9", "t"), AnimateSettings())


def test_a_server_that_ends_meanwhile_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    server = ServerProcess(ROOT, command=QUICK)
    stream = SpeechStream(server.start(), AnimateSettings())
    server.stop()

    with pytest.raises(Unreachable, match=r"was ended while it worked\. Start it"):
        stream.push(rising(0.1))
    stream.close()
