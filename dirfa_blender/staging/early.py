"""What is done before it is asked for, so that the first take comes sooner.

The server starts when the DIRFA tab is open, once a session, and photos are read as soon as they are
chosen. Both only on this computer: nobody's photo leaves it unasked. The preferences switch it off.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy

from ..background import BackgroundJob
from ..connection import Connection, is_remote, preferences_of
from ..core.errors import DirfaError, PhotoError
from ..head import photo_reading
from ..head.photo_reading import Likeness, Sitting
from ..server_process import running_server
from ..server_watch import watch
from ..session import state
from .connecting import connect

TAB = "DIRFA"
# Server states from which a photo can be read.
STARTABLE = ("stopped", "starting", "running")


def sitting_of(settings: bpy.types.PropertyGroup) -> Sitting:
    """The photos that are chosen in the panel, the one from the front first.

    Raises
    ------
    PhotoError
        One of them is not there.
    """
    sides = (settings.photo_left, settings.photo_right)
    front, *turned = (_existing(text) for text in (settings.photo, *filter(None, sides)))
    return Sitting(front, tuple(turned))


def on_photo(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Another photo was chosen: begin to read it."""
    if state().is_quiet:
        return
    state().drop_reading()
    if not settings.photo or not _is_wanted(context) or state().server_state not in STARTABLE:
        return
    # What cannot be read is said when it is asked for.
    with contextlib.suppress(DirfaError, OSError):
        sitting = sitting_of(settings)
        state().reading = photo_reading.begin(sitting, lambda report: connect(Connection(), report))


def take_reading(sitting: Sitting) -> BackgroundJob[Likeness] | None:
    """The job that reads these photos already, if there is one; it is handed out once."""
    reading = state().reading
    if reading is None or not reading.is_of(sitting):
        return None
    state().reading = None
    return reading.job


def start_server() -> None:
    """Start the server if the tab is open and nobody has yet; called now and then."""
    shown = state()
    if shown.is_server_spared or shown.server_state != "stopped" or watch().task is not None:
        return
    if not _is_wanted(bpy.context) or not _is_tab_open() or running_server() is not None:
        return
    shown.is_server_spared = True
    bpy.ops.dirfa.server_start()


def _is_wanted(context: bpy.types.Context) -> bool:
    chosen = preferences_of(context)
    may_start = chosen is None or chosen.start_early
    return may_start and not bpy.app.background and not is_remote(context)


def _is_tab_open() -> bool:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type != "VIEW_3D" or not area.spaces.active.show_region_ui:
                continue
            for region in area.regions:
                # Blender knows no active tab before it has drawn the tabs.
                if region.type == "UI" and getattr(region, "active_panel_category", "") == TAB:
                    return True
    return False


def _existing(text: str) -> Path:
    path = Path(bpy.path.abspath(text))
    if not path.is_file():
        raise PhotoError(f"There is no photo {path.name} in {path.parent}. Choose it again.")
    return path
