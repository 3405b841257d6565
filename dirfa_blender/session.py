"""What runs now: the one state that must outlive an operator's call, since a window keeps drawing. No bpy.

Panels read it, operators write it, and nothing else keeps module state in the add-on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .blender.pieces import Entering
from .core.animation import Animation
from .core.characters.profile import MappingProfile
from .core.controls import Controls
from .core.key_reduction import Floats, Keys
from .core.timing import FrameRate
from .head.photo_reading import Reading
from .live.live_session import LiveSession
from .queue_board import Board
from .rendering.film_job import FilmJob
from .server_process import ServerProcess
from .server_process import State as ServerState

Name = tuple[str, str, int]
"""Slot identifier, property path, array index of a curve."""


@dataclass(frozen=True)
class Written:
    """What one curve was given: its keys, the same as (N, 2) float32, and as it is stored."""

    keys: Keys
    points: npt.NDArray[np.float32]
    columns: bytes


@dataclass(frozen=True)
class Memory:
    """What an Action remembers of its curves, as it is stored and unpacked."""

    index: str
    points: bytes
    entries: dict[Name, Written]


@dataclass
class State:
    """The running job as a window shows it.

    ``cancel`` is set while something can be cancelled; ``progress`` is 0..1, or None while unknown.
    ``server_state`` is what was last seen, because asking reads files; None before the first look.
    ``reading`` are photos that are read before anybody asks, and ``is_server_spared`` says that the server
    was started early once, or stopped by hand, and is not started early again. ``board`` shows each line
    of a queue.
    ``performers`` are the actors that the server last asked has learnt.
    ``unpacked``, ``directed``, ``reduced``, ``profiles``, ``sides``,
    ``forms`` and ``memories`` spare work that was done already, by a take, a line, a curve, a character's
    names, keys of a mesh, a head's mesh and an Action; nothing is lost when they are emptied.
    ``profiles_read`` is how many of the shipped profiles were read before anybody asked.
    ``entering`` is a result on its way into the scene, ``refining`` are curves on their way to fewer
    keys, and ``postponed`` are the characters, by number, that a slider would have written meanwhile.
    ``is_quiet`` while properties are set by an operator that writes the performance itself. ``live`` is
    what is spoken now, if anything is. ``film`` is what is rendered beside the window; ``film_note`` and
    ``film_error`` say how the last one went, ``film_path`` where it is. ``longest_piece_seconds`` is how
    long the last result that entered held the window up at most. ``sharing`` is the number of a
    character, of those generated last, whose mesh another one has too. ``rates`` are the frame rates last
    seen, by the number of their scene. ``paths_before`` are properties, by holder and name, and what they
    said before the file was saved.
    """

    title: str = ""
    progress: float | None = None
    eta_seconds: float | None = None
    cancel: Callable[[], None] | None = None
    error: str = ""
    server: ServerProcess = field(default_factory=ServerProcess)
    server_state: ServerState | None = None
    board: Board = field(default_factory=Board)
    performers: tuple[str, ...] = ()
    unpacked: dict[str, Animation] = field(default_factory=dict[str, Animation])
    directed: dict[int, tuple[Animation, Controls, Animation]] = field(
        default_factory=dict[int, tuple[Animation, Controls, Animation]]
    )
    reduced: dict[Hashable, tuple[Floats, Floats, Keys]] = field(
        default_factory=dict[Hashable, tuple[Floats, Floats, Keys]]
    )
    profiles: dict[Hashable, MappingProfile] = field(default_factory=dict[Hashable, MappingProfile])
    profiles_read: int = 0
    sides: dict[Hashable, Mapping[str, str]] = field(
        default_factory=dict[Hashable, Mapping[str, str]]
    )
    forms: dict[int, dict[str, Floats]] = field(default_factory=dict[int, dict[str, Floats]])
    memories: dict[int, Memory] = field(default_factory=dict[int, Memory])
    entering: Entering | None = None
    refining: Entering | None = None
    postponed: set[int] = field(default_factory=set[int])
    rates: dict[int, FrameRate] = field(default_factory=dict[int, FrameRate])
    reading: Reading | None = None
    is_server_spared: bool = False
    sharing: int = 0
    longest_piece_seconds: float = 0.0
    is_quiet: bool = False
    paths_before: list[tuple[object, str, str]] = field(
        default_factory=list[tuple[object, str, str]]
    )
    live: LiveSession | None = None
    film: FilmJob | None = None
    film_path: str = ""
    film_note: str = ""
    film_error: str = ""

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return bool(self.title)

    def begin(self, title: str, cancel: Callable[[], None]) -> None:
        """A job starts; what the last one left is forgotten."""
        self.title, self.cancel = title, cancel
        self.sharing = 0
        self.progress, self.eta_seconds, self.error = None, None, ""

    def end(self, error: str = "") -> None:
        """The job is over, with a sentence if it failed."""
        self.title, self.cancel, self.progress, self.eta_seconds = "", None, None, None
        self.error = error

    def clear(self) -> None:
        """As it was before anything ran."""
        if self.entering is not None:
            self.entering.settle()
            self.entering = None
        self.drop_refining()
        self.end()
        if self.live is not None:
            self.live.stop()
            self.live = None
        if self.film is not None:
            self.film.cancel()
            self.film = None
        self.film_path = self.film_note = self.film_error = ""
        self.drop_reading()
        self.is_server_spared = False
        self.server.stop()
        self.server_state = None
        self.board.clear()
        self.unpacked.clear()
        self.directed.clear()
        self.profiles.clear()
        self.reduced.clear()
        self.profiles_read = 0
        self.sides.clear()
        self.forms.clear()
        self.memories.clear()
        self.postponed.clear()
        self.rates.clear()
        self.is_quiet = False
        self.paths_before.clear()
        self.sharing = 0

    def drop_refining(self) -> None:
        """Curves stay with the keys they have, so that somebody else may write them."""
        own, self.refining = self.refining, None
        if own is not None:
            own.withdraw()

    def drop_reading(self) -> None:
        """Photos that were read early are not wanted any more."""
        reading, self.reading = self.reading, None
        if reading is not None:
            reading.job.cancel()

    def look_at_server(self) -> None:
        """Find out where the local server stands."""
        self.server_state = self.server.state

    def look_at_process(self) -> None:
        """The same while a job runs, without reading files."""
        if self.server.pid is not None:
            self.server_state = self.server.state

    @contextmanager
    def quietly(self) -> Generator[None]:
        """Properties change without their performance being written; the caller writes it once."""
        before, self.is_quiet = self.is_quiet, True
        try:
            yield
        finally:
            self.is_quiet = before

    def describe(self) -> str:
        """Text of a progress bar: what is done, how far, how long still."""
        if self.progress is None:
            return f"{self.title} ..."
        text = f"{self.title} {self.progress:.0%}"
        if self.eta_seconds is not None:
            text += f", {max(0, round(self.eta_seconds))} s left"
        return text


_state: list[State] = []


def state() -> State:
    """The one state, made on first use."""
    if not _state:
        _state.append(State())
    return _state[0]
