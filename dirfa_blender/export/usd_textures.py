"""The pictures beside a USD file, under a name of their own.

Blender writes those of every file into one folder, ``textures``, and leaves alone what has the same name
there: of two characters with a picture of one name the second would wear the first one's face, and so
would a character whose picture has changed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import bpy


def texture_folder(name: str) -> str:
    """Name of the folder beside an exported file that holds its pictures."""
    return f"{Path(name).stem}_textures"


@contextmanager
def own_textures(path: Path) -> Generator[Path]:
    """Where to let Blender write a USD file, which is then put at `path`, its pictures beside it."""
    folder = texture_folder(path.name)
    with tempfile.TemporaryDirectory(prefix=".usd-", dir=path.parent) as scratch:
        made = Path(scratch) / path.name
        yield made
        pictures = sorted((made.parent / "textures").glob("*"))
        if pictures and _point_to(made, folder):
            _move(pictures, path.parent / folder)
        else:
            _move(pictures, path.parent / "textures")
        if made.exists():
            os.replace(made, path)


def _point_to(file: Path, folder: str) -> bool:
    """Let a USD file look for its pictures in another folder beside it; whether this Blender can."""
    try:
        bpy.utils.expose_bundled_modules()
        from pxr import Sdf, UsdUtils
    except (AttributeError, ImportError):
        return False
    layer = Sdf.Layer.FindOrOpen(str(file))
    UsdUtils.ModifyAssetPaths(layer, lambda place: re.sub(r"^\./textures/", f"./{folder}/", place))
    layer.Save()
    return True


def _move(files: list[Path], folder: Path) -> None:
    if files:
        folder.mkdir(exist_ok=True)
    for file in files:
        os.replace(file, folder / file.name)
