"""Texts of recordings, as studios keep them: ``line.txt`` beside ``line.wav``. No bpy."""

from __future__ import annotations

from pathlib import Path

from .errors import FormatError

SUFFIX = ".txt"


def read_text(path: Path) -> str:
    """The words in a text file, on one line.

    Raises
    ------
    FormatError
        It cannot be read, or is no text.
    """
    try:
        return " ".join(path.read_text("utf-8-sig").split())
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"Expected a text file of what is said at {path}: {error}.") from error


def text_beside(recording: Path) -> str:
    """What the text file of a recording says; empty where it has none."""
    path = recording.with_suffix(SUFFIX)
    return read_text(path) if path.is_file() else ""
