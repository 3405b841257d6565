"""The scene around a take: frame rate, frame range, sound strip, and saving it whole.

The audio clock starts at a scene's first frame: `place_sound` and `set_frame_range` take the same
``frame_start`` as `apply.apply_animation`, so picture and sound cannot drift apart.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import bpy

from ..core.errors import AudioError, OutputError, SettingsError
from ..core.file_names import is_unicode, told_name
from ..core.partials import partial_path, remove_stale
from ..core.timing import FrameRate

# A recording up to this size travels inside the saved file, so the file plays anywhere.
PACK_LIMIT_BYTES = 64 * 2**20
# Of Blender's sequencer.
CHANNELS = 128


def frame_rate(scene: bpy.types.Scene) -> FrameRate:
    """The scene's exact rate: Blender keeps ``fps_base`` in single precision, 1.001 as 1.00100005.

    Raises
    ------
    SettingsError
        There are more frames a second than anybody can speak at.
    """
    return FrameRate(scene.render.fps, round(scene.render.fps_base, 6))


def usable_rate(scene: bpy.types.Scene) -> FrameRate | None:
    """The same for whoever only looks; None where it is one at which nobody speaks."""
    try:
        return frame_rate(scene)
    except SettingsError:
        return None


def set_frame_rate(scene: bpy.types.Scene, rate: FrameRate) -> None:
    """Give a scene this exact rate."""
    scene.render.fps = rate.fps
    scene.render.fps_base = rate.fps_base


def set_frame_range(scene: bpy.types.Scene, frame_start: int, duration_seconds: float) -> None:
    """Make a scene as long as a recording: the last frame is the one in which the sound ends."""
    scene.frame_start = frame_start
    scene.frame_end = frame_start + frame_rate(scene).frame_count(duration_seconds) - 1
    # Not `frame_set`, which would evaluate everything at once; Blender does before it draws.
    scene.frame_current = frame_start


def span_of(strip: bpy.types.Strip) -> tuple[float, float]:
    """First frame of a strip that is heard, and the frame after its last one."""
    if hasattr(strip, "left_handle"):
        return float(strip.left_handle), float(strip.right_handle)
    return float(strip.frame_final_start), float(strip.frame_final_end)


def content_start(strip: bpy.types.Strip) -> float:
    """Frame of a strip's first sample, if it were not trimmed."""
    return float(strip.content_start if hasattr(strip, "content_start") else strip.frame_start)


def move_strip(strip: bpy.types.Strip, by: float) -> None:
    """Let a strip be heard so many frames later."""
    if hasattr(strip, "content_start"):
        strip.content_start += by
    else:
        strip.frame_start += by


def place_sound(
    scene: bpy.types.Scene,
    path: Path,
    frame_start: int,
    name: str = "Speech",
    *,
    seconds: float = math.inf,
) -> bpy.types.Strip:
    """A new sound strip of a recording, on the first channel that is free there for so long.

    Raises
    ------
    AudioError
        There is no such file, Blender finds no sound in it, or the sequencer is full.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"There is no recording {path.name} in {path.parent}.")
    if not is_unicode(str(path)):
        raise AudioError(
            f"The name of {told_name(path.name)} is not in Unicode, which Blender's sequencer needs. "
            "Rename the recording, or switch Sound Strip off."
        )
    strips = _strips(scene)
    # A strip takes whole frames.
    end = frame_start + seconds * frame_rate(scene).per_second + 1
    there = [(strip.channel, *span_of(strip)) for strip in strips]
    used = {channel for channel, low, high in there if low < end and high > frame_start}
    channel = next((number for number in range(1, CHANNELS + 1) if number not in used), None)
    if channel is None:
        raise AudioError(
            f"All {CHANNELS} channels of the sequencer are taken, so the recording has no place there. "
            "Empty one of them, or switch Sound Strip off."
        )
    try:
        strip = strips.new_sound(name, str(path), channel=channel, frame_start=frame_start)
    except RuntimeError as error:
        raise AudioError(f"Blender finds no sound in {path.name}: {error}") from error
    scene.sync_mode = "AUDIO_SYNC"
    return strip


def save_blend(path: Path) -> None:
    """Save a copy of everything as a .blend; it appears whole or not at all.

    Short recordings are packed; images made by us are packed already.

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is full.
    """
    path = Path(path)
    remove_stale(path.parent)
    # Beside the target and not in a folder of its own: Blender writes paths relative to where it saves.
    partial = partial_path(path)
    for sound in bpy.data.sounds:
        source = Path(bpy.path.abspath(sound.filepath))
        is_loose = sound.packed_file is None and source.is_file()
        if is_loose and source.stat().st_size <= PACK_LIMIT_BYTES:
            sound.pack()
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(partial), copy=True, compress=True)
        os.replace(partial, path)
    except (RuntimeError, OSError) as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            f"Cannot write {path.name} in {path.parent}: {_reason(error)}. "
            "Choose a folder you may write to, or free some space."
        ) from error


def _strips(scene: bpy.types.Scene) -> bpy.types.bpy_prop_collection:
    editor = scene.sequence_editor or scene.sequence_editor_create()
    return editor.strips


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.removeprefix("Error: ").strip().rstrip(".")
