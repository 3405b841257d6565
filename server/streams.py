"""The routes of live speech: open, push sound, take samples, close.

==========================================  ===========================================================
``POST /v1/streams``                        ``{"settings": {...}, "gain": 1.0}`` -> id, rate, names, delay
``POST /v1/streams/{id}``                   body: 16-bit mono sound at 16 kHz -> ``.npz`` of the samples it
                                            completes; 204 while there are none; ``?last=true`` ends it
``DELETE /v1/streams/{id}``                 close it without the rest
==========================================  ===========================================================

A request a chunk, so that any HTTP client can speak it over one connection. A stream that nobody feeds is
closed, and there are only so many.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from dirfa_blender.core.animation import concatenate
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.npz_io import animation_bytes
from dirfa_blender.core.protocol import AnimateSettings, from_fields

from .audio import SAMPLE_RATE
from .live import LiveTake

MAX_STREAMS = 8
IDLE_SECONDS = 60.0
MAX_CHUNK_SECONDS = 10.0
LOWEST_GAIN, HIGHEST_GAIN = 0.001, 1000.0
Opener = Callable[[AnimateSettings, float], LiveTake]


@dataclass
class _Stream:
    """One open stream; its lock keeps chunks in order."""

    take: LiveTake
    used: float
    lock: threading.Lock = field(default_factory=threading.Lock)


def add_stream_routes(
    app: FastAPI, open_stream: Opener, clock: Callable[[], float] = time.monotonic
) -> None:
    """Give an application the routes.

    Parameters
    ----------
    open_stream : settings and gain -> a take that grows
    """
    streams: dict[str, _Stream] = {}
    guard = threading.Lock()

    def known(stream_id: str) -> _Stream:
        found = streams.get(stream_id)
        if found is None:
            raise HTTPException(
                404, f"This server has no stream {stream_id}; it may have been closed."
            )
        return found

    @app.post("/v1/streams", status_code=201)
    async def open_one(request: Request) -> dict[str, Any]:
        settings, gain = _wanted(await request.body())
        with guard:
            now = clock()
            for name in [n for n, s in streams.items() if now - s.used > IDLE_SECONDS]:
                del streams[name]
            if len(streams) >= MAX_STREAMS:
                raise HTTPException(
                    429, f"{MAX_STREAMS} streams are open already; close one first."
                )
            name = secrets.token_hex(8)
            streams[name] = _Stream(open_stream(settings, gain), now)
        return {
            "id": name,
            "sample_rate": SAMPLE_RATE,
            "delay_seconds": streams[name].take.delay_seconds,
        }

    @app.post("/v1/streams/{stream_id}")
    async def push(stream_id: str, request: Request, last: bool = False) -> Response:
        stream = known(stream_id)
        samples = _samples(await request.body())

        def work() -> bytes:
            with stream.lock:
                stream.used = clock()
                parts = [stream.take.push(samples)] if len(samples) else []
                if last:
                    parts.append(stream.take.finish())
                parts = [part for part in parts if len(part)]
            return animation_bytes(concatenate(parts)) if parts else b""

        data = await run_in_threadpool(work)
        if last:
            streams.pop(stream_id, None)
        if not data:
            return Response(status_code=204)
        return Response(data, media_type="application/octet-stream")

    @app.delete("/v1/streams/{stream_id}", status_code=204)
    def close(stream_id: str) -> Response:
        known(stream_id)
        streams.pop(stream_id, None)
        return Response(status_code=204)


def _wanted(body: bytes) -> tuple[AnimateSettings, float]:
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise FormatError("A stream is opened with a JSON object.") from error
    if not isinstance(found, dict) or set(found) - {"settings", "gain"}:
        raise FormatError("A stream is opened with an object of settings and gain.")
    values: dict[str, Any] = found
    gain = values.get("gain", 1.0)
    if isinstance(gain, bool) or not isinstance(gain, (int, float)):
        raise FormatError(f"The gain must be a number, got {gain!r}.")
    if not LOWEST_GAIN <= gain <= HIGHEST_GAIN:
        raise FormatError(f"The gain must be {LOWEST_GAIN:g}..{HIGHEST_GAIN:g}, got {gain:g}.")
    settings = from_fields(AnimateSettings, dict(values.get("settings", {})))
    if settings.fps is not None:
        raise FormatError("A stream has the model's own rate; leave fps out.")
    if settings.transcript:
        raise FormatError("A stream is heard as it is spoken; leave the transcript out.")
    return settings, float(gain)


def _samples(body: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    if len(body) % 2:
        raise FormatError(f"Sound must come as 16-bit samples, got {len(body)} bytes.")
    if len(body) > MAX_CHUNK_SECONDS * SAMPLE_RATE * 2:
        raise FormatError(f"A chunk must be at most {MAX_CHUNK_SECONDS:g} s, send it in parts.")
    return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(32768)
