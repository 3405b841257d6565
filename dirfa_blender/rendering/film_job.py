"""A render beside the window: a Blender of its own fills a `RenderOrder`, a thread follows it. No bpy.

The window's Blender goes on with its own file meanwhile: what is rendered is a copy, made when the job
began. Everything is written in a hidden folder beside the output, which the job empties by moving when
it is complete and removes when it is not; what a killed Blender left is removed by the next job.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ..background import BackgroundJob, Report, Reporter
from ..core.command_line.progress import Progress, Stage
from ..core.errors import DirfaError, JobCancelled, OutputError
from .film_process import FilmProcess
from .outputs import Staging
from .render_order import PICTURES, RenderOrder

MODULE = "dirfa_blender.rendering.render_filling"
COPY = "scene.blend"
OPEN_SECONDS = 5.0


class FilmJob:
    """One render from its beginning on.

    Parameters
    ----------
    order : what is rendered; its file and output are set here
    output : .mp4 or folder that appears at the end
    save_copy : writes the file to a path; called at once, in this thread
    frame_seconds : guess of a frame's time, until the first ones are done
    program : the Blender that is started, as for `FilmProcess`

    Raises
    ------
    DirfaError
        The folder cannot be written to, or the copy cannot be made; nothing is left.
    """

    def __init__(
        self,
        order: RenderOrder,
        output: Path,
        save_copy: Callable[[Path], None],
        *,
        frame_seconds: float = 1.0,
        program: Sequence[str] = (),
    ) -> None:
        self.output = output
        self.warnings: list[str] = []
        self._frame_seconds = frame_seconds
        self._staging = Staging(output)
        self._staging.__enter__()
        try:
            copy = self._staging.path(COPY)
            save_copy(copy)
            self._order = replace(
                order, file=str(copy), output=str(self._staging.path(output.name))
            )
            self._process = FilmProcess(self._staging.folder, MODULE, program)
            self._job: BackgroundJob[Path] = BackgroundJob(self._work)
        except BaseException:
            self._staging.__exit__(None, None, None)
            raise

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._job.is_running

    def poll(self) -> Report:
        """The newest report; never blocks."""
        return self._job.poll()

    def cancel(self) -> None:
        """End the render at once; no output appears."""
        self._job.cancel()
        self._process.stop()

    def result(self) -> Path:
        """The output, once the job has ended.

        Raises
        ------
        JobCancelled
            It was cancelled.
        DirfaError
            Why it could not be rendered.
        """
        return self._job.result()

    def _work(self, report: Reporter) -> Path:
        frames = self._order.frame_count
        stages = (
            Stage("open", "Opening a copy of the file", OPEN_SECONDS),
            Stage("work", "Rendering", self._frame_seconds * frames),
        )

        def show(stage: Stage, share: float, left: float, detail: str) -> None:
            report(share, f"{stage.title}, {detail}" if detail else stage.title, left)

        with ExitStack() as until_the_end:
            until_the_end.push(self._staging)
            try:
                progress = Progress(stages, show)
                progress.update("open")
                with self._process as blender:
                    blender.fill(self._order, progress, self.warnings.append)
            except DirfaError as error:
                if report.cancelled():
                    raise JobCancelled("Rendering was cancelled; nothing was written.") from error
                raise
            self._publish()
        return self.output

    def _publish(self) -> None:
        made = self._staging.path(self.output.name)
        if self._order.kind != PICTURES or not self.output.is_dir():
            self._staging.publish([self.output])
            return
        try:
            for picture in sorted(made.iterdir()):
                os.replace(picture, self.output / picture.name)
        except OSError as error:
            raise OutputError(
                f"Cannot write the pictures to {self.output}: {error.strerror or error}."
            ) from error
