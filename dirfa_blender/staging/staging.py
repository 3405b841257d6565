"""Takes come into the scene: stored in their lines, played by their characters, heard in the sequencer.

All of it is done in pieces, so that a window keeps drawing. A new line with what belongs to it (head,
sound, shot) is staged whole or not at all. Of a queue first every character's performance is computed, then
all of them are written; a character that cannot be driven keeps its takes and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..background import BackgroundJob
from ..blender import fcurves, scene, viewport
from ..blender.made_blocks import MadeBlocks
from ..blender.pieces import Steps, finished
from ..core.animation import Animation
from ..core.composition import Line
from ..core.controls import combined
from ..core.errors import AudioError, DirfaError, RigError
from ..core.head import Head
from ..core.npz_io import animation_bytes
from ..head import meshes
from ..head.head_parts import HeadParts, head_parts
from ..performing import acting, cues, directing, lines, strips, takes
from ..performing.speech import Speech
from ..performing.takes import TakeNote
from ..performing.writing import Destination, KeyStyle, Plan, write_steps
from ..rendering import shot
from ..rendering.shot_presets import DEFAULT_SHOT
from ..session import state
from .placement import all_or_nothing, free_place


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
    parts = head_parts(head) if head is not None else None
    uid = finished(draft_steps(where, draft, animation, parts, note))
    line = lines.line_of(where, uid)
    assert line is not None
    return line


def draft_steps(
    where: bpy.types.Scene,
    draft: Draft,
    animation: Animation,
    parts: HeadParts | None,
    note: TakeNote,
    data: bytes | None = None,
) -> Steps[int]:
    """`stage_draft` in pieces; the number of the line.

    A new head is made with its performance outside every scene, and appears in one step.

    Parameters
    ----------
    data : the take as a file, where it has been written already
    """
    if data is None:
        # Pressing a minute takes as long as two pictures.
        packing = BackgroundJob(lambda _report: animation_bytes(animation))
        while packing.is_running:
            yield None
        data = packing.result()
    if parts is None:
        assert draft.target is not None
        return (yield from _line_steps(where, draft, animation, note, data))
    made = MadeBlocks()
    try:
        return (yield from _head_steps(where, draft, animation, parts, note, made, data))
    except BaseException:
        made.withdraw()
        raise


def take_steps(
    where: bpy.types.Scene, target: bpy.types.Object, animation: Animation, name: str
) -> Steps[int]:
    """A new line that plays a take, without sound, in a frame range that holds it; the line's number.

    Raises
    ------
    DirfaError
        The character cannot be driven; the scene is as it was.
    """
    target = lines.known_as(where, target)
    seed = animation.source.get("seed", "0")
    draft = Draft(name, "FILE", Speech(Path()), target=target, with_sound=False, with_shot=False)
    note = TakeNote(int(seed) if seed.isdigit() and int(seed) < 2**31 else 0, text=name)
    uid = yield from draft_steps(where, draft, animation, None, note)
    line = lines.line_of(where, uid)
    assert line is not None
    frames = scene.frame_rate(where).frame_count(animation.start + animation.duration)
    where.frame_end = max(where.frame_end, round(line.frame_start) + frames - 1)
    return uid


def follow_starts(where: bpy.types.Scene, starts: Mapping[int, float]) -> None:
    """Lines begin where their strips were when they were read; hand edits go along."""
    for target in directing.move(where, starts):
        directing.rewrite(where, target)


def stage_queue(
    where: bpy.types.Scene,
    arrived: Mapping[int, Animation],
    notes: Mapping[int, TakeNote],
    retake: Retake,
    failed: dict[int, str],
    files: Mapping[int, bytes] | None = None,
) -> Steps[None]:
    """Store the takes of lines and write every character that speaks one.

    Parameters
    ----------
    arrived : animations by line uid
    files : the same as take files, where they are written already
    failed : sentences by line uid; added to where a character cannot be driven
    """
    whole: dict[int, Animation] = {}
    targets: dict[bpy.types.Object, list[int]] = {}
    company = lines.Company(where)
    for uid, new in arrived.items():
        line = lines.line_of(where, uid)
        if line is None:
            failed[uid] = "The line was removed while the server worked."
            continue
        whole[uid] = retaken(line, new, retake)
        if line.character is not None:
            lines.set_character(line, company.part(line.character))
            targets.setdefault(line.character, []).append(uid)
    plans: list[Plan] = []
    for target, uids in targets.items():
        try:
            refuse_absent(where, target)
            plans.append((yield from acting.plan_steps(where, target, whole)))
        except DirfaError as error:
            failed.update(dict.fromkeys(uids, str(error)))
        yield True
    for uid, animation in whole.items():
        line = lines.line_of(where, uid)
        if line is not None:
            data = (files or {}).get(uid) if animation is arrived[uid] else None
            is_first = not len(line.takes)
            with state().quietly():
                store(line, animation, notes[uid], data)
            if is_first:
                _let_hear(where, line, animation)
        yield True
    for uid, sentence in failed.items():
        line = lines.line_of(where, uid)
        if line is not None:
            line.message = sentence
    for plan in plans:
        acting.bring_back(where, plan.target)
        yield from acting.commit_steps(where, plan)
        yield True


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
    line: bpy.types.PropertyGroup, animation: Animation, note: TakeNote, data: bytes | None = None
) -> bpy.types.PropertyGroup:
    """The take in its line; one that is there already is chosen instead of stored twice.

    Parameters
    ----------
    data : the take as a file, where it has been written already
    """
    line.message = ""
    take = takes.add_take(line, animation, note, data=data)
    for index, other in enumerate(line.takes[:-1]):
        if other.digest == take.digest:
            line.takes.remove(len(line.takes) - 1)
            line.take_index = index
            # What was asked for is what it is known by: the same motion may come of other settings.
            other.seed, other.note = note.seed, note.text
            other.blinks, other.breath = note.blinks, note.breath
            return other
    return take


def refuse_stranger(where: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Raise RigError if an object is not in the scene that is to be changed."""
    if where in target.users_scene:
        return
    if target.users_scene:
        raise RigError(
            f"'{target.name}' is in scene '{target.users_scene[0].name}' and not in scene '{where.name}'. "
            "Choose a character of this scene, switch to the other one, or link its collection to this one."
        )
    raise RigError(
        f"'{target.name}' is not in scene '{where.name}': it was deleted, or is in a collection that "
        "is only instanced. Choose a character of this scene, or link the collection to it."
    )


