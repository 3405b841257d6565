"""Cancel, for a whole job and for one line of a queue."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty

from ..session import state


class DIRFA_OT_cancel(bpy.types.Operator):
    bl_idname = "dirfa.cancel"
    bl_label = "Cancel"
    bl_description = (
        "Stop the running job; lines that are done are kept, the scene is never half changed"
    )
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().cancel is None:
            cls.poll_message_set("Nothing runs")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        cancel = state().cancel
        if cancel is not None:
            cancel()
        return {"FINISHED"}


class DIRFA_OT_cancel_line(bpy.types.Operator):
    bl_idname = "dirfa.cancel_line"
    bl_label = "Leave This Line Out"
    bl_description = "Cancel this line; the others of the queue go on"
    bl_options = {"INTERNAL"}

    uid: IntProperty(name="Line", description="Number of the line", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if not state().is_busy:
            cls.poll_message_set("No queue runs")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        state().board.leave_out(self.uid)
        return {"FINISHED"}


CLASSES = (DIRFA_OT_cancel, DIRFA_OT_cancel_line)
