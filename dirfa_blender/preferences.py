"""Add-on preferences: which server to ask, and how to set it up.

The identifier is the extension's own package, one above this one: Blender finds preferences by it. In a
checkout there is no package above, and `of` then answers with the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from . import server_panel
from .core.errors import SettingsError

ROOT_PACKAGE = __package__.rpartition(".")[0] or __package__
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Connection:
    """Which server to ask: ``local`` is started on demand, ``remote`` is somebody's address."""

    kind: Literal["local", "remote"] = "local"
    url: str = ""
    token: str = ""


class DIRFA_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = ROOT_PACKAGE

    connection: EnumProperty(
        name="Server",
        description="Where speech and photos are analysed",
        items=(
            ("local", "This computer", "Start the server here when it is needed"),
            ("remote", "Another address", "Ask a server that already runs"),
        ),
        default="local",
    )
    url: StringProperty(
        name="Address",
        description="Address of the server, such as http://render-node:8765",
        default="http://127.0.0.1:8765",
    )
    token: StringProperty(
        name="Token",
        description="Token of the server, shown where it was started",
        subtype="PASSWORD",
    )
    device: EnumProperty(
        name="Device",
        description="What the server computes on; set up again after a change",
        items=(
            (
                "auto",
                "Automatic",
                "The graphics card if NVIDIA's driver finds one, else the processor",
            ),
            ("cpu", "Processor", "Small download, works everywhere"),
            ("cuda", "NVIDIA card", "About 3 GB more to download"),
        ),
        default="auto",
    )
    proxy: StringProperty(
        name="Proxy",
        description="Proxy for downloads, such as http://proxy:3128; empty for what the system says",
    )
    bundle: StringProperty(
        name="Offline Bundle",
        description=(
            "Folder made by `python3 dirfa.py bundle` on a computer with network; set-up then needs none"
        ),
        subtype="DIR_PATH",
    )
    start_early: BoolProperty(
        name="Start Early",
        description="Start the server when the DIRFA tab is opened and read a photo as soon as it is "
        "chosen, so that the first take comes sooner",
        default=True,
    )
    show_first_run: BoolProperty(
        name="Show First Steps",
        description="Show the page with the first three steps in the DIRFA tab",
        default=True,
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.row().prop(self, "connection", expand=True)
        if self.connection == "local":
            for name in ("device", "proxy", "bundle", "start_early"):
                layout.prop(self, name)
        else:
            layout.prop(self, "url")
            layout.prop(self, "token")
            if not is_loopback(self.url) and not bpy.app.online_access:
                row = layout.row()
                row.alert = True
                row.label(text="Allow online access in Preferences > System", icon="ERROR")
        server_panel.draw_server(layout.box(), context)
        layout.prop(self, "show_first_run")


def preferences_of(context: bpy.types.Context) -> DIRFA_AP_preferences | None:
    """The add-on's preferences; None where it runs outside Blender's add-on list."""
    addon = context.preferences.addons.get(ROOT_PACKAGE)
    return addon.preferences if addon is not None else None


def is_remote(context: bpy.types.Context) -> bool:
    """Whether another address than a server of our own is chosen."""
    chosen = preferences_of(context)
    return chosen is not None and chosen.connection == "remote"


def connection_of(context: bpy.types.Context) -> Connection:
    """The chosen connection; defaults where the add-on runs outside Blender's add-on list.

    Raises
    ------
    SettingsError
        A remote address is chosen and Blender may not go online.
    """
    chosen = preferences_of(context)
    if chosen is None:
        return Connection()
    if chosen.connection == "remote" and not is_loopback(chosen.url) and not bpy.app.online_access:
        raise SettingsError(
            f"Blender may not go online, and the server is at {chosen.url}. "
            "Allow online access in Preferences > System, or use the server on this computer."
        )
    return Connection(chosen.connection, chosen.url, chosen.token)


def is_loopback(url: str) -> bool:
    """Whether an address stays on this computer."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


CLASSES = (DIRFA_AP_preferences,)
