"""The routes that take a recording or photos and start a job on them."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import Response

from dirfa_blender.core.protocol import AnimateSettings, PhotoSettings, from_json

from .job_routes import status_answer
from .jobs import Job, JobQueue
from .services import Services


def upload_routes(queue: JobQueue, services: Services, spool: Path) -> APIRouter:
    """The routes that start jobs; `spool` holds what was sent until its job is over."""
    router = APIRouter(prefix="/v1")

    def start(
        uploads: Sequence[UploadFile], work: Callable[[Sequence[Path], Job], bytes]
    ) -> Response:
        paths: list[Path] = []
        try:
            for upload in uploads:
                paths.append(_stored(upload, spool))
            status = queue.submit(lambda job: work(paths, job), inputs=tuple(paths))
        except BaseException:
            for path in paths:
                path.unlink(missing_ok=True)
            raise
        return status_answer(status, 202)

    @router.post("/animations")
    def animate(
        audio: Annotated[UploadFile, File()], settings: Annotated[str, Form()] = "{}"
    ) -> Response:
        wanted = from_json(AnimateSettings, settings)
        name = Path(audio.filename or "the upload").name
        return start([audio], lambda paths, job: services.animate(paths[0], name, wanted, job))

    @router.post("/heads")
    def fit(
        photo: Annotated[list[UploadFile], File()], settings: Annotated[str, Form()] = "{}"
    ) -> Response:
        wanted = from_json(PhotoSettings, settings)
        return start(photo, lambda paths, job: services.fit(paths, wanted, job))

    @router.post("/landmarks")
    def landmarks(photo: Annotated[UploadFile, File()]) -> Response:
        return start([photo], lambda paths, job: services.landmarks(paths[0], job))

    return router


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
