"""Takes, Direct and Edit: panels of what has been generated. They draw and compute nothing."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text, is_narrow, spoken
from ..core.emotions import EMOTIONS
from ..core.layers import LAYERS
from ..operators.editing import is_out_of_time
from ..performing import acting, edits
from ..performing.line_properties import STRENGTHS
from .panels import Tab


class DIRFA_UL_takes(bpy.types.UIList):
    """One row a take: its name, which can be changed, and its seed."""

    def draw_item(
        self, context, layout, _data, take, _icon, _active_data, _active_property, _index=0,
        _flag=0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(take, "name", text="", emboss=False, icon="REC")
        if not is_narrow(context):
            row.label(text=spoken(f"seed {take.seed}, {take.seconds:.1f} s"))


class DIRFA_UL_units(bpy.types.UIList):
    """One row a unit: what it is, its gain and offset, and whether another take leaves it."""

    def draw_item(
        self, _context, layout, _data, unit, _icon, _active_data, _active_property, _index=0,
        _flag=0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(unit, "code", text="")
        row.prop(unit, "gain", text="")
        row.prop(unit, "offset", text="")
        icon = "LOCKED" if unit.is_locked else "UNLOCKED"
        row.prop(unit, "is_locked", text="", icon=icon, emboss=False)


class _OfLine(Tab):
    """A panel that shows the chosen line; without a take it is not there."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        line = acting.current_line(context.scene)
        return line is not None and len(line.takes) > 0


class DIRFA_PT_takes(_OfLine, bpy.types.Panel):
    bl_label = "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.dirfa
        line = acting.current_line(context.scene)
        # Whose takes these are is said where that is not the one chosen above.
        is_other = settings.actor == "object" and line.character != settings.target
        if settings.source != "STRIPS" and (len(settings.lines) > 1 or is_other):
            layout.template_list(
                "DIRFA_UL_lines", "takes", settings, "lines", settings, "line_index", rows=2
            )
        row = layout.row()
        row.template_list("DIRFA_UL_takes", "", line, "takes", line, "take_index", rows=3)
        side = row.column(align=True)
        side.operator("dirfa.duplicate_take", text="", icon="DUPLICATE")
        side.operator("dirfa.delete_take", text="", icon="REMOVE")
        side.operator("dirfa.save_take", text="", icon="FILE_TICK")
        again = layout.row(align=True)
        again.operator("dirfa.another_take", icon="FILE_REFRESH").region = "ALL"
        again.operator_menu_enum("dirfa.another_take", "region", text="", icon="DOWNARROW_HLT")
        column = layout.column(align=True)
        column.prop(line, "use_lock_range")
        if line.use_lock_range:
            ends = column.row(align=True)
            ends.prop(line, "lock_start")
            ends.prop(line, "lock_end")


class DIRFA_PT_direct(_OfLine, bpy.types.Panel):
    bl_label = "Direct"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        row = self.layout.row(align=True)
        if is_narrow(context):
            row.menu("DIRFA_MT_direction_presets", text="", icon="PRESET")
        else:
            row.menu("DIRFA_MT_direction_presets", text="Presets")
        row.operator("dirfa.direction_preset", text="", icon="ADD")
        remove = row.operator("dirfa.direction_preset", text="", icon="REMOVE")
        remove.remove_active = True

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        controls = acting.current_line(context.scene).controls
        # In a narrow sidebar a name has more room inside its slider than beside it.
        layout.use_property_split = not is_narrow(context)
        column = layout.column(align=True)
        for name in EMOTIONS:
            column.prop(controls, name, slider=True)
        row = (layout.column if is_narrow(context) else layout.row)(align=True)
        row.operator("dirfa.reset_sliders", icon="LOOP_BACK")
        row.operator("dirfa.copy_sliders", icon="PASTEDOWN")
        layout.operator("dirfa.refresh", icon="FILE_REFRESH")


class DIRFA_PT_strength(_OfLine, bpy.types.Panel):
    bl_label = "Strength"
    bl_parent_id = "DIRFA_PT_direct"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(align=True)
        for name in STRENGTHS:
            column.prop(acting.current_line(context.scene).controls, name, slider=True)


class DIRFA_PT_units(_OfLine, bpy.types.Panel):
    bl_label = "Single Units"
    bl_parent_id = "DIRFA_PT_direct"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        controls = acting.current_line(context.scene).controls
        row = self.layout.row()
        row.template_list("DIRFA_UL_units", "", controls, "units", controls, "unit_index", rows=3)
        side = row.column(align=True)
        side.operator("dirfa.edit_units", text="", icon="ADD").action = "ADD"
        side.operator("dirfa.edit_units", text="", icon="REMOVE").action = "REMOVE"


class DIRFA_PT_edit(_OfLine, bpy.types.Panel):
    bl_label = "Edit"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        record = acting.current_record(context.scene)
        if record is None:
            layout.label(text="Choose who speaks the line", icon="INFO")
            return
        if is_out_of_time(context.scene):
            draw_text(layout.box(), "The frame rate has changed since this was written", "ERROR")
            layout.operator("dirfa.retime", icon="TIME")
        layers = layout.column(align=True)
        for layer in LAYERS:
            row = layers.row(align=True)
            row.prop(record, f"layer_{layer}", slider=True)
            icon = "HIDE_ON" if getattr(record, f"mute_{layer}") else "HIDE_OFF"
            row.prop(record, f"mute_{layer}", text="", icon=icon)
        layout.prop(record, "follow_through", slider=True)
        if record.is_layered:
            layout.operator("dirfa.pull_up", icon="TRIA_UP")
        else:
            layout.operator("dirfa.push_down", icon="NLA_PUSHDOWN")
        layout.operator("dirfa.bake", icon="ACTION")
        layout.operator("dirfa.mark_asset", icon="ASSET_MANAGER")
        row = layout.row(align=True)
        row.operator("dirfa.make_expressions", icon="POSE_HLT")
        row.menu("DIRFA_MT_expressions", text="", icon="DOWNARROW_HLT")


class DIRFA_PT_keys(_OfLine, bpy.types.Panel):
    bl_label = "Keys"
    bl_parent_id = "DIRFA_PT_edit"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return acting.current_record(context.scene) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        record = acting.current_record(context.scene)
        layout.row().prop(record, "keys", expand=True)
        layout.use_property_split = True
        layout.use_property_decorate = False
        if record.keys == "REDUCED":
            layout.prop(record, "max_error")
        layout.prop(record, "interpolation")
        if record.edits is not None:
            layout.prop(record, "edits")
        if record.edits is not None or edits.is_thinned(record.action):
            layout.operator("dirfa.clear_edits", icon="TRASH")


CLASSES = (
    DIRFA_UL_takes,
    DIRFA_UL_units,
    DIRFA_PT_takes,
    DIRFA_PT_direct,
    DIRFA_PT_strength,
    DIRFA_PT_units,
    DIRFA_PT_edit,
    DIRFA_PT_keys,
)
