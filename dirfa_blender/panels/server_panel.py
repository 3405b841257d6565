"""The server in the DIRFA tab and in the preferences: its state, a sentence and the button that helps.

Everything is drawn from what `session` and `server_watch` remember; no file is read here.
"""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text
from ..connection import is_remote
from ..roots import ROOT_PACKAGE
from ..server_watch import LOOKS, watch
from ..session import state


def draw_server(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """State, sentence, progress and button."""
    shown, remote = watch(), is_remote(context)
    name = shown.shown(state().server_state, is_remote=remote)
    look = shown.look(state().server_state, is_remote=remote)
    column = layout.column(align=True)
    column.label(text=look.title, icon=look.colour)
    sentence = shown.remote_found or shown.note if name in ("remote", "running", "stopped") else ""
    text = column.column(align=True)
    text.alert = name == "error"
    draw_text(text, sentence or look.sentence)
    if shown.job is not None and name != "starting":
        draw_text(column, shown.text, most_lines=2)
        row = layout.row(align=True)
        row.progress(factor=shown.progress, type="BAR", text=shown.describe())
        row.operator("dirfa.server_cancel", text="", icon="X")
        return
    row = layout.row()
    row.scale_y = 1.3
    row.operator(look.operator, text=look.label, icon=look.icon)


class DIRFA_PT_server(bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DIRFA"
    bl_label = "Server"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 90

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        name = watch().shown(state().server_state, is_remote=is_remote(context))
        self.layout.label(text="", icon=LOOKS[name].colour)
        self.layout.separator()

    def draw(self, context: bpy.types.Context) -> None:
        draw_server(self.layout, context)


class DIRFA_PT_server_care(bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DIRFA"
    bl_label = "Care"
    bl_parent_id = "DIRFA_PT_server"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        if not is_remote(context):
            column.operator("dirfa.server_verify", icon="CHECKMARK")
            column.operator("dirfa.server_setup", text="Repair", icon="TOOL_SETTINGS")
            column.operator("dirfa.server_remove", icon="TRASH")
        column = self.layout.column(align=True)
        column.operator("dirfa.server_log", icon="TEXT")
        column.operator("dirfa.copy_diagnostics", icon="COPYDOWN")
        column = self.layout.column(align=True)
        settings = column.operator(
            "preferences.addon_show", text="Server Settings", icon="PREFERENCES"
        )
        settings.module = ROOT_PACKAGE


CLASSES = (DIRFA_PT_server, DIRFA_PT_server_care)
