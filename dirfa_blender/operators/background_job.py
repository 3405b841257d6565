"""Operators whose work runs beside the interface: one base, three questions for each of them.

With a window the operator is modal: a timer polls the job, the panel shows it, Esc or Cancel ends it.
Without one (``blender -b``, Blender as a module) there is no event loop, so the operator waits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import bpy

from ..background import BackgroundJob, Report, Reporter
from ..core.errors import DirfaError, JobCancelled
from ..session import state

TICK_SECONDS = 0.05
TICKS_A_REDRAW = 5


class BackgroundOperator:
    """Mixin of an operator; subclasses say what to do in `prepare`, `work` and `take_in`."""

    title = "Working"
    _job: BackgroundJob[Any]
    _timer: bpy.types.Timer | None = None
    _ticks: int = 0

    @abstractmethod
    def prepare(self, context: bpy.types.Context) -> None:
        """Check the input and copy what the work needs: it may not touch Blender's data."""

    @abstractmethod
    def work(self, report: Reporter) -> object:
        """The slow part, in a thread."""

    @abstractmethod
    def take_in(self, context: bpy.types.Context, result: object) -> None:
        """The result enters the scene, in the main thread."""

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
        self._job = BackgroundJob(self.work)
        state().begin(self.title, self._job.cancel)
        if bpy.app.background:
            return self._finish(context)
        manager = context.window_manager
        self._timer = manager.event_timer_add(TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job.is_running:
            _show(self._job.poll())
            # Four times a second: enough to see it move, and a button under the mouse keeps its press.
            self._ticks = (self._ticks + 1) % TICKS_A_REDRAW
            if self._ticks == 0:
                _redraw(context)
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._finish(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself: a file is opened, or the window closes."""
        self._job.cancel()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        state().end()

    def _finish(self, context: bpy.types.Context) -> set[str]:
        try:
            result = self._job.wait()
            self.take_in(context, result)
        except JobCancelled:
            state().end()
            self.report({"INFO"}, "Cancelled; nothing was changed")
            return {"CANCELLED"}
        except DirfaError as error:
            return self._failed(error)
        except BaseException:
            state().end()
            raise
        finally:
            _redraw(context)
        state().end()
        return {"FINISHED"}

    def _failed(self, error: DirfaError) -> set[str]:
        state().end(str(error))
        self.report({"ERROR"}, str(error))
        return {"CANCELLED"}


def _show(report: Report) -> None:
    shown = state()
    shown.progress, shown.eta_seconds = report.progress, report.eta_seconds
    shown.title = report.text or shown.title
    shown.look_at_process()


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
