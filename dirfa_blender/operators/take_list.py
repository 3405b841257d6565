"""The takes of a line: duplicate, delete, save to a file; unit controls; sliders copied to other lines."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.emotions import EMOTIONS
from ..core.file_names import safe_name
from ..core.npz_io import write_whole
from ..performing import acting, directing, takes
from ..performing.line_properties import STRENGTHS
from ..session import state
from .button import Button, FileButton, lineless_reason, takeless_reason


class _NeedsTake(Button):
    """Base of a button on the chosen take."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return super().disabled_reason(context) or takeless_reason(context)


class _NeedsLine(Button):
    """Base of a button on the chosen line."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return lineless_reason(context)


class DIRFA_OT_duplicate_take(_NeedsTake, bpy.types.Operator):
    bl_idname = "dirfa.duplicate_take"
    bl_label = "Duplicate Take"
    bl_description = "Copy the take, so that one of both can be made anew in parts"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        with state().quietly():
            takes.duplicate_take(acting.current_line(context.scene))


class DIRFA_OT_delete_take(_NeedsTake, bpy.types.Operator):
    bl_idname = "dirfa.delete_take"
    bl_label = "Delete Take"
    bl_description = "Delete the take; the one before it plays"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        line = acting.current_line(scene)
        with state().quietly():
            index = min(line.take_index, len(line.takes) - 1)
            line.takes.remove(index)
            line.take_index = max(0, index - 1)
        directing.rewrite(scene, line.character)


class DIRFA_OT_save_take(_NeedsTake, FileButton, bpy.types.Operator):
    bl_idname = "dirfa.save_take"
    bl_label = "Save Take"
    bl_description = "Write the take, as it was made, to a file that any scene can open"
    bl_options = {"REGISTER"}

    filepath: StringProperty(name="File", description="File of the take", subtype="FILE_PATH")
    filter_glob: StringProperty(
        default="*.npz", options={"HIDDEN"}, name="Filter", description="Kinds of files shown"
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        line = acting.current_line(context.scene)
        self.filepath = f"{safe_name(line.name)}.npz"
        return super().invoke(context, event)

    def act(self, context: bpy.types.Context) -> None:
        take = takes.chosen_take(acting.current_line(context.scene))
        write_whole(Path(bpy.path.abspath(self.filepath)).with_suffix(".npz"), take.data)


class DIRFA_OT_edit_units(_NeedsLine, bpy.types.Operator):
    bl_idname = "dirfa.edit_units"
    bl_label = "Change Units"
    bl_description = "Add a unit with a setting of its own, or remove the chosen one"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    action: EnumProperty(
        name="Action",
        description="What to do",
        items=(("ADD", "Add", "Add a unit"), ("REMOVE", "Remove", "Remove the chosen unit")),
    )

    def act(self, context: bpy.types.Context) -> None:
        line = acting.current_line(context.scene)
        group = line.controls
        if self.action == "ADD":
            used = {unit.code for unit in group.units}
            codes = [item.identifier for item in _unit_items() if item.identifier not in used]
            if codes:
                with state().quietly():
                    group.units.add().code = codes[0]
                group.unit_index = len(group.units) - 1
        elif 0 <= group.unit_index < len(group.units):
            group.units.remove(group.unit_index)
            group.unit_index = max(0, group.unit_index - 1)
            directing.rewrite(context.scene, line.character)


class DIRFA_OT_reset_sliders(_NeedsLine, bpy.types.Operator):
    bl_idname = "dirfa.reset_sliders"
    bl_label = "Reset Sliders"
    bl_description = (
        "Play the take as it was made: every slider and unit of this line to its default"
    )
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        line = acting.current_line(context.scene)
        with state().quietly():
            for name in (*EMOTIONS, *STRENGTHS):
                line.controls.property_unset(name)
            line.controls.units.clear()
        directing.rewrite(context.scene, line.character)


class DIRFA_OT_copy_sliders(_NeedsTake, bpy.types.Operator):
    bl_idname = "dirfa.copy_sliders"
    bl_label = "Copy to All Lines"
    bl_description = "Direct every line of this character as this one is directed"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        source = acting.current_line(scene)
        with state().quietly():
            for line in scene.dirfa.lines:
                if line.character == source.character and line != source:
                    _copy(source.controls, line.controls)
        directing.rewrite(scene, source.character)


def _copy(source: bpy.types.PropertyGroup, into: bpy.types.PropertyGroup) -> None:
    for name in (*EMOTIONS, *STRENGTHS):
        setattr(into, name, getattr(source, name))
    into.units.clear()
    for unit in source.units:
        copy = into.units.add()
        for name in ("code", "gain", "offset", "is_locked"):
            setattr(copy, name, getattr(unit, name))


def _unit_items() -> list[bpy.types.EnumPropertyItem]:
    from ..performing.line_properties import DIRFA_PG_unit

    return list(DIRFA_PG_unit.bl_rna.properties["code"].enum_items)


CLASSES = (
    DIRFA_OT_duplicate_take,
    DIRFA_OT_delete_take,
    DIRFA_OT_save_take,
    DIRFA_OT_edit_units,
    DIRFA_OT_reset_sliders,
    DIRFA_OT_copy_sliders,
)
