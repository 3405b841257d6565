"""A character of a scene with its animation for a game engine, over a frame range, whole or not at all.

`exports` writes the file. Here it is decided what belongs to a character, and what an export cannot carry
is said before: modifiers that change the number of vertices would cost the shape keys, so they stay behind.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..blender.scene import frame_rate
from ..core import provenance
from ..core.errors import OutputError, RigError
from ..core.partials import folder_beside, remove_stale
from .export_check import CheckOrder
from .exports import export_objects

# Where in the range an export is compared: away from its ends, too.
CHECKED_AT = (0.0, 0.23, 0.5, 0.77, 1.0)
# Clips of these formats have no beginning: they last from 0 s to their last key.
CLIPS = (".glb", ".gltf")
# A clip that begins later than this is seen to stand still first.
STILL_SECONDS = 0.5
HARMLESS = ("ARMATURE",)
"""Modifiers that leave the vertices of a mesh what they are."""


@dataclass(frozen=True)
class Export:
    """What is exported.

    Parameters
    ----------
    objects : the character: meshes, armature, and what is parented to them
    frame_start, frame_end : range that is sampled, both included
    hidden : names of its meshes that are hidden, and so left out
    from_zero : a glTF clip begins at 0 s, whatever the frame it begins at here
    """

    objects: tuple[bpy.types.Object, ...]
    frame_start: int
    frame_end: int
    hidden: tuple[str, ...] = ()
    from_zero: bool = False


def export_of(
    scene: bpy.types.Scene, character: bpy.types.Object | None = None, *, from_zero: bool = False
) -> Export:
    """The export of a character, or of every mesh and armature of a scene, over its frame range.

    Raises
    ------
    RigError
        Nothing in it can be exported.
    """
    if character is None:
        found = [o for o in scene.objects if o.type in ("MESH", "ARMATURE", "EMPTY")]
    else:
        root = character
        while root.parent is not None:
            root = root.parent
        rig = character.find_armature()
        found = list({root, *root.children_recursive, *([rig] if rig else [])})
        found = [o for o in scene.objects if o in found]
    name = character.name if character else scene.name
    if not any(o.type == "MESH" for o in found):
        raise RigError(f"'{name}' must have a mesh to export, it has none.")
    # Armatures are hidden often and needed always; a hidden mesh is one that is not wanted.
    left_out = [o.name for o in found if o.type == "MESH" and not o.visible_get()]
    seen = [o for o in found if o.name not in left_out]
    if not any(o.type == "MESH" for o in seen):
        raise RigError(
            f"The meshes of '{name}' are hidden, so nothing of it would be written. Show them in the "
            "outliner first."
        )
    return Export(tuple(seen), scene.frame_start, scene.frame_end, tuple(left_out), from_zero)


def lost_in_export(export: Export) -> tuple[str, ...]:
    """Sentences about what an export cannot carry."""
    sentences: list[str] = []
    if export.hidden:
        sentences.append(f"Hidden meshes are left out: {', '.join(export.hidden)}.")
    for thing in export.objects:
        if thing.type != "MESH" or thing.data.shape_keys is None:
            continue
        changing = [m.name for m in thing.modifiers if _shows(m)]
        if changing:
            sentences.append(
                f"'{thing.name}' has shape keys, so its modifiers {', '.join(changing)} are left out."
            )
    return tuple(sentences)


def said_of(scene: bpy.types.Scene, export: Export, path: Path) -> tuple[str, ...]:
    """`lost_in_export`, and a sentence where a clip stands still for long before it begins.

    Engines leave none of it out.
    """
    lost = lost_in_export(export)
    seconds = export.frame_start / frame_rate(scene).per_second
    if path.suffix.lower() not in CLIPS or export.from_zero or seconds < STILL_SECONDS:
        return lost
    return (
        *lost,
        f"In {path.name} the performance begins after {seconds:.1f} s, as at frame {export.frame_start} "
        "here. For engines, which play a clip from 0, export it with Begin at Zero (--from-zero).",
    )


def _shows(modifier: bpy.types.Modifier) -> bool:
    """Whether a modifier changes what a window shows: one for renders alone, at no level here, does not."""
    at_rest = modifier.type == "SUBSURF" and modifier.levels == 0
    return modifier.show_viewport and modifier.type not in HARMLESS and not at_rest


def check_order(scene: bpy.types.Scene, export: Export, path: Path) -> CheckOrder:
    """What an exported file must hold: each shape's weight at a few frames of the range, counted there."""
    span = export.frame_end - export.frame_start
    frames = sorted({export.frame_start + round(share * span) for share in CHECKED_AT})
    faces = [o for o in export.objects if o.type == "MESH" and o.data.shape_keys is not None]
    weights: dict[str, dict[str, list[float]]] = {face.name: {} for face in faces}
    frame = scene.frame_current
    try:
        for number in frames:
            scene.frame_set(number)
            graph = bpy.context.evaluated_depsgraph_get()
            for face in faces:
                for key in face.evaluated_get(graph).data.shape_keys.key_blocks[1:]:
                    weights[face.name].setdefault(key.name, []).append(key.value)
    finally:
        scene.frame_set(frame)
    begun = export.frame_start if export.from_zero and path.suffix.lower() in CLIPS else 0
    there = tuple(number - begun for number in frames)
    return CheckOrder(str(path), scene.render.fps, scene.render.fps_base, there, weights)


def export_character(scene: bpy.types.Scene, export: Export, path: Path) -> None:
    """Write a character with its animation; the file appears whole or not at all.

    Raises
    ------
    SettingsError
        No such format.
    OutputError
        It cannot be written.
    """
    if not path.parent.is_dir():
        # Some exporters would make the folder, others end without a word.
        raise OutputError(f"Blender could not write {path.name}: there is no folder {path.parent}.")
    remove_stale(path.parent)
    kept = (scene.frame_start, scene.frame_end, scene.frame_current)
    try:
        scene.frame_start, scene.frame_end = export.frame_start, export.frame_end
        with folder_beside(path) as folder:
            with _marked(scene, export):
                export_objects(
                    folder / path.name, export.objects, animated=True, from_zero=export.from_zero
                )
            _publish(folder, path)
    except OSError as error:
        raise OutputError(
            f"Blender could not write {path.name} in {path.parent}: {error.strerror or error}."
        ) from error
    finally:
        scene.frame_start, scene.frame_end = kept[:2]
        scene.frame_set(kept[2])


@contextmanager
def _marked(scene: bpy.types.Scene, export: Export) -> Generator[None]:
    """Scene and character say meanwhile that a performance in them is synthetic, where there is one.

    Custom properties are what glTF, FBX and USD all carry; FBX and USD those of objects only.
    """
    settings = getattr(scene, "dirfa", None)
    performs = settings is not None and any(r.target in export.objects for r in settings.characters)
    if not (performs or provenance.PROPERTY in scene):
        yield
        return
    tops = [o for o in export.objects if o.parent not in export.objects and o.is_editable]
    marked = [block for block in (scene, *tops) if provenance.PROPERTY not in block]
    try:
        for block in marked:
            block[provenance.PROPERTY] = provenance.SYNTHETIC
        yield
    finally:
        for block in marked:
            del block[provenance.PROPERTY]


def _publish(folder: Path, target: Path) -> None:
    """Move what was made to its place: pictures and what else a file names, then the file itself."""
    made = folder / target.name
    companions = sorted(file for file in folder.rglob("*") if file.is_file() and file != made)
    for file in (*companions, made):
        place = target.parent / file.relative_to(folder)
        place.parent.mkdir(exist_ok=True)
        os.replace(file, place)
