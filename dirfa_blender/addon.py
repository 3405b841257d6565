"""Registration: every class in order, the one property, the one handler, and all of it back in reverse."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from . import first_run, panels, preferences, properties, server_panel, translation
from .operators import generate, rendering, server, take
from .session import state

CLASSES = (
    *properties.CLASSES,
    *preferences.CLASSES,
    *generate.CLASSES,
    *rendering.CLASSES,
    *server.CLASSES,
    *take.CLASSES,
    *first_run.CLASSES,
    *panels.CLASSES,
    *server_panel.CLASSES,
)


def register() -> None:
    """Add everything to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.dirfa = PointerProperty(type=properties.DIRFA_PG_settings)
    bpy.app.translations.register(__name__, translation.for_blender())
    server.begin_watching()


def unregister() -> None:
    """Stop what runs and take everything back."""
    server.end_watching()
    bpy.app.translations.unregister(__name__)
    cancel = state().cancel
    if cancel is not None:
        cancel()
    state().clear()
    del bpy.types.Scene.dirfa
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
