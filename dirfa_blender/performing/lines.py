"""Lines of a scene: found in the sequencer and cast by name; `cues` says where the sound of each is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import bpy

from ..core.errors import DirfaError
from ..core.file_names import told_name
from ..rig import profiles
from ..rig.character import Character, character_of, has_keys
from ..session import state
from . import line_controls, strips

# A mesh with this many shapes of a profile is offered as a character by itself.
LEAST_SHAPES = 8


def new_line(scene: bpy.types.Scene, name: str, kind: str) -> bpy.types.PropertyGroup:
    """A line at the end of the list, chosen in it, called what can be written of a name."""
    settings = scene.dirfa
    with state().quietly():
        line = settings.lines.add()
        line.name, line.kind = told_name(name), kind
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


def collect_strips(scene: bpy.types.Scene) -> int:
    """A line for each sound strip that is heard and has none, cast where it can be; how many are new.

    Lines that are there take note of what their strips are called by now.
    """
    spoken = strips.of_lines(scene)
    # What was generated from a recording is heard from a strip, which is no other line.
    beside = strips.of_recordings(scene)
    known = {strip.name for strip in (*spoken.values(), *beside.values())}
    before = scene.dirfa.line_index
    found = [
        s for s in strips.sound_strips(scene) if s.name not in known and strips.is_heard(scene, s)
    ]
    marks = {line.strip_mark for line in scene.dirfa.lines if line.uid in beside}
    with state().quietly():
        for line in scene.dirfa.lines:
            if line.uid in spoken:
                strips.keep_hold(line, spoken[line.uid], marks)
    company = Company(scene, characters_in(scene) if found else [])
    for strip in found:
        line = new_line(scene, strip.name, "STRIP")
        with state().quietly():
            strips.keep_hold(line, strip, marks)
            set_start(line, strips.heard_span(strip)[0])
        cast(scene, line, company)
    if found:
        scene.dirfa.line_index = max(0, min(before, len(scene.dirfa.lines) - 1))
    return len(found)


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
    """One object for each character of a scene that can speak: the mesh with the most face shapes.

    Of a cut-out it is what has the number of its mouth.
    """
    found: dict[bpy.types.Object, tuple[int, bpy.types.Object]] = {}
    for thing in scene.objects:
        if not has_keys(thing):
            if profiles.is_cut_out(thing):
                found.setdefault(profiles.keeper_of(character_of(thing)), (1, thing))
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
