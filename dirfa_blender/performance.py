"""Asking the server for a performance: a take, and a head where a photo is given. No bpy.

The worker side of the Generate button: it runs in a thread, knows files and the client only, and hands
back plain core types for the scene to take in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .background import Reporter
from .client import Client
from .core.animation import Animation
from .core.errors import DirfaError, JobCancelled, JobFailed
from .core.head import Head
from .core.npz_io import animation_from_bytes, head_from_bytes
from .core.protocol import AnimateSettings, JobStatus, PhotoSettings

# How much of the time each part takes, for one bar over all of them.
START_SHARE = 0.1
PHOTO_SHARE = 0.4


@dataclass(frozen=True)
class Request:
    """What is wanted: speech, its settings, and a photo if a head is to be built."""

    audio: Path
    settings: AnimateSettings
    photo: Path | None = None
    photo_settings: PhotoSettings = field(default_factory=PhotoSettings)


@dataclass(frozen=True)
class Performance:
    """What came back; `warnings` are sentences worth showing although it worked."""

    animation: Animation
    head: Head | None
    warnings: tuple[str, ...]


def perform(
    request: Request, connect: Callable[[Reporter], Client], report: Reporter
) -> Performance:
    """The performance of a request, asked of the server that `connect` finds or starts.

    Raises
    ------
    DirfaError
        Whatever went wrong, as a sentence: server, recording or photo.
    """
    report(0.0, "Starting the server")
    client = connect(report)
    warnings: list[str] = []
    head = None
    begin = START_SHARE
    if request.photo is not None:
        job = client.fit(request.photo, request.photo_settings)
        end = START_SHARE + PHOTO_SHARE
        data = _followed(client, job, "Reading the photo", (begin, end), report, warnings)
        head, begin = head_from_bytes(data), end
    job = client.animate(request.audio, request.settings)
    data = _followed(client, job, "Listening", (begin, 1.0), report, warnings)
    return Performance(animation_from_bytes(data), head, tuple(warnings))


def _followed(
    client: Client,
    job: JobStatus,
    text: str,
    span: tuple[float, float],
    report: Reporter,
    warnings: list[str],
) -> bytes:
    """Result of a job whose progress is reported between the ends of `span`."""
    try:
        for status in client.events(job.id):
            share = span[0] + status.progress * (span[1] - span[0])
            report(share, text, status.eta_seconds)
            if status.state == "failed":
                raise JobFailed(status.error or "The server did not say why it could not.")
            if status.state == "cancelled":
                raise JobCancelled("The job was cancelled.")
            if status.is_final:
                warnings.extend(status.warnings)
        return client.result(job.id)
    except JobCancelled:
        # The server may be gone already; what matters here is that it was told.
        with contextlib.suppress(DirfaError):
            client.cancel(job.id)
        raise
