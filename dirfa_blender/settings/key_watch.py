"""Keyframes of emotions are live too: when they change in an editor, their performances are written again.

Blender tells nobody when a key of a property moves, except through its dependency graph. The handler only
looks whether the Action that holds our keys was touched, and asks for one rewrite shortly after the last
change; without a window there is no such moment, and *Write Again* does it.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ..performing import directing
from ..performing.line_controls import keyed_paths
from ..session import state

SETTLED_SECONDS = 0.2


@persistent
def on_update(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """After anything changed: were it the keys of our sliders?"""
    data = scene.animation_data
    if data is None or data.action is None or state().is_busy:
        return
    touched = {update.id.original for update in depsgraph.updates if update.id is not None}
    if data.action in touched and keyed_paths(scene):
        if bpy.app.timers.is_registered(rewrite_keyed):
            bpy.app.timers.unregister(rewrite_keyed)
        bpy.app.timers.register(rewrite_keyed, first_interval=SETTLED_SECONDS)


def rewrite_keyed() -> None:
    """Write every character that has a line with keyframes, in the scene that is shown."""
    scene = bpy.context.scene
    paths = keyed_paths(scene)
    targets = {
        line.character
        for index, line in enumerate(scene.dirfa.lines)
        if line.character is not None
        and any(path.startswith(f"dirfa.lines[{index}].") for path in paths)
    }
    for target in targets:
        directing.rewrite(scene, target)


def begin() -> None:
    """Start watching."""
    bpy.app.handlers.depsgraph_update_post.append(on_update)


def end() -> None:
    """Stop watching."""
    if on_update in bpy.app.handlers.depsgraph_update_post:
        bpy.app.handlers.depsgraph_update_post.remove(on_update)
    if bpy.app.timers.is_registered(rewrite_keyed):
        bpy.app.timers.unregister(rewrite_keyed)
