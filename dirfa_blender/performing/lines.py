"""Lines of a scene: found in the sequencer, cast by name, and turned into speech that can be sent.

A line from a strip is read from the strip each time, so trimming or moving it needs no second step. Sound
that is packed into the file is written out for as long as the program runs, because the server reads
files.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import bpy

from ..blender.scene import frame_rate
from ..core.errors import AudioError, DirfaError
from ..rig import profiles
from ..rig.character import Character, character_of
from ..session import state
from . import line_controls
from .retimed import Retimed, is_retimed
from .speech import Speech

# Below this a line is no speech, seconds.
SHORTEST_SECONDS = 0.1
# A mesh with this many shapes of a profile is offered as a character by itself.
LEAST_SHAPES = 8


@dataclass(frozen=True)
class Cue:
    """Where a line's sound is: speech in a file, and the frame at which it begins."""

    speech: Speech
    frame_start: float


def new_line(scene: bpy.types.Scene, name: str, kind: str) -> bpy.types.PropertyGroup:
    """A line at the end of the list, chosen in it."""
    settings = scene.dirfa
    with state().quietly():
        line = settings.lines.add()
        line.name, line.kind = name, kind
        line.uid = settings.next_uid
        settings.next_uid += 1
        settings.line_index = len(settings.lines) - 1
    return line


def remove_line(scene: bpy.types.Scene, index: int) -> None:
    """Take a line and its takes off the list; keyframes of the others keep to their lines."""
    settings = scene.dirfa
    count = len(settings.lines)
    moves: dict[int, int | None] = {later: later - 1 for later in range(index + 1, count)}
    with state().quietly():
        settings.lines.remove(index)
        line_controls.renumber(scene, {index: None, **moves})
        settings.line_index = max(0, min(settings.line_index, count - 2))


def line_of(scene: bpy.types.Scene, uid: int) -> bpy.types.PropertyGroup | None:
    """The line known by a number; None if it is gone."""
    return next((line for line in scene.dirfa.lines if line.uid == uid), None)


def sound_strips(scene: bpy.types.Scene) -> list[bpy.types.Strip]:
    """Sound strips of a scene, those inside meta strips and muted ones too, by their time."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    # Blender 4.5 has both names, 5.x the second one only.
    strips = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    found = [strip for strip in strips if strip.type == "SOUND"]
    return sorted(found, key=lambda strip: (span_of(strip)[0], strip.channel))


def is_heard(scene: bpy.types.Scene, strip: bpy.types.Strip) -> bool:
    """Whether nothing mutes a strip: itself, its channel, or a meta strip around it, nor cuts it away."""
    first, end = heard_span(strip)
    part = strip
    while part is not None:
        around = part.parent_meta()
        channels = (around or scene.sequence_editor).channels
        if part.mute or channels[part.channel].mute:
            return False
        part = around
    return end > first


def heard_span(strip: bpy.types.Strip) -> tuple[float, float]:
    """`span_of` a strip as far as the meta strips around it reach."""
    first, end = span_of(strip)
    around = strip.parent_meta()
    while around is not None:
        low, high = span_of(around)
        first, end = max(first, low), min(end, high)
        around = around.parent_meta()
    return first, end


def strips_by_name(scene: bpy.types.Scene) -> dict[str, bpy.types.Strip]:
    """The sound strips of a scene."""
    return {strip.name: strip for strip in sound_strips(scene)}


def span_of(strip: bpy.types.Strip) -> tuple[float, float]:
    """First frame of a strip that is heard, and the frame after its last one."""
    if hasattr(strip, "left_handle"):
        return float(strip.left_handle), float(strip.right_handle)
    return float(strip.frame_final_start), float(strip.frame_final_end)


def collect_strips(scene: bpy.types.Scene) -> int:
    """A line for each sound strip that is heard and has none, cast where it can be; how many are new."""
    known = {line.strip for line in scene.dirfa.lines if line.kind == "STRIP"}
    before = scene.dirfa.line_index
    strips = [s for s in sound_strips(scene) if s.name not in known and is_heard(scene, s)]
    company = Company(scene, characters_in(scene) if strips else [])
    for strip in strips:
        line = new_line(scene, strip.name, "STRIP")
        with state().quietly():
            line.strip = strip.name
            set_start(line, heard_span(strip)[0])
        cast(scene, line, company)
    if strips:
        scene.dirfa.line_index = max(0, min(before, len(scene.dirfa.lines) - 1))
    return len(strips)


class Company:
    """Who can speak in a scene, each under one part: what takes long to find for each of many lines.

    A character has one Action, so lines given to its face and lines given to its armature are one
    performance, under the part that speaks already or was given a line first.

    Parameters
    ----------
    present : `characters_in` the scene
    """

    def __init__(self, scene: bpy.types.Scene, present: Sequence[bpy.types.Object] = ()) -> None:
        self.present = present
        speakers = [line.character for line in scene.dirfa.lines if len(line.takes)]
        self._known = {thing: thing for thing in speakers if thing is not None}
        self._parts: dict[bpy.types.Object, bpy.types.Object] = {}
        for thing in self._known:
            self._parts.setdefault(_keeper_of(thing), thing)

    def part(self, thing: bpy.types.Object) -> bpy.types.Object:
        """The part under which a part's character speaks."""
        if thing not in self._known:
            self._known[thing] = self._parts.setdefault(_keeper_of(thing), thing)
        return self._known[thing]


def cast(scene: bpy.types.Scene, line: bpy.types.PropertyGroup, company: Company) -> None:
    """Give a line the character that the rules, or else the names, say; leave it if none fits."""
    found = character_for(scene, names_of(line), company.present)
    if found is not None:
        set_character(line, company.part(found))


