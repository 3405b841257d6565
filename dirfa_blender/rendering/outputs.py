"""Outputs that appear whole or not at all: a hidden folder beside the target, emptied by moving. No bpy."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from ..client import Client
from ..core.command_line.progress import Progress
from ..core.errors import JobCancelled, JobFailed, OutputError
from ..core.npz_io import read_animation
from ..core.partials import partial_path, remove_stale

# Room asked for before starting: a .blend with its texture, a film and its frames, bytes.
NEEDED_BYTES = 200_000_000


class Staging:
    """The hidden folder of one run; a context manager that makes and removes it.

    Parameters
    ----------
    output : a file the run will write; the folder lies beside it
    """

    def __init__(self, output: Path) -> None:
        self._target = output.resolve().parent
        self.folder = partial_path(self._target / output.name, "")

    def path(self, name: str) -> Path:
        """Where a file of the run is made."""
        return self.folder / name

    def write(self, name: str, data: bytes) -> None:
        """Put bytes into a file of the run."""
        try:
            self.path(name).write_bytes(data)
        except OSError as error:
            raise self._refused(error) from error

    def take_seconds(self, name: str) -> float:
        """Exact length of the recording behind a take of the run."""
        take = read_animation(self.path(name))
        return float(take.source.get("audio_seconds", take.duration))

    def publish(self, targets: Sequence[Path]) -> None:
        """Move the files of these names to their places, in this order.

        Raises
        ------
        OutputError
            A target cannot be replaced.
        """
        try:
            for target in targets:
                os.replace(self.path(target.name), target)
        except OSError as error:
            raise self._refused(error) from error

    def __enter__(self) -> Staging:
        try:
            self._target.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._target).free
            if free < NEEDED_BYTES:
                raise OutputError(
                    f"The disk of {self._target} has {free / 1e6:.0f} MB left; "
                    f"{NEEDED_BYTES / 1e6:.0f} MB are needed. Make room or choose another folder."
                )
            remove_stale(self._target)
            self.folder.mkdir()
        except OSError as error:
            raise self._refused(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(
            f"The folder {self._target} cannot be written to: {error.strerror or error}. Choose another "
            "place for the output."
        )


def follow(
    client: Client, job_id: str, stage: str, progress: Progress
) -> tuple[bytes, tuple[str, ...]]:
    """Show a server job to its end; its result and what is worth saying. An interruption cancels it.

    Raises
    ------
    JobFailed
        With the server's sentence.
    """
    try:
        for status in client.events(job_id):
            progress.update(stage, status.progress)
            if status.state == "failed":
                raise JobFailed(status.error or "The server did not say why the job failed.")
            if status.state == "cancelled":
                raise JobCancelled("The job was cancelled.")
        return client.result(job_id), client.status(job_id).warnings
    except KeyboardInterrupt:
        with contextlib.suppress(Exception):
            client.cancel(job_id)
        raise
