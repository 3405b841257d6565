"""The application behind HTTP: requests in, jobs out, nothing computed here.

==========================================  ===========================================================
``GET /v1/health``                          ``{"status": "ok"}``, for whoever asks: no token
``GET /v1/info``                            who is there: protocol, model, units, rates, device, licence
``POST /v1/animations``                     form: ``audio`` file, ``settings`` JSON -> job
``POST /v1/heads``                          form: ``photo`` file or files of one person, the one from the
                                            front first, ``settings`` JSON -> job
``POST /v1/landmarks``                      form: ``photo`` file -> job
``GET /v1/jobs/{id}``                       its state
``GET /v1/jobs/{id}/events``                its states as they change, one JSON object a line, to the end
``GET /v1/jobs/{id}/result``                the ``.npz`` of a finished job; a take also in any other
                                            ``?format=`` of `core.formats.take_formats`
``DELETE /v1/jobs/{id}``                    cancel it, or forget its result
``/v1/streams``                             live speech, a request a chunk, see `streams`
``/v1/stream``                              live speech over a WebSocket, see `speech_socket`
==========================================  ===========================================================

Every other request carries ``Authorization: Bearer <token>``. An error is ``{"error": sentence}``. Uploads
go to disk as they arrive and are refused as soon as they are too large. ``docs/manual/http.md`` shows it.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response

from dirfa_blender.core.protocol import to_json

from .config import ServerConfig
from .error_answers import add_error_answers
from .gate import HEALTH, Gate
from .job_routes import job_routes
from .jobs import JobQueue
from .services import Services
from .sessions import Sessions
from .speech_socket import socket_route
from .streams import stream_routes
from .upload_routes import upload_routes


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
    add_error_answers(app)

    @app.get(HEALTH)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/info")
    def info() -> Response:
        return Response(to_json(services.info), media_type="application/json")

    sessions = Sessions(services.open_stream)
    for router in (
        upload_routes(queue, services, spool),
        job_routes(queue),
        stream_routes(sessions),
        socket_route(sessions, config.token, services.info.au_names),
    ):
        app.include_router(router)
    return app
