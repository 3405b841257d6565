"""One character's performance: its lines, directed and composed, written to one Action.

A character has one Action with a slot for each datablock it is made of, and a channel group for each
layer. Everything that can fail is done by `planned`; `commit` only writes (`writing`).

Layers could have been NLA tracks from the start. They are not, because the keys of a strip are out of
the graph editor's sight until its track is entered, and keys are what an animator came for. The
strength and mute of a layer work on the take instead; `nla` turns layers into tracks and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import bpy

from ..blender import fcurves, nla
from ..blender.pieces import Steps, finished
from ..blender.scene import frame_rate
from ..core import composition, layers
from ..core.animation import Animation
from ..core.characters.follow_through import NATURAL
from ..core.controls import directed
from ..core.errors import RigError
from ..rig import profiles
from ..rig.bone_curves import Follow
from ..rig.character import character_of
from ..session import state
from . import apply, edits, line_controls, takes
from .writing import Destination, Plan, style_of, write_steps


def planned(
    scene: bpy.types.Scene,
    target: bpy.types.Object,
    new_takes: Mapping[int, Animation] | None = None,
) -> Plan:
    """What a character's lines come to; nothing is written.

    Parameters
    ----------
    new_takes : takes about to be stored, by their line's uid

    Raises
    ------
    DirfaError
        The character cannot be driven, or a take cannot be read.
    """
    return finished(plan_steps(scene, target, new_takes))


def plan_steps(
    scene: bpy.types.Scene,
    target: bpy.types.Object,
    new_takes: Mapping[int, Animation] | None = None,
    newcomers: Sequence[composition.Line] = (),
) -> Steps[Plan]:
    """`planned` in pieces.

    Parameters
    ----------
    newcomers : what the character says besides, in lines that are not in the scene yet
    """
    refuse_linked_action(scene, target)
    rate = frame_rate(scene)
    played = list(newcomers)
    for index, line in enumerate(scene.dirfa.lines):
        if line.character != target or not line.use:
            continue
        animation = (new_takes or {}).get(line.uid)
        take = takes.chosen_take(line)
        if animation is None and take is not None:
            animation = takes.read_take(take)
        if animation is not None:
            shown = _directed(scene, index, animation)
            played.append(composition.Line(shown, line.frame_start))
    yield False
    whole = composition.composed(played, rate)
    yield False
    character = character_of(target)
    profile = profiles.known_profile(character)
    if profile is None:
        profile = yield from profiles.profile_steps(character)
        yield False
        # Looked at anew: while its profile was looked for, anything may have happened to it.
        character = character_of(target)
    found = apply.target_of(character, profile)
    if not len(whole.frames):
        return Plan(target, whole.frames, ())
    record = record_of(scene, target)
    strengths = layer_strengths(record) if record is not None else {}
    yield False
    animation = composition.weighted(whole.animation, strengths)
    follow = Follow(follow_through_of(scene, target), whole.frames / rate.per_second)
    slots = apply.planned(animation, found, follow)
    return Plan(target, whole.frames, tuple(slots))


def refuse_linked_action(scene: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Raise RigError where a performance lies in another file: what were written would not be kept."""
    record = record_of(scene, target)
    actions = (record.action, record.edits) if record is not None else ()
    for action in actions:
        if action is not None and not action.is_editable:
            library = action.library.name if action.library is not None else "another file"
            raise RigError(
                f"The performance of '{target.name}' is in Action '{action.name}', which is linked from "
                f"{library} and cannot be changed here. Make it local (in the Outliner, right-click it: ID "
                "Data, Make, Local), or change it in that file."
            )


def commit(scene: bpy.types.Scene, plan: Plan, *, is_rough: bool = False) -> bpy.types.Action:
    """Write a plan; the character's Action, which now drives it.

    Parameters
    ----------
    is_rough : reduced curves keep the places of the keys they have, for a slider that still moves
    """
    return finished(commit_steps(scene, plan, is_rough=is_rough))


def commit_steps(
    scene: bpy.types.Scene, plan: Plan, *, is_rough: bool = False
) -> Steps[bpy.types.Action]:
    """`commit` in pieces; between them the curves are in part those of before."""
    with state().quietly():
        record = record_of(scene, plan.target) or _new_record(scene, plan.target)
        if record.action is None:
            record.action = fcurves.new_action(f"{plan.target.name} performance")
            record.action.use_fake_user = True
        collect_edits(record)
        record.fps = frame_rate(scene).per_second
        if is_rough and record.keys == "REDUCED":
            record.is_rough = True
        style = replace(style_of(record), is_rough=is_rough)
        action = record.action
        where = Destination(action, record.edits, style, scene.frame_end, record.is_layered)
    yield from write_steps(where, plan)
    record = record_of(scene, plan.target)
    if record is not None and not is_rough:
        record.is_rough = False
    return action


def adopt(scene: bpy.types.Scene, target: bpy.types.Object, action: bpy.types.Action) -> None:
    """Keep the Action of a new character that `write_steps` has written for it already."""
    with state().quietly():
        record = _new_record(scene, target)
        record.action = action
        record.action.use_fake_user = True
        record.fps = frame_rate(scene).per_second


def perform(
    scene: bpy.types.Scene, target: bpy.types.Object, *, is_rough: bool = False
) -> bpy.types.Action:
    """Write a character's performance as lines, takes and sliders are now.

    Parameters
    ----------
    is_rough : as for `commit`

    Raises
    ------
    DirfaError
        It cannot be; the Action is as before.
    """
    return commit(scene, planned(scene, target), is_rough=is_rough)


