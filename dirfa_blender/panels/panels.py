"""The DIRFA tab of the 3D viewport. Panels draw what properties and session hold, and compute nothing."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text, is_narrow, room
from ..performing import rate_change, shared_meshes
from ..queue_board import Entry
from ..rig.character import has_keys
from ..rig.visibility import unseen_reason
from ..session import state
from ..settings.film_choice import frames_outside
from ..translation import OWN_CONTEXT

# A line of text this long leaves room for a name in a field with icon and cross, beside another.
CAST_CHARACTERS = 48


class Tab:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DIRFA"
    bl_translation_context = OWN_CONTEXT


class DIRFA_UL_lines(bpy.types.UIList):
    """One row a line: whether it plays, its name, who speaks it, and where it stands."""

    def draw_item(
        self, context, layout, _data, line, _icon, _active_data, _active_property, _index=0,
        _flag=0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(line, "use", text="")
        row.prop(line, "name", text="", emboss=False)
        if line.character is not None and room(context) < CAST_CHARACTERS:
            # Beside its icon and cross a field leaves room for one letter; the chosen line has it below.
            row.label(text=line.character.name, translate=False)
        else:
            row.prop(line, "character", text="")
        entry = state().board.entries.get(line.uid) if state().is_busy else None
        if entry is not None and entry.state == "working":
            row.progress(factor=entry.progress, type="RING", text="")
        else:
            row.label(text="", icon=_icon_of(line, entry))
        if entry is not None and entry.state in ("waiting", "working"):
            row.operator("dirfa.cancel_line", text="", icon="X", emboss=False).uid = line.uid


class DIRFA_UL_rules(bpy.types.UIList):
    """One row a rule: a pattern of names and who speaks them."""

    def draw_item(
        self, _context, layout, _data, rule, _icon, _active_data, _active_property, _index=0,
        _flag=0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(rule, "pattern", text="", emboss=False)
        row.prop(rule, "character", text="")


class DIRFA_PT_speak(Tab, bpy.types.Panel):
    bl_label = "Speak"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.dirfa
        layout.row().prop(settings, "source", expand=True)
        if settings.source == "STRIPS":
            _draw_lines(layout, context)
        else:
            _draw_source(layout, context)
        if state().is_busy:
            _draw_progress(layout)
        else:
            row = layout.row()
            row.scale_y = 1.5
            if settings.source == "FILE" and not settings.audio:
                row.operator("dirfa.speak_recording", icon="PLAY_SOUND")
            else:
                row.operator("dirfa.generate", icon="PLAY")
            # Below the button: it must not move while somebody reaches for it.
            _draw_reading(layout, settings)
        if state().error:
            draw_text(layout.box(), state().error, "ERROR")
        rate_change.draw_offer(layout, context.scene)
        shared_meshes.draw_offer(layout, context.scene)


class DIRFA_PT_casting(Tab, bpy.types.Panel):
    bl_label = "Casting by Name"
    bl_parent_id = "DIRFA_PT_speak"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.scene.dirfa.source == "STRIPS"

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        row = self.layout.row()
        row.template_list("DIRFA_UL_rules", "", settings, "rules", settings, "rule_index", rows=3)
        side = row.column(align=True)
        side.operator("dirfa.edit_rules", text="", icon="ADD").action = "ADD"
        side.operator("dirfa.edit_rules", text="", icon="REMOVE").action = "REMOVE"
        self.layout.operator("dirfa.cast", icon="COMMUNITY")


class DIRFA_PT_style(Tab, bpy.types.Panel):
    bl_label = "Settings of New Takes"
    bl_parent_id = "DIRFA_PT_speak"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("seed", "performer", "blinks", "breath", "follow", "use_texts", "use_sound"):
            layout.prop(context.scene.dirfa, name)
        if context.scene.dirfa.source != "STRIPS":
            for name in ("use_shot", "shot"):
                layout.prop(context.scene.dirfa, name)
        layout.operator("dirfa.learn_performer", icon="FILE_MOVIE")
        layout.operator("dirfa.apply_take", icon="FILE_REFRESH")


def _draw_source(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """One recording and who speaks it."""
    settings = context.scene.dirfa
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(settings, "audio" if settings.source == "FILE" else "sound")
    # Without a label, for which three words leave no room.
    if is_narrow(context):
        layout.prop(settings, "actor", text="")
    else:
        layout.row().prop(settings, "actor", expand=True)
    if settings.actor != "neutral":
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "photo" if settings.actor == "photo" else "target")
    if settings.actor == "object":
        _draw_unseen(layout, context.scene, settings.target)
    if settings.actor == "photo" and settings.photo:
        column.prop(settings, "photo_left")
        column.prop(settings, "photo_right")


def _draw_reading(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """What is known of the photo before anybody asked."""
    reading = state().reading
    if reading is None or settings.source == "STRIPS" or settings.actor != "photo":
        return
    if reading.job.is_running:
        layout.label(text="Reading the photo", icon="SORTTIME")
    elif reading.error:
        draw_text(layout, reading.error, "ERROR")


def _draw_unseen(
    layout: bpy.types.UILayout, scene: bpy.types.Scene, thing: bpy.types.Object | None
) -> None:
    """What hides a chosen face, which would speak unseen."""
    if thing is not None and has_keys(thing) and scene in thing.users_scene:
        reason = unseen_reason(thing, scene)
        if reason:
            draw_text(layout, reason, "HIDE_ON")


def _draw_lines(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The list of lines, and what is wrong with the chosen one."""
    scene = context.scene
    settings = scene.dirfa
    row = layout.row()
    row.template_list("DIRFA_UL_lines", "", settings, "lines", settings, "line_index", rows=4)
    side = row.column(align=True)
    side.operator("dirfa.collect_strips", text="", icon="SEQ_SEQUENCER")
    side.operator("dirfa.add_recordings", text="", icon="FILE_NEW")
    side.operator("dirfa.remove_line", text="", icon="REMOVE")
    if 0 <= settings.line_index < len(settings.lines):
        line = settings.lines[settings.line_index]
        if line.message:
            draw_text(layout, line.message, "ERROR")
        _draw_unseen(layout, scene, line.character)
        if room(context) < CAST_CHARACTERS:
            layout.prop(line, "character", text="")
        if line.kind != "STRIP":
            layout.prop(line, "frame_start")
    outside = frames_outside(scene)
    for sentence in outside:
        draw_text(layout, sentence, "INFO")
    if outside:
        layout.operator("dirfa.hold_lines", icon="PREVIEW_RANGE")
    layout.prop(settings, "only_new")


def _icon_of(line: bpy.types.PropertyGroup, entry: Entry | None) -> str:
    if entry is not None:
        return {"waiting": "SORTTIME", "done": "CHECKMARK", "failed": "ERROR"}.get(
            entry.state, "CANCEL"
        )
    if line.message:
        return "ERROR"
    return "CHECKMARK" if len(line.takes) else "BLANK1"


def _draw_progress(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.5
    row.progress(factor=state().progress or 0.0, type="BAR", text=state().describe())
    row.operator("dirfa.cancel", text="", icon="X")


SPEAK_CLASSES = (
    DIRFA_UL_lines,
    DIRFA_UL_rules,
    DIRFA_PT_speak,
    DIRFA_PT_casting,
    DIRFA_PT_style,
)
