"""One shape for every error that leaves over HTTP: a status and ``{"error": sentence}``."""

from __future__ import annotations

import errno
import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from dirfa_blender.core.errors import DirfaError

from .jobs import QueueFull

log = logging.getLogger(__name__)

RETRY_AFTER = "5"
"""Seconds after which a client that was sent away may try again."""


def error_answer(code: int, sentence: str) -> JSONResponse:
    """The answer that says what is wrong."""
    return JSONResponse({"error": sentence}, status_code=code)


def add_error_answers(app: FastAPI) -> None:
    """Make whatever an application's routes raise such an answer; what is a bug stays one."""
    app.add_exception_handler(DirfaError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(OSError, _storage)


def _known(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, QueueFull):
        return error_answer(400, str(error))
    answer = error_answer(429, str(error))
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OSError):  # FastAPI calls a full disk a form it cannot parse
        return _storage(request, error.__cause__)
    if error.detail in ("Not Found", "Method Not Allowed"):
        asked = f"{request.method} {request.url.path}"
        return error_answer(
            error.status_code, f"There is no {asked}; GET /v1/openapi.json lists what there is."
        )
    return error_answer(error.status_code, str(error.detail))


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    parts = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return error_answer(422, f"The request is incomplete: {'; '.join(parts)}.")


def _storage(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OSError)
    log.error("Storing an upload: %s", error)
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = " Make room where it keeps temporary files, or name another folder in TMPDIR."
    told = f"The server cannot store the upload: {error.strerror}.{remedy if full else ''}"
    return error_answer(507 if full else 500, told)
