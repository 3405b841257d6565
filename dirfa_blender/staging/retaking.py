"""The line at hand follows seed, blinks and breath: a take that has them plays, or one is asked for.

Only while *Follow Changes* is on, and only after the sliders have been still for a moment. Nothing is
asked of the server where a take of the line has them already; and where the rate of blinks
is all that changed, only the lids are made anew. Another change while a take is under way waits for it.
"""

from __future__ import annotations

import bpy

from ..performing import acting, takes
from ..session import state

SETTLED_SECONDS = 0.6
# Rates of blinking, and breaths, closer than this are one.
SAME = 1e-3


def on_settings(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Seed, blinks or breath changed: look again when they have come to rest."""
    if not settings.follow or bpy.app.background:
        return
    end()
    bpy.app.timers.register(follow, first_interval=SETTLED_SECONDS)


def follow() -> float | None:
    """Let the line follow; the seconds until another look while a job runs, else None."""
    if state().is_busy:
        return SETTLED_SECONDS
    scene = bpy.context.scene
    region = missing_region(scene)
    window = bpy.context.window_manager.windows[0] if bpy.context.window_manager.windows else None
    if region:
        with bpy.context.temp_override(window=window):
            bpy.ops.dirfa.another_take("EXEC_DEFAULT", region=region, is_exact=True)
    return None


def missing_region(scene: bpy.types.Scene) -> str:
    """What has to be made anew for the chosen line to have the settings; a take that has them is chosen.

    Returns
    -------
    ``ALL`` for another seed or breath, ``lids`` for another rate of blinks, empty where nothing has to be
    asked for
    """
    line = acting.current_line(scene)
    now = takes.chosen_take(line) if line is not None else None
    if line is None or now is None:
        return ""
    wanted = scene.dirfa
    if _fits(now, wanted):
        return ""
    for index, take in enumerate(line.takes):
        if _fits(take, wanted):
            line.take_index = index
            return ""
    return "lids" if _fits_but_blinks(now, wanted) else "ALL"


def end() -> None:
    """Follow nothing any more."""
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)


def _fits(take: bpy.types.PropertyGroup, wanted: bpy.types.PropertyGroup) -> bool:
    return _fits_but_blinks(take, wanted) and abs(take.blinks - wanted.blinks) < SAME


def _fits_but_blinks(take: bpy.types.PropertyGroup, wanted: bpy.types.PropertyGroup) -> bool:
    return take.seed == wanted.seed and abs(take.breath - wanted.breath) < SAME
