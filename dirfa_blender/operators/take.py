"""Apply a take from a file: no server; it is read beside the window and enters the scene in pieces."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..background import Reporter
from ..blender.pieces import Steps
from ..core.animation import Animation
from ..core.errors import FormatError
from ..core.npz_io import read_animation
from ..performing import lines
from ..staging.staging import take_steps
from .background_job import BackgroundOperator, by_uid
from .button import UNNAMED, characterless_reason, is_file, target_of


class DIRFA_OT_apply_take(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.apply_take"
    bl_label = "Take from File"
    bl_description = "Play a take from a file on the chosen character"
    bl_options = {"REGISTER", "UNDO"}

    title = "Reading the take"

    filepath: StringProperty(
        name="Take", description="Take that was written before", subtype="FILE_PATH"
    )
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        reason = characterless_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def prepare(self, context: bpy.types.Context) -> None:
        if not is_file(self.filepath):
            raise FormatError(UNNAMED)
        self._path = Path(bpy.path.abspath(self.filepath))
        self._scene_uid = context.scene.session_uid
        self._target_uid = lines.known_as(context.scene, target_of(context)).session_uid

    def work(self, report: Reporter) -> object:  # noqa: ARG002
        return read_animation(self._path)

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:  # noqa: ARG002
        assert isinstance(result, Animation)
        scene = by_uid(bpy.data.scenes, self._scene_uid, "scene")
        target = by_uid(bpy.data.objects, self._target_uid, "character")
        yield from take_steps(scene, target, result, self._path.stem)


CLASSES = (DIRFA_OT_apply_take,)
