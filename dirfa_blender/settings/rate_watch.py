"""A frame rate set anywhere in Blender, as in its Output panel, counts as one set in the DIRFA tab.

Blender leaves keys and strips at their frames when the rate changes, so lips would leave their sound. The
handler only compares the rate with the last one it saw; the work is done once the rate has settled, since a
number that is dragged passes many. A rate that was another before the file was opened is left alone: the
Edit panel says so and has a button.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..blender.scene import usable_rate
from ..blender.viewport import redraw_sidebars
from ..core.timing import FrameRate
from ..session import state
from . import film_choice

SETTLED_SECONDS = 0.3


@persistent
def on_update(scene: bpy.types.Scene, _depsgraph: bpy.types.Depsgraph | None = None) -> None:
    """After anything changed: was it the rate of a scene in which somebody speaks?"""
    if not len(scene.dirfa.lines):
        return
    rates, now = state().rates, usable_rate(scene)
    if now is None or rates.setdefault(scene.session_uid, now) == now:
        return
    if not bpy.app.background and not bpy.app.timers.is_registered(follow):
        bpy.app.timers.register(follow, first_interval=SETTLED_SECONDS)


def follow() -> float | None:
    """Let every scene follow the rate it has now; seconds until another try where that must wait."""
    if state().is_busy or state().entering is not None:
        return SETTLED_SECONDS
    for scene in bpy.data.scenes:
        now = usable_rate(scene)
        before = state().rates.get(scene.session_uid)
        if now is None or before is None or before == now:
            continue
        state().rates[scene.session_uid] = now
        if _is_behind(scene, now):
            film_choice.follow_rate(scene, before)
            redraw_sidebars()
    return None


def _is_behind(scene: bpy.types.Scene, now: FrameRate) -> bool:
    """Whether nobody has followed yet: neither our own list of rates nor an undo leaves anything to do."""
    written = [record for record in scene.dirfa.characters if record.action is not None]
    return any(abs(record.fps - now.per_second) > film_choice.SAME_RATE for record in written)


@persistent
def on_load(_path: object, _more: object = None) -> None:
    """Another file is open: nothing was seen of its scenes."""
    state().rates.clear()


def begin() -> None:
    """Start watching."""
    bpy.app.handlers.depsgraph_update_post.append(on_update)
    bpy.app.handlers.load_post.append(on_load)


def end() -> None:
    """Stop watching."""
    for handlers, own in (
        (bpy.app.handlers.depsgraph_update_post, on_update),
        (bpy.app.handlers.load_post, on_load),
    ):
        if own in handlers:
            handlers.remove(own)
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)
