"""What every button does alike: say why it is disabled, act, and turn an error into its sentence."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import bpy

from ..blender.labels import spoken
from ..core.errors import DirfaError
from ..performing import acting
from ..session import state

BUSY = "A job runs; wait for it or cancel it"
UNNAMED = "Type or choose the name of a file: only a folder was given"


class Button:
    """Mixin of an operator that acts at once; subclasses say when and what."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        reason = cls.disabled_reason(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:  # noqa: ARG003
        """Why it cannot be pressed; empty if it can."""
        return BUSY if state().is_busy else ""

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            self.act(context)
        except DirfaError as error:
            self.report({"ERROR"}, spoken(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}

    @abstractmethod
    def act(self, context: bpy.types.Context) -> None:
        """What it does. Raises DirfaError where it cannot."""


class AsksForFile:
    """Mixin of an operator that a window's file browser gives its `filepath` first."""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:  # noqa: ARG002
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


class FileButton(AsksForFile, Button):
    """A button that asks for a file first."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        # A file browser whose name was left empty gives the folder.
        if hasattr(self, "filepath") and not is_file(self.filepath):
            self.report({"ERROR"}, spoken(UNNAMED))
            return {"CANCELLED"}
        return super().execute(context)


def is_file(text: str) -> bool:
    """Whether a path may be that of a file, there already or not."""
    path = Path(bpy.path.abspath(text))
    return bool(text and path.name) and not text.endswith(("/", "\\")) and not path.is_dir()


def target_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen character, else the active object."""
    settings = context.scene.dirfa
    chosen = settings.target if settings.actor == "object" else None
    return chosen or context.active_object


def characterless_reason(context: bpy.types.Context) -> str:
    """Why nothing can be put on a character; empty if it can."""
    if state().is_busy:
        return BUSY
    return "" if target_of(context) else "Choose a character in the panel, or select one"


def lineless_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done to a line; empty if one is chosen."""
    return "" if acting.current_line(context.scene) else "Choose a line of the list"


def takeless_reason(context: bpy.types.Context) -> str:
    """Why nothing can be done to a take; empty if the chosen line has one."""
    line = acting.current_line(context.scene)
    return "" if line is not None and len(line.takes) else "Generate a first take of the line"
