"""Set up, start and stop the local server."""

from __future__ import annotations

import bpy

from .. import server_process
from ..background import Reporter
from ..environment import Step
from ..session import state
from .background_job import BackgroundOperator


class DIRFA_OT_server_setup(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_setup"
    bl_label = "Set Up Server"
    bl_description = (
        "Download and install what the server needs, about 1 GB, into a folder of its own"
    )
    bl_options = {"INTERNAL"}
    title = "Setting up"

    def prepare(self, context: bpy.types.Context) -> None:
        pass

    def work(self, report: Reporter) -> None:
        def show(step: Step) -> None:
            share = (step.index - (not step.is_done)) / max(1, step.count)
            report(max(0.0, share), step.title)

        server_process.install(server_process.project_root(), show)

    def take_in(self, context: bpy.types.Context, result: object) -> None:  # noqa: ARG002
        state().look_at_server()
        self.report({"INFO"}, "The server is set up")


class DIRFA_OT_server_start(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.server_start"
    bl_label = "Start Server"
    bl_description = "Start the server now, so that the first take comes sooner"
    bl_options = {"INTERNAL"}
    title = "Starting the server"

    def prepare(self, context: bpy.types.Context) -> None:
        pass

    def work(self, report: Reporter) -> None:
        server = state().server
        if server.state != "running":
            server.launch()
        server.wait_ready(report.cancelled)

    def take_in(self, context: bpy.types.Context, result: object) -> None:  # noqa: ARG002
        state().look_at_server()


class DIRFA_OT_server_stop(bpy.types.Operator):
    bl_idname = "dirfa.server_stop"
    bl_label = "Stop Server"
    bl_description = "End the server that was started here"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().is_busy:
            cls.poll_message_set("A job runs on it; cancel the job first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        state().server.stop()
        state().look_at_server()
        return {"FINISHED"}


CLASSES = (DIRFA_OT_server_setup, DIRFA_OT_server_start, DIRFA_OT_server_stop)
