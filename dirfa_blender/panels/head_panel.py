"""Head in the DIRFA tab: the form of a built head, the shot around a character, and files for elsewhere."""

from __future__ import annotations

import bpy

from ..blender.labels import draw_text
from ..core.likeness.sliders import SLIDERS
from ..rendering.shot import SHOT_KEY
from ..staging import head_form
from ..translation import OWN_CONTEXT
from .panels import Tab

EXPORTS = (("GLB", "glTF"), ("FBX", "FBX"), ("USD", "USD"), ("BLEND", "Blender"))


class DIRFA_PT_head(Tab, bpy.types.Panel):
    bl_label = "Head"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.dirfa
        face = head_form.current_head(context)
        if face is None:
            draw_text(layout, "Sliders appear for heads that were built from a photo here", "INFO")
            return
        layout.label(text=face.name, icon="USER")
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(align=True)
        for name in SLIDERS:
            column.prop(settings.head, name, slider=True)
        layout.operator("dirfa.refine_shapes", icon="SHAPEKEY_DATA")
        photos = layout.column(align=True)
        for name in ("photo", "photo_left", "photo_right"):
            photos.prop(settings, name)
        layout.operator("dirfa.fit_again", icon="FILE_REFRESH")


class DIRFA_PT_shot(Tab, bpy.types.Panel):
    bl_label = "Shot"
    bl_parent_id = "DIRFA_PT_head"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(context.scene.dirfa, "shot")
        layout.operator("dirfa.build_shot", icon="OUTLINER_OB_CAMERA")
        made = [thing for thing in context.scene.objects if SHOT_KEY in thing]
        camera = next((thing for thing in made if thing.type == "CAMERA"), None)
        lights = next((thing for thing in made if thing.type == "EMPTY"), None)
        if camera is not None:
            column = layout.column(align=True)
            column.prop(camera.data, "lens")
            column.prop(camera.data.dof, "use_dof", text="Depth of Field")
            if camera.data.dof.use_dof:
                column.prop(camera.data.dof, "aperture_fstop")
                column.prop(camera.data.dof, "focus_distance")
        if lights is not None:
            layout.prop(
                lights, "rotation_euler", index=2, text="Light Direction", text_ctxt=OWN_CONTEXT
            )


class DIRFA_PT_export(Tab, bpy.types.Panel):
    bl_label = "Export"
    bl_parent_id = "DIRFA_PT_head"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        grid = layout.grid_flow(row_major=True, columns=2, align=True)
        for kind, text in EXPORTS:
            grid.operator("dirfa.export_character", text=text, icon="EXPORT").kind = kind
        layout.prop(context.scene.dirfa, "check_export")
        layout.separator()
        layout.operator_menu_enum(
            "dirfa.export_take", "kind", text="Take of the Line", icon="EXPORT"
        )
        layout.operator("dirfa.import_take", text="Take of Another Program", icon="IMPORT")


CLASSES = (DIRFA_PT_head, DIRFA_PT_shot, DIRFA_PT_export)
