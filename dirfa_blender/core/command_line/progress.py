"""Progress of a command: one overall estimate of the time left, shown as a bar, as lines or as JSON.

A command is a row of stages with a guess of their seconds. Inside a stage the real speed replaces the
guess as soon as there is one; the overall share is time spent over time spent plus time left, and never
goes back. Bars and lines go to stderr, JSON lines to stdout, so that pipes carry data only. Progress that
nobody can read any more, because the reader left or a log's disk is full, stops no work: the exit code
still tells how it went. No bpy.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ..file_names import told_name

# Share of a stage after which its own speed is trusted more than the guess.
TRUSTED_SHARE = 0.05
# Seconds between lines about the same stage where nothing can be rewritten.
LINE_INTERVAL = 10.0
BAR_INTERVAL = 0.1
BAR_WIDTH = 28


@dataclass(frozen=True)
class Stage:
    """A part of a command: its name in JSON, what a person reads, its likely seconds."""

    name: str
    title: str
    seconds: float


class Progress:
    """Overall progress over a row of stages, fed by `update`.

    Parameters
    ----------
    show : receives stage, overall share 0..1, seconds left, detail
    clock : seconds, monotonic
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        show: Callable[[Stage, float, float, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stages = list(stages)
        self._show = show
        self._clock = clock
        self._began = clock()
        self._stage_began = self._began
        self._current = -1
        self._share = 0.0
        self.spent: dict[str, float] = {}

    def expect(self, name: str, seconds: float) -> None:
        """Replace the guess for a stage once more is known about it."""
        self._stages = [
            Stage(s.name, s.title, seconds) if s.name == name else s for s in self._stages
        ]

    def update(self, name: str, fraction: float = 0.0, detail: str = "") -> None:
        """Report that a stage has come to `fraction` of itself; earlier stages count as over."""
        now = self._clock()
        index = next(i for i, stage in enumerate(self._stages) if stage.name == name)
        if index != self._current:
            self._close(now)
            self._current, self._stage_began = index, now
        left = self._stage_left(index, fraction, now - self._stage_began)
        left += sum(stage.seconds for stage in self._stages[index + 1 :])
        elapsed = now - self._began
        self._share = max(self._share, min(1.0, elapsed / max(elapsed + left, 1e-9)))
        self._show(self._stages[index], self._share, left, detail)

    def finish(self) -> float:
        """Close the last stage; the seconds the whole took."""
        now = self._clock()
        self._close(now)
        self._current = -1
        return now - self._began

    def _stage_left(self, index: int, fraction: float, elapsed: float) -> float:
        guess = max(self._stages[index].seconds * (1 - fraction), 0.0)
        if fraction < TRUSTED_SHARE:
            return guess
        return elapsed * (1 - fraction) / fraction

    def _close(self, now: float) -> None:
        if self._current >= 0:
            name = self._stages[self._current].name
            self.spent[name] = self.spent.get(name, 0.0) + now - self._stage_began


class Display:
    """Shows a command's progress, warnings and end to a person or a program."""

    def __init__(
        self,
        *,
        as_json: bool = False,
        errors: TextIO | None = None,
        output: TextIO | None = None,
    ) -> None:
        self._as_json = as_json
        self._errors = errors or sys.stderr
        self._output = output or sys.stdout
        self._rewrites = not as_json and self._errors.isatty()
        self._last_time = -LINE_INTERVAL
        self._last_stage = ""

    def show(self, stage: Stage, share: float, seconds_left: float, detail: str) -> None:
        """One moment of progress; skipped where it would only repeat."""
        now = time.monotonic()
        interval = BAR_INTERVAL if self._rewrites or self._as_json else LINE_INTERVAL
        if stage.name == self._last_stage and now - self._last_time < interval:
            return
        self._last_time, self._last_stage = now, stage.name
        if self._as_json:
            self._json(
                event="progress",
                stage=stage.name,
                progress=round(share, 4),
                eta_seconds=round(seconds_left, 1),
                detail=detail,
            )
            return
        text = f"{stage.title}{': ' if detail else ''}{detail}"
        if self._rewrites:
            filled = round(share * BAR_WIDTH)
            full, empty = "█░" if "utf" in (self._errors.encoding or "").lower() else "#-"
            bar = full * filled + empty * (BAR_WIDTH - filled)
            line = f"{bar} {share:4.0%}  {spoken_seconds(seconds_left)} left  {text}"
            columns = shutil.get_terminal_size().columns
            _say(self._errors, f"\r\x1b[K{line[: columns - 1]}")
        else:
            _say(self._errors, f"{share:4.0%}  {spoken_seconds(seconds_left)} left  {text}\n")

    def warn(self, text: str) -> None:
        """A sentence the user should read although the command goes on."""
        if self._as_json:
            self._json(event="warning", message=text)
        else:
            self._line(f"Note: {text}")

    def line(self, id: str, state: str, message: str = "") -> None:
        """One of many things is over: JSON for each, a sentence only where it could not be made."""
        if self._as_json:
            self._json(event="line", id=id, state=state, message=message)
        elif state == "failed":
            self._line(f"{id}: {message}")

    def summary(self, text: str, folder: Path, seconds: float, *, failed: int) -> None:
        """The end of many things: how many ended how."""
        if self._as_json:
            self._json(
                event="done", outputs=[str(folder)], seconds=round(seconds, 2),
                failed=failed, message=text,
            )  # fmt: skip
        else:
            self._line(f"{folder}: {text}, in {spoken_seconds(seconds)}.")

    def ready(self, url: str, announcement: Path) -> None:
        """A server answers at `url`; programs find it through the announcement file."""
        if self._as_json:
            self._json(event="ready", url=url, announcement=str(announcement))
        else:
            self._line(f"Serving at {url} (token in {announcement}). Ctrl-C ends it.")

    def streaming(self, receiver: str, title: str, delay_seconds: float) -> None:
        """Live speech is on its way to a receiver, as a rig's profile maps it."""
        if self._as_json:
            self._json(event="ready", receiver=receiver, delay_seconds=round(delay_seconds, 3))
        else:
            self._line(
                f"Speaking to {receiver} as {title}, {delay_seconds:.2f} s behind the sound. "
                "Ctrl-C ends it."
            )

    def done(self, outputs: Sequence[Path], seconds: float) -> None:
        """The end: what was written and how long it took."""
        if self._as_json:
            self._json(
                event="done", outputs=[str(path) for path in outputs], seconds=round(seconds, 2)
            )
        else:
            names = ", ".join(str(path) for path in outputs)
            self._line(f"Wrote {names} in {spoken_seconds(seconds)}.")

    def problems(self, found: Sequence[Mapping[str, str]]) -> None:
        """What is wrong, a line each for a program; a person reads it in the sentence that follows."""
        if self._as_json:
            for problem in found:
                self._json(event="problem", **problem)

    def error(self, text: str) -> None:
        """Why the command failed: always one sentence on stderr, and a line for a program."""
        if self._as_json:
            self._json(event="error", message=text)
        self._line(text)

    def _line(self, text: str) -> None:
        _say(self._errors, ("\r\x1b[K" if self._rewrites else "") + told_name(text) + "\n")

    def _json(self, **fields: object) -> None:
        _say(self._output, json.dumps(fields) + "\n")


def _say(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # What is buffered would fail again when the program ends, and change its exit code.
        with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def spoken_seconds(seconds: float) -> str:
    """A duration as a person says it: ``8 s``, ``2 min 05 s``, ``1 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
