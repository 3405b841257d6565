"""Sound strips of a scene's sequencer: which are heard and when, and which line speaks each.

A strip has a name, which an artist changes, and no number. So a strip that has a line carries a mark of its
own as a custom property, which goes along when it is renamed, moved, put into a meta strip or saved. A copy
carries the mark of its model; the name that the line remembers tells the two apart, and where both have
another name by now, the one that begins nearest to the line is the model. A copy gets a line and a mark of
its own when strips are collected.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import bpy

from ..blender.scene import span_of

MARK_KEY = "dirfa_strip"


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


def of_lines(scene: bpy.types.Scene) -> dict[int, bpy.types.Strip]:
    """The strips that lines speak, by the lines' uid; a line whose strip is gone is not in it."""
    return _found(scene, [line for line in scene.dirfa.lines if line.kind == "STRIP"])


def of_recordings(scene: bpy.types.Scene) -> dict[int, bpy.types.Strip]:
    """The strips that were laid out to be heard with lines that speak a recording, by the lines' uid."""
    lines = [line for line in scene.dirfa.lines if line.kind != "STRIP" and line.strip_mark]
    return _found(scene, lines)


def _found(
    scene: bpy.types.Scene, spoken: Sequence[bpy.types.PropertyGroup]
) -> dict[int, bpy.types.Strip]:
    if not spoken:
        return {}
    present = sound_strips(scene)
    by_name = {strip.name: strip for strip in present}
    by_mark: dict[str, list[bpy.types.Strip]] = {}
    for strip in present:
        by_mark.setdefault(_mark_of(strip), []).append(strip)
    owned = {line.strip_mark for line in spoken if line.strip_mark}
    found: dict[int, bpy.types.Strip] = {}
    for line in spoken:
        named = by_name.get(line.strip)
        marked = by_mark.get(line.strip_mark, []) if line.strip_mark else []
        if named is not None and _mark_of(named) == line.strip_mark:
            found[line.uid] = named
        elif marked:
            found[line.uid] = _nearest(marked, line.frame_start)
        elif named is not None and _mark_of(named) not in owned:
            found[line.uid] = named
    return found


def keep_hold(line: bpy.types.PropertyGroup, strip: bpy.types.Strip, marks: set[str]) -> None:
    """Tie a line to its strip, and call it what the strip is called now if it was called so before.

    Parameters
    ----------
    marks : marks that other strips have; what is given is put into it
    """
    mark = _mark_of(strip)
    if not mark or (mark in marks and mark != line.strip_mark):
        mark = uuid.uuid4().hex
        strip[MARK_KEY] = mark
    marks.add(mark)
    if line.name == line.strip != strip.name:
        line.name = strip.name
    line.strip, line.strip_mark = strip.name, mark


def _mark_of(strip: bpy.types.Strip) -> str:
    mark = strip.get(MARK_KEY, "")
    return mark if isinstance(mark, str) else ""


def _nearest(found: Iterable[bpy.types.Strip], frame: float) -> bpy.types.Strip:
    return min(found, key=lambda strip: abs(heard_span(strip)[0] - frame))
