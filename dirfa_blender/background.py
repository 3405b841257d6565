"""One job beside the interface: a worker thread, a queue, and nothing shared. No bpy.

Blender's data may be touched by its main thread only. So the work runs in a thread that knows no bpy and
speaks through a queue; the interface polls from its timer and draws. Where there is no event loop (no
window), `wait` does the polling.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .core.errors import JobCancelled

Result = TypeVar("Result")
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Report:
    """One moment of the work: share 0..1, what it does, seconds left as far as known."""

    progress: float
    text: str = ""
    eta_seconds: float | None = None


class Reporter:
    """What the work is given: it says how far it is, and hears that it should stop."""

    def __init__(self) -> None:
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._stop = threading.Event()

    def __call__(self, progress: float, text: str = "", eta_seconds: float | None = None) -> None:
        """Report progress.

        Raises
        ------
        JobCancelled
            The work should stop here.
        """
        if self._stop.is_set():
            raise JobCancelled("The job was cancelled.")
        self._reports.put(Report(progress, text, eta_seconds))

    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._stop.is_set()


class BackgroundJob(Generic[Result]):
    """Runs `work` in a thread from construction on, or from `start` on.

    Parameters
    ----------
    work : takes the `Reporter`, gives the result; its exception is the job's
    """

    def __init__(self, work: Callable[[Reporter], Result], *, is_started: bool = True) -> None:
        self._reporter = Reporter()
        self._work = work
        self._latest = Report(0.0)
        self._result: Result | None = None
        self._error: BaseException | None = None
        # Not a daemon: a daemon thread alive at exit hangs Blender's module for ever.
        self._thread = threading.Thread(target=self._run, name="dirfa-job")
        if is_started:
            self.start()

    def start(self) -> None:
        """Let the work begin; once."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether the work has not ended yet."""
        return self._thread.is_alive()

    @property
    def is_cancelled(self) -> bool:
        """Whether the work was asked to stop; it may be over all the same."""
        return self._reporter.cancelled()

    def poll(self) -> Report:
        """The newest report; never blocks."""
        while True:
            try:
                self._latest = self._reporter._reports.get_nowait()  # pyright: ignore[reportPrivateUsage]
            except queue.Empty:
                return self._latest

    def wait_a_moment(self) -> None:
        """Block until the next poll is worth while."""
        self._thread.join(POLL_SECONDS)

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next report."""
        self._reporter._stop.set()  # pyright: ignore[reportPrivateUsage]

    def result(self) -> Result:
        """What the work gave, once it has ended; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result  # pyright: ignore[reportReturnType]

    def wait(self, show: Callable[[Report], None] = lambda _report: None) -> Result:
        """Block until the end, showing every poll; an interruption cancels and is passed on."""
        try:
            while self._thread.is_alive():
                self.wait_a_moment()
                show(self.poll())
        except BaseException:
            self.cancel()
            self._thread.join()
            raise
        return self.result()

    def _run(self) -> None:
        try:
            self._result = self._work(self._reporter)
        except BaseException as error:
            self._error = error
