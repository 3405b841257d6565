"""A property that holds a file, as every one here does: relative to the scene where it is chosen so."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import StringProperty

Update = Callable[[bpy.types.PropertyGroup, bpy.types.Context], None]


def file_property(name: str, description: str, *, update: Update | None = None) -> object:
    """A path to a file; `update` is called when another one is chosen."""
    return StringProperty(
        name=name,
        description=description,
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        update=update,
    )
