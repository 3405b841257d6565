"""Where a line's sound is now: strips of the sequencer as they are heard, recordings, sounds of the file.

A line from a strip is read from the strip each time, so trimming or moving it needs no second step. Sound
that is packed into the file is written out for as long as the program runs, because the server reads
files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..blender.scene import frame_rate
from ..core.errors import AudioError
from . import strips
from .retimed import Retimed, is_retimed
from .speech import Speech

# Below this a line is no speech, seconds.
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True)
class Cue:
    """Where a line's sound is: speech in a file, and the frame at which it begins."""

    speech: Speech
    frame_start: float


def cue_of(
    scene: bpy.types.Scene,
    line: bpy.types.PropertyGroup,
    heard: Mapping[int, bpy.types.Strip] | None = None,
    retimed: Retimed | None = None,
) -> Cue:
    """What a line's sound is now.

    Parameters
    ----------
    heard : `strips.of_lines`, where many lines are asked
    retimed : the scene's retimed strips, where many lines are asked

    Raises
    ------
    AudioError
        The strip, sound or recording is gone, has no length, or cannot be read as it is.
    """
    if line.kind == "STRIP":
        known = strips.of_lines(scene) if heard is None else heard
        return _strip_cue(scene, _heard_of(scene, line, known), retimed or Retimed(scene))
    if line.kind == "SOUND":
        if line.sound is None:
            raise AudioError(f"Line '{line.name}' has no sound. Choose one in the list.")
        return Cue(Speech(sound_file(line.sound)), line.frame_start)
    return Cue(Speech(recording_file(line.path)), line.frame_start)


def start_of(
    scene: bpy.types.Scene, line: bpy.types.PropertyGroup, heard: Mapping[int, bpy.types.Strip]
) -> float:
    """Frame at which a line's sound begins now. Raises AudioError as `cue_of`, which takes longer."""
    if line.kind != "STRIP":
        return cue_of(scene, line, heard).frame_start
    return _heard_of(scene, line, heard).begin


def recording_file(text: str) -> Path:
    """The recording at a path that may be relative to the scene's file.

    Raises
    ------
    AudioError
        There is none.
    """
    if text.startswith("//") and not bpy.data.filepath:
        raise AudioError(
            f"Recording {text} is sought beside this scene's file, which was never saved. Save it there, "
            "or choose the recording again."
        )
    path = Path(bpy.path.abspath(text))
    if not text or not path.is_file():
        raise AudioError(f"There is no recording {path.name} in {path.parent}. Choose it again.")
    return path


def sound_file(sound: bpy.types.Sound) -> Path:
    """A file with a sound's recording; packed sound is written to a folder of this session.

    Raises
    ------
    AudioError
        The sound is neither packed nor on disk.
    """
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if sound.packed_file is None:
        if not path.is_file():
            raise AudioError(
                f"There is no recording {path.name} in {path.parent}, where sound '{sound.name}' "
                "expects it. Put it back, or choose it again in the sequencer."
            )
        return path
    folder = Path(bpy.app.tempdir or tempfile.gettempdir()) / "dirfa-sounds"
    unpacked = folder / f"{sound.session_uid}-{path.name or 'sound.wav'}"
    data = sound.packed_file.data
    if not unpacked.is_file() or unpacked.stat().st_size != len(data):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unpacked.write_bytes(data)
        except OSError as error:
            raise AudioError(
                f"Cannot unpack sound '{sound.name}' to {folder}: {error.strerror or error}."
            ) from error
    return unpacked


@dataclass(frozen=True)
class _Heard:
    """A strip, the frame of its recording's first sample, and the frames in which it is heard."""

    strip: bpy.types.Strip
    zero: float
    begin: float
    end: float


def _heard_of(
    scene: bpy.types.Scene, line: bpy.types.PropertyGroup, heard: Mapping[int, bpy.types.Strip]
) -> _Heard:
    strip = heard.get(line.uid)
    if strip is None or strip.sound is None:
        raise AudioError(
            f"Line '{line.name}' expects a sound strip '{line.strip}' in scene '{scene.name}', there "
            "is none. Collect the strips again, or remove the line."
        )
    rate = frame_rate(scene).per_second
    first, end = strips.heard_span(strip)
    # Frame of the recording's first sample: the content's, less what was cut off for good.
    if hasattr(strip, "content_start"):
        zero = float(strip.content_start) - strip.content_trim_start
    else:
        zero = float(strip.frame_start) - strip.animation_offset_start
    zero += strip.sound_offset * rate
    begin = first if is_retimed(strip) else max(first, zero)
    seconds = (end - begin) / rate
    if strip.sound.channels == "INVALID" and sound_file(strip.sound):
        raise AudioError(
            f"Strip '{strip.name}' must have a recording such as WAV, FLAC, MP3 or M4A, and Blender hears "
            f"none in {Path(strip.sound.filepath).name}. Choose another file for the strip."
        )
    if seconds < SHORTEST_SECONDS:
        raise AudioError(
            f"Strip '{strip.name}' must be at least {SHORTEST_SECONDS:g} s long to hold speech, "
            f"it is {max(seconds, 0.0):.2f} s."
        )
    return _Heard(strip, zero, begin, end)


def _strip_cue(scene: bpy.types.Scene, heard: _Heard, retimed: Retimed) -> Cue:
    strip, begin, end = heard.strip, heard.begin, heard.end
    rate = frame_rate(scene).per_second
    seconds = (end - begin) / rate
    path = sound_file(strip.sound)
    if is_retimed(strip):
        mix = retimed.mix_of(strip, (begin, end))
        return Cue(Speech(path, (begin - mix.frames[0]) / rate, seconds, mix), begin)
    start = (begin - heard.zero) / rate
    is_whole = start < 0.5 / rate and end >= _content_end(strip) - 0.5
    speech = Speech(path) if is_whole else Speech(path, start, seconds)
    return Cue(speech, begin)


def _content_end(strip: bpy.types.Strip) -> float:
    """Frame after a strip's last sample, if it were not trimmed."""
    if hasattr(strip, "content_end"):
        return float(strip.content_end)
    return float(strip.frame_start + strip.frame_duration)
