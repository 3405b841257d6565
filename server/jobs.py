"""One worker, a bounded queue, and the state of every job.

Jobs run one after the other: the model wants the whole machine. A job is asked to stop, not killed: its
task meets the request at its next report of progress, so tasks report often. Results lie on disk, the
oldest are removed; a job that fails keeps the sentence that says why.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dirfa_blender.core.errors import DirfaError, JobCancelled, ServerError
from dirfa_blender.core.protocol import JobState, JobStatus

log = logging.getLogger(__name__)

UNEXPECTED = (
    "The server met an unexpected error with this job. This is a fault of the program, not of your "
    "file; the server's log says more."
)


class QueueFull(ServerError):
    """More jobs wait than the server keeps."""


@dataclass(eq=False)
class Job:
    """One job as its task sees it: report progress, hear of cancellation, add warnings."""

    id: str
    task: Task
    state: JobState = "queued"
    fraction: float = 0.0
    error: str | None = None
    warnings: tuple[str, ...] = ()
    result: Path | None = None
    began: float = 0.0
    inputs: tuple[Path, ...] = ()
    stop: threading.Event = field(default_factory=threading.Event)

    def progress(self, fraction: float) -> None:
        """Say how far the task is, 0..1.

        Raises
        ------
        JobCancelled
            Somebody asked for it to stop.
        """
        if self.stop.is_set():
            raise JobCancelled("The job was cancelled.")
        self.fraction = min(1.0, max(self.fraction, fraction))

    def cancelled(self) -> bool:
        """Whether the task should stop."""
        return self.stop.is_set()

    def warn(self, *sentences: str) -> None:
        """Add what the user should read although the job succeeds."""
        self.warnings += sentences

    def status(self) -> JobStatus:
        """What clients see."""
        return JobStatus(
            id=self.id,
            state=self.state,
            progress=round(self.fraction, 4),
            eta_seconds=self._seconds_left(),
            error=self.error,
            warnings=self.warnings,
        )

    def _seconds_left(self) -> float | None:
        if self.state != "running" or self.fraction < 0.02:
            return None
        spent = time.monotonic() - self.began
        return round(spent * (1 - self.fraction) / self.fraction, 2)


Task = Callable[[Job], bytes]


class JobQueue:
    """Runs tasks on one worker thread; every method may be called from any thread.

    Parameters
    ----------
    folder : results are kept here, one file a job
    """

    def __init__(self, folder: Path, *, max_waiting: int = 8, max_kept: int = 16) -> None:
        self._folder = folder
        self._max_waiting = max_waiting
        self._max_kept = max_kept
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._finished: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="dirfa-worker", daemon=True)
        self._worker.start()

    def submit(self, task: Task, inputs: tuple[Path, ...] = ()) -> JobStatus:
        """Put a task at the end of the queue; `inputs` are removed once it is over.

        Raises
        ------
        QueueFull
            Too many jobs wait already.
        """
        with self._changed:
            if self._closed:
                raise QueueFull("The server is leaving; start it again.")
            if len(self._waiting) >= self._max_waiting:
                raise QueueFull(
                    f"{len(self._waiting)} jobs wait already, which is all this server keeps. Try "
                    "again when one of them is done."
                )
            job = Job(secrets.token_hex(8), task, inputs=inputs)
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._changed.notify_all()
            return job.status()

    def status(self, job_id: str) -> JobStatus | None:
        """State of a job; None for an unknown or forgotten one."""
        job = self._jobs.get(job_id)
        return job.status() if job else None

    def result(self, job_id: str) -> Path | None:
        """The file of a finished job."""
        job = self._jobs.get(job_id)
        return job.result if job else None

    def cancel(self, job_id: str) -> JobStatus | None:
        """Stop a job, or forget a finished one; its last state."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            job.stop.set()
            if job in self._waiting:
                self._waiting.remove(job)
                self._finish(job, "cancelled")
            elif job.state != "running":
                status = job.status()
                self._forget(job)
                return status
            return job.status()

    def close(self) -> None:
        """Take no more jobs and ask the running one to stop."""
        with self._changed:
            self._closed = True
            for job in self._jobs.values():
                job.stop.set()
            self._waiting.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                job = self._waiting.popleft()
                job.state, job.began = "running", time.monotonic()
            self._run(job)

    def _run(self, job: Job) -> None:
        state: JobState = "failed"
        try:
            data = job.task(job)
            job.progress(1.0)
            path = self._folder / f"{job.id}.result"
            path.write_bytes(data)
            job.result, state = path, "done"
        except JobCancelled:
            state = "cancelled"
        except DirfaError as error:
            job.error = str(error)
        except MemoryError:
            job.error = "The server ran out of memory with this job. A shorter recording may fit."
        except OSError as error:
            log.exception("Job %s", job.id)
            job.error = f"The server could not store what this job made: {error.strerror}."
        except Exception:
            log.exception("Job %s", job.id)
            job.error = UNEXPECTED
        with self._changed:
            self._finish(job, "cancelled" if job.stop.is_set() and state == "failed" else state)

    def _finish(self, job: Job, state: JobState) -> None:
        for path in job.inputs:
            path.unlink(missing_ok=True)
        job.state = state
        self._finished.append(job)
        while len(self._finished) > self._max_kept:
            self._forget(self._finished[0])
        self._changed.notify_all()

    def _forget(self, job: Job) -> None:
        if job.result is not None:
            job.result.unlink(missing_ok=True)
        if job in self._finished:
            self._finished.remove(job)
        self._jobs.pop(job.id, None)
