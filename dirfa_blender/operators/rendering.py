"""Render the film: in a window by Blender's own render job, without one at once."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import render
from ..core.errors import DirfaError
from ..properties import SIZES
from ..session import state


class DIRFA_OT_render(bpy.types.Operator):
    bl_idname = "dirfa.render"
    bl_label = "Render Film"
    bl_description = "Render the frame range with its sound to a video file"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
        elif context.scene.camera is None:
            cls.poll_message_set("The scene has no camera")
        elif not context.scene.dirfa.output:
            cls.poll_message_set("Choose the video file first")
        elif context.scene.dirfa.output.startswith("//") and not bpy.data.is_saved:
            cls.poll_message_set("Save the file first, or choose a full path for the video")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        path = Path(bpy.path.abspath(scene.dirfa.output)).with_suffix(".mp4")
        width, height = SIZES[scene.dirfa.size]
        try:
            settings = render.RenderSettings(scene.dirfa.engine, width, height)
            if bpy.app.background:
                render.render_video(scene, path, settings)
            else:
                render.start_film(scene, path, settings)
        except DirfaError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"{'Wrote' if bpy.app.background else 'Rendering'} {path.name}")
        return {"FINISHED"}


CLASSES = (DIRFA_OT_render,)
