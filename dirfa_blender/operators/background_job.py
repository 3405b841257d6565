"""Operators whose work runs beside the interface: one base, three questions for each of them.

With a window the operator is modal: a timer polls the job, the panel shows it, Esc or Cancel ends it.
Without one (``blender -b``, Blender as a module) there is no event loop, so the operator waits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import bpy

from ..background import BackgroundJob, Report, Reporter
from ..blender.labels import spoken
from ..blender.pieces import Entering, Steps
from ..blender.viewport import redraw_sidebars
from ..core.errors import DirfaError, JobCancelled, RigError
from ..performing.directing import write_postponed
from ..session import state

TICK_SECONDS = 0.05
TICKS_A_REDRAW = 5
# How long taking a result in holds up the interface before it draws again, the last step not counted. No
# less: drawing between two pieces takes ten times as long where there is no graphics card.
PIECE_SECONDS = 0.025
ENTERING_TICK_SECONDS = 0.01


class BackgroundOperator:
    """Mixin of an operator; subclasses say what to do in `prepare`, `work` and `take_in`.

    None of them may be registered ("REGISTER"): Blender repeats what is (Shift R, a value changed in the
    panel of the last operation) on the operator it remembers, frees that where the repetition goes modal,
    and crashes.
    """

    bl_options = {"UNDO"}
    title = "Working"
    _job: BackgroundJob[Any]
    _is_begun: bool = False
    _timer: bpy.types.Timer | None = None
    _ticks: int = 0
    _entering: Entering | None = None

    @abstractmethod
    def prepare(self, context: bpy.types.Context) -> None:
        """Check the input and copy what the work needs: it may not touch Blender's data."""

    @abstractmethod
    def work(self, report: Reporter) -> object:
        """The slow part, in a thread."""

    @abstractmethod
    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None] | None:
        """The result enters the scene, in the main thread and in steps; see `pieces`.

        May be asked again: after an undo everything that was looked up has to be looked up anew.
        """

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.prepare(context)
        except DirfaError as error:
            return self._failed(error)
        # Shown before it runs: a quick job may be over before the next line.
        self._job = BackgroundJob(self.work, is_started=False)
        self._is_begun = True
        state().begin(self.title, self._job.cancel)
        self._job.start()
        if bpy.app.background:
            return self._finish(context)
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS" and not self._is_writing:
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        has_to_wait = self._has_to_wait
        if self._job.is_running or has_to_wait:
            _show(self._job.poll())
            if has_to_wait:
                state().title = "Waiting for Blender to end its render"
            # Four times a second: enough to see it move, and a button under the mouse keeps its press.
            self._ticks = (self._ticks + 1) % TICKS_A_REDRAW
            if self._ticks == 0:
                redraw_sidebars()
            return {"PASS_THROUGH"}
        return self._finish(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself: a file is opened, the window closes, or nobody chose a file."""
        if not self._is_begun:
            return
        self._job.cancel()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        if self._entering is not None:
            self._entering.withdraw()
        state().entering = None
        state().end()

    @property
    def may_withdraw(self) -> bool:
        """Whether a result that is there is dropped when the job is cancelled."""
        return True

    @property
    def _is_writing(self) -> bool:
        """Whether the scene is changed in part, so that the rest has to follow."""
        return self._entering is not None and self._entering.is_open

    @property
    def _has_to_wait(self) -> bool:
        """Whether the result is there and Blender renders: what it renders may not be changed then."""
        is_dropped = self._job.is_cancelled and self.may_withdraw
        is_due = not (self._job.is_running or self._is_writing or is_dropped)
        return is_due and _is_rendering()

    def _finish(self, context: bpy.types.Context) -> set[str]:
        """Take the result in, as much of it as fits between two pictures."""
        try:
            if self._entering is None:
                result = self._job.wait()
                self._entering = Entering(lambda: self.take_in(context, result))
                self._tick_faster(context)
                state().entering = self._entering
            if self._job.is_cancelled and self.may_withdraw and not self._is_writing:
                self._entering.withdraw()
                raise JobCancelled("The job was cancelled.")
            if not self._entering.advance(piece_seconds()):
                return {"PASS_THROUGH"}
        except JobCancelled:
            self._leave(context)
            self.report({"INFO"}, spoken("Cancelled; nothing was changed"))
            return {"CANCELLED"}
        except DirfaError as error:
            self._leave(context)
            return self._failed(error)
        except BaseException:
            self._leave(context)
            raise
        self._leave(context)
        return {"FINISHED"}

    def _tick_faster(self, context: bpy.types.Context) -> None:
        """While a result enters, the window waits for it and for nothing else."""
        if self._timer is not None:
            manager = context.window_manager
            manager.event_timer_remove(self._timer)
            self._timer = manager.event_timer_add(ENTERING_TICK_SECONDS, window=context.window)

    def _leave(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if self._entering is not None:
            state().longest_piece_seconds = self._entering.longest_seconds
        state().entering = None
        state().end()
        write_postponed(context.scene)
        redraw_sidebars()

    def _failed(self, error: DirfaError) -> set[str]:
        state().end(str(error))
        self.report({"ERROR"}, spoken(str(error)))
        return {"CANCELLED"}


def by_uid(blocks: bpy.types.bpy_prop_collection, uid: int, what: str) -> bpy.types.ID:
    """The datablock that a job was begun for: references do not outlive an undo, numbers do.

    Raises
    ------
    RigError
        It is not there any more; the sentence calls it `what`.
    """
    for block in blocks:
        if block.session_uid == uid:
            return block
    raise RigError(f"The {what} was deleted while the job ran; nothing was applied.")


def piece_seconds() -> float:
    """How long the next piece of a result may take to enter."""
    return float("inf") if bpy.app.background else PIECE_SECONDS


def _is_rendering() -> bool:
    """Whether this Blender renders a picture or a film of its own, as F12 does."""
    return bpy.app.is_job_running("RENDER")


def _show(report: Report) -> None:
    shown = state()
    shown.progress, shown.eta_seconds = report.progress, report.eta_seconds
    shown.title = report.text or shown.title
    shown.look_at_process()
