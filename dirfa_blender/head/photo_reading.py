"""Photos become a head: asked of the server, made ready for Blender, perhaps before anybody waits. No bpy.

Reading takes seconds and the person who chose a photo has other things to choose, so an interface begins
it at once and picks the result up later. What was read belongs to the files as they were.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..background import BackgroundJob, Reporter
from ..client import Client
from ..core.errors import DirfaError, JobCancelled, JobFailed
from ..core.npz_io import head_from_bytes
from ..core.protocol import JobStatus, PhotoSettings
from ..samples import advice
from .head_parts import HeadParts, head_parts

# How much of the time the server takes; the rest makes its answer ready.
SERVER_SHARE = 0.9


@dataclass(frozen=True)
class Sitting:
    """The photos that a head is made from: one from the front, and others of the same person turned."""

    photo: Path
    other_photos: tuple[Path, ...] = ()
    settings: PhotoSettings = field(default_factory=PhotoSettings)

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Time and size of each file: another stamp, other photos. Raises OSError."""
        found = [path.stat() for path in (self.photo, *self.other_photos)]
        return tuple((status.st_mtime_ns, status.st_size) for status in found)


@dataclass(frozen=True)
class Likeness:
    """The head that photos became, and what is worth saying about it."""

    parts: HeadParts
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A sitting that is being read or was."""

    sitting: Sitting
    stamp: tuple[tuple[int, int], ...]
    job: BackgroundJob[Likeness]

    @property
    def error(self) -> str:
        """Why the photos are of no use, once that is known."""
        if self.job.is_running:
            return ""
        try:
            self.job.result()
        except JobFailed as error:
            return str(error)
        except DirfaError:
            return ""
        return ""

    def is_of(self, sitting: Sitting) -> bool:
        """Whether this is what reading those photos gives."""
        with contextlib.suppress(OSError):
            return self.sitting == sitting and self.stamp == sitting.stamp()
        return False


def begin(sitting: Sitting, connect: Callable[[Reporter], Client]) -> Reading:
    """Photos on their way to a head, in a thread. Raises OSError where they cannot be looked at."""
    return Reading(
        sitting,
        sitting.stamp(),
        BackgroundJob(lambda report: read_photos(sitting, connect(report), report)),
    )


def read_photos(
    sitting: Sitting, client: Client, report: Reporter, span: tuple[float, float] = (0.0, 1.0)
) -> Likeness:
    """The head of the person in photos; progress is reported between the ends of `span`.

    Raises
    ------
    DirfaError
        The photos show no face that can be used, or the server went away.
    """
    warnings: list[str] = []
    more = (sitting.other_photos,) if sitting.other_photos else ()
    job = client.fit(sitting.photo, sitting.settings, *more)
    nearly = span[0] + SERVER_SHARE * (span[1] - span[0])
    data = followed(client, job, "Reading the photo", (span[0], nearly), report, warnings)
    report(nearly, "Preparing the head")
    return Likeness(head_parts(head_from_bytes(data)), advice(warnings, sitting.photo))


def waited_for(
    job: BackgroundJob[Likeness] | None, report: Reporter, span: tuple[float, float]
) -> Likeness | None:
    """What a reading that began earlier comes to; None if it fails: ask anew, for a reason of today.

    Raises
    ------
    JobCancelled
        Whoever waits was asked to stop; so is the reading.
    """
    if job is None:
        return None
    try:
        while job.is_running:
            shown = job.poll()
            share = span[0] + shown.progress * (span[1] - span[0])
            report(share, shown.text or "Reading the photo", shown.eta_seconds)
            job.wait_a_moment()
    except JobCancelled:
        job.cancel()
        raise
    try:
        return job.result()
    except DirfaError:
        return None


def followed(
    client: Client,
    job: JobStatus,
    text: str,
    span: tuple[float, float],
    report: Reporter,
    warnings: list[str],
    show: Callable[[JobStatus], None] = lambda _status: None,
) -> bytes:
    """Result of a server's job whose progress is reported between the ends of `span`."""
    try:
        for status in client.events(job.id):
            share = span[0] + status.progress * (span[1] - span[0])
            report(share, text, status.eta_seconds)
            show(status)
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
