"""Asking the server for performances: takes of many lines, and a head where a photo is given. No bpy.

The worker side of every Generate button: it runs in a thread, knows files and the client only, and hands
back plain core types for the scene to take in. One line that fails leaves the others be; a server that
goes away ends the queue, and what was finished is kept.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .background import Reporter
from .client import Client
from .core.animation import Animation
from .core.errors import DirfaError, JobCancelled, JobFailed, Unreachable
from .core.head import Head
from .core.head_shapes import with_shapes
from .core.head_template import template
from .core.mapping import load_profile, shipped_profiles
from .core.npz_io import animation_bytes, animation_from_bytes, head_from_bytes
from .core.protocol import AnimateSettings, JobStatus, PhotoSettings
from .head_parts import HeadParts, head_parts
from .queue_board import Board
from .speech import Speech

# How much of the time each part takes, for one bar over all of them.
START_SHARE = 0.1
PHOTO_SHARE = 0.4


@dataclass(frozen=True)
class LineRequest:
    """One line: what it is known by, what a bar calls it, its speech and its settings."""

    uid: int
    title: str
    speech: Speech
    settings: AnimateSettings = field(default_factory=AnimateSettings)


@dataclass(frozen=True)
class Request:
    """What is wanted: lines, and a head if one is to be built, from a photo or a neutral one.

    ``other_photos`` show the same person turned.
    """

    lines: tuple[LineRequest, ...]
    photo: Path | None = None
    with_neutral_head: bool = False
    photo_settings: PhotoSettings = field(default_factory=PhotoSettings)
    other_photos: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Performance:
    """What came back, by line uid, ready for the scene: the main thread has no time to unpack it.

    ``files`` are the animations as take files; ``warnings`` are sentences worth showing although it
    worked.
    """

    animations: Mapping[int, Animation]
    files: Mapping[int, bytes]
    errors: Mapping[int, str]
    head: HeadParts | None
    warnings: tuple[str, ...]
    is_cancelled: bool = False


def perform(
    request: Request, connect: Callable[[Reporter], Client], report: Reporter, board: Board
) -> Performance:
    """The performances of a request, asked of the server that `connect` finds or starts.

    Raises
    ------
    DirfaError
        Whatever went wrong, as a sentence, when nothing at all could be made.
    """
    report(0.0, "Starting the server")
    client = connect(report)
    warnings: list[str] = []
    head = None
    begin = START_SHARE
    if request.photo is not None:
        more = (request.other_photos,) if request.other_photos else ()
        job = client.fit(request.photo, request.photo_settings, *more)
        end = START_SHARE + PHOTO_SHARE
        data = _followed(client, job, "Reading the photo", (begin, end), report, warnings)
        head, begin = head_from_bytes(data), end
    if request.with_neutral_head:
        head = neutral_head()
    report(begin, "Preparing the head" if head is not None else "Listening")
    parts = head_parts(head) if head is not None else None
    asked = _Queue(request.lines, client, report, board, warnings)
    with tempfile.TemporaryDirectory(prefix="dirfa-") as folder:
        asked.run(Path(folder), begin)
    if asked.first_error is not None and not asked.animations:
        raise asked.first_error
    for name in shipped_profiles():
        # Read here, so that the main thread finds them read when it looks for the character's own.
        load_profile(name)
    files = {uid: animation_bytes(animation) for uid, animation in asked.animations.items()}
    return Performance(
        asked.animations, files, asked.errors, parts, tuple(warnings), asked.is_cancelled
    )


def neutral_head() -> Head:
    """The head that every fitted one is made from, with its shapes: it needs no photo and no server."""
    return with_shapes(template())


@dataclass
class _Queue:
    """The lines of a request, one after another."""

    lines: tuple[LineRequest, ...]
    client: Client
    report: Reporter
    board: Board
    warnings: list[str]
    animations: dict[int, Animation] = field(default_factory=dict[int, Animation])
    errors: dict[int, str] = field(default_factory=dict[int, str])
    first_error: DirfaError | None = None
    is_cancelled: bool = False

    def run(self, folder: Path, begin: float) -> None:
        step = (1.0 - begin) / max(1, len(self.lines))
        for number, line in enumerate(self.lines):
            span = (begin + number * step, begin + (number + 1) * step)
            if line.uid in self.board.left_out:
                self._fail(line, JobCancelled("The line was left out."))
                continue
            try:
                self.animations[line.uid] = self._take(line, number, span, folder)
                self.board.show(line.uid, "done", 1.0)
            except DirfaError as error:
                self._fail(line, error)
                if isinstance(error, Unreachable) or self.report.cancelled():
                    self._give_up(self.lines[number + 1 :], error)
                    return

    def _take(
        self, line: LineRequest, number: int, span: tuple[float, float], folder: Path
    ) -> Animation:
        self.board.show(line.uid, "working")
        text = "Listening" if len(self.lines) == 1 else f"{number + 1} of {len(self.lines)}"
        job = self.client.animate(line.speech.as_file(folder), line.settings)
        data = _followed(
            self.client, job, text, span, self.report, self.warnings, lambda s: self._show(line, s)
        )
        return animation_from_bytes(data, line.title)

    def _show(self, line: LineRequest, status: JobStatus) -> None:
        self.board.show(line.uid, "working", status.progress)
        if line.uid in self.board.left_out:
            raise JobCancelled("The line was left out.")

    def _fail(self, line: LineRequest, error: DirfaError) -> None:
        if isinstance(error, JobCancelled):
            self.board.show(line.uid, "cancelled")
            self.is_cancelled = True
        else:
            self.errors[line.uid] = str(error)
            self.board.show(line.uid, "failed", 0.0, str(error))
        if self.first_error is None or isinstance(self.first_error, JobCancelled):
            self.first_error = error

    def _give_up(self, rest: tuple[LineRequest, ...], error: DirfaError) -> None:
        for line in rest:
            self._fail(line, error)


def _followed(
    client: Client,
    job: JobStatus,
    text: str,
    span: tuple[float, float],
    report: Reporter,
    warnings: list[str],
    show: Callable[[JobStatus], None] = lambda _status: None,
) -> bytes:
    """Result of a job whose progress is reported between the ends of `span`."""
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
