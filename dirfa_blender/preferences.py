"""Add-on preferences: which server to ask.

The identifier is the extension's own package, one above this one: Blender finds preferences by it. In a
checkout there is no package above, and `of` then answers with the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import bpy
from bpy.props import EnumProperty, StringProperty

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

    def draw(self, context: bpy.types.Context) -> None:  # noqa: ARG002
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "connection")
        if self.connection == "local":
            layout.operator("dirfa.server_setup", icon="IMPORT")
            return
        layout.prop(self, "url")
        layout.prop(self, "token")
        if not is_loopback(self.url) and not bpy.app.online_access:
            layout.label(text="Allow online access in Preferences > System", icon="ERROR")


def connection_of(context: bpy.types.Context) -> Connection:
    """The chosen connection; defaults where the add-on runs outside Blender's add-on list.

    Raises
    ------
    SettingsError
        A remote address is chosen and Blender may not go online.
    """
    addon = context.preferences.addons.get(ROOT_PACKAGE)
    chosen = addon.preferences if addon is not None else None
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
