"""The routes of live speech: open, push sound, take samples, close.

==========================================  ===========================================================
``POST /v1/streams``                        ``{"settings": {...}, "gain": 1.0, "sample_rate": 16000}`` ->
                                            id, rate, delay
``POST /v1/streams/{id}``                   body: 16-bit mono sound -> ``.npz`` of the samples it
                                            completes; 204 while there are none; ``?last=true`` ends it
``DELETE /v1/streams/{id}``                 close it without the rest
==========================================  ===========================================================

A request a chunk, so that any HTTP client can speak it over one connection; `speech_socket` is the
same over a WebSocket.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from dirfa_blender.core.npz_io import animation_bytes

from .sessions import MESSAGE_BYTES, Session, Sessions, opening_fields


def stream_routes(sessions: Sessions) -> APIRouter:
    """The routes below ``/v1/streams``."""
    router = APIRouter(prefix="/v1/streams")

    def known(stream_id: str) -> Session:
        found = sessions.get(stream_id)
        if found is None:
            raise HTTPException(
                404, f"This server has no stream {stream_id}; it may have been closed."
            )
        return found

    @router.post("", status_code=201)
    async def open_one(request: Request) -> dict[str, Any]:
        session = sessions.open(opening_fields(await _body(request)))
        return {
            "id": session.id,
            "sample_rate": session.sample_rate,
            "delay_seconds": session.delay_seconds,
        }

    @router.post("/{stream_id}")
    async def push(stream_id: str, request: Request, last: bool = False) -> Response:
        session = known(stream_id)
        pcm = await _body(request)

        def work() -> bytes:
            part = session.push(pcm, last=last)
            return animation_bytes(part) if part is not None else b""

        data = await run_in_threadpool(work)
        if last:
            sessions.close(stream_id)
        if not data:
            return Response(status_code=204)
        return Response(data, media_type="application/octet-stream")

    @router.delete("/{stream_id}", status_code=204)
    def close(stream_id: str) -> Response:
        sessions.close(known(stream_id).id)
        return Response(status_code=204)

    return router


async def _body(request: Request) -> bytes:
    """What a request carries, refused as soon as it is more than a stream's may be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MESSAGE_BYTES:
            raise HTTPException(
                413,
                f"A request of a stream carries at most {MESSAGE_BYTES} bytes, send it in parts.",
            )
    return bytes(body)
