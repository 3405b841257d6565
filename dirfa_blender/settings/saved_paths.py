"""Paths relative to the file stay right when it is saved in another folder.

Blender remaps its own paths then, but not those of an extension's properties: a recording chosen beside
the file would be sought beside the new one. They are remapped before the file is written, and put back
where only a copy was written, or nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from ..session import state

HANDLERS = ("save_pre", "save_post", "save_post_fail")


@persistent
def before_saving(path: str, _more: object = None) -> None:
    """Let paths fit the folder that is saved to."""
    state().paths_before.clear()
    old = bpy.data.filepath
    if not path or not old or Path(path).parent == Path(old).parent:
        return
    for scene in bpy.data.scenes:
        if scene.is_editable:
            for holder, name in _relative_paths(scene.dirfa):
                said = getattr(holder, name)
                absolute = bpy.path.abspath(said)
                fitting = absolute
                # On another drive there is no relative path.
                with contextlib.suppress(ValueError):
                    fitting = bpy.path.relpath(absolute, start=str(Path(path).parent))
                state().paths_before.append((holder, name, said))
                _say(holder, name, fitting)


@persistent
def after_saving(path: str, _more: object = None) -> None:
    """Put paths back where the open file is still the one before."""
    if path != bpy.data.filepath:
        for holder, name, said in state().paths_before:
            _say(holder, name, said)
    state().paths_before.clear()


def begin() -> None:
    """Start watching."""
    bpy.app.handlers.save_pre.append(before_saving)
    bpy.app.handlers.save_post.append(after_saving)
    bpy.app.handlers.save_post_fail.append(after_saving)


def end() -> None:
    """Stop watching."""
    for name in HANDLERS:
        listeners = getattr(bpy.app.handlers, name)
        for own in (before_saving, after_saving):
            if own in listeners:
                listeners.remove(own)


def _say(holder: bpy.types.PropertyGroup, name: str, path: str) -> None:
    with state().quietly():
        setattr(holder, name, path)


def _relative_paths(
    holder: bpy.types.PropertyGroup,
) -> Iterator[tuple[bpy.types.PropertyGroup, str]]:
    """Properties of files that are sought beside the .blend, in a group and in those below it."""
    for entry in holder.bl_rna.properties:
        name = entry.identifier
        if entry.type == "STRING" and entry.subtype == "FILE_PATH":
            if getattr(holder, name).startswith("//"):
                yield holder, name
        elif entry.type in ("POINTER", "COLLECTION") and _is_ours(entry.fixed_type):
            found = getattr(holder, name)
            for inner in (found,) if entry.type == "POINTER" else found:
                yield from _relative_paths(inner)


def _is_ours(kind: bpy.types.Struct) -> bool:
    return kind.base is not None and kind.base.identifier == "PropertyGroup"
