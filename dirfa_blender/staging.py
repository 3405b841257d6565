"""Takes come into the scene: stored in their lines, played by their characters, heard in the sequencer.

A new line with what belongs to it (head, sound, shot) is staged whole or not at all. A queue is staged in
pieces, so that a window keeps drawing: first every character's performance is computed, then all of them
are written; a character that cannot be driven keeps its takes and says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import bpy

from . import acting, lines, meshes, scene, shot, takes
from .core.animation import Animation
from .core.controls import combined
from .core.errors import DirfaError, RigError
from .core.head import Head
from .placement import all_or_nothing, free_place
from .session import state
from .shot_presets import DEFAULT_SHOT
from .speech import Speech
from .takes import TakeNote


@dataclass(frozen=True)
class Draft:
    """A line that is to be made with its first take.

    ``target`` is who speaks when no head comes with it. ``preset`` is the shot of a new head, made from
    ``photo``.
    """

    name: str
    kind: str
    speech: Speech
    path: str = ""
    sound: bpy.types.Sound | None = None
    target: bpy.types.Object | None = None
    with_sound: bool = True
    with_shot: bool = True
    preset: str = DEFAULT_SHOT
    photo: Path | None = None


@dataclass(frozen=True)
class Retake:
    """How a new take of a line that has one is made of both: regions taken from the new one, or all."""

    regions: tuple[str, ...] = ()


def stage_draft(
    where: bpy.types.Scene, draft: Draft, animation: Animation, head: Head | None, note: TakeNote
) -> bpy.types.PropertyGroup:
    """The new line of a draft, playing.

    Raises
    ------
    DirfaError
        A part cannot be done; the scene is as it was.
    """
    chosen = where.dirfa.line_index
    with all_or_nothing(where):
        try:
            return _staged(where, draft, animation, head, note)
        except BaseException:
            _withdraw(where, draft, chosen)
            raise


def stage_take(
    where: bpy.types.Scene, target: bpy.types.Object, animation: Animation, name: str
) -> bpy.types.PropertyGroup:
    """A new line that plays a take from a file, without sound.

    Raises
    ------
    DirfaError
        The character cannot be driven; the scene is as it was.
    """
    seed = animation.source.get("seed", "0")
    draft = Draft(name, "FILE", Speech(Path()), target=target, with_sound=False, with_shot=False)
    note = TakeNote(int(seed) if seed.isdigit() and int(seed) < 2**31 else 0, 1.0, name)
    return stage_draft(where, draft, animation, None, note)


def follow_starts(where: bpy.types.Scene, starts: Mapping[int, float]) -> None:
    """Lines begin where their strips were when they were read; hand edits go along."""
    for uid, frame_start in starts.items():
        line = lines.line_of(where, uid)
        if line is not None and line.frame_start != frame_start:
            line.frame_start = frame_start


def stage_queue(
    where: bpy.types.Scene,
    arrived: Mapping[int, Animation],
    notes: Mapping[int, TakeNote],
    retake: Retake,
    failed: dict[int, str],
) -> Iterator[None]:
    """Store the takes of lines and write every character that speaks one; yields between pieces.

    Parameters
    ----------
    arrived : animations by line uid
    failed : sentences by line uid; added to where a character cannot be driven
    """
    whole: dict[int, Animation] = {}
    targets: dict[bpy.types.Object, list[int]] = {}
    for uid, animation in arrived.items():
        line = lines.line_of(where, uid)
        if line is None:
            failed[uid] = "The line was removed while the server worked."
            continue
        whole[uid] = retaken(line, animation, retake)
        if line.character is not None:
            targets.setdefault(line.character, []).append(uid)
    plans: list[acting.Plan] = []
    for target, uids in targets.items():
        try:
            refuse_absent(where, target)
            plans.append(acting.planned(where, target, whole))
        except DirfaError as error:
            failed.update(dict.fromkeys(uids, str(error)))
        yield
    with state().quietly():
        for uid, animation in whole.items():
            line = lines.line_of(where, uid)
            if line is not None:
                store(line, animation, notes[uid])
    for uid, sentence in failed.items():
        line = lines.line_of(where, uid)
        if line is not None:
            line.message = sentence
    for plan in plans:
        acting.commit(where, plan)
        yield


def retaken(line: bpy.types.PropertyGroup, new: Animation, retake: Retake) -> Animation:
    """A new take with what the line keeps of its present one: other regions, locked units, a stretch."""
    chosen = takes.chosen_take(line)
    if chosen is None:
        return new
    kept = takes.read_take(chosen)
    result = combined(kept, new, regions=retake.regions) if retake.regions else new
    locked = tuple(unit.code for unit in line.controls.units if unit.is_locked)
    if locked:
        result = combined(result, kept, units=locked)
    if line.use_lock_range and line.lock_end > line.lock_start:
        result = combined(result, kept, seconds=(line.lock_start, line.lock_end))
    return result


def store(
    line: bpy.types.PropertyGroup, animation: Animation, note: TakeNote
) -> bpy.types.PropertyGroup:
    """The take in its line; one that is there already is chosen instead of stored twice."""
    line.message = ""
    take = takes.add_take(line, animation, note)
    for index, other in enumerate(line.takes[:-1]):
        if other.digest == take.digest:
            line.takes.remove(len(line.takes) - 1)
            line.take_index = index
            return other
    return take


def refuse_absent(where: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Raise RigError if an object is not in a scene any more: properties keep deleted objects alive."""
    if where not in target.users_scene:
        raise RigError(
            f"'{target.name}' was deleted from scene '{where.name}'; its take is kept. "
            "Choose another character for the line."
        )


