"""Registration: every class in order, the one property, the one handler, and all of it back in reverse."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from . import panels, preferences, properties
from .operators import generate, rendering, server, take
from .session import state

CLASSES = (
    *properties.CLASSES,
    *preferences.CLASSES,
    *generate.CLASSES,
    *rendering.CLASSES,
    *server.CLASSES,
    *take.CLASSES,
    *panels.CLASSES,
)


def register() -> None:
    """Add everything to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.dirfa = PointerProperty(type=properties.DIRFA_PG_settings)
    if not bpy.app.background:
        # Once, when the window stands: looking reads files, which neither start-up nor drawing should.
        bpy.app.timers.register(state().look_at_server, first_interval=0.5)


def unregister() -> None:
    """Stop what runs and take everything back."""
    look = state().look_at_server
    if bpy.app.timers.is_registered(look):
        bpy.app.timers.unregister(look)
    cancel = state().cancel
    if cancel is not None:
        cancel()
    state().clear()
    del bpy.types.Scene.dirfa
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