def refuse_absent(where: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Raise RigError if an object is not in a scene any more: properties keep deleted objects alive."""
    if where not in target.users_scene:
        raise RigError(
            f"'{target.name}' was deleted from scene '{where.name}'; its take is kept. "
            "Choose another character for the line."
        )


def first_free_frame(where: bpy.types.Scene, target: bpy.types.Object | None) -> float:
    """Where the next line of a character begins: the scene's start, or after what it says already."""
    rate = scene.frame_rate(where)
    ends = [
        line.frame_start + rate.frame_count(chosen.seconds)
        for line in where.dirfa.lines
        if target is not None
        and line.character == target
        and line.use
        and (chosen := takes.chosen_take(line)) is not None
    ]
    return float(max([where.frame_start, *map(round, ends)]))


def _head_steps(
    where: bpy.types.Scene,
    draft: Draft,
    animation: Animation,
    parts: HeadParts,
    note: TakeNote,
    made: MadeBlocks,
    data: bytes,
) -> Steps[int]:
    """A line with the head that speaks it."""
    actor = yield from meshes.head_steps(parts, draft.name, made)
    yield False
    first = first_free_frame(where, None)
    newcomer = Line(animation, first)
    plan = yield from acting.plan_steps(where, actor.face, newcomers=(newcomer,))
    yield False
    action = made.add(fcurves.new_action(f"{actor.face.name} performance"))
    goal = Destination(action, None, KeyStyle(), where.frame_end)
    for _ in write_steps(goal, plan):
        yield False
    yield False
    with all_or_nothing(where):
        try:
            meshes.place(actor, free_place(where, actor.face))
            meshes.link(actor, where.collection)
            line = _new_line(where, draft, actor.face, first)
            acting.adopt(where, actor.face, action)
            _add_sound(where, draft, animation, line)
            if draft.with_shot:
                shot.build_shot(where, actor, preset=draft.preset, photo=draft.photo)
            with state().quietly():
                store(line, animation, note, data)
                # The next recording is for the head that is there now.
                where.dirfa.actor, where.dirfa.target = "object", actor.face
        except BaseException:
            _withdraw(where, draft)
            raise
    uid = line.uid
    viewport.choose(where, actor.face)
    yield True
    where.frame_set(where.frame_current)
    return uid


def _line_steps(
    where: bpy.types.Scene, draft: Draft, animation: Animation, note: TakeNote, data: bytes
) -> Steps[int]:
    """A line of a character that is there."""
    target = draft.target
    assert target is not None
    refuse_stranger(where, target)
    first = first_free_frame(where, target)
    newcomer = Line(animation, first)
    plan = yield from acting.plan_steps(where, target, newcomers=(newcomer,))
    yield False
    refuse_stranger(where, target)
    kept = (where.frame_start, where.frame_end, where.sync_mode)
    is_new = acting.record_of(where, target) is None
    with all_or_nothing(where):
        try:
            line = _new_line(where, draft, target, first)
            strip = _add_sound(where, draft, animation, line)
            with state().quietly():
                store(line, animation, note, data)
        except BaseException:
            _withdraw(where, draft)
            raise
    uid = line.uid
    yield True
    try:
        acting.bring_back(where, target)
        yield from acting.commit_steps(where, plan)
    except Exception:
        # Deleted between two steps.
        where.frame_start, where.frame_end, where.sync_mode = kept
        _take_back(where, uid, strip, with_record=is_new)
        raise
    yield True
    where.frame_set(where.frame_current)
    return uid


def _take_back(where: bpy.types.Scene, uid: int, strip: str, *, with_record: bool) -> None:
    """Remove a line whose character disappeared while its curves were written."""
    numbers = [line.uid for line in where.dirfa.lines]
    if uid in numbers:
        lines.remove_line(where, numbers.index(uid))
    laid_out = where.sequence_editor.strips if where.sequence_editor else ()
    for found in [other for other in laid_out if other.name == strip]:
        sound = found.sound
        laid_out.remove(found)
        if not sound.users:
            bpy.data.sounds.remove(sound)
    records = where.dirfa.characters
    if with_record and len(records):
        action = records[len(records) - 1].action
        records.remove(len(records) - 1)
        if action is not None:
            bpy.data.actions.remove(action)


def _new_line(
    where: bpy.types.Scene, draft: Draft, target: bpy.types.Object, first: float
) -> bpy.types.PropertyGroup:
    line = lines.new_line(where, draft.name, draft.kind)
    with state().quietly():
        line.path, line.sound = draft.path, draft.sound
    lines.set_start(line, first)
    lines.set_character(line, target)
    return line


def _add_sound(
    where: bpy.types.Scene, draft: Draft, animation: Animation, line: bpy.types.PropertyGroup
) -> str:
    """Put a line's recording into the sequencer, with a frame range that holds it; the strip's name."""
    return lay_out(where, draft.speech.path, animation, line) if draft.with_sound else ""


def _let_hear(where: bpy.types.Scene, line: bpy.types.PropertyGroup, animation: Animation) -> None:
    """Let the recording of a line be heard that has its first take; the line says what prevents it."""
    if line.kind != "FILE" or not line.path or line.strip_mark or not where.dirfa.use_sound:
        return
    try:
        lay_out(where, cues.recording_file(line.path), animation, line)
    except AudioError as error:
        line.message = str(error)


def lay_out(
    where: bpy.types.Scene, path: Path, animation: Animation, line: bpy.types.PropertyGroup
) -> str:
    """Put a recording where its line begins; the strip's name. Raises AudioError."""
    first = round(line.frame_start)
    seconds = heard_seconds(animation)
    strip = scene.place_sound(where, path, first, line.name, seconds=seconds)
    with state().quietly():
        strips.keep_hold(line, strip, set())
    if len(where.dirfa.lines) == 1:
        scene.set_frame_range(where, first, seconds)
    else:
        last = first + scene.frame_rate(where).frame_count(seconds) - 1
        where.frame_end = max(where.frame_end, last)
    return strip.name


def heard_seconds(animation: Animation) -> float:
    """How long the recording of a take is, as far as the take knows."""
    end = animation.start + animation.duration
    return float(animation.source.get("audio_seconds", end))


def _withdraw(where: bpy.types.Scene, draft: Draft) -> None:
    """Take back the line of a draft that could not be staged."""
    settings = where.dirfa
    last = len(settings.lines) - 1
    if (
        last >= 0
        and not len(settings.lines[last].takes)
        and settings.lines[last].name == draft.name
    ):
        lines.remove_line(where, last)
