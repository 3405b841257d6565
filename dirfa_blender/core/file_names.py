"""File names from what people call things: ids of lines, names of profiles and performers. No bpy.

What one system takes, another refuses or, worse, takes for something else: on Windows ``nul.npz`` is no
file but the place where everything vanishes, and a full stop at the end of a name is lost. Names are made
for all of them, so a manifest gives the same files everywhere. Source: Microsoft, *Naming Files, Paths, and
Namespaces*.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from .errors import FormatError

REFUSED = re.compile(r'[<>:"|?*\x00-\x1f]')
HALVES = re.compile(r"[\ud800-\udfff]")
"""Of characters: what Python has for bytes in a name that are no UTF-8 (PEP 383)."""
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)


def is_unicode(text: str) -> bool:
    """Whether a name can be written as text: those of old disks and archives may be in another encoding."""
    return not HALVES.search(text)


def told_name(text: str) -> str:
    """A name as text that can be written anywhere, with a line for every byte that means nothing."""
    return HALVES.sub("_", text)


def safe_name(text: str) -> str:
    """A text as one part of a path; without a suffix, or with one put behind it, good on every system."""
    name = told_name(REFUSED.sub("_", re.sub(r"[/\\]", "_", text))).rstrip(" .")
    return f"_{name}" if DEVICES.match(name) or not name else name


def safe_place(text: str) -> str:
    """A text as a path below some folder, with ``/``: no part that leads out of it."""
    parts = [part for part in re.split(r"[/\\]", text) if part not in ("", ".", "..")]
    return "/".join(safe_name(part) for part in parts) or "_"


def checked_place(text: str) -> str:
    """A path below the output folder that somebody chose, with ``/``: not another than was asked for.

    Raises
    ------
    FormatError
        It leads out of the folder, or some system has no such file.
    """
    place = PurePosixPath(text.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or re.match("[A-Za-z]:", text):
        raise FormatError(f"output must lie inside the output folder, got {text!r}.")
    if place.as_posix() != safe_place(text):
        raise FormatError(
            f"output must be a file name on every system, such as {safe_place(text)!r}, got {text!r}."
        )
    return place.as_posix()
