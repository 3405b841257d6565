"""Takes from files joined to what a scene's characters say, line beside line, without a window.

What comes of it is what the add-on's list would have made: lines that an artist can move, direct and take
anew. A line that is there already gets the take beside its others, and plays it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..core.animation import Animation
from ..core.formats.exchange import read_take
from ..performing import acting, lines, shared_meshes, strips
from ..performing.takes import TakeNote
from ..rig.character import character_of
from ..session import state
from . import staging


@dataclass(frozen=True)
class Spoken:
    """One take, who plays it in which line, and from which frame on.

    Parameters
    ----------
    line : its name
    frame_start : None for where the line is, or the first frame after what the character says
    follow_through : how strongly neck and shoulders of the character follow its head, 0..2
    """

    line: str
    target: bpy.types.Object
    take: Path
    audio: Path | None
    frame_start: int | None
    follow_through: float


def join(
    where: bpy.types.Scene, spoken: Sequence[Spoken], warn: Callable[[str], None]
) -> Iterator[float]:
    """Lines with their takes, one after another; yields the share that is done.

    Parameters
    ----------
    warn : told what the takes replace

    Raises
    ------
    DirfaError
        A take, a recording or a character cannot be used; lines before it are there then.
    """
    follow: dict[bpy.types.Object, float] = {}
    laid_out: list[float] = []
    had_lines = bool(len(where.dirfa.lines))
    for count, each in enumerate(spoken):
        target = lines.known_as(where, each.target)
        if target not in follow:
            _look_at(where, target, follow, warn)
        follow[target] = each.follow_through
        line = _line_of(where, each, target)
        animation = read_take(each.take)
        seed = animation.source.get("seed", "0")
        note = TakeNote(
            int(seed) if seed.isdigit() and int(seed) < 2**31 else 0, text=each.take.name
        )
        with state().quietly():
            staging.store(line, animation, note)
        if each.audio is not None and _hear(where, line, animation, each.audio):
            laid_out.append(line.frame_start)
        yield (count + 1) / (len(spoken) + 1)
    if laid_out:
        # Rows come in any order, and a range that a scene had holds what was in it.
        earliest = round(min(laid_out))
        where.frame_start = min(where.frame_start, earliest) if had_lines else earliest
    for target, strength in follow.items():
        acting.perform(where, target)
        record = acting.record_of(where, target)
        if record is not None and record.follow_through != strength:
            with state().quietly():
                record.follow_through = strength
            acting.perform(where, target)
    where.frame_set(where.frame_current)


def _look_at(
    where: bpy.types.Scene,
    target: bpy.types.Object,
    company: dict[bpy.types.Object, float],
    warn: Callable[[str], None],
) -> None:
    """Refuse a character that cannot speak beside the others; tell of what no line of it says."""
    staging.refuse_stranger(where, target)
    character = character_of(target)
    shared_meshes.refuse_performed(character)
    shared_meshes.refuse_beside(character, [character_of(other) for other in company])
    replaced = shared_meshes.performance_of(character)
    record = acting.record_of(where, target)
    if replaced and (record is None or record.action is None):
        warn(
            f"'{target.name}' has a performance, '{replaced}', which is no line of the scene: these lines "
            "replace it, and its sound stays."
        )


def _line_of(
    where: bpy.types.Scene, each: Spoken, target: bpy.types.Object
) -> bpy.types.PropertyGroup:
    """The line of a character that has a name, where it is to begin; a new one if there is none."""
    for line in where.dirfa.lines:
        if line.name == each.line and line.character == target:
            if each.frame_start is not None and each.frame_start != line.frame_start:
                # Its strip and what was changed by hand go along; what it says is written at the end.
                with state().quietly():
                    line.frame_start = float(each.frame_start)
            return line
    first = each.frame_start
    start = staging.first_free_frame(where, target) if first is None else float(first)
    line = lines.new_line(where, each.line, "FILE")
    with state().quietly():
        line.path = str(each.audio) if each.audio is not None else ""
    lines.set_start(line, start)
    lines.set_character(line, target)
    return line


def _hear(
    where: bpy.types.Scene, line: bpy.types.PropertyGroup, animation: Animation, audio: Path
) -> bool:
    """Let a line be heard with a recording; whether it was not already. Raises AudioError."""
    strip = strips.of_recordings(where).get(line.uid)
    if strip is not None:
        if Path(bpy.path.abspath(strip.sound.filepath)).resolve() == audio.resolve():
            return False
        if strip.parent_meta() is None:
            where.sequence_editor.strips.remove(strip)
        else:
            strip.mute = True
    with state().quietly():
        line.path = str(audio)
    staging.lay_out(where, audio, animation, line)
    return True
