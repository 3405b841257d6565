"""Presets of a line's sliders, through Blender's own preset menus: small scripts in the user's folder."""

from __future__ import annotations

import bpy
from bl_operators.presets import AddPresetBase

from ..core.emotions import EMOTIONS
from ..performing.line_properties import STRENGTHS

FOLDER = "dirfa/direction"


class DIRFA_MT_direction_presets(bpy.types.Menu):
    bl_label = "Direction Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    draw = bpy.types.Menu.draw_preset


class DIRFA_OT_direction_preset(AddPresetBase, bpy.types.Operator):
    bl_idname = "dirfa.direction_preset"
    bl_label = "Add Direction Preset"
    bl_description = "Keep the sliders of this line under a name, or remove the chosen preset"
    preset_menu = "DIRFA_MT_direction_presets"
    preset_subdir = FOLDER
    preset_defines = [
        "settings = bpy.context.scene.dirfa",
        "controls = settings.lines[settings.line_index].controls",
    ]
    preset_values = [f"controls.{name}" for name in (*EMOTIONS, *STRENGTHS)]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = context.scene.dirfa
        if not 0 <= settings.line_index < len(settings.lines):
            cls.poll_message_set("Choose a line of the list")
            return False
        return True


CLASSES = (DIRFA_MT_direction_presets, DIRFA_OT_direction_preset)
