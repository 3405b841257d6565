"""Live speech over one WebSocket, for games, assistants and browsers: PCM in, frames of any rig out.

``/v1/stream``: the client opens with a JSON object and sends sound as binary messages; ``{"end": true}``
asks for the rest. The server answers with ``ready``, which holds the names, then ``{"frames": [...]}``, and
``end``. It takes a message only when the answer to the one before is on its way, so whoever sends faster
than the model computes, or does not read, is slowed down by the connection itself.

A browser cannot send the ``Authorization`` header with a WebSocket: it puts ``token`` into the opening
object. What is wrong is said as ``{"error": sentence}`` before the connection is closed with a code.

References
----------
.. [1] RFC 6455: The WebSocket Protocol, section 7.4, status codes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.profile import GAZE_INPUTS
from dirfa_blender.core.errors import DirfaError, FormatError
from dirfa_blender.core.mapping import load_profile, shipped_profiles

from .features import FRAME_RATE
from .jobs import UNEXPECTED, QueueFull
from .sessions import IDLE_SECONDS, Session, Sessions, opening_fields

log = logging.getLogger(__name__)

ROUTE = "/v1/stream"
OPENING_SECONDS = 10.0
"""Time that a client has to say who it is and what it wants."""
UNITS = "units"
"""Layout of action units and gaze, which no rig has to have."""
DONE, GOING_AWAY, INVALID, FORBIDDEN, FAULT, TRY_LATER = 1000, 1001, 1007, 1008, 1011, 1013
REASON_BYTES = 123
"""Longest reason that a closing frame holds."""


class _Refused(Exception):
    """The connection ends with a code and a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Layout:
    """What the weights of a frame mean.

    Parameters
    ----------
    name : a shipped mapping profile, or ``units``
    """

    name: str

    def names(self, au_names: tuple[str, ...]) -> list[str]:
        """Names of the weights, in their order."""
        if self.name == UNITS:
            return [*au_names, *GAZE_INPUTS]
        return list(load_profile(self.name).shapes)

    def frames(self, take: Animation, sample_rate: int) -> list[dict[str, object]]:
        """A JSON object a sample; `sample` counts those of the sound, so that no clock drifts."""
        if self.name == UNITS:
            weights = np.concatenate([take.au, take.gaze], axis=1)
        else:
            weights = load_profile(self.name).apply(take).weights
        first = round(take.start * FRAME_RATE)
        rows = zip(
            np.round(weights, 5).astype(float).tolist(),
            np.round(take.rotation, 5).astype(float).tolist(),
            np.round(take.translation, 5).astype(float).tolist(),
            strict=True,
        )
        return [
            {
                "sample": number * sample_rate // FRAME_RATE,
                "weights": shapes,
                "rotation": rotation,
                "translation": translation,
            }
            for number, (shapes, rotation, translation) in enumerate(rows, first)
        ]


def socket_route(sessions: Sessions, token: str, au_names: tuple[str, ...]) -> APIRouter:
    """The route ``/v1/stream``.

    Parameters
    ----------
    au_names : units of a take, for who asks for those
    """
    router = APIRouter()

    @router.websocket(ROUTE)
    async def stream(socket: WebSocket) -> None:
        header = socket.headers.get("authorization")
        if header is not None and not _same(header, f"Bearer {token}"):
            # Before it is accepted, which the client sees as a refused handshake.
            await socket.close(FORBIDDEN)
            return
        await socket.accept()
        session: Session | None = None
        try:
            fields = await _opening(socket)
            given = fields.pop("token", None)
            if header is None and not (isinstance(given, str) and _same(given, token)):
                raise _Refused(FORBIDDEN, "This server wants the token of its current start.")
            layout = _layout(fields.pop("layout", "arkit"))
            session = await run_in_threadpool(sessions.open, fields)
            await _say(socket, _ready(session, layout, au_names))
            await _converse(socket, session, layout)
            await _say(socket, {"event": "end"})
            await socket.close(DONE)
        except WebSocketDisconnect:
            pass
        except _Refused as refusal:
            await _refuse(socket, refusal.code, str(refusal))
        except QueueFull as error:
            await _refuse(socket, TRY_LATER, str(error))
        except DirfaError as error:
            await _refuse(socket, INVALID, str(error))
        except Exception:
            log.exception("A stream")
            await _refuse(socket, FAULT, UNEXPECTED)
        finally:
            if session is not None:
                sessions.close(session.id)

    return router


async def _converse(socket: WebSocket, session: Session, layout: Layout) -> None:
    """Sound in, frames out, until the client says that it ends."""
    is_last = False
    while not is_last:
        message = await _received(socket, IDLE_SECONDS)
        pcm = message if isinstance(message, bytes) else b""
        if isinstance(message, str):
            if opening_fields(message) != {"end": True}:
                raise FormatError('Send sound as binary messages, or {"end": true} as text.')
            is_last = True

        def work(pcm: bytes = pcm, is_last: bool = is_last) -> str:
            part = session.push(pcm, last=is_last)
            if part is None:
                return ""
            return _json({"frames": layout.frames(part, session.sample_rate)})

        if text := await run_in_threadpool(work):
            await socket.send_text(text)


async def _opening(socket: WebSocket) -> dict[str, Any]:
    message = await _received(socket, OPENING_SECONDS)
    if isinstance(message, bytes):
        raise FormatError("A stream is opened with a JSON object as text, then comes sound.")
    return opening_fields(message)


async def _received(socket: WebSocket, seconds: float) -> bytes | str:
    """The next message. Raises WebSocketDisconnect when the client is gone."""
    try:
        message = await asyncio.wait_for(socket.receive(), seconds)
    except TimeoutError as error:
        raise _Refused(GOING_AWAY, f"Nothing came for {seconds:g} seconds.") from error
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"])
    data = message.get("bytes")
    return message["text"] if data is None else data


def _layout(name: object) -> Layout:
    known = (UNITS, *shipped_profiles())
    if name not in known:
        raise FormatError(f"The layout must be one of {', '.join(known)}, got {name!r}.")
    return Layout(str(name))


def _ready(session: Session, layout: Layout, au_names: tuple[str, ...]) -> dict[str, object]:
    return {
        "event": "ready",
        "sample_rate": session.sample_rate,
        "fps": FRAME_RATE,
        "delay_seconds": session.delay_seconds,
        "layout": layout.name,
        "names": layout.names(au_names),
        "units": {"rotation": "radians: pitch, yaw, roll", "translation": "metres"},
    }


async def _refuse(socket: WebSocket, code: int, sentence: str) -> None:
    try:
        await _say(socket, {"error": sentence})
        reason = sentence.encode()[:REASON_BYTES].decode(errors="ignore")
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        log.info("A client left before it was told: %s", sentence)


async def _say(socket: WebSocket, message: dict[str, object]) -> None:
    await socket.send_text(_json(message))


def _json(message: dict[str, object]) -> str:
    return json.dumps(message, separators=(",", ":"))


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode(), expected.encode())
