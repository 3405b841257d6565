"""The mapping editor in the properties editor, on the object's tab. It draws what the editor holds."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text


class DIRFA_UL_mapping(bpy.types.UIList):
    """Channels; the list's own filter searches and sorts them by name."""

    def draw_item(
        self, context, layout, data, item, icon, active_data, active_property  # noqa: ARG002
    ) -> None:  # fmt: skip
        # In a narrow editor the channel's name is what must stay readable.
        row = layout.split(factor=0.66, align=True)
        row.label(text=item.name, icon="CHECKMARK" if item.is_found else "ERROR")
        inputs = "viseme" if item.is_viseme else ", ".join(gain.name for gain in item.gains)
        row.label(text=inputs)


class DIRFA_PT_mapping(bpy.types.Panel):
    bl_label = "DIRFA Mapping"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "object"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.object is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        editor = context.object.dirfa_mapping
        if not len(editor.rows):
            layout.operator("dirfa.mapping_edit", icon="PRESET")
            layout.operator_menu_enum("dirfa.mapping_choose", "profile", icon="DOWNARROW_HLT")
            return
        layout.label(text=editor.title, icon="PRESET")
        draw_text(layout, editor.report, "INFO")
        if editor.problem:
            draw_text(layout.box(), editor.problem, "ERROR")
        if editor.has_linked_shapes:
            layout.operator("dirfa.override_shapes", icon="LIBRARY_DATA_OVERRIDE")
        if editor.has_shared_mesh:
            layout.operator("dirfa.part_meshes", icon="DUPLICATE").uid = 0
        row = layout.row(align=True)
        row.operator_menu_enum("dirfa.mapping_choose", "profile", text="Profile")
        row.operator("dirfa.mapping_load", text="", icon="FILE_FOLDER")
        row.operator("dirfa.mapping_save", text="", icon="FILE_TICK")
        row.operator("dirfa.mapping_edit", text="", icon="FILE_REFRESH")
        row.operator("dirfa.mapping_reset", text="", icon="LOOP_BACK")
        row = layout.row()
        row.template_list("DIRFA_UL_mapping", "", editor, "rows", editor, "active", rows=8)
        column = row.column(align=True)
        column.operator("dirfa.mapping_add", text="", icon="ADD")
        column.operator("dirfa.mapping_remove", text="", icon="REMOVE")
        column.separator()
        column.operator("dirfa.mapping_mirror", text="", icon="MOD_MIRROR")
        if editor.active < len(editor.rows):
            _draw_row(layout, editor.rows[editor.active])
        box = layout.box()
        box.prop(editor, "test_input")
        row = box.row(align=True)
        row.prop(editor, "test_level", slider=True)
        row.operator("dirfa.mapping_test_end", text="", icon="X")


def _draw_row(layout: bpy.types.UILayout, row: bpy.types.PropertyGroup) -> None:
    box = layout.box()
    box.use_property_split = True
    box.use_property_decorate = False
    box.prop(row, "own_name")
    limits = box.row(align=True)
    limits.prop(row, "low")
    limits.prop(row, "high", text="Most")
    if row.is_viseme:
        box.label(text="Its weight is its part in the mixture of visemes")
        return
    for gain in row.gains:
        line = box.row(align=True)
        line.use_property_split = False
        line.prop(gain, "name", text="")
        line.prop(gain, "gain")
    buttons = box.row(align=True)
    buttons.operator("dirfa.mapping_gain_add", icon="ADD")
    buttons.operator("dirfa.mapping_gain_remove", icon="REMOVE")


CLASSES = (DIRFA_UL_mapping, DIRFA_PT_mapping)
