"""What runs now: the one state that must outlive an operator's call, since a window keeps drawing. No bpy.

Panels read it, operators write it, and nothing else keeps module state in the add-on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .server_process import ServerProcess
from .server_process import State as ServerState

SENTENCES: dict[ServerState, str] = {
    "not_installed": "The server is not set up yet",
    "incomplete": "The server's set-up broke off",
    "update_available": "The server's packages need an update",
    "stopped": "Stopped, starts when it is needed",
    "starting": "Starting",
    "running": "Running on this computer",
    "failed": "The server ended by itself, start it again",
}


@dataclass
class State:
    """The running job as a window shows it.

    ``cancel`` is set while something can be cancelled; ``progress`` is 0..1, or None while unknown.
    ``server_state`` is what was last seen, because asking reads files; None before the first look.
    """

    title: str = ""
    progress: float | None = None
    eta_seconds: float | None = None
    cancel: Callable[[], None] | None = None
    error: str = ""
    server: ServerProcess = field(default_factory=ServerProcess)
    server_state: ServerState | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return bool(self.title)

    def begin(self, title: str, cancel: Callable[[], None]) -> None:
        """A job starts; what the last one left is forgotten."""
        self.title, self.cancel = title, cancel
        self.progress, self.eta_seconds, self.error = None, None, ""

    def end(self, error: str = "") -> None:
        """The job is over, with a sentence if it failed."""
        self.title, self.cancel, self.progress, self.eta_seconds = "", None, None, None
        self.error = error

    def clear(self) -> None:
        """As it was before anything ran."""
        self.end()
        self.server.stop()
        self.server_state = None

    def look_at_server(self) -> None:
        """Find out where the local server stands."""
        self.server_state = self.server.state

    def look_at_process(self) -> None:
        """The same while a job runs, without reading files."""
        if self.server.pid is not None:
            self.server_state = self.server.state

    def describe_server(self) -> str:
        """One sentence about the local server."""
        return SENTENCES[self.server_state or "stopped"]

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
