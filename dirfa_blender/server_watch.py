"""Where the server stands, as an artist is told: ten states, each with a look, a sentence and one way on.

Pure description and one small state: panels draw it, operators change it, and nothing here reads a file
while something is drawn. No bpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .background import BackgroundJob
from .server_process import State as ProcessState

Shown = Literal[
    "not_installed", "incomplete", "installing", "stopped", "starting", "running", "verifying",
    "removing", "update_available", "error", "remote",
]  # fmt: skip
Task = Literal["installing", "starting", "verifying", "removing", "connecting", "inspecting"]
RED, ORANGE, YELLOW, GREEN, BLUE, GREY = (
    "STRIP_COLOR_01", "STRIP_COLOR_02", "STRIP_COLOR_03", "STRIP_COLOR_04", "STRIP_COLOR_05",
    "STRIP_COLOR_09",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How a state is drawn: its colour as one of Blender's icons, a sentence, and the button that helps."""

    colour: str
    title: str
    sentence: str
    operator: str
    label: str
    icon: str


LOOKS: dict[Shown, Look] = {
    "not_installed": Look(
        GREY, "Not installed", "Speech and photos are analysed by a server on this computer, about 1.5 GB",
        "dirfa.server_setup", "Set Up Server", "IMPORT",
    ),
    "incomplete": Look(
        ORANGE, "Incomplete", "A set-up broke off or a file is damaged; what is finished is kept",
        "dirfa.server_setup", "Finish Set-Up", "IMPORT",
    ),
    "installing": Look(
        BLUE, "Installing", "You can go on working",
        "dirfa.server_cancel", "Cancel", "X",
    ),
    "stopped": Look(
        YELLOW, "Stopped", "Starts by itself when it is needed",
        "dirfa.server_start", "Start Server", "PLAY",
    ),
    "starting": Look(
        BLUE, "Starting", "Loading the models, a few seconds",
        "dirfa.server_cancel", "Cancel", "X",
    ),
    "running": Look(
        GREEN, "Running", "Ready on this computer",
        "dirfa.server_stop", "Stop Server", "SNAP_FACE",
    ),
    "verifying": Look(
        BLUE, "Verifying", "Comparing every installed file with its record",
        "dirfa.server_cancel", "Cancel", "X",
    ),
    "removing": Look(
        BLUE, "Removing", "Deleting the server's files",
        "dirfa.server_cancel", "Cancel", "X",
    ),
    "update_available": Look(
        ORANGE, "Update available", "This version of DIRFA needs other packages; unchanged ones stay",
        "dirfa.server_setup", "Update Server", "FILE_REFRESH",
    ),
    "error": Look(
        RED, "Error", "",
        "dirfa.server_start", "Start Again", "FILE_REFRESH",
    ),
    "remote": Look(
        BLUE, "Remote", "Another computer does the work",
        "dirfa.server_connect", "Test Connection", "LINKED",
    ),
}  # fmt: skip
TASK_STATES: dict[Task, Shown] = {
    "installing": "installing",
    "starting": "starting",
    "verifying": "verifying",
    "removing": "removing",
    "connecting": "remote",
}
PROCESS_STATES: dict[ProcessState, Shown] = {
    "not_installed": "not_installed",
    "incomplete": "incomplete",
    "update_available": "update_available",
    "stopped": "stopped",
    "starting": "starting",
    "running": "running",
    "failed": "error",
}
ENDED = (
    "The server ended by itself. What it was doing is lost, the scene is unchanged; start it again"
)


@dataclass
class Watch:
    """What the panel shows about the server.

    ``error`` is the sentence of the last task that failed, ``failed_task`` which one that was, ``note``
    good news of one that did not, and ``remote_found`` what the server at another address said of itself.
    """

    task: Task | None = None
    job: BackgroundJob[Any] | None = None
    progress: float = 0.0
    text: str = ""
    eta_seconds: float | None = None
    error: str = ""
    failed_task: Task | None = None
    note: str = ""
    remote_found: str = ""

    def begin(self, task: Task, job: BackgroundJob[Any]) -> None:
        """A task starts; what the last one left is forgotten."""
        self.clear()
        self.task, self.job = task, job

    def poll(self) -> None:
        """Take the newest report over; never blocks."""
        if self.job is not None:
            report = self.job.poll()
            self.progress, self.eta_seconds = report.progress, report.eta_seconds
            self.text = report.text or self.text

    def end(self, *, error: str = "", note: str = "") -> None:
        """The task is over."""
        task = self.task
        self.clear()
        self.error, self.note = error, note
        self.failed_task = task if error else None

    def cancel(self) -> None:
        """Ask the running task to stop."""
        if self.job is not None:
            self.job.cancel()
            self.text = "Cancelling"

    def clear(self) -> None:
        """As before anything ran."""
        self.task, self.job, self.progress, self.text, self.eta_seconds = None, None, 0.0, "", None
        self.error, self.failed_task, self.note, self.remote_found = "", None, "", ""

    def shown(self, process: ProcessState | None, *, is_remote: bool) -> Shown:
        """The state to draw."""
        if self.task in TASK_STATES:
            return TASK_STATES[self.task]
        if self.error:
            return "error"
        if is_remote:
            return "remote"
        return PROCESS_STATES[process or "stopped"]

    def look(self, process: ProcessState | None, *, is_remote: bool) -> Look:
        """How to draw it: the state's own look, with what is known beyond it."""
        shown = self.shown(process, is_remote=is_remote)
        look = LOOKS[shown]
        if shown != "error":
            return look
        retry = RETRIES.get(self.failed_task or "starting", look)
        return Look(
            look.colour, look.title, self.error or ENDED, retry.operator, retry.label, retry.icon
        )

    def describe(self) -> str:
        """Text of the progress bar."""
        if self.eta_seconds is None:
            return f"{self.progress:.0%}"
        return f"{self.progress:.0%}, {describe_seconds(self.eta_seconds)} left"


RETRIES: dict[Task, Look] = {
    "installing": Look(RED, "", "", "dirfa.server_setup", "Try Again", "FILE_REFRESH"),
    "verifying": Look(RED, "", "", "dirfa.server_setup", "Repair", "TOOL_SETTINGS"),
    "removing": Look(RED, "", "", "dirfa.server_remove", "Try Again", "TRASH"),
    "connecting": Look(RED, "", "", "dirfa.server_connect", "Test Again", "FILE_REFRESH"),
}


def describe_seconds(seconds: float) -> str:
    """A duration as people say it."""
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 90 else f"{round(whole / 60)} min"


_watch: list[Watch] = []


def watch() -> Watch:
    """The one watch, made on first use."""
    if not _watch:
        _watch.append(Watch())
    return _watch[0]
