"""Render the film: with a window beside it, in a Blender of its own; without one at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..blender.labels import spoken
from ..blender.program import program
from ..blender.viewport import redraw_sidebars
from ..core.errors import DirfaError, JobCancelled, OutputError
from ..performing import rate_change
from ..rendering import engines, render
from ..rendering.film_job import FilmJob
from ..rendering.render_filling import render_order
from ..rendering.render_order import RenderOrder
from ..session import state
from ..settings import film_choice
from .button import Button

TICK_SECONDS = 0.25


class DIRFA_OT_render(bpy.types.Operator):
    bl_idname = "dirfa.render"
    bl_label = "Render"
    bl_description = (
        "Render the chosen frames with their sound, in a Blender of its own: this one stays free"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if state().film is not None:
            cls.poll_message_set("A film is being rendered; wait for it or cancel it")
        elif context.scene.camera is None:
            cls.poll_message_set("The scene has no camera: add one, or build a shot under Head")
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        try:
            order, path = film_choice.order_of(scene), film_choice.film_path(scene)
            if bpy.app.background:
                render_here(scene, order, path)
                self.report({"INFO"}, spoken(f"Wrote {path}"))
            else:
                start(order, path)
        except DirfaError as error:
            state().film_error = str(error)
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}


class DIRFA_OT_keep_seconds(Button, bpy.types.Operator):
    bl_idname = "dirfa.keep_seconds"
    bl_label = "Back to Their Seconds"
    bl_description = (
        "Move the sound strips and the lines to the frames of the seconds at which they began before "
        "the frame rate was changed"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        is_due = rate_change.is_due(context.scene)
        return "" if is_due else "Nothing has moved since the frame rate was set here"

    def act(self, context: bpy.types.Context) -> None:
        self.report({"INFO"}, spoken(f"{rate_change.keep_seconds(context.scene)} lines moved"))


class DIRFA_OT_cancel_render(bpy.types.Operator):
    bl_idname = "dirfa.cancel_render"
    bl_label = "Cancel Rendering"
    bl_description = "Stop rendering now; no half-written film is left"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:  # noqa: ARG003
        if state().film is None:
            cls.poll_message_set("Nothing is being rendered")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:  # noqa: ARG002
        film = state().film
        if film is not None:
            film.cancel()
        return {"FINISHED"}


class DIRFA_OT_use_render_settings(bpy.types.Operator):
    bl_idname = "dirfa.use_render_settings"
    bl_label = "Use for the Scene"
    bl_description = "Give these settings to the scene, so that Blender's own Render does the same"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.scene.dirfa.engine == "scene":
            cls.poll_message_set("The scene's own settings are in use already")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        try:
            settings = film_choice.settings_of(scene)
            assert settings is not None
            engines.configure(scene, settings)
            render.mark_scene(scene)
        except DirfaError as error:
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, spoken(f"{settings.width} x {settings.height}, {settings.engine}"))
        return {"FINISHED"}


def start(order: RenderOrder, path: Path) -> None:
    """Begin to render a copy of the open file, and look after it.

    Raises
    ------
    DirfaError
        The folder cannot be written to.
    """
    shown = state()
    shown.film_note = shown.film_error = ""
    shown.film_path = str(path)
    shown.film = FilmJob(
        order,
        path,
        save_copy,
        frame_seconds=film_choice.frame_seconds(order),
        program=program(with_scripts=order.with_scripts),
    )
    bpy.app.timers.register(follow, first_interval=TICK_SECONDS, persistent=True)


def render_here(scene: bpy.types.Scene, order: RenderOrder, path: Path) -> None:
    """Render in this process, which waits; the scene's range is put back.

    Raises
    ------
    DirfaError
        It cannot be rendered or written.
    """
    kept = (scene.frame_start, scene.frame_end, scene.frame_step)
    try:
        render_order(scene, replace(order, output=str(path)), lambda **_: None)
    finally:
        scene.frame_start, scene.frame_end, scene.frame_step = kept


def follow() -> float | None:
    """Look at the render: the seconds until the next look, or None when it is over."""
    shown = state()
    film = shown.film
    if film is None:
        return None
    if film.is_running:
        redraw_sidebars()
        return TICK_SECONDS
    shown.film = None
    try:
        path = film.result()
        shown.film_note = " ".join([f"{path.name} is ready.", *film.warnings])
    except JobCancelled:
        shown.film_note = "Cancelled, nothing was written"
    except DirfaError as error:
        shown.film_error = str(error)
    except Exception:
        # A bug of ours: its traceback goes to the console, and the panel does not stay silent.
        shown.film_error = "Rendering broke off by a mistake in DIRFA; the console has its report."
        raise
    finally:
        redraw_sidebars()
    return None


def save_copy(path: Path) -> None:
    """Write the open file, with what is not saved yet, to a path; the open file stays what it is.

    Raises
    ------
    OutputError
        The disk is full or the folder may not be written to.
    """
    paths = bpy.context.preferences.filepaths
    preview = paths.file_preview_type
    try:
        # Nobody looks at this file, and drawing its thumbnail can take seconds.
        paths.file_preview_type = "NONE"
        bpy.ops.wm.save_as_mainfile(
            filepath=str(path), copy=True, compress=False, relative_remap=True
        )
    except RuntimeError as error:
        text = str(error).removeprefix("Error: ").strip().rstrip(".")
        raise OutputError(
            f"The file cannot be copied for rendering: {text}. Free some space."
        ) from error
    finally:
        paths.file_preview_type = preview


def end_following() -> None:
    """Stop looking; for the end of the add-on."""
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)


CLASSES = (
    DIRFA_OT_render,
    DIRFA_OT_keep_seconds,
    DIRFA_OT_cancel_render,
    DIRFA_OT_use_render_settings,
)
