"""Import takes of other programs onto a character; export takes and characters for other programs."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from .. import exporting
from ..core.errors import DirfaError
from ..core.exchange import Reading, read_take
from ..placement import Placement, place
from ..session import state
from .take import target_of


class DIRFA_OT_import_take(bpy.types.Operator):
    bl_idname = "dirfa.import_take"
    bl_label = "Import Facial Take"
    bl_description = (
        "Play a take of another program on the chosen character: Live Link Face, ARKit, Audio2Face, "
        "or the mouth cues of Rhubarb"
    )
    bl_options = {"REGISTER", "UNDO", "PRESET"}

    filepath: StringProperty(name="File", description="Take to import", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.npz;*.csv;*.json;*.tsv;*.xml", options={"HIDDEN"})
    angles: EnumProperty(
        name="Angles",
        description="Unit of head and eye angles in a Live Link Face file",
        items=(
            ("radians", "Radians", "As most writers do"),
            ("degrees", "Degrees", "From -180 to 180"),
            ("unit", "-1 to 1", "-180 to 180 degrees as -1 to 1"),
        ),
        default="radians",
    )
    fps: FloatProperty(
        name="Rate",
        description="Frames a second of the file, 0 to take what it says itself",
        default=0.0,
        min=0.0,
        max=1000.0,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
        elif target_of(context) is None:
            cls.poll_message_set("Choose a character in the panel, or select one")
        else:
            return True
        return False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        target = target_of(context)
        reading = Reading(self.fps or None, self.angles)
        try:
            take = read_take(Path(bpy.path.abspath(self.filepath)), reading)
            how = Placement(name=target.name, target=target, frame_start=context.scene.frame_start)
            place(context.scene, take, None, how)
        except DirfaError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Imported {take.duration:.1f} s onto {target.name}")
        return {"FINISHED"}


class DIRFA_OT_export_character(bpy.types.Operator):
    bl_idname = "dirfa.export_character"
    bl_label = "Export Character"
    bl_description = (
        "Write the chosen character with its animation for a game engine: glTF, FBX or USD"
    )
    bl_options = {"REGISTER", "PRESET"}

    filepath: StringProperty(name="File", description="File to write", subtype="FILE_PATH")
    filter_glob: StringProperty(
        default="*.glb;*.gltf;*.fbx;*.usd;*.usdc;*.usda", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if state().is_busy:
            cls.poll_message_set("Another job runs; wait for it or cancel it")
        elif target_of(context) is None:
            cls.poll_message_set("Choose a character in the panel, or select one")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode first")
        else:
            return True
        return False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        if not self.filepath:
            self.filepath = f"{bpy.path.clean_name(target_of(context).name)}.glb"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.suffix:
            path = path.with_suffix(".glb")
        try:
            export = exporting.export_of(context.scene, target_of(context))
            for sentence in exporting.lost_in_export(export):
                self.report({"WARNING"}, sentence)
            exporting.export_character(context.scene, export, path)
        except DirfaError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {path.name}")
        return {"FINISHED"}


def draw_import(menu: bpy.types.Menu, context: bpy.types.Context) -> None:  # noqa: ARG001
    """The entry in File > Import."""
    menu.layout.operator(DIRFA_OT_import_take.bl_idname, text="Facial Take (.csv, .json, .npz)")


def draw_export(menu: bpy.types.Menu, context: bpy.types.Context) -> None:  # noqa: ARG001
    """The entry in File > Export."""
    menu.layout.operator(
        DIRFA_OT_export_character.bl_idname, text="Talking Character (.glb, .fbx, .usd)"
    )


CLASSES = (DIRFA_OT_import_take, DIRFA_OT_export_character)
