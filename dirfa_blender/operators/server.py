"""Set up, start, stop, verify and remove the server, or reach another one.

These tasks do not belong to a scene: they outlive a file that is opened and run beside an animation. A
persistent timer follows the one that runs; without a window the operator waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .. import diagnostics, server_process
from ..background import BackgroundJob, Reporter
from ..blender.labels import spoken
from ..blender.viewport import redraw_sidebars
from ..client import Client
from ..connection import connection_of, preferences_of
from ..core.errors import DirfaError, JobCancelled, ServerError
from ..core.project_version import project_version
from ..roots import ROOT
from ..server_watch import Task, watch
from ..session import state
from ..setup import environment as environments
from ..setup import removal, verification
from ..setup.bundle import read as read_bundle
from ..setup.installation import Source, Step
from ..staging import early

TICK_SECONDS = 0.1
WATCH_SECONDS = 1.0
TICKS_A_REDRAW = 3

Work = Callable[[Reporter], str]


class _Follower:
    """The timer's memory: what to do when the task ends."""

    done: Callable[[str], None] | None = None
    ticks: int = 0
    is_reading: bool = False


_follower = _Follower()


class _TaskOperator:
    """Mixin: an operator that begins a task, if none runs."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if watch().task is not None:
            cls.poll_message_set("The server is being looked after already; wait or cancel")
            return False
        return True

    def begin(self, task: Task, work: Work, done: Callable[[str], None] | None = None) -> set[str]:
        """Start a task in a thread; `done` runs in the main thread with the sentence it ended with."""
        watch().begin(task, BackgroundJob(work))
        _follower.done, _follower.ticks = done, 0
        if bpy.app.background:
            return self._wait()
        bpy.app.timers.register(follow, first_interval=TICK_SECONDS, persistent=True)
        redraw()
        return {"FINISHED"}

    def _wait(self) -> set[str]:
        job = watch().job
        assert job is not None
        while job.is_running:
            job.wait_a_moment()
            watch().poll()
        follow()
        if watch().error:
            self.report({"ERROR"}, spoken(watch().error))
            return {"CANCELLED"}
        if watch().note:
            self.report({"INFO"}, spoken(watch().note))
        return {"FINISHED"}


class DIRFA_OT_server_setup(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_setup"
    bl_label = "Set Up Server"
    bl_description = (
        "Install what the server needs into a folder of its own, or finish, repair or update it. "
        "About 1 GB to download unless an offline bundle is chosen in the preferences"
    )
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen = preferences_of(context)
        folder = bpy.path.abspath(chosen.bundle) if chosen else ""
        device = chosen.device if chosen else "auto"
        proxy = chosen.proxy.strip() if chosen else ""
        if not folder and not bpy.app.online_access and not bpy.app.background:
            watch().error = (
                "Setting up downloads packages, and Blender may not go online. Allow online access in "
                "Preferences > System, or choose an offline bundle in the add-on's preferences"
            )
            watch().failed_task = "installing"
            return {"CANCELLED"}

        def work(report: Reporter) -> str:
            def show(step: Step) -> None:
                report(step.share, f"{step.title} {step.detail}".strip(), step.eta_seconds)

            removal.sweep()
            bundle = read_bundle(Path(folder)) if folder else None
            server_process.install(ROOT, show, Source(device, proxy, bundle))
            return "The server is set up"

        return self.begin("installing", work)


class DIRFA_OT_server_start(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_start"
    bl_label = "Start Server"
    bl_description = "Start the server now, so that the first take comes sooner"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        server = state().server

        def work(report: Reporter) -> str:
            report(0.0, "Starting the server")
            try:
                server.start(report.cancelled)
            except JobCancelled:
                server.stop()
                raise
            return ""

        return self.begin("starting", work)


class DIRFA_OT_server_stop(bpy.types.Operator):
    bl_idname = "dirfa.server_stop"
    bl_label = "Stop Server"
    bl_description = "End the server that was started here and free its memory"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().is_busy:
            cls.poll_message_set("A job runs on it; cancel the job first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        state().server.stop(patience_seconds=0.0)
        # Who stops it does not want it started by itself a second later.
        state().is_server_spared = True
        watch().clear()
        state().look_at_server()
        return {"FINISHED"}


class DIRFA_OT_server_verify(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_verify"
    bl_label = "Verify"
    bl_description = (
        "Compare every installed file with its record and see whether the packages load"
    )
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        def work(report: Reporter) -> str:
            home = environments.of_server(ROOT)
            if not home.has_python():
                raise ServerError("There is nothing to verify: the server is not installed.")
            verdict = verification.verify(home.python, report)
            if verdict.damaged:
                verification.make_torn(home.site_packages(), verdict.damaged)
                home.forget_marker()
                raise ServerError(
                    f"Damaged: {', '.join(verdict.damaged)}. Repair installs them again, the rest stays"
                )
            if verdict.unloadable:
                name, reason = next(iter(verdict.unloadable.items()))
                raise ServerError(f"{name} does not load: {reason}")
            return f"All {verdict.files} files are as they were installed"

        return self.begin("verifying", work)


class DIRFA_OT_server_remove(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_remove"
    bl_label = "Remove Server"
    bl_description = "Delete everything the set-up installed; takes, heads and settings stay"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(
            self, event, title="Remove the server?", confirm_text="Remove",
            message="About 1.5 GB are deleted. Takes, heads and settings stay.",
        )  # fmt: skip

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        server = state().server

        def work(report: Reporter) -> str:
            server.stop()
            removal.remove(environments.of_server(ROOT), report)
            return "The server is removed"

        return self.begin("removing", work)


class DIRFA_OT_server_connect(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_connect"
    bl_label = "Test Connection"
    bl_description = "Ask the server at the address in the preferences who it is"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            connection = connection_of(context)
        except DirfaError as error:
            watch().error, watch().failed_task = str(error), "connecting"
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}

        def work(report: Reporter) -> str:
            report(0.5, "Asking")
            info = Client(connection.url.rstrip("/"), connection.token).info(timeout_seconds=10.0)
            return f"Connected: version {info.version} on {info.device}"

        def remember(note: str) -> None:
            watch().remote_found = note

        return self.begin("connecting", work, remember)


class DIRFA_OT_server_cancel(bpy.types.Operator):
    bl_idname = "dirfa.server_cancel"
    bl_label = "Cancel"
    bl_description = "Stop what is being done to the server; what is finished stays"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if watch().job is None:
            cls.poll_message_set("Nothing is being done to the server")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        watch().cancel()
        return {"FINISHED"}


class DIRFA_OT_server_log(bpy.types.Operator):
    bl_idname = "dirfa.server_log"
    bl_label = "Open Log"
    bl_description = "Show what the server or its set-up wrote last"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if diagnostics.newest_log(ROOT, state().server) is None:
            cls.poll_message_set("There is no log yet")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        path = diagnostics.newest_log(ROOT, state().server)
        if path is None:
            return {"CANCELLED"}
        if bpy.app.background or "FINISHED" not in bpy.ops.wm.path_open(filepath=str(path)):
            self.report({"INFO"}, spoken(f"The log is {path}"))
        return {"FINISHED"}


class DIRFA_OT_copy_diagnostics(_TaskOperator, bpy.types.Operator):
    bl_idname = "dirfa.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_description = (
        "Put a report about the server on the clipboard, without your name, folders or tokens"
    )
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        facts = {
            "DIRFA": project_version(),
            "Blender": bpy.app.version_string,
            "connection": getattr(preferences_of(context), "connection", "local"),
            "last error": watch().error or state().error or "none",
        }
        server = state().server
        kept: list[str] = []

        def work(report: Reporter) -> str:
            report(0.2, "Looking around")
            kept.append(diagnostics.report(ROOT, server, facts))
            return "The diagnostics are on the clipboard"

        def copy(_note: str) -> None:
            bpy.context.window_manager.clipboard = kept[0]

        return self.begin("inspecting", work, copy)


def follow() -> float | None:
    """One turn of the timer that follows a task; None when the task is over."""
    shown = watch()
    if shown.job is None:
        return None
    shown.poll()
    if shown.job.is_running:
        _follower.ticks = (_follower.ticks + 1) % TICKS_A_REDRAW
        if _follower.ticks == 0:
            redraw()
        return TICK_SECONDS
    job: BackgroundJob[Any] = shown.job
    done, _follower.done = _follower.done, None
    try:
        note = job.result()
    except JobCancelled:
        shown.end()
    except DirfaError as error:
        shown.end(error=str(error))
    except BaseException:
        shown.end(error="A fault of the program; the system console has the details")
        raise
    else:
        shown.end(note=note)
        if done is not None:
            done(note)
    finally:
        state().look_at_server()
        redraw()
    return None


def look_around() -> float:
    """A slow timer: notice that the server ended or a photo was read; start the server early."""
    before = state().server_state
    state().look_at_process()
    if before is None:
        state().look_at_server()
    early.start_server()
    reading = state().reading
    is_reading = reading is not None and reading.job.is_running
    if state().server_state != before or is_reading != _follower.is_reading:
        _follower.is_reading = is_reading
        redraw()
    return WATCH_SECONDS


def redraw() -> None:
    """Draw every place that shows the server again."""
    redraw_sidebars()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def begin_watching() -> None:
    """Start the slow timer, once there is a window."""
    if not bpy.app.background:
        state().server.is_eager = True
        bpy.app.timers.register(look_around, first_interval=0.5, persistent=True)


def end_watching() -> None:
    """Cancel what runs and stop both timers."""
    watch().cancel()
    for timer in (look_around, follow):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    watch().clear()


CLASSES = (
    DIRFA_OT_server_setup,
    DIRFA_OT_server_start,
    DIRFA_OT_server_stop,
    DIRFA_OT_server_verify,
    DIRFA_OT_server_remove,
    DIRFA_OT_server_connect,
    DIRFA_OT_server_cancel,
    DIRFA_OT_server_log,
    DIRFA_OT_copy_diagnostics,
)
