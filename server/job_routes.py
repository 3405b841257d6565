"""The routes of a job that was started: how far it is, what it made, its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from dirfa_blender.core.formats.exchange import encoded_take
from dirfa_blender.core.formats.take_formats import FORMATS, described
from dirfa_blender.core.npz_io import animation_from_bytes
from dirfa_blender.core.protocol import JobStatus, to_json

from .jobs import JobQueue

ResultFormat = Annotated[
    str,
    Query(
        pattern=f"^({'|'.join(FORMATS)})$",
        description=f"How a take is written, by what its name would end in: {described()}",
        json_schema_extra={"enum": [*FORMATS]},
    ),
]
RESULTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {known.media_type: {} for known in FORMATS.values()},
    },
    409: {"description": "The job has no result, or not yet"},
}
EVENT_INTERVAL = 0.05
"""Seconds between looks at a job whose events somebody follows."""
KEEP_ALIVE = 1.0
"""Seconds after which an unchanged state is sent again, so that both ends notice a broken line."""


def job_routes(queue: JobQueue) -> APIRouter:
    """The routes below ``/v1/jobs``."""
    router = APIRouter(prefix="/v1/jobs")

    @router.get("/{job_id}")
    def status(job_id: str) -> Response:
        return status_answer(_known(queue.status(job_id), job_id))

    @router.get("/{job_id}/events")
    def events(job_id: str) -> StreamingResponse:
        _known(queue.status(job_id), job_id)
        return StreamingResponse(_events(queue, job_id), media_type="application/x-ndjson")

    @router.get("/{job_id}/result", response_class=Response, responses=RESULTS)
    def result(job_id: str, format: ResultFormat = "npz") -> Response:
        state = _known(queue.status(job_id), job_id)
        path = queue.result(job_id)
        if path is None:
            raise HTTPException(409, f"Job {job_id} has no result: it is {state.state}.")
        form = FORMATS[format]
        name = f"{job_id}{form.ending}"
        if form.kind == "take":
            return FileResponse(path, media_type=form.media_type, filename=name)
        take = animation_from_bytes(path.read_bytes(), job_id)
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(
            encoded_take(take, form.kind, form.suffix),
            media_type=form.media_type,
            headers=disposition,
        )

    @router.delete("/{job_id}")
    def cancel(job_id: str) -> Response:
        return status_answer(_known(queue.cancel(job_id), job_id))

    return router


def status_answer(status: JobStatus, code: int = 200) -> Response:
    """A job's state as clients read it."""
    return Response(to_json(status), status_code=code, media_type="application/json")


def _known(status: JobStatus | None, job_id: str) -> JobStatus:
    if status is None:
        raise HTTPException(404, f"This server has no job {job_id}; it may have been forgotten.")
    return status


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
