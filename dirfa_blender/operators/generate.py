"""Generate and Another Take: what the panel says is asked of the server, and takes come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..blender.pieces import Steps
from ..core.errors import AudioError, DirfaError, JobCancelled, RigError
from ..core.file_names import told_name
from ..core.protocol import AnimateSettings
from ..core.recordings import shown_in_browser
from ..core.transcripts import text_beside
from ..performing import acting, apply, cues, lines, strips, takes
from ..performing.retimed import Retimed
from ..performing.speech import Speech
from ..rig import profiles
from ..staging import early
from ..staging.admission import Cast
from ..staging.performance import LineRequest, Performance, Request
from ..staging.staging import Draft, Retake
from .button import AsksForFile
from .speech_operator import SpeechOperator

RECORDINGS = shown_in_browser()
# What may be made anew by itself; lips do not depend on the seed.
REROLLED = (
    ("ALL", "Everything", "Brows, lids, blinks, gaze and head"),
    ("brows", "Brows", "Only the brows"),
    ("lids", "Lids and Blinks", "Only the lids, blinks included"),
    ("gaze", "Gaze", "Only where the eyes look"),
    ("head", "Head", "Only the motion of the head"),
)


class _GenerateOperator(SpeechOperator):
    """Makes takes of what the panel's source says."""

    def prepare(self, context: bpy.types.Context) -> None:
        if context.scene.dirfa.source == "STRIPS":
            self._prepare_lines(context)
        else:
            self._prepare_draft(context)

    def _prepare_lines(self, context: bpy.types.Context) -> None:
        scene = context.scene
        settings = scene.dirfa
        wanted = [
            line
            for line in settings.lines
            if line.use and not (settings.only_new and len(line.takes))
        ]
        asked, self.starts, refused = requests(scene, wanted, settings_of(scene))
        if not asked:
            for line in wanted:
                line.message = refused[line.uid]
            raise AudioError(next(iter(refused.values()), "No line needs a take."))
        self.begin(context, Request(asked), refused)

    def _prepare_draft(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        speech, name = _chosen_speech(settings)
        sitting = photo = target = None
        if settings.actor == "neutral":
            name = "Head"
        elif settings.actor == "photo":
            sitting = early.sitting_of(settings)
            photo = sitting.photo
            name = told_name(photo.stem.capitalize())
        else:
            target = lines.known_as(context.scene, settings.target)
            Cast(context.scene).admit(target)
            apply.find_target(target, profiles.profile_for(target))
            self.target_uid = target.session_uid
        made_with = settings_of(context.scene, speech)
        again = _line_of_source(settings, target)
        uid = again.uid if again is not None else 0
        if again is None:
            self.draft = Draft(
                name=name,
                kind=settings.source,
                speech=speech,
                path=settings.audio if settings.source == "FILE" else "",
                with_sound=settings.use_sound,
                with_shot=settings.use_shot,
                preset=settings.shot,
                photo=photo,
            )
            if settings.source == "SOUND":
                self.sound_uid = settings.sound.session_uid
        asked = LineRequest(uid, told_name(speech.path.stem), speech, made_with)
        is_neutral = again is None and settings.actor == "neutral"
        reading = early.take_reading(sitting) if sitting is not None else None
        request = Request((asked,), sitting, with_neutral_head=is_neutral, reading=reading)
        self.begin(context, request, {})

    def take_in(self, context: bpy.types.Context, result: object) -> Steps[None]:
        yield from super().take_in(context, result)
        assert isinstance(result, Performance)
        if self.draft is None and not result.animations:
            raise JobCancelled("The job was cancelled.")


class DIRFA_OT_generate(_GenerateOperator, bpy.types.Operator):
    bl_idname = "dirfa.generate"
    bl_label = "Generate"
    bl_description = "Make the character speak: one recording, or every line of the list"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        reason = disabled_reason(context.scene.dirfa)
        if reason:
            cls.poll_message_set(reason)
        return not reason


class DIRFA_OT_speak_recording(AsksForFile, _GenerateOperator, bpy.types.Operator):
    bl_idname = "dirfa.speak_recording"
    bl_label = "Speak a Recording"
    bl_description = (
        "Choose a recording and generate at once: the active or only character speaks it, or else "
        "a plain head"
    )

    filepath: StringProperty(name="Recording", description="What is spoken", subtype="FILE_PATH")
    filter_glob: StringProperty(
        default=RECORDINGS, options={"HIDDEN"}, name="Filter", description="Kinds of files shown"
    )

    def prepare(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        settings.source = "FILE"
        settings.audio = self.filepath
        if disabled_reason(settings):
            present = lines.characters_in(context.scene)
            chosen = context.active_object if context.active_object in present else None
            settings.target = chosen or (present[0] if len(present) == 1 else None)
            settings.actor = "object" if settings.target is not None else "neutral"
        super().prepare(context)


class DIRFA_OT_another_take(SpeechOperator, bpy.types.Operator):
    bl_idname = "dirfa.another_take"
    bl_label = "Another Take"
    bl_description = (
        "Play the line again with another seed, beside the takes there are; locked units and the "
        "locked stretch stay"
    )

    region: EnumProperty(
        name="Region", description="What is made anew", items=REROLLED, default="ALL"
    )
    is_exact: BoolProperty(
        name="Exact Seed",
        description="With the seed of the settings, whether or not another take has it",
        default=False,
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        line = acting.current_line(context.scene)
        if line is None or not len(line.takes):
            cls.poll_message_set("Generate a first take of the line")
            return False
        return True

    def prepare(self, context: bpy.types.Context) -> None:
        scene = context.scene
        line = acting.current_line(scene)
        if line.character is not None:
            Cast(scene).admit(line.character)
        self.retake = Retake(() if self.region == "ALL" else (self.region,))
        cue = cues.cue_of(scene, line)
        made_with = settings_of(scene, cue.speech)
        if not self.is_exact:
            made_with = replace(made_with, seed=takes.free_seed(line, scene.dirfa.seed))
        asked = LineRequest(line.uid, line.name, cue.speech, made_with)
        self.starts = {line.uid: cue.frame_start}
        self.begin(context, Request((asked,)), {})


def requests(
    scene: bpy.types.Scene,
    wanted: list[bpy.types.PropertyGroup],
    settings: AnimateSettings,
) -> tuple[tuple[LineRequest, ...], dict[int, float], dict[int, str]]:
    """What to ask for lines; the frame each begins at, and why some cannot be asked, by their uid."""
    asked: list[LineRequest] = []
    starts: dict[int, float] = {}
    refused: dict[int, str] = {}
    heard = strips.of_lines(scene)
    retimed = Retimed(scene)
    cast = Cast(scene)
    for line in wanted:
        try:
            if line.character is None:
                raise RigError(f"Line '{line.name}' has no character. Choose who speaks it.")
            cast.admit(line.character)
            cue = cues.cue_of(scene, line, heard, retimed)
            transcript = _transcript(scene, cue.speech)
        except DirfaError as error:
            refused[line.uid] = str(error)
            continue
        starts[line.uid] = cue.frame_start
        own = replace(settings, seed=takes.free_seed(line, settings.seed), transcript=transcript)
        asked.append(LineRequest(line.uid, line.name, cue.speech, own))
    return tuple(asked), starts, refused


def settings_of(scene: bpy.types.Scene, speech: Speech | None = None) -> AnimateSettings:
    """What the panel says a new take is made with; of a recording with the text beside it, if wanted.

    Raises
    ------
    FormatError
        The text beside the recording cannot be read.
    """
    settings = scene.dirfa
    return AnimateSettings(
        seed=settings.seed,
        blinks=settings.blinks,
        breath=settings.breath,
        actor=settings.performer.strip(),
        transcript=_transcript(scene, speech) if speech is not None else "",
    )


def _transcript(scene: bpy.types.Scene, speech: Speech) -> str:
    """The text beside a recording, if texts are to be used and there is one."""
    return text_beside(speech.path) if scene.dirfa.use_texts else ""


def disabled_reason(settings: bpy.types.PropertyGroup) -> str:
    """Why Generate cannot be pressed; empty if it can."""
    if settings.source == "STRIPS":
        if not len(settings.lines):
            return "Collect the sound strips first, or add recordings"
        if not any(line.use for line in settings.lines):
            return "Every line is switched off"
        return ""
    if settings.source == "FILE" and not settings.audio:
        return "Choose a recording first"
    if settings.source == "SOUND" and settings.sound is None:
        return "Choose a sound first"
    if settings.actor == "photo" and not settings.photo:
        return "Choose a photo, or switch to a character in the scene"
    if settings.actor == "object" and settings.target is None:
        return "Choose the character that shall speak"
    return ""


def _line_of_source(
    settings: bpy.types.PropertyGroup, target: bpy.types.Object | None
) -> bpy.types.PropertyGroup | None:
    """The line that was made from the chosen source for this character before."""
    if target is None:
        return None
    for line in settings.lines:
        is_same = (
            line.path == settings.audio
            if settings.source == "FILE"
            else line.sound == settings.sound
        )
        if line.kind == settings.source and line.character == target and is_same:
            return line
    return None


def _chosen_speech(settings: bpy.types.PropertyGroup) -> tuple[Speech, str]:
    """The recording that is chosen in the panel, and a name for its line."""
    if settings.source == "SOUND":
        return Speech(cues.sound_file(settings.sound)), Path(settings.sound.name).stem
    path = cues.recording_file(settings.audio)
    return Speech(path), told_name(path.stem)


CLASSES = (
    DIRFA_OT_generate,
    DIRFA_OT_speak_recording,
    DIRFA_OT_another_take,
)
