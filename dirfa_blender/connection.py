"""Which server the preferences choose; the defaults where the add-on runs outside Blender's add-on list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import bpy

from .core.errors import SettingsError
from .roots import ROOT_PACKAGE

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Connection:
    """Which server to ask: ``local`` is started on demand, ``remote`` is somebody's address."""

    kind: Literal["local", "remote"] = "local"
    url: str = ""
    token: str = ""


def preferences_of(context: bpy.types.Context) -> bpy.types.AddonPreferences | None:
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
