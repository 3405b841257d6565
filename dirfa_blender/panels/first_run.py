"""The first page: three steps from an installed add-on to a character that talks, until they are done.

The sample line comes with the extension, its portrait with the server, so the first character needs no
material of one's own.
"""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text, spoken
from ..connection import is_remote, preferences_of
from ..core.errors import DirfaError
from ..operators.generate import disabled_reason
from ..roots import ROOT
from ..samples import sample_photo, sample_speech
from ..server_watch import watch
from ..session import state
from ..setup.environment import of_server
from .server_panel import draw_server

READY = ("stopped", "starting", "running", "remote")


class DIRFA_OT_use_sample(bpy.types.Operator):
    bl_idname = "dirfa.use_sample"
    bl_label = "Use the Sample"
    bl_description = "Fill in the recording and the portrait that come with DIRFA"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.dirfa
        try:
            photo = sample_photo(of_server(ROOT).site_packages())
        except DirfaError as error:
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}
        settings.source = "FILE"
        settings.audio, settings.actor, settings.photo = str(sample_speech()), "photo", str(photo)
        return {"FINISHED"}


class DIRFA_OT_first_run_done(bpy.types.Operator):
    bl_idname = "dirfa.first_run_done"
    bl_label = "Hide First Steps"
    bl_description = "Close this page; the preferences of the add-on bring it back"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen = preferences_of(context)
        if chosen is not None:
            chosen.show_first_run = False
        return {"FINISHED"}


class DIRFA_PT_first_run(bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DIRFA"
    bl_label = "First Steps"
    bl_order = -10

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        chosen = preferences_of(context)
        return chosen is not None and chosen.show_first_run

    def draw_header_preset(self, context: bpy.types.Context) -> None:  # noqa: ARG002
        self.layout.operator("dirfa.first_run_done", text="", icon="X", emboss=False)

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        shown = watch().shown(state().server_state, is_remote=is_remote(context))
        is_ready = shown in READY
        speaks = any(len(line.takes) for line in settings.lines)
        has_material = speaks or not disabled_reason(settings)
        box = _step(self.layout, "1. Server", is_ready, is_next=True)
        if not is_ready:
            draw_server(box, context)
        box = _step(self.layout, "2. Recording and face", has_material, is_next=is_ready)
        if not has_material:
            row = box.row()
            row.enabled = is_ready
            row.operator("dirfa.use_sample", icon="FILE_SOUND")
            draw_text(box, "or choose your own below")
        box = _step(self.layout, "3. Let it speak", speaks, is_next=is_ready and has_material)
        if speaks:
            draw_text(box, "Play it with the space bar")
            box.operator("dirfa.first_run_done", icon="CHECKMARK")
        elif is_ready and has_material:
            box.label(text="Press Generate", icon="BLANK1")


def _step(
    layout: bpy.types.UILayout, text: str, is_done: bool, *, is_next: bool
) -> bpy.types.UILayout:
    """A box with the step's title; greyed out before its turn."""
    box = layout.box()
    icon = "CHECKBOX_HLT" if is_done else "CHECKBOX_DEHLT"
    row = box.row()
    row.active = is_next
    row.label(text=text, icon=icon)
    return box


CLASSES = (DIRFA_OT_use_sample, DIRFA_OT_first_run_done, DIRFA_PT_first_run)
