"""The DIRFA tab of the 3D viewport. Panels draw what properties and session hold, and compute nothing."""

from __future__ import annotations

import bpy

from .session import state


class _Tab:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DIRFA"


class DIRFA_PT_speak(_Tab, bpy.types.Panel):
    bl_label = "Speak"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.dirfa
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "audio")
        layout.row().prop(settings, "actor", expand=True)
        layout.prop(settings, "photo" if settings.actor == "photo" else "target")
        layout.prop(settings, "seed")
        if state().is_busy:
            _draw_progress(layout)
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("dirfa.generate", icon="PLAY")
            layout.operator("dirfa.apply_take", icon="FILE_REFRESH")
        if state().error:
            _draw_text(layout.box(), state().error, "ERROR")


class DIRFA_PT_style(_Tab, bpy.types.Panel):
    bl_label = "Style"
    bl_parent_id = "DIRFA_PT_speak"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("head", "brows", "blinks", "use_sound", "use_shot", "shot"):
            layout.prop(context.scene.dirfa, name)


class DIRFA_PT_render(_Tab, bpy.types.Panel):
    bl_label = "Film"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("engine", "size", "output"):
            layout.prop(context.scene.dirfa, name)
        layout.operator("dirfa.render", icon="RENDER_ANIMATION")


def _draw_progress(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.progress(factor=state().progress or 0.0, type="BAR", text=state().describe())
    row.operator("dirfa.cancel", text="", icon="X")


def _draw_text(layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """Text in lines that fit a sidebar: labels do not wrap by themselves."""
    column = layout.column(align=True)
    line = ""
    lines: list[str] = []
    for word in text.split():
        if line and len(line) + len(word) >= 34:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    for index, part in enumerate([*lines, line]):
        column.label(text=part, icon=icon if index == 0 else "BLANK1")


CLASSES = (DIRFA_PT_speak, DIRFA_PT_style, DIRFA_PT_render)
