"""Generate and Cancel."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import apply, profiles
from ..background import Reporter
from ..client import Client
from ..core.errors import AudioError, PhotoError, RigError
from ..core.protocol import AnimateSettings
from ..performance import Performance, Request, perform
from ..placement import Placement, place
from ..preferences import Connection, connection_of
from ..server_process import running_server
from ..session import state
from .background_job import BackgroundOperator


class DIRFA_OT_generate(BackgroundOperator, bpy.types.Operator):
    bl_idname = "dirfa.generate"
    bl_label = "Generate"
    bl_description = "Make the actor speak the recording"
    bl_options = {"REGISTER", "UNDO"}
    title = "Starting"

    _request: Request
    _connection: Connection
    _scene_uid: int
    _target_uid: int | None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        reason = disabled_reason(context.scene.dirfa)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def prepare(self, context: bpy.types.Context) -> None:
        settings = context.scene.dirfa
        audio = _existing(settings.audio, AudioError, "recording")
        photo = None
        target = None
        if settings.actor == "photo":
            photo = _existing(settings.photo, PhotoError, "photo")
        else:
            target = settings.target
            apply.find_target(target, profiles.profile_for(target))
        self._connection = connection_of(context)
        self._request = Request(
            audio=audio,
            settings=AnimateSettings(
                seed=settings.seed,
                head=settings.head,
                brows=settings.brows,
                blinks=settings.blinks,
            ),
            photo=photo,
        )
        # References to Blender's data do not outlive an undo; identifiers of the session do.
        self._scene_uid = context.scene.session_uid
        self._target_uid = target.session_uid if target is not None else None
        self._with_sound, self._with_shot = settings.use_sound, settings.use_shot
        self._preset = settings.shot
        self._frame_start = context.scene.frame_start

    def work(self, report: Reporter) -> Performance:
        return perform(self._request, self._connect, report)

    def take_in(self, context: bpy.types.Context, result: object) -> None:  # noqa: ARG002
        assert isinstance(result, Performance)
        scene = _by_uid(bpy.data.scenes, self._scene_uid, "scene")
        target = None
        if self._target_uid is not None:
            target = _by_uid(bpy.data.objects, self._target_uid, "character")
        audio = self._request.audio if self._with_sound else None
        stem = (self._request.photo or self._request.audio).stem
        end = result.animation.start + result.animation.duration
        how = Placement(
            name=target.name if target is not None else stem.capitalize(),
            target=target,
            audio=audio,
            duration=float(result.animation.source.get("audio_seconds", end)) if audio else None,
            with_shot=self._with_shot,
            preset=self._preset,
            photo=self._request.photo,
            frame_start=self._frame_start,
        )
        place(scene, result.animation, result.head, how)
        for warning in result.warnings:
            self.report({"WARNING"}, warning)
        state().look_at_server()

    def _connect(self, report: Reporter) -> Client:
        return connect(self._connection, report)


class DIRFA_OT_cancel(bpy.types.Operator):
    bl_idname = "dirfa.cancel"
    bl_label = "Cancel"
    bl_description = "Stop the running job; the scene stays as it is"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().cancel is None:
            cls.poll_message_set("Nothing runs")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        cancel = state().cancel
        if cancel is not None:
            cancel()
        return {"FINISHED"}


def connect(connection: Connection, report: Reporter) -> Client:
    """A client of the chosen server; a local one is found or started. Blocks, for a worker thread."""
    if connection.kind == "remote":
        client = Client(connection.url.rstrip("/"), connection.token)
        client.info()
        return client
    found = running_server()
    if found is not None:
        return found
    server = state().server
    if server.state != "running":
        server.launch()
    return server.wait_ready(report.cancelled)


def disabled_reason(settings: bpy.types.PropertyGroup) -> str:
    """Why Generate cannot be pressed; empty if it can."""
    if not settings.audio:
        return "Choose a recording first"
    if settings.actor == "photo" and not settings.photo:
        return "Choose a photo, or switch to a character in the scene"
    if settings.actor == "object" and settings.target is None:
        return "Choose the character that shall speak"
    return ""


def _existing(text: str, error: type[AudioError] | type[PhotoError], what: str) -> Path:
    path = Path(bpy.path.abspath(text))
    if not path.is_file():
        raise error(f"There is no {what} {path.name} in {path.parent}. Choose it again.")
    return path


def _by_uid(blocks: bpy.types.bpy_prop_collection, uid: int, what: str) -> bpy.types.ID:
    for block in blocks:
        if block.session_uid == uid:
            return block
    raise RigError(f"The {what} was deleted while the server worked; the take was not applied.")


CLASSES = (DIRFA_OT_generate, DIRFA_OT_cancel)
