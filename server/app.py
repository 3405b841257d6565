"""The HTTP routes: requests in, jobs out, nothing computed here.

==========================================  ===========================================================
``GET /v1/health``                          ``{"status": "ok"}``, for whoever asks: no token
``GET /v1/info``                            who is there: protocol, model, units, rates, device, licence
``POST /v1/animations``                     form: ``audio`` file, ``settings`` JSON -> job
``POST /v1/heads``                          form: ``photo`` file or files of one person, the one from the
                                            front first, ``settings`` JSON -> job
``POST /v1/landmarks``                      form: ``photo`` file -> job
``GET /v1/jobs/{id}``                       its state
``GET /v1/jobs/{id}/events``                its states as they change, one JSON object a line, to the end
``GET /v1/jobs/{id}/result``                the ``.npz`` of a finished job; of a take also ``?format=csv``
                                            (Live Link Face) and ``?format=json`` (ARKit frames)
``DELETE /v1/jobs/{id}``                    cancel it, or forget its result
``/v1/streams``                             live speech, a request a chunk, see `streams`
``/v1/stream``                              live speech over a WebSocket, see `speech_socket`
==========================================  ===========================================================

Every other request carries ``Authorization: Bearer <token>``. An error is ``{"error": sentence}``. Uploads
go to disk as they arrive and are refused as soon as they are too large. ``docs/manual/http.md`` shows it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dirfa_blender.core.errors import DirfaError
from dirfa_blender.core.npz_io import animation_from_bytes
from dirfa_blender.core.protocol import (
    AnimateSettings,
    JobStatus,
    PhotoSettings,
    from_json,
    to_json,
)

from .config import ServerConfig
from .jobs import Job, JobQueue, QueueFull
from .services import Services
from .sessions import Sessions
from .speech_socket import add_socket_route
from .streams import add_stream_routes
from .take import encoded

log = logging.getLogger(__name__)

HEALTH = "/v1/health"
RETRY_AFTER = "5"
"""Seconds after which a client that was sent away may try again."""
ResultFormat = Literal["npz", "csv", "json"]
EVENT_INTERVAL = 0.05
"""Seconds between looks at a job whose events somebody follows."""
KEEP_ALIVE = 1.0
"""Seconds after which an unchanged state is sent again, so that both ends notice a broken line."""


def create_app(config: ServerConfig, services: Services, queue: JobQueue, spool: Path) -> FastAPI:
    """The application; `spool` holds uploads until their job is over."""
    app = FastAPI(
        title="DIRFA inference server",
        version=services.info.version,
        docs_url=None,  # the pages load scripts from another host
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.add_middleware(Gate, token=config.token, max_bytes=config.max_upload_bytes)
    _add_error_answers(app)

    def start(
        uploads: Sequence[UploadFile], work: Callable[[Sequence[Path], str, Job], bytes]
    ) -> Response:
        name = Path(uploads[0].filename or "the upload").name
        paths: list[Path] = []
        try:
            paths.extend(_stored(upload, spool) for upload in uploads)
            status = queue.submit(lambda job: work(paths, name, job), inputs=tuple(paths))
        except BaseException:
            for path in paths:
                path.unlink(missing_ok=True)
            raise
        return _answer(status, 202)

    @app.get(HEALTH)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/info")
    def info() -> Response:
        return Response(to_json(services.info), media_type="application/json")

    @app.post("/v1/animations")
    def animate(
        audio: Annotated[UploadFile, File()], settings: Annotated[str, Form()] = "{}"
    ) -> Response:
        wanted = from_json(AnimateSettings, settings)
        return start(
            [audio], lambda paths, name, job: services.animate(paths[0], name, wanted, job)
        )

    @app.post("/v1/heads")
    def fit(
        photo: Annotated[list[UploadFile], File()], settings: Annotated[str, Form()] = "{}"
    ) -> Response:
        wanted = from_json(PhotoSettings, settings)
        return start(photo, lambda paths, _name, job: services.fit(paths, wanted, job))

    @app.post("/v1/landmarks")
    def landmarks(photo: Annotated[UploadFile, File()]) -> Response:
        return start([photo], lambda paths, _name, job: services.landmarks(paths[0], job))

    @app.get("/v1/jobs/{job_id}")
    def status(job_id: str) -> Response:
        return _answer(_known(queue.status(job_id), job_id))

    @app.get("/v1/jobs/{job_id}/events")
    def events(job_id: str) -> StreamingResponse:
        _known(queue.status(job_id), job_id)
        return StreamingResponse(_events(queue, job_id), media_type="application/x-ndjson")

    @app.get("/v1/jobs/{job_id}/result")
    def result(job_id: str, format: ResultFormat = "npz") -> Response:
        state = _known(queue.status(job_id), job_id)
        path = queue.result(job_id)
        if path is None:
            raise HTTPException(409, f"Job {job_id} has no result: it is {state.state}.")
        name = f"{job_id}.{format}"
        if format == "npz":
            return FileResponse(path, media_type="application/octet-stream", filename=name)
        text = encoded(animation_from_bytes(path.read_bytes(), job_id), f".{format}")
        kind = "text/csv" if format == "csv" else "application/json"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type=kind, headers=disposition)

    @app.delete("/v1/jobs/{job_id}")
    def cancel(job_id: str) -> Response:
        return _answer(_known(queue.cancel(job_id), job_id))

    sessions = Sessions(services.open_stream)
    add_stream_routes(app, sessions)
    add_socket_route(app, sessions, config.token, services.info.au_names)
    return app


class Gate:
    """Lets requests through that carry the token and stay within the upload limit.

    A WebSocket looks at its token itself, since browsers cannot put it into a header.
    """

    def __init__(self, app: ASGIApp, token: str, max_bytes: int) -> None:
        self._app = app
        self._token = f"Bearer {token}".encode()
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["path"] == HEALTH and scope["method"] == "GET"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not secrets.compare_digest(headers.get(b"authorization", b""), self._token):
            answer = _error(401, "This server wants the token of its current start.")
            answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send)
            return
        too_large = (
            f"The upload is larger than the {self._max_bytes / 1e6:.0f} MB this server takes."
        )
        if int(headers.get(b"content-length", b"0") or 0) > self._max_bytes:
            await _error(413, too_large)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, too_large)
            return message

        await self._app(scope, counted, send)


def _add_error_answers(app: FastAPI) -> None:
    """One shape for every error: a status and ``{"error": sentence}``."""

    def known(_request: Request, error: Exception) -> JSONResponse:
        answer = _error(429 if isinstance(error, QueueFull) else 400, str(error))
        if isinstance(error, QueueFull):
            answer.headers["Retry-After"] = RETRY_AFTER
        return answer

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, OSError):  # FastAPI calls a full disk a form it cannot parse
            return storage(request, error.__cause__)
        if error.detail in ("Not Found", "Method Not Allowed"):
            asked = f"{request.method} {request.url.path}"
            return _error(
                error.status_code, f"There is no {asked}; GET /v1/openapi.json lists what there is."
            )
        return _error(error.status_code, str(error.detail))

    def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        parts = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return _error(422, f"The request is incomplete: {'; '.join(parts)}.")

    def storage(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, OSError)
        log.error("Storing an upload: %s", error)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return _error(
            507 if full else 500, f"The server cannot store the upload: {error.strerror}."
        )

    app.add_exception_handler(DirfaError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(OSError, storage)


def _error(code: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=code)


def _answer(status: JobStatus, code: int = 200) -> Response:
    return Response(to_json(status), status_code=code, media_type="application/json")


def _known(status: JobStatus | None, job_id: str) -> JobStatus:
    if status is None:
        raise HTTPException(404, f"This server has no job {job_id}; it may have been forgotten.")
    return status


def _stored(upload: UploadFile, spool: Path) -> Path:
    """The upload as a file whose suffix still tells its format."""
    suffix = re.sub(r"[^A-Za-z0-9.]", "", Path(upload.filename or "").suffix)[:8]
    path = spool / f"{secrets.token_hex(8)}{suffix}"
    try:
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target, 1 << 20)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


async def _events(queue: JobQueue, job_id: str) -> AsyncIterator[str]:
    """States of a job as lines: at every change, at least once a second, to the final one."""
    last, silent = "", 0.0
    while (status := queue.status(job_id)) is not None:
        line = to_json(status)
        if line != last or silent >= KEEP_ALIVE:
            yield line + "\n"
            last, silent = line, 0.0
        if status.is_final:
            return
        await asyncio.sleep(EVENT_INTERVAL)
        silent += EVENT_INTERVAL