def take_of_line(scene: bpy.types.Scene, index: int, *, directed: bool) -> Animation:
    """The take that a line plays, under its controls or as it was made.

    Raises
    ------
    FormatError
        The take is damaged.
    """
    chosen = takes.chosen_take(scene.dirfa.lines[index])
    assert chosen is not None
    animation = takes.read_take(chosen)
    return _directed(scene, index, animation) if directed else animation


def refuse_tweaked(scene: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Raise RigError while a strip of what a character's performance moves is being edited."""
    record = record_of(scene, target)
    if record is None or record.action is None:
        return
    # Slots do not tell of users that are in tweak mode of another Action's strip; the file does.
    for block in bpy.data.user_map(subset={record.action})[record.action]:
        if block != scene:
            nla.refuse_tweaked(block)


def collect_edits(record: bpy.types.PropertyGroup) -> None:
    """Move what was changed by hand in a character's Action to its offset layer."""
    state().drop_refining()
    if record.action is None:
        return
    name = f"{record.action.name} edits"
    layer, touched = edits.absorb(record.action, record.edits, name)
    if layer is not None and record.edits is None:
        layer.use_fake_user = True
        record.edits = layer
    if touched:
        edits.settle(record.action, touched)
    edits.note_deleted(record.action)


def bring_back(scene: bpy.types.Scene, target: bpy.types.Object) -> None:
    """Let the next writing bring back curves of a character that were deleted."""
    record = record_of(scene, target)
    if record is not None and record.action is not None:
        collect_edits(record)
        edits.bring_back(record.action)


def shift_edits(
    scene: bpy.types.Scene,
    target: bpy.types.Object,
    moves: Sequence[tuple[bpy.types.PropertyGroup, float]],
) -> None:
    """What was changed by hand in lines of a character follows each of them by some frames."""
    record = record_of(scene, target)
    if record is None:
        return
    collect_edits(record)
    if record.edits is None:
        return
    rate = frame_rate(scene).per_second
    resting = [(line, 0.0) for line in scene.dirfa.lines if line.character == target]
    spans = [
        (line.last_start, line.last_start + chosen.seconds * rate, by)
        for line, by in (*resting, *moves)
        if (chosen := takes.chosen_take(line)) is not None
    ]
    edits.shift(record.edits, spans)


def retime(scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
    """Write a performance again after the scene's frame rate has changed: takes are in seconds.

    Raises
    ------
    DirfaError
        It cannot be written.
    """
    plan = planned(scene, record.target)
    rate = frame_rate(scene).per_second
    collect_edits(record)
    if record.edits is not None and record.fps > 0:
        spans = [
            (line.frame_start, line.frame_start + chosen.seconds * record.fps)
            for line in scene.dirfa.lines
            if line.character == record.target and (chosen := takes.chosen_take(line)) is not None
        ]
        edits.stretch(record.edits, rate / record.fps, spans)
    commit(scene, plan)


def record_of(scene: bpy.types.Scene, target: bpy.types.Object) -> bpy.types.PropertyGroup | None:
    """What a scene keeps about a character; None before its first performance."""
    return next((r for r in scene.dirfa.characters if r.target == target), None)


def follow_through_of(scene: bpy.types.Scene, target: bpy.types.Object) -> float:
    """How strongly a character's neck and shoulders follow its head, 0..2."""
    record = record_of(scene, target)
    return record.follow_through if record is not None else NATURAL


def seconds_of(scene: bpy.types.Scene, target: bpy.types.Object) -> float:
    """How long everything is that a character says."""
    return sum(
        chosen.seconds
        for line in scene.dirfa.lines
        if line.character == target and line.use and (chosen := takes.chosen_take(line)) is not None
    )


def layer_strengths(record: bpy.types.PropertyGroup) -> dict[layers.Layer, float]:
    """Strength of each layer, 0 where it is muted."""
    return {
        layer: 0.0 if getattr(record, f"mute_{layer}") else getattr(record, f"layer_{layer}")
        for layer in layers.LAYERS
    }


def current_record(scene: bpy.types.Scene) -> bpy.types.PropertyGroup | None:
    """The record of the chosen line's character."""
    line = current_line(scene)
    return record_of(scene, line.character) if line is not None and line.character else None


def current_line(scene: bpy.types.Scene) -> bpy.types.PropertyGroup | None:
    """The line whose takes and sliders the panel shows."""
    settings = scene.dirfa
    if not 0 <= settings.line_index < len(settings.lines):
        return None
    return settings.lines[settings.line_index]


def _directed(scene: bpy.types.Scene, index: int, take: Animation) -> Animation:
    """A take under its line's controls; kept, because only one line's sliders move at a time."""
    line = scene.dirfa.lines[index]
    controls = line_controls.controls_of(
        scene, index, take.start + take.duration, frame_rate(scene)
    )
    known = state().directed.get(line.uid)
    if known is not None and known[0] is take and known[1] == controls:
        return known[2]
    shown = directed(take, controls)
    state().directed[line.uid] = (take, controls, shown)
    return shown


def _new_record(scene: bpy.types.Scene, target: bpy.types.Object) -> bpy.types.PropertyGroup:
    record = scene.dirfa.characters.add()
    record.target = target
    return record
