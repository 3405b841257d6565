"""Registration: every class in order, the one property, the one handler, and all of it back in reverse."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from . import preferences, translation
from .commands import blender_command
from .operators import (
    cancelling,
    editing,
    exchange,
    expression_assets,
    generate,
    head,
    learning,
    line_list,
    live,
    mapping,
    rendering,
    server,
    take,
    take_list,
)
from .panels import (
    direct_panels,
    first_run,
    head_panel,
    live_panel,
    mapping_panel,
    panels,
    render_panel,
    server_panel,
)
from .performing import refining
from .rig import profiles
from .session import state
from .settings import key_watch, mapping_editor, presets, properties, rate_watch, saved_paths
from .staging import retaking

CLASSES = (
    *properties.CLASSES,
    *preferences.CLASSES,
    *generate.CLASSES,
    *cancelling.CLASSES,
    *rendering.CLASSES,
    *head.CLASSES,
    *learning.CLASSES,
    *server.CLASSES,
    *take.CLASSES,
    *exchange.CLASSES,
    *mapping_editor.CLASSES,
    *mapping.CLASSES,
    *line_list.CLASSES,
    *take_list.CLASSES,
    *editing.CLASSES,
    *expression_assets.CLASSES,
    *live.CLASSES,
    *presets.CLASSES,
    *first_run.CLASSES,
    *panels.SPEAK_CLASSES,
    *direct_panels.CLASSES,
    *live_panel.CLASSES,
    *head_panel.CLASSES,
    *render_panel.CLASSES,
    *server_panel.CLASSES,
    *mapping_panel.CLASSES,
)


# The handle by which Blender takes a command back.
_COMMANDS: list[object] = []


def register() -> None:
    """Add everything to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.dirfa = PointerProperty(type=properties.DIRFA_PG_settings)
    bpy.app.translations.register(__name__, translation.for_blender())
    bpy.types.TOPBAR_MT_file_import.append(exchange.draw_import)
    bpy.types.TOPBAR_MT_file_export.append(exchange.draw_export)
    bpy.types.ASSETBROWSER_MT_context_menu.append(expression_assets.draw_in_browser)
    _COMMANDS.append(bpy.utils.register_cli_command(blender_command.NAME, blender_command.run))
    mapping_editor.register_properties()
    server.begin_watching()
    refining.begin_watching()
    profiles.begin_reading()
    saved_paths.begin()
    if not bpy.app.background:
        key_watch.begin()
        rate_watch.begin()


def unregister() -> None:
    """Stop what runs and take everything back."""
    rate_watch.end()
    key_watch.end()
    saved_paths.end()
    profiles.end_reading()
    refining.end_watching()
    rendering.end_following()
    retaking.end()
    server.end_watching()
    bpy.app.translations.unregister(__name__)
    while _COMMANDS:
        bpy.utils.unregister_cli_command(_COMMANDS.pop())
    bpy.types.ASSETBROWSER_MT_context_menu.remove(expression_assets.draw_in_browser)
    bpy.types.TOPBAR_MT_file_export.remove(exchange.draw_export)
    bpy.types.TOPBAR_MT_file_import.remove(exchange.draw_import)
    cancel = state().cancel
    if cancel is not None:
        cancel()
    state().clear()
    mapping_editor.unregister_properties()
    del bpy.types.Scene.dirfa
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
