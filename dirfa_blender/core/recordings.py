"""Endings of files in which speech is looked for, sound and films. No bpy.

Whether one can be read shows when it is.
"""

from __future__ import annotations

SOUNDS = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".m4a", ".aac", ".caf", ".wma",
)  # fmt: skip
FILMS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
                   ".ogv", ".wmv", ".flv", ".3gp", ".mxf", ".dv", ".vob"})  # fmt: skip


def shown_in_browser() -> str:
    """Both as a filter of Blender's file browser."""
    return ";".join(f"*{suffix}" for suffix in (*SOUNDS, *sorted(FILMS)))
