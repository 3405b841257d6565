"""Live speech in the DIRFA tab: what is heard, start and stop, and how far the picture is behind."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text
from ..live.live_player import describe
from ..session import state
from .panels import Tab


class DIRFA_PT_live(Tab, bpy.types.Panel):
    bl_label = "Live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, live = self.layout, context.scene.dirfa.live
        session = state().live
        column = layout.column()
        column.enabled = session is None
        column.row().prop(live, "source", expand=True)
        if live.source == "FILE":
            column.prop(live, "audio", text="")
        elif live.source == "MICROPHONE":
            column.prop(live, "level")
        split = column.column()
        split.use_property_split = True
        split.use_property_decorate = False
        split.prop(live, "lookahead")
        split.prop(live, "record")
        if session is None:
            layout.operator("dirfa.live_start", icon="REC" if live.record else "PLAY")
            return
        draw_text(layout, describe(session))
        layout.operator("dirfa.live_stop", icon="SNAP_FACE")


CLASSES = (DIRFA_PT_live,)
