"""Retimed strips, taken out of their scene to be mixed down elsewhere; see `mixing`.

A copy of the scene is written to a file with everything but these strips cut off, then it is gone again:
the artist's scene and its history stay as they were. That takes milliseconds, however large the file is,
and is done once for many lines.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path

import bpy

from ..blender.program import program
from ..core.errors import AudioError
from .mixing import SCENE, Mix

# What hangs deeper below a scene's settings than this refers to no data of the file.
MOST_LEVELS = 4
UNTOUCHED = frozenset({"rna_type", "sequence_editor", "asset_data"})


def is_retimed(strip: bpy.types.Strip) -> bool:
    """Whether a strip plays at another speed than its recording."""
    return bool(getattr(strip, "retiming_keys", None))


class Retimed:
    """The retimed strips of a scene, taken out of it when the first of them is asked for."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._data = b""
        self._name = ""

    def mix_of(self, strip: bpy.types.Strip, span: tuple[float, float]) -> Mix:
        """What it takes to mix a strip down.

        Parameters
        ----------
        span : first frame that is heard, and the frame after the last one

        Raises
        ------
        AudioError
            Nothing can be written where temporary files go.
        """
        if not self._data:
            try:
                self._data, self._name = _taken_out(self._scene)
            except OSError as error:
                raise AudioError(
                    f"Retimed strip '{strip.name}' cannot be written out: {error.strerror or error}."
                ) from error
        frames = (math.floor(span[0]), math.ceil(span[1]) - 1)
        started = program(with_scripts=False)
        own = (*started, "--factory-startup") if started else ()
        return Mix(self._data, self._name, strip.name, frames, own)


def _taken_out(scene: bpy.types.Scene) -> tuple[bytes, str]:
    """A file with a copy of a scene that has nothing but retimed strips, and the copy's name."""
    copy = scene.copy()
    try:
        _leave_strips(copy)
        _leave_no_data(copy)
        with tempfile.TemporaryDirectory(prefix="dirfa-", dir=bpy.app.tempdir or None) as folder:
            path = Path(folder) / SCENE
            bpy.data.libraries.write(str(path), {copy}, path_remap="ABSOLUTE", fake_user=False)
            return path.read_bytes(), copy.name
    except RuntimeError as error:
        raise OSError(str(error).removeprefix("Error: ").strip()) from error
    finally:
        bpy.data.scenes.remove(copy)


def _leave_strips(scene: bpy.types.Scene) -> None:
    """Leave retimed strips and the meta strips around them, all to be heard; they lose their sound."""
    scene.animation_data_clear()
    scene.use_audio, scene.audio_volume = True, 1.0
    _leave_strips_in(scene.sequence_editor)


def _leave_strips_in(holder: bpy.types.SequenceEditor | bpy.types.MetaStrip) -> None:
    for channel in holder.channels:
        channel.mute = False
    for strip in list(holder.strips):
        if strip.type == "META":
            _leave_strips_in(strip)
        is_kept = len(strip.strips) if strip.type == "META" else _is_spoken(strip)
        if not is_kept:
            holder.strips.remove(strip)
            continue
        strip.mute = False
        if strip.type == "SOUND":
            # The recording is named to whoever mixes; packed, it would be written once more.
            strip.sound, strip.volume, strip.pan = None, 1.0, 0.0


def _is_spoken(strip: bpy.types.Strip) -> bool:
    return strip.type == "SOUND" and is_retimed(strip)


def _leave_no_data(scene: bpy.types.Scene) -> None:
    """Take out all that a scene refers to."""
    for child in list(scene.collection.children):
        scene.collection.children.unlink(child)
    for thing in list(scene.collection.objects):
        scene.collection.objects.unlink(thing)
    for key in list(scene.keys()):
        del scene[key]
    _cut_off(scene, MOST_LEVELS)
    # Until 5.0 the compositor's nodes are the scene's own.
    nodes = getattr(scene, "node_tree", None)
    if nodes is not None:
        nodes.nodes.clear()


def _cut_off(holder: bpy.types.bpy_struct, levels: int) -> None:
    """Let settings refer to nothing else in the file, so that nothing else is written with them."""
    for entry in holder.bl_rna.properties:
        name = entry.identifier
        if entry.type not in {"POINTER", "COLLECTION"} or name in UNTOUCHED:
            continue
        families = _families(entry.fixed_type)
        if "ID" in families:
            if entry.type == "POINTER" and not entry.is_readonly and getattr(holder, name):
                # Not everything may be empty, such as the style of a line set of Freestyle.
                with contextlib.suppress(TypeError, AttributeError, RuntimeError):
                    setattr(holder, name, None)
        elif "PropertyGroup" in families:
            # What add-ons store; the lines of this one hold whole takes.
            holder.property_unset(name)
        elif levels and entry.type == "COLLECTION":
            for item in getattr(holder, name):
                _cut_off(item, levels - 1)
        elif levels and getattr(holder, name) is not None:
            _cut_off(getattr(holder, name), levels - 1)


def _families(kind: bpy.types.bpy_struct) -> set[str]:
    """Names of a kind of data and of what it is a kind of."""
    found: set[str] = set()
    while kind is not None:
        found.add(kind.identifier)
        kind = kind.base
    return found
