"""The line at hand follows seed and rate of blinks: a take that has them plays, or one is asked for.

Only while *Follow Changes* is on, and only after the sliders have been still for a moment. Nothing is
asked of the server where a take of the line has the seed and the rate already; and where the rate of blinks
is all that changed, only the lids are made anew. Another change while a take is under way waits for it.
"""

from __future__ import annotations

import bpy

from . import acting, takes
from .session import state

SETTLED_SECONDS = 0.6
# Rates of blinking closer than this are one.
SAME_RATE = 1e-3


def on_settings(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Seed or blinks changed: look again when they have come to rest."""
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
    ``ALL`` for another seed, ``lids`` for another rate of blinks, empty where nothing has to be asked for
    """
    line = acting.current_line(scene)
    now = takes.chosen_take(line) if line is not None else None
    if line is None or now is None:
        return ""
    seed, blinks = scene.dirfa.seed, scene.dirfa.blinks
    if _fits(now, seed, blinks):
        return ""
    for index, take in enumerate(line.takes):
        if _fits(take, seed, blinks):
            line.take_index = index
            return ""
    return "lids" if now.seed == seed else "ALL"


def end() -> None:
    """Follow nothing any more."""
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)


def _fits(take: bpy.types.PropertyGroup, seed: int, blinks: float) -> bool:
    return take.seed == seed and abs(take.blinks - blinks) < SAME_RATE
