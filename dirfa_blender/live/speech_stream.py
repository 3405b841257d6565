"""Live speech at the server: sound goes in, samples come out, over one connection that stays open. No bpy.

Requests follow each other, so samples arrive in order. The delay is the server's to tell: it hears in
blocks, looks ahead, and finishes what it has heard.
"""

from __future__ import annotations

import contextlib
import http.client
import json
from types import TracebackType

from ..client import Client
from ..core.animation import Animation
from ..core.errors import FormatError, ServerError
from ..core.npz_io import animation_from_bytes
from ..core.protocol import AnimateSettings, to_json

CHUNK_SECONDS = 5.0
"""Longest sound in one request; the server takes up to twice as much."""


class SpeechStream:
    """A talker who is heard as they speak.

    Parameters
    ----------
    gain : factor that brings the voice to the network's level

    Raises
    ------
    Unreachable
        Nobody answers.
    ServerError
        The server refuses, and says why.
    """

    def __init__(self, client: Client, settings: AnimateSettings, gain: float = 1.0) -> None:
        self._client = client
        self._connection = client.connection()
        body = {"settings": json.loads(to_json(settings)), "gain": gain}
        self._is_open = False
        try:
            found = _fields(self._ask("POST", "/v1/streams", json.dumps(body).encode()))
            self._route = f"/v1/streams/{found['id']}"
            self.sample_rate = int(str(found["sample_rate"]))
            self.delay_seconds = float(str(found["delay_seconds"]))
            self._is_open = True
        except (KeyError, ValueError) as error:
            raise FormatError(
                "The server opened a stream without its id, rate and delay."
            ) from error
        finally:
            if not self._is_open:
                self._connection.close()

    def push(self, pcm: bytes, *, last: bool = False) -> list[Animation]:
        """Samples that this sound completes, in order; often none.

        Parameters
        ----------
        pcm : 16-bit mono sound, little-endian, at `sample_rate`
        last : nothing follows; the rest and a fade to rest come back, and the stream is closed
        """
        size = int(CHUNK_SECONDS * self.sample_rate) * 2
        parts = [pcm[first : first + size] for first in range(0, max(len(pcm), 1), size)]
        found: list[Animation] = []
        for index, part in enumerate(parts):
            ends = last and index == len(parts) - 1
            data = self._ask("POST", f"{self._route}?last={str(ends).lower()}", part)
            if data:
                found.append(animation_from_bytes(data, "the server's answer"))
        if last:
            self._is_open = False
            self._connection.close()
        return found

    def close(self) -> None:
        """End it without the rest; a server that is gone already is no error here."""
        if self._is_open:
            self._is_open = False
            with contextlib.suppress(ServerError):
                self._ask("DELETE", self._route, None)
        self._connection.close()

    def __enter__(self) -> SpeechStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, method: str, route: str, body: bytes | None) -> bytes:
        try:
            self._connection.request(method, route, body, self._client.authorization)
            answer = self._connection.getresponse()
            if answer.status >= 400:
                raise self._client.refusal(answer)
            return answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._client.gone() from error


def _fields(data: bytes) -> dict[str, object]:
    try:
        found = json.loads(data)
    except ValueError as error:
        raise FormatError("What answers there is no server for live speech.") from error
    if not isinstance(found, dict):
        raise FormatError("What answers there is no server for live speech.")
    return found
