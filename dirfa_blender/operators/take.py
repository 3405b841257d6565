"""Apply a take from a file: no server, no waiting."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..core.npz_io import read_animation
from ..staging.staging import stage_take
from .button import FileButton, characterless_reason, target_of


class DIRFA_OT_apply_take(FileButton, bpy.types.Operator):
    bl_idname = "dirfa.apply_take"
    bl_label = "Take from File"
    bl_description = "Play a take from a file on the chosen character"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(
        name="Take", description="Take that was written before", subtype="FILE_PATH"
    )
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return characterless_reason(context)

    def act(self, context: bpy.types.Context) -> None:
        path = Path(bpy.path.abspath(self.filepath))
        stage_take(context.scene, target_of(context), read_animation(path), path.stem)


CLASSES = (DIRFA_OT_apply_take,)
