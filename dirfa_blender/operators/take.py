"""Apply a take from a file: no server, no waiting."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..core.errors import DirfaError
from ..core.npz_io import read_animation
from ..session import state
from ..staging import stage_take


class DIRFA_OT_apply_take(bpy.types.Operator):
    bl_idname = "dirfa.apply_take"
    bl_label = "Take from File"
    bl_description = "Play a take from a file on the chosen character"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="Take", description="Take that was written before", subtype="FILE_PATH"
    )
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
        elif target_of(context) is None:
            cls.poll_message_set("Choose a character in the panel, or select one")
        else:
            return True
        return False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene, target = context.scene, target_of(context)
        path = Path(bpy.path.abspath(self.filepath))
        try:
            stage_take(scene, target, read_animation(path), path.stem)
        except DirfaError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def target_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen character, else the active object."""
    settings = context.scene.dirfa
    chosen = settings.target if settings.actor == "object" else None
    return chosen or context.active_object


CLASSES = (DIRFA_OT_apply_take,)
