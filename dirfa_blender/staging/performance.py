"""Asking the server for performances: takes of many lines, and a head where a photo is given. No bpy.

The worker side of every Generate button: it runs in a thread, knows files and the client only, and hands
back plain core types for the scene to take in. One line that fails leaves the others be; a server that
goes away ends the queue, and what was finished is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..background import BackgroundJob, Reporter
from ..client import Client
from ..core.animation import Animation
from ..core.errors import DirfaError, JobCancelled, Unreachable
from ..core.head import Head
from ..core.head_shapes import shaped_template
from ..core.mapping import load_profile, shipped_profiles
from ..core.npz_io import animation_bytes, animation_from_bytes
from ..core.protocol import AnimateSettings, JobStatus
from ..head.head_parts import HeadParts, head_parts
from ..head.photo_reading import Likeness, Sitting, followed, read_photos, waited_for
from ..performing.speech import Speech
from ..queue_board import Board

# How much of the time each part takes, for one bar over all of them.
START_SHARE = 0.1
# Beside a photo a line takes little.
LINE_SHARE = 0.1
Connect = Callable[[Reporter], Client]


@dataclass(frozen=True)
class LineRequest:
    """One line: what it is known by, what a bar calls it, its speech and its settings."""

    uid: int
    title: str
    speech: Speech
    settings: AnimateSettings = field(default_factory=AnimateSettings)


@dataclass(frozen=True)
class Request:
    """What is wanted: lines, and a head if one is to be built, from photos or a neutral one.

    ``reading`` is a job that reads the same photos already.
    """

    lines: tuple[LineRequest, ...]
    sitting: Sitting | None = None
    with_neutral_head: bool = False
    reading: BackgroundJob[Likeness] | None = None


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


def perform(request: Request, connect: Connect, report: Reporter, board: Board) -> Performance:
    """The performances of a request, asked of the server that `connect` finds or starts.

    Lines come before photos: they are quick, and what is wrong with one is said at once.

    Raises
    ------
    DirfaError
        Whatever went wrong, as a sentence, when nothing at all could be made.
    """
    report(0.0, "Starting the server")
    client = connect(report)
    warnings: list[str] = []
    end = 1.0 if request.sitting is None else START_SHARE + LINE_SHARE * bool(request.lines)
    report(START_SHARE, "Listening")
    asked = _Queue(request.lines, client, report, board, warnings)
    with tempfile.TemporaryDirectory(prefix="dirfa-") as folder:
        asked.run(Path(folder), START_SHARE, end)
    if asked.first_error is not None and not asked.animations:
        raise asked.first_error
    parts = None
    if request.sitting is not None:
        seen = waited_for(request.reading, report, (end, 1.0))
        seen = seen or read_photos(request.sitting, client, report, (end, 1.0))
        parts = seen.parts
        warnings.extend(seen.warnings)
    elif request.with_neutral_head:
        report(0.9, "Preparing the head")
        parts = head_parts(neutral_head())
    for name in shipped_profiles():
        # Read here, so that the main thread finds them read when it looks for the character's own.
        _ = load_profile(name).spellings
    files = {uid: animation_bytes(animation) for uid, animation in asked.animations.items()}
    return Performance(
        asked.animations, files, asked.errors, parts, tuple(warnings), asked.is_cancelled
    )


def neutral_head() -> Head:
    """The head that every fitted one is made from, with its shapes: it needs no photo and no server."""
    return shaped_template()


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

    def run(self, folder: Path, begin: float, end: float) -> None:
        step = (end - begin) / max(1, len(self.lines))
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
        speech = line.speech.as_file(
            folder, lambda: self.report.cancelled() or line.uid in self.board.left_out
        )
        job = self.client.animate(speech, line.settings)
        data = followed(
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
