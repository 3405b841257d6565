"""DIRFA for Blender: speech and a photo become an animated head.

Importing this package needs no Blender; `register` does. `core` needs numpy only.
"""

from __future__ import annotations


def register() -> None:
    """Add every class and property of the add-on to Blender."""
    from . import addon

    addon.register()


def unregister() -> None:
    """Take back everything `register` added, in reverse."""
    from . import addon

    addon.unregister()