def character_for(
    scene: bpy.types.Scene, names: tuple[str, ...], present: Sequence[bpy.types.Object]
) -> bpy.types.Object | None:
    """Who speaks a line of these names: by the first rule that fits, by a name in it, or the only one."""
    lowered = tuple(name.lower() for name in names if name)
    for rule in scene.dirfa.rules:
        if rule.character is not None and any(
            fnmatchcase(name, rule.pattern.lower()) for name in lowered
        ):
            return rule.character
    words = [_words(name) for name in lowered]
    for thing in sorted(present, key=lambda thing: -len(thing.name)):
        wanted = _words(thing.name)
        if wanted and any(wanted <= own for own in words):
            return thing
    return present[0] if len(present) == 1 else None


def characters_in(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """One object for each character of a scene that can speak: the mesh with the most face shapes."""
    found: dict[bpy.types.Object, tuple[int, bpy.types.Object]] = {}
    for thing in scene.objects:
        if thing.type != "MESH" or thing.data.shape_keys is None:
            continue
        if len(thing.data.shape_keys.key_blocks) <= LEAST_SHAPES:
            continue
        character = character_of(thing)
        count = len(thing.data.shape_keys.key_blocks)
        keeper = profiles.keeper_of(character)
        if count > found.get(keeper, (0, thing))[0] and _has_face(character):
            found[keeper] = (count, thing)
    return [thing for _, thing in found.values()]


def _words(name: str) -> set[str]:
    """The words of a name, in any script."""
    return set(re.findall(r"[^\W_]+", name.casefold()))


def _has_face(character: Character) -> bool:
    try:
        return (
            len(profiles.covered(character, profiles.profile_of(character)).places) >= LEAST_SHAPES
        )
    except DirfaError:
        return False


def known_as(
    scene: bpy.types.Scene,
    thing: bpy.types.Object,
    newcomer: bpy.types.PropertyGroup | None = None,
) -> bpy.types.Object:
    """The part under which a character speaks already; the part itself where it says nothing yet.

    A character has one Action, so lines given to its face and lines given to its armature are one
    performance.

    Parameters
    ----------
    newcomer : a line that is being given to the part, and says nothing about it
    """
    speakers = dict.fromkeys(
        line.character for line in scene.dirfa.lines if len(line.takes) and line != newcomer
    )
    if thing in speakers:
        return thing
    keeper = _keeper_of(thing)
    for other in speakers:
        if other is not None and _keeper_of(other) == keeper:
            return other
    return thing


def _keeper_of(thing: bpy.types.Object) -> bpy.types.Object:
    return profiles.keeper_of(character_of(thing))


def names_of(line: bpy.types.PropertyGroup) -> tuple[str, ...]:
    """What a pattern is compared with: the line's name and its file's."""
    sound = line.sound.name if line.sound is not None else ""
    return line.name, Path(line.path).stem if line.path else "", sound


def set_character(line: bpy.types.PropertyGroup, target: bpy.types.Object | None) -> None:
    """Cast a line without writing any performance."""
    with state().quietly():
        line.last_character = target
        line.character = target


def set_start(line: bpy.types.PropertyGroup, frame_start: float) -> None:
    """Say where a new line begins without moving anything."""
    with state().quietly():
        line.last_start = frame_start
        line.frame_start = frame_start


def cue_of(
    scene: bpy.types.Scene,
    line: bpy.types.PropertyGroup,
    strips: Mapping[str, bpy.types.Strip] | None = None,
    retimed: Retimed | None = None,
) -> Cue:
    """What a line's sound is now.

    Parameters
    ----------
    strips : `strips_by_name`, where many lines are asked
    retimed : the scene's retimed strips, where many lines are asked

    Raises
    ------
    AudioError
        The strip, sound or recording is gone, has no length, or cannot be read as it is.
    """
    if line.kind == "STRIP":
        known = strips_by_name(scene) if strips is None else strips
        return _strip_cue(scene, _heard_of(scene, line, known), retimed or Retimed(scene))
    if line.kind == "SOUND":
        if line.sound is None:
            raise AudioError(f"Line '{line.name}' has no sound. Choose one in the list.")
        return Cue(Speech(sound_file(line.sound)), line.frame_start)
    return Cue(Speech(recording_file(line.path)), line.frame_start)


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


def start_of(
    scene: bpy.types.Scene, line: bpy.types.PropertyGroup, strips: Mapping[str, bpy.types.Strip]
) -> float:
    """Frame at which a line's sound begins now. Raises AudioError as `cue_of`, which takes longer."""
    if line.kind != "STRIP":
        return cue_of(scene, line, strips).frame_start
    return _heard_of(scene, line, strips).begin


@dataclass(frozen=True)
class _Heard:
    """A strip, the frame of its recording's first sample, and the frames in which it is heard."""

    strip: bpy.types.Strip
    zero: float
    begin: float
    end: float


def _heard_of(
    scene: bpy.types.Scene, line: bpy.types.PropertyGroup, strips: Mapping[str, bpy.types.Strip]
) -> _Heard:
    strip = strips.get(line.strip)
    if strip is None or strip.sound is None:
        raise AudioError(
            f"Line '{line.name}' expects a sound strip '{line.strip}' in scene '{scene.name}', there "
            "is none. Collect the strips again, or remove the line."
        )
    rate = frame_rate(scene).per_second
    first, end = heard_span(strip)
    # Frame of the recording's first sample: the content's, less what was cut off for good.
    if hasattr(strip, "content_start"):
        zero = float(strip.content_start) - strip.content_trim_start
    else:
        zero = float(strip.frame_start) - strip.animation_offset_start
    zero += strip.sound_offset * rate
    begin = first if is_retimed(strip) else max(first, zero)
    seconds = (end - begin) / rate
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
