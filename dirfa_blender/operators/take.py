"""Play a take from a file: no server; it is read beside the window and enters the scene in pieces."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from ..background import Reporter
from ..blender.labels import spoken
from ..blender.pieces import Steps
from ..core.animation import Animation
from ..core.errors import FormatError
from ..core.formats.exchange import Reading, read_take
from ..core.npz_io import read_animation
from ..performing import lines
from ..staging.staging import take_steps
from .background_job import BackgroundOperator, by_uid
from .button import UNNAMED, AsksForFile, characterless_reason, is_file, target_of

ANGLES = (
    ("radians", "Radians", "As most writers do"),
    ("degrees", "Degrees", "From -180 to 180"),
    ("unit", "-1 to 1", "-180 to 180 degrees as -1 to 1"),
)


class PlaysFile(AsksForFile, BackgroundOperator):
    """Mixin of an operator that plays the take at its `filepath` on the chosen character."""

    title = "Reading the take"

    @abstractmethod
    def reader(self) -> Callable[[Path], Animation]:
        """What reads the file, in a thread: it knows all settings and touches nothing of Blender's."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        reason = characterless_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def prepare(self, context: bpy.types.Context) -> None:
        if not is_file(self.filepath):
            raise FormatError(UNNAMED)
        self._path = Path(bpy.path.abspath(self.filepath))
        self._read = self.reader()
        self._scene_uid = context.scene.session_uid
        self._target_uid = lines.known_as(context.scene, target_of(context)).session_uid

    def work(self, report: Reporter) -> object:  # noqa: ARG002
        return self._read(self._path)

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:  # noqa: ARG002
        assert isinstance(result, Animation)
        scene = by_uid(bpy.data.scenes, self._scene_uid, "scene")
        target = by_uid(bpy.data.objects, self._target_uid, "character")
        yield from take_steps(scene, target, result, self._path.stem)
        self.report({"INFO"}, spoken(f"Imported {result.duration:.1f} s onto {target.name}"))


class DIRFA_OT_apply_take(PlaysFile, bpy.types.Operator):
    bl_idname = "dirfa.apply_take"
    bl_label = "Take from File"
    bl_description = "Play a take from a file on the chosen character"

    filepath: StringProperty(
        name="Take", description="Take that was written before", subtype="FILE_PATH"
    )
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def reader(self) -> Callable[[Path], Animation]:
        return read_animation


class DIRFA_OT_import_take(PlaysFile, bpy.types.Operator):
    bl_idname = "dirfa.import_take"
    bl_label = "Import Facial Take"
    bl_description = (
        "Play a take of another program on the chosen character: Live Link Face, ARKit, Audio2Face, "
        "visemes of Meta or Microsoft, mouth cues of Rhubarb, MikuMikuDance, or VRM animation"
    )
    bl_options = {"UNDO", "PRESET"}

    filepath: StringProperty(name="File", description="Take to import", subtype="FILE_PATH")
    filter_glob: StringProperty(
        default="*.npz;*.csv;*.json;*.tsv;*.xml;*.vmd;*.vrma", options={"HIDDEN"}
    )
    angles: EnumProperty(
        name="Angles",
        description="Unit of head and eye angles in a Live Link Face file",
        items=ANGLES,
        default="radians",
    )
    fps: FloatProperty(
        name="Rate",
        description="Frames a second of the file, 0 to take what it says itself",
        default=0.0,
        min=0.0,
        max=1000.0,
    )

    def reader(self) -> Callable[[Path], Animation]:
        reading = Reading(self.fps or None, self.angles)
        return lambda path: read_take(path, reading)


CLASSES = (
    DIRFA_OT_apply_take,
    DIRFA_OT_import_take,
)
