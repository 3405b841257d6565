"""What happens when a slider of a line or a character moves: its performance is written again.

Blender calls these while it sets the property, many times a second under the mouse. They find the line the
property belongs to by its path, since a property group does not know what holds it, and write only the
curves that change. A failure is a sentence in the panel; Blender has no other place for it here. What lasts
longer than some minutes is written when the slider has come to rest, in pieces (`refining`): a picture has
no time for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import bpy

from ..blender.scene import content_start, move_strip
from ..core.errors import DirfaError
from ..rig.character import has_keys
from ..session import state
from . import acting, cues, lines, refining, strips

# Seconds of speech that are written while a slider moves.
MAX_LIVE_SECONDS = 600.0

_LINE = re.compile(r"lines\[(\d+)\]")


def may_speak(_group: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    """Whether an object is offered as a character."""
    return thing.type in ("MESH", "ARMATURE", "EMPTY", "GREASEPENCIL") or has_keys(thing)


def on_change(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A control, a take or the use of a line changed."""
    scene = group.id_data
    found = _LINE.search(group.path_from_id())
    if found is not None:
        line = scene.dirfa.lines[int(found[1])]
        rewrite(scene, line.character)


def on_rekey(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A layer or the keys of a character changed."""
    rewrite(group.id_data, group.target)


def on_recast(line: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Another character speaks a line: both are written."""
    before = line.last_character
    if before == line.character:
        return
    if line.character is not None:
        lines.set_character(line, lines.known_as(line.id_data, line.character, line))
    line.last_character = line.character
    for target in (before, line.character):
        rewrite(line.id_data, target)


def on_move(line: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A line begins at another frame; what was changed by hand goes with it."""
    by = line.frame_start - line.last_start
    if by == 0:
        return
    if not math.isfinite(by):
        # Only a script can say so; nothing follows a line to nowhere.
        rewrite(line.id_data, line.character)
        return
    scene = line.id_data
    if line.character is not None:
        acting.shift_edits(scene, line.character, [(line, by)])
    line.last_start = line.frame_start
    strip = strips.of_recordings(scene).get(line.uid)
    if strip is not None:
        move_strip(strip, round(line.frame_start) - content_start(strip))
    rewrite(scene, line.character)


def rewrite(scene: bpy.types.Scene, target: bpy.types.Object | None) -> None:
    """Write a character's performance as the properties are now, unless somebody is about to."""
    if target is None or state().is_quiet:
        return
    if state().entering is not None:
        # A result is being written in pieces: this comes after it.
        state().postponed.add(target.session_uid)
        return
    if not bpy.app.background and refining.postpone(scene, target, MAX_LIVE_SECONDS):
        return
    try:
        acting.perform(scene, target, is_rough=not bpy.app.background)
    except DirfaError as error:
        state().error = str(error)
    else:
        state().error = ""
        refining.begin_soon(scene)


def write_postponed(scene: bpy.types.Scene) -> None:
    """Write what sliders would have written while a result entered the scene."""
    postponed = set(state().postponed)
    state().postponed.clear()
    for thing in scene.objects if postponed else ():
        if thing.session_uid in postponed:
            rewrite(scene, thing)


def follow_strips(scene: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Lines of a character go where their strips are now; hand edits go along. Raises AudioError."""
    heard, beside = strips.of_lines(scene), strips.of_recordings(scene)
    starts = {
        line.uid: cues.start_of(scene, line, heard)
        for line in scene.dirfa.lines
        if line.character == target and line.kind == "STRIP" and line.use
    }
    for line in scene.dirfa.lines:
        strip = beside.get(line.uid) if line.character == target and line.use else None
        # A strip begins at a whole frame, a line where it was told to.
        if strip is not None and abs(content_start(strip) - line.frame_start) >= 1.0:
            starts[line.uid] = content_start(strip)
    move(scene, starts)


def move(scene: bpy.types.Scene, starts: Mapping[int, float]) -> list[bpy.types.Object]:
    """Let many lines, by their uid, begin at other frames; hand edits go along, nothing is written yet.

    Returns
    -------
    The characters whose lines moved
    """
    moved: dict[int, tuple[bpy.types.Object, list[tuple[bpy.types.PropertyGroup, float]]]] = {}
    for line in scene.dirfa.lines:
        by = starts.get(line.uid, line.frame_start) - line.frame_start
        if by and line.character is not None:
            speaker = line.character
            moved.setdefault(speaker.session_uid, (speaker, []))[1].append((line, by))
    for speaker, moves in moved.values():
        acting.shift_edits(scene, speaker, moves)
    for line in scene.dirfa.lines:
        lines.set_start(line, starts.get(line.uid, line.frame_start))
    return [speaker for speaker, _ in moved.values()]