def _staged(
    where: bpy.types.Scene, draft: Draft, animation: Animation, head: Head | None, note: TakeNote
) -> bpy.types.PropertyGroup:
    actor = None
    target = draft.target
    if head is not None:
        actor = meshes.build_head(head, draft.name, where.collection)
        actor.rig.location.x = free_place(where, actor.face)
        bpy.context.view_layer.update()
        target = actor.face
    assert target is not None
    refuse_absent(where, target)
    first = first_free_frame(where, target)
    is_alone = not len(where.dirfa.lines)
    line = lines.new_line(where, draft.name, draft.kind)
    with state().quietly():
        line.path, line.sound = draft.path, draft.sound
    lines.set_start(line, first)
    lines.set_character(line, target)
    plan = acting.planned(where, target, {line.uid: animation})
    end = animation.start + animation.duration
    seconds = float(animation.source.get("audio_seconds", end))
    if draft.with_sound:
        scene.place_sound(where, draft.speech.path, round(first))
        if is_alone:
            scene.set_frame_range(where, round(first), seconds)
        else:
            last = round(first) + scene.frame_rate(where).frame_count(seconds) - 1
            where.frame_end = max(where.frame_end, last)
    if actor is not None and draft.with_shot:
        shot.build_shot(where, actor, preset=draft.preset, photo=draft.photo)
    with state().quietly():
        store(line, animation, note)
        if head is not None:
            # The next recording is for the head that is there now.
            where.dirfa.actor, where.dirfa.target = "object", target
    acting.commit(where, plan)
    where.frame_set(where.frame_current)
    return line


def first_free_frame(where: bpy.types.Scene, target: bpy.types.Object) -> float:
    """Where the next line of a character begins: the scene's start, or after what it says already."""
    rate = scene.frame_rate(where)
    ends = [
        line.frame_start + rate.frame_count(chosen.seconds)
        for line in where.dirfa.lines
        if line.character == target and line.use and (chosen := takes.chosen_take(line)) is not None
    ]
    return float(max([where.frame_start, *map(round, ends)]))


def _withdraw(where: bpy.types.Scene, draft: Draft, chosen: int) -> None:
    """Take back the line of a draft that could not be staged, and what was kept about its character."""
    settings = where.dirfa
    last = len(settings.lines) - 1
    if (
        last >= 0
        and not len(settings.lines[last].takes)
        and settings.lines[last].name == draft.name
    ):
        lines.remove_line(where, last)
        settings.line_index = chosen
