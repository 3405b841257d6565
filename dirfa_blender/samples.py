"""The sample that needs no material of one's own: a line of speech and a portrait. No bpy.

The portrait is the astronaut of the scikit-image package, which the server's environment carries; its face
is small and smiles, which nobody who uses it can help, so advice about the photo is left out for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from .core.errors import PhotoError
from .roots import ROOT

_SPEECH = Path("samples") / "speech.flac"
_PORTRAIT = Path("skimage") / "data" / "astronaut.png"


def sample_speech() -> Path:
    """The recording of the sample."""
    return ROOT / _SPEECH


def sample_photo(packages: Iterable[Path] | None = None) -> Path:
    """The portrait of the sample.

    Parameters
    ----------
    packages : folders that packages are installed in; those of this process by default

    Raises
    ------
    PhotoError
        No such package: the server is not set up on this computer.
    """
    for folder in map(Path, sys.path) if packages is None else packages:
        if (folder / _PORTRAIT).is_file():
            return folder / _PORTRAIT
    raise PhotoError(
        "The sample portrait comes with the server: set it up first, or choose a photo."
    )


def advice(notes: Iterable[str], photo: Path) -> tuple[str, ...]:
    """What to tell about a head that was made from a photo: nothing about the sample's own."""
    is_sample = photo.parts[-len(_PORTRAIT.parts) :] == _PORTRAIT.parts
    return () if is_sample else tuple(notes)
