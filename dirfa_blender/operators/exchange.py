"""Export takes and characters for other programs, and check what was written."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..background import Reporter
from ..blender.labels import spoken
from ..blender.program import program
from ..blender.scene import frame_rate
from ..core.formats.exchange import encoded_take
from ..core.formats.take_formats import SUFFIXES, TITLES
from ..core.npz_io import write_whole
from ..export import exporting
from ..export.export_check import problems_of
from ..performing import acting
from .background_job import BackgroundOperator
from .button import FileButton, characterless_reason, takeless_reason, target_of
from .take import ANGLES, DIRFA_OT_import_take

SUFFIX_OF = {"GLB": ".glb", "FBX": ".fbx", "USD": ".usdc", "BLEND": ".blend"}


class DIRFA_OT_export_take(FileButton, bpy.types.Operator):
    bl_idname = "dirfa.export_take"
    bl_label = "Export Facial Take"
    bl_description = (
        "Write the chosen line's take for another program: Live Link Face, ARKit, Audio2Face, visemes, "
        "mouth cues, MikuMikuDance, or VRM animation"
    )
    bl_options = {"REGISTER", "PRESET"}

    filepath: StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(
        default="*.npz;*.csv;*.json;*.tsv;*.xml;*.vmd;*.vrma", options={"HIDDEN"}
    )
    kind: EnumProperty(
        name="Format",
        description="Format of the file",
        items=tuple((kind, title[0].upper() + title[1:], title) for kind, title in TITLES.items()),
        default="live_link",
    )
    angles: EnumProperty(
        name="Angles",
        description="Unit of head and eye angles in a Live Link Face file",
        items=ANGLES,
        default="radians",
    )
    is_directed: BoolProperty(
        name="As Directed",
        description="With the line's sliders and emotions; otherwise as the take was made",
        default=True,
    )
    at_scene_rate: BoolProperty(
        name="At the Scene's Rate",
        description="A row for each frame of the scene; otherwise for each sample of the take",
        default=True,
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        return takeless_reason(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(acting.current_line(context.scene).name)
            self.filepath = f"{name}{SUFFIXES[self.kind][0]}"
        return super().invoke(context, event)

    def check(self, context: bpy.types.Context) -> bool:  # noqa: ARG002
        """The name follows the format while the file browser is open."""
        wanted = str(_with_suffix(Path(self.filepath), self.kind))
        if wanted == self.filepath:
            return False
        self.filepath = wanted
        return True

    def act(self, context: bpy.types.Context) -> None:
        scene = context.scene
        path = _with_suffix(Path(bpy.path.abspath(self.filepath)), self.kind)
        take = acting.take_of_line(scene, scene.dirfa.line_index, directed=self.is_directed)
        if self.at_scene_rate and self.kind not in ("take", "cues", "vmd"):
            take = take.resampled(frame_rate(scene).per_second)
        write_whole(path, encoded_take(take, self.kind, path.suffix.lower(), angles=self.angles))
        self.report({"INFO"}, spoken(f"Wrote {path.name}"))


class DIRFA_OT_export_character(FileButton, bpy.types.Operator):
    bl_idname = "dirfa.export_character"
    bl_label = "Export Character"
    bl_description = (
        "Write the chosen character with its animation: glTF, FBX or USD as game engines want them, or "
        "a Blender file with everything"
    )
    bl_options = {"REGISTER", "PRESET"}

    kind: EnumProperty(
        name="Format",
        description="Kind of file where the name does not say it",
        items=(
            ("GLB", "glTF", "For engines and the web: one file with its picture"),
            ("FBX", "FBX", "For engines and other animation programs"),
            ("USD", "USD", "For film pipelines"),
            ("BLEND", "Blender", "The character alone, shaders and Actions included"),
        ),
        default="GLB",
    )

    from_zero: BoolProperty(
        name="Begin at Zero",
        description=(
            "Let the clip of a glTF file begin at 0 s with the scene's first frame, as game engines play "
            "it; otherwise each frame is where the scene has it. Other formats say where they begin"
        ),
        default=False,
    )
    filepath: StringProperty(
        name="File", description="File to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(
        default="*.glb;*.gltf;*.fbx;*.usd;*.usdc;*.usda;*.blend", options={"HIDDEN"}
    )
    last_kind: StringProperty(
        name="Earlier Format",
        description="Format that the name was made for",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        reason = characterless_reason(context)
        return reason or ("" if context.mode == "OBJECT" else "Switch to Object Mode first")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            name = bpy.path.clean_name(target_of(context).name)
            self.filepath = f"{name}{SUFFIX_OF[self.kind]}"
        self.last_kind = self.kind
        return super().invoke(context, event)

    def check(self, context: bpy.types.Context) -> bool:  # noqa: ARG002
        """The name follows the format when that is changed while the file browser is open."""
        if self.kind == self.last_kind:
            return False
        self.last_kind = self.kind
        self.filepath = str(Path(self.filepath).with_suffix(SUFFIX_OF[self.kind]))
        return True

    def draw(self, context: bpy.types.Context) -> None:  # noqa: ARG002
        self.layout.use_property_split = True
        self.layout.prop(self, "kind")
        if self.kind == "GLB":
            self.layout.prop(self, "from_zero")

    def act(self, context: bpy.types.Context) -> None:
        path = Path(bpy.path.abspath(self.filepath))
        if not path.suffix:
            path = path.with_suffix(SUFFIX_OF[self.kind])
        export = exporting.export_of(context.scene, target_of(context), from_zero=self.from_zero)
        for sentence in exporting.said_of(context.scene, export, path):
            self.report({"WARNING"}, spoken(sentence))
        exporting.export_character(context.scene, export, path)
        self.report({"INFO"}, spoken(f"Wrote {path.name}"))
        if context.scene.dirfa.check_export:
            bpy.ops.dirfa.check_export("EXEC_DEFAULT", filepath=str(path), from_zero=self.from_zero)


class DIRFA_OT_check_export(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.check_export"
    bl_label = "Check Exported Character"
    bl_description = (
        "Read an exported file in a Blender of its own: is every shape there, does it move as here"
    )
    bl_options = set()
    title = "Reading back"

    filepath: StringProperty(name="File", description="Exported file", subtype="FILE_PATH")
    from_zero: BoolProperty(
        name="Begin at Zero", description="The clip of the file begins at 0 s", default=False
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if target_of(context) is None:
            cls.poll_message_set("Choose the character that was exported, or select it")
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:
        path = Path(bpy.path.abspath(self.filepath))
        export = exporting.export_of(context.scene, target_of(context), from_zero=self.from_zero)
        self._order = exporting.check_order(context.scene, export, path)
        self._program = program(with_scripts=False)

    def work(self, report: Reporter) -> list[str]:
        report(0.0, self.title)
        return problems_of(self._order, self._program)

    def take_in(self, context: bpy.types.Context, result: object) -> None:  # noqa: ARG002
        assert isinstance(result, list)
        name = Path(self.filepath).name
        for sentence in result:
            self.report({"WARNING"}, spoken(sentence))
        if not result:
            self.report(
                {"INFO"}, spoken(f"{name} read back: every shape is there and moves as here")
            )


def draw_import(menu: bpy.types.Menu, context: bpy.types.Context) -> None:  # noqa: ARG001
    """The entry in File > Import."""
    menu.layout.operator(
        DIRFA_OT_import_take.bl_idname, text="Facial Take (.csv, .json, .vmd, .vrma, .npz)"
    )


def draw_export(menu: bpy.types.Menu, context: bpy.types.Context) -> None:  # noqa: ARG001
    """The entry in File > Export."""
    menu.layout.operator(
        DIRFA_OT_export_take.bl_idname, text="Facial Take (.csv, .json, .vmd, .vrma, .npz)"
    )
    menu.layout.operator(
        DIRFA_OT_export_character.bl_idname, text="Talking Character (.glb, .fbx, .usd, .blend)"
    )


def _with_suffix(path: Path, kind: str) -> Path:
    fitting = SUFFIXES[kind]
    return path if path.suffix.lower() in fitting else path.with_suffix(fitting[0])


CLASSES = (
    DIRFA_OT_export_take,
    DIRFA_OT_export_character,
    DIRFA_OT_check_export,
)
