"""What a datablock was made from, kept on it as custom properties: whoever opens the file can read it."""

from __future__ import annotations

from collections.abc import Mapping

import bpy

# Characters that Blender keeps of a property's name.
NAME_CHARACTERS = 63


def keep_origin(block: bpy.types.ID, source: Mapping[str, str]) -> None:
    """Write down the source of a take or a head, each entry as ``dirfa_<key>``."""
    for key, value in source.items():
        block[f"dirfa_{key}"[:NAME_CHARACTERS]] = value
