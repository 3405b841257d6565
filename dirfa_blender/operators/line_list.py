"""The list of lines: collect, add, remove, cast."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import CollectionProperty, EnumProperty, StringProperty

from .. import acting, directing, lines
from ..core.errors import DirfaError
from ..session import state
from .generate import RECORDINGS


class _Idle:
    """Poll of an operator that changes lines: none of them may be on its way from the server."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().is_busy:
            cls.poll_message_set("A job runs; wait for it or cancel it")
            return False
        return True


class DIRFA_OT_collect_strips(_Idle, bpy.types.Operator):
    bl_idname = "dirfa.collect_strips"
    bl_label = "Collect Sound Strips"
    bl_description = "Add a line for every sound strip of this scene's sequencer that has none yet"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        count = lines.collect_strips(context.scene)
        if not count:
            self.report({"INFO"}, "The sequencer of this scene holds no sound strip without a line")
        return {"FINISHED"}


class DIRFA_OT_add_recordings(_Idle, bpy.types.Operator):
    bl_idname = "dirfa.add_recordings"
    bl_label = "Add Recordings"
    bl_description = "Add a line for each chosen file, one after the other for each character"
    bl_options = {"REGISTER", "UNDO"}

    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, name="Files", description="Recordings"
    )
    directory: StringProperty(name="Folder", description="Their folder", subtype="DIR_PATH")
    filter_glob: StringProperty(
        default=RECORDINGS,
        options={"HIDDEN"},
        name="Filter",
        description="Kinds of files that are shown",
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        for name in sorted(file.name for file in self.files if file.name):
            path = Path(bpy.path.abspath(self.directory)) / name
            line = lines.new_line(scene, path.stem, "FILE")
            with state().quietly():
                line.path = str(path)
            lines.set_start(line, scene.frame_start)
            lines.cast(scene, line)
        return {"FINISHED"}


class DIRFA_OT_remove_line(_Idle, bpy.types.Operator):
    bl_idname = "dirfa.remove_line"
    bl_label = "Remove Line"
    bl_description = "Take the line and its takes off the list; its strip stays in the sequencer"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if acting.current_line(context.scene) is None:
            cls.poll_message_set("Choose a line of the list")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        target = acting.current_line(scene).character
        lines.remove_line(scene, scene.dirfa.line_index)
        if target is not None and acting.record_of(scene, target) is not None:
            directing.rewrite(scene, target)
        return {"FINISHED"}


class DIRFA_OT_cast(_Idle, bpy.types.Operator):
    bl_idname = "dirfa.cast"
    bl_label = "Cast by Name"
    bl_description = "Give every line the character that the rules, or else the names, say"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        changed: set[bpy.types.Object] = set()
        for line in scene.dirfa.lines:
            before = line.character
            lines.cast(scene, line)
            if line.character != before and len(line.takes):
                changed |= {thing for thing in (before, line.character) if thing is not None}
        try:
            for plan in [acting.planned(scene, target) for target in changed]:
                acting.commit(scene, plan)
        except DirfaError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        left = sum(line.character is None for line in scene.dirfa.lines)
        self.report({"INFO"}, f"{left} lines have no character" if left else "Every line is cast")
        return {"FINISHED"}


class DIRFA_OT_edit_rules(bpy.types.Operator):
    bl_idname = "dirfa.edit_rules"
    bl_label = "Change Casting Rules"
    bl_description = "Add a casting rule, or remove the chosen one"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    action: EnumProperty(
        name="Action",
        description="What to do",
        items=(("ADD", "Add", "Add a rule"), ("REMOVE", "Remove", "Remove the chosen rule")),
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        settings = context.scene.dirfa
        if self.action == "ADD":
            settings.rules.add()
            settings.rule_index = len(settings.rules) - 1
        elif 0 <= settings.rule_index < len(settings.rules):
            settings.rules.remove(settings.rule_index)
            settings.rule_index = max(0, settings.rule_index - 1)
        return {"FINISHED"}


CLASSES = (
    DIRFA_OT_collect_strips,
    DIRFA_OT_add_recordings,
    DIRFA_OT_remove_line,
    DIRFA_OT_cast,
    DIRFA_OT_edit_rules,
)
