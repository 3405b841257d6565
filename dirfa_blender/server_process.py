"""The local inference server as seen by the program that uses it: find, set up, start, stop. No bpy.

A managed server belongs to the process that started it: it leaves when its standard input closes, which
happens however that process ends. It is ready when its info route answers, never because a log says so.
Files of servers that were killed are recognised by their process being gone and are removed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal

from .client import Client
from .core import announcement
from .core.errors import JobCancelled, ServerError, Unreachable
from .roots import ROOT
from .setup import environment as environments
from .setup import installation, interpreters, system

State = Literal[
    "not_installed", "incomplete", "update_available", "stopped", "starting", "running", "failed"
]
CONDITION_STATES: dict[environments.Condition, State] = {
    "absent": "not_installed",
    "incomplete": "incomplete",
    "outdated": "update_available",
    "ready": "stopped",
}
# Why there is nothing to run the server with, and what helps.
WITHOUT_PYTHON: dict[environments.Condition, str] = {
    "absent": "The inference server is not set up on this computer. Set it up",
    "incomplete": "The set-up of the inference server broke off. Finish it",
    "outdated": "This version of DIRFA needs other packages than its server has. Update it",
    "ready": "The inference server's Python cannot be used. Repair it",
}
START_SECONDS = 120.0
"""Longest start: a cold disk and a GPU driver that wakes up."""
STOP_SECONDS = 3.0
POLL_SECONDS = 0.05
PREFIX = "managed-"
KEPT_LOG = "server-failure.log"
NEEDED_MODULES = ("torch", "fastapi", "uvicorn", "mediapipe")


def server_python(root: Path) -> Path | None:
    """The interpreter that can run the server; None before set-up."""
    found = environments.of_server(root)
    if found.is_ready((environments.SERVER,)):
        return found.python
    if all(importlib.util.find_spec(name) for name in NEEDED_MODULES):
        return Path(sys.executable)
    return None


def install(
    root: Path, report: installation.Report, source: installation.Source | None = None
) -> None:
    """Make, finish, repair or update the environment of the server.

    Raises
    ------
    DirfaError
        No fitting Python, no space, no permission, a bundle that does not fit, or pip failed; the sentence
        says which. Whatever `report` raises.
    """
    source = source or installation.Source()
    found = environments.of_server(root)

    def say(detail: str, share: float | None = None) -> None:
        report(installation.Step(0, 0, "Looking for Python", detail, share=0.02 * (share or 0.0)))

    if source.bundle is not None:
        source.bundle.check(
            root,
            lambda share: report(
                installation.Step(0, 0, "Checking the bundle", share=0.01 * share)
            ),
        )
    python = interpreters.provide(source, say)
    installation.install(found, (environments.SERVER,), python, report, source=source)
    missing = system.missing_server_libraries()
    if missing:
        raise ServerError(
            f"The server is set up, but this system lacks {', '.join(lib.file for lib in missing)}. "
            f"{system.advice(missing)}"
        )


def running_server() -> Client | None:
    """The server this user started with ``dirfa.py serve``, if it lives."""
    found = announcement.read(announcement.runtime_folder() / announcement.DEFAULT_NAME)
    return _client(found) if found else None


class ServerProcess:
    """A server of our own; also a context manager that starts and stops it.

    Parameters
    ----------
    root : folder that holds `server/`
    device : ``auto``, ``cpu`` or ``cuda``
    command : how to run Python for it; found by itself if None

    Attributes
    ----------
    is_eager : whether the server prepares for its first jobs as soon as it answers; set before the start
    """

    def __init__(
        self, root: Path | None = None, *, device: str = "auto", command: list[str] | None = None
    ) -> None:
        self._root = root or ROOT
        self._device = device
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self._launching = threading.Lock()
        self.is_eager = False
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        folder = announcement.runtime_folder()
        self._announcement = folder / f"{name}.json"
        self.log = folder / f"{name}.log"

    @property
    def state(self) -> State:
        """Where the server stands; what an interface shows."""
        if self._process is not None:
            if self._process.poll() is not None:
                return "failed"
            return "running" if self._client else "starting"
        if self._command is None and server_python(self._root) is None:
            return CONDITION_STATES[environments.of_server(self._root).condition()]
        return "stopped"

    @property
    def pid(self) -> int | None:
        """Process number while there is a process."""
        return self._process.pid if self._process else None

    def launch(self) -> None:
        """Start the process without waiting for it.

        Raises
        ------
        ServerError
            There is no environment to run it in, or the system refuses.
        """
        remove_stale_files(announcement.runtime_folder())
        command = self._command
        if command is None:
            python = server_python(self._root)
            if python is None:
                condition = environments.of_server(self._root).condition()
                raise ServerError(
                    f"{WITHOUT_PYTHON[condition]} in the DIRFA tab under Server, "
                    "or run: python3 dirfa.py setup"
                )
            command = [str(python), "-P", "-m", "server"]
        paths = [str(self._root), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    [
                        *command,
                        *("serve", "--device", self._device, "--until-stdin-closes"),
                        *("--announcement", str(self._announcement)),
                        *(("--eager",) if self.is_eager else ()),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    cwd=self._root,
                    env=dict(os.environ, PYTHONPATH=os.pathsep.join(paths)),
                    # Out of the terminal's group: Ctrl-C is for the program in front.
                    start_new_session=sys.platform != "win32",
                    creationflags=0x08000200 if sys.platform == "win32" else 0,
                )
        except OSError as error:
            raise ServerError(f"The inference server cannot be started: {error}.") from error

    def wait_ready(self, cancelled: Callable[[], bool] = lambda: False) -> Client:
        """Block until the info route answers; its client.

        Raises
        ------
        ServerError
            The process ended, or did not answer in time; the sentence carries its last words.
        JobCancelled
            `cancelled` said so, or somebody else stopped the server meanwhile.
        """
        process = self._process
        deadline = time.monotonic() + START_SECONDS
        while (client := self._client) is None:
            if cancelled() or process is None or process is not self._process:
                raise JobCancelled("Starting the server was cancelled.")
            if process.poll() is not None:
                raise ServerError(f"The inference server did not start: {self.last_words()}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"The inference server did not answer within {START_SECONDS:.0f} s. Its log is "
                    f"{self.log}."
                )
            found = announcement.read(self._announcement)
            if found is not None:
                client = _client(found)
                with contextlib.suppress(Unreachable):
                    client.info(timeout_seconds=5.0)
                    if process is self._process:
                        self._client = client
                    continue
            time.sleep(POLL_SECONDS)
        return client

    def start(self, cancelled: Callable[[], bool] = lambda: False) -> Client:
        """Launch if needed and wait until requests are answered; several threads may ask at once.

        Raises
        ------
        ServerError, JobCancelled
            As `launch` and `wait_ready` do.
        """
        with self._launching:
            if self.state not in ("starting", "running"):
                self.stop()
                self.launch()
        return self.wait_ready(cancelled)

    def stop(self, *, patience_seconds: float | None = None) -> None:
        """End the process, gently at first; its files go with it. No patience: at once."""
        patience = STOP_SECONDS if self._client else 0.5
        patience = patience if patience_seconds is None else patience_seconds
        process, self._process, self._client = self._process, None, None
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._announcement.unlink(missing_ok=True)
        # A fault of the program must stay readable; everything else a log says was said already.
        with contextlib.suppress(OSError):
            if b"Traceback" in self.log.read_bytes():
                self.log.replace(self.kept_log)
        self.log.unlink(missing_ok=True)

    @property
    def kept_log(self) -> Path:
        """Where the log of the last server that met a fault is kept."""
        return self.log.with_name(KEPT_LOG)

    def last_words(self) -> str:
        """The end of the server's log, for a message."""
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "it left no message."

    def __enter__(self) -> Client:
        try:
            return self.start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        before = _modified(self.kept_log)
        self.stop()
        if isinstance(error, ServerError) and _modified(self.kept_log) != before:
            raise type(error)(f"{error} The log is {self.kept_log}.") from error


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def remove_stale_files(folder: Path) -> None:
    """Remove announcements and logs of managed servers whose starter is gone."""
    for path in folder.glob(f"{PREFIX}*"):
        number = path.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not announcement.is_running(int(number)):
            path.unlink(missing_ok=True)


def _client(found: announcement.Announcement) -> Client:
    host = f"[{found.host}]" if ":" in found.host else found.host
    host = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return Client(f"http://{host}:{found.port}", found.token)
