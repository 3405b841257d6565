"""The list of lines: collect, add, remove, cast."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import CollectionProperty, EnumProperty, StringProperty

from ..blender.labels import spoken
from ..blender.scene import frame_rate
from ..core.errors import DirfaError
from ..performing import acting, directing, lines
from ..performing.speech import length_of
from ..session import state
from ..settings import film_choice
from ..staging.staging import first_free_frame
from .button import Button, FileButton, lineless_reason
from .generate import RECORDINGS


class DIRFA_OT_collect_strips(Button, bpy.types.Operator):
    bl_idname = "dirfa.collect_strips"
    bl_label = "Collect Sound Strips"
    bl_description = "Add a line for every sound strip of this scene's sequencer that has none yet"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        count = lines.collect_strips(context.scene)
        if not count:
            self.report(
                {"INFO"}, spoken("The sequencer of this scene holds no sound strip without a line")
            )


class DIRFA_OT_add_recordings(FileButton, bpy.types.Operator):
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

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        company = lines.Company(scene, lines.characters_in(scene))
        rate = frame_rate(scene)
        # The first frame at which a character says nothing yet.
        free: dict[int, float] = {}
        for name in sorted(file.name for file in self.files if file.name):
            path = Path(bpy.path.abspath(self.directory)) / name
            line = lines.new_line(scene, path.stem, "FILE")
            with state().quietly():
                line.path = str(path)
            lines.cast(scene, line, company)
            speaker = line.character.session_uid if line.character is not None else 0
            first = free.get(speaker)
            if first is None:
                first = _first_free(scene, line)
            lines.set_start(line, first)
            seconds = length_of(path)
            if seconds is not None:
                free[speaker] = first + rate.frame_count(seconds)


def _first_free(scene: bpy.types.Scene, newcomer: bpy.types.PropertyGroup) -> float:
    """Where a new line of a character may begin: after all it says, and all it shall say."""
    rate = frame_rate(scene)
    ends = [
        line.frame_start + rate.frame_count(seconds)
        for line in scene.dirfa.lines
        if line.kind == "FILE"
        and line != newcomer
        and line.character == newcomer.character
        and not len(line.takes)
        and (seconds := length_of(Path(bpy.path.abspath(line.path))))
    ]
    return max([first_free_frame(scene, newcomer.character), *ends])


class DIRFA_OT_remove_line(Button, bpy.types.Operator):
    bl_idname = "dirfa.remove_line"
    bl_label = "Remove Line"
    bl_description = "Take the line and its takes off the list; its strip stays in the sequencer"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return super().disabled_reason(context) or lineless_reason(context)

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        target = acting.current_line(scene).character
        if target is not None:
            acting.refuse_tweaked(scene, target)
        lines.remove_line(scene, scene.dirfa.line_index)
        if target is not None and acting.record_of(scene, target) is not None:
            directing.rewrite(scene, target)


class DIRFA_OT_hold_lines(Button, bpy.types.Operator):
    bl_idname = "dirfa.hold_lines"
    bl_label = "Extend Frame Range"
    bl_description = (
        "Let the scene begin early and end late enough for all lines; it never gets shorter"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        fits = "" if film_choice.frames_outside(context.scene) else "The scene holds every line"
        return super().disabled_reason(context) or fits

    def act(self, context: bpy.types.Context) -> None:
        film_choice.hold_lines(context.scene)


class DIRFA_OT_cast(Button, bpy.types.Operator):
    bl_idname = "dirfa.cast"
    bl_label = "Cast by Name"
    bl_description = "Give every line the character that the rules, or else the names, say"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        company = lines.Company(scene, lines.characters_in(scene))
        kept = [line.character for line in scene.dirfa.lines]
        changed: set[bpy.types.Object] = set()
        for line, before in zip(scene.dirfa.lines, kept, strict=True):
            lines.cast(scene, line, company)
            if line.character != before and len(line.takes):
                changed |= {thing for thing in (before, line.character) if thing is not None}
        try:
            plans = [acting.planned(scene, target) for target in changed]
        except DirfaError:
            for line, before in zip(scene.dirfa.lines, kept, strict=True):
                lines.set_character(line, before)
            raise
        for plan in plans:
            acting.commit(scene, plan)
        left = sum(line.character is None for line in scene.dirfa.lines)
        self.report(
            {"INFO"}, spoken(f"{left} lines have no character" if left else "Every line is cast")
        )


class DIRFA_OT_edit_rules(Button, bpy.types.Operator):
    bl_idname = "dirfa.edit_rules"
    bl_label = "Change Casting Rules"
    bl_description = "Add a casting rule, or remove the chosen one"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    action: EnumProperty(
        name="Action",
        description="What to do",
        items=(("ADD", "Add", "Add a rule"), ("REMOVE", "Remove", "Remove the chosen rule")),
    )

    def act(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        if self.action == "ADD":
            settings.rules.add()
            settings.rule_index = len(settings.rules) - 1
        elif 0 <= settings.rule_index < len(settings.rules):
            settings.rules.remove(settings.rule_index)
            settings.rule_index = max(0, settings.rule_index - 1)


CLASSES = (
    DIRFA_OT_collect_strips,
    DIRFA_OT_add_recordings,
    DIRFA_OT_remove_line,
    DIRFA_OT_hold_lines,
    DIRFA_OT_cast,
    DIRFA_OT_edit_rules,
)
