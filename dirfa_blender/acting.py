"""One character's performance: its lines, directed and composed, written to one Action.

A character has one Action with a slot for each datablock it is made of, and a channel group for each
layer. The curves are written in place, changed ones only: a curve keeps its mute, colour and modifiers,
and a slider that moves the brows leaves the lips' keys alone. Everything that can fail is done by
`planned`; `commit` only writes.

Layers could have been NLA tracks from the start. They are not, because the keys of a strip are out of
the graph editor's sight until its track is entered, and keys are what an animator came for. The
strength and mute of a layer work on the take instead; `nla` turns layers into tracks and back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt

from . import apply, edits, fcurves, line_controls, nla, profiles, takes
from .character import character_of
from .core import composition, layers
from .core.animation import Animation
from .core.controls import directed
from .core.key_reduction import Keys, reduced
from .core.profile import MappingProfile
from .scene import frame_rate
from .session import state

Floats = npt.NDArray[np.float64]

# Largest error of a reduced curve as a part of that of a shape's weight: radians and metres are dearer.
ROTATION_SHARE = 0.2
LOCATION_SHARE = 0.05
# Profiles found for characters that are kept at hand.
MAX_PROFILES = 64
# Reduced curves that are kept at hand: those of some twenty characters.
MAX_REDUCED = 2000
_ROTATION = re.compile(r"rotation_(euler|quaternion|axis_angle)$")


@dataclass(frozen=True)
class Plan:
    """A performance ready to be written: one value of every channel for each frame."""

    target: bpy.types.Object
    frames: Floats
    slots: tuple[apply.Slot, ...]


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
    rate = frame_rate(scene)
    played: list[composition.Line] = []
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
    profile = _profile_for(target)
    found = apply.find_target(target, profile)
    whole = composition.composed(played, rate)
    if not len(whole.frames):
        return Plan(target, whole.frames, ())
    record = record_of(scene, target)
    strengths = layer_strengths(record) if record is not None else {}
    animation = composition.weighted(whole.animation, strengths)
    return Plan(target, whole.frames, tuple(apply.planned(animation, found, profile)))


def commit(scene: bpy.types.Scene, plan: Plan) -> bpy.types.Action:
    """Write a plan; the character's Action, which now drives it."""
    with state().quietly():
        record = record_of(scene, plan.target) or _new_record(scene, plan.target)
        if record.action is None:
            record.action = fcurves.new_action(f"{plan.target.name} performance")
            record.action.use_fake_user = True
        collect_edits(record)
        record.fps = frame_rate(scene).per_second
    _write(scene, record, plan)
    return record.action


def perform(scene: bpy.types.Scene, target: bpy.types.Object) -> bpy.types.Action:
    """Write a character's performance as lines, takes and sliders are now.

    Raises
    ------
    DirfaError
        It cannot be; the Action is as before.
    """
    return commit(scene, planned(scene, target))


def collect_edits(record: bpy.types.PropertyGroup) -> None:
    """Move what was changed by hand in a character's Action to its offset layer."""
    if record.action is None:
        return
    name = f"{record.action.name} edits"
    layer, touched = edits.absorb(record.action, record.edits, name)
    if layer is not None and record.edits is None:
        layer.use_fake_user = True
        record.edits = layer
    if touched:
        edits.settle(record.action, touched)


def shift_edits(scene: bpy.types.Scene, line: bpy.types.PropertyGroup, by: float) -> None:
    """What was changed by hand in a line follows it by some frames."""
    record = record_of(scene, line.character)
    take = takes.chosen_take(line)
    if record is None or take is None:
        return
    collect_edits(record)
    if record.edits is not None:
        length = take.seconds * frame_rate(scene).per_second
        edits.shift(record.edits, line.last_start, line.last_start + length, by)


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


def _profile_for(target: bpy.types.Object) -> MappingProfile:
    """The profile of a character; looked for again only when its names or its mapping change."""
    character = character_of(target)
    keeper = profiles.keeper_of(character)
    kept = (str(keeper.get(profiles.EDITED_KEY, "")), str(keeper.get(profiles.CHOSEN_KEY, "")))
    names = tuple(
        (kind, owner, tuple(offered))
        for kind, owners in character.inventory.names.items()
        for owner, offered in owners.items()
    )
    key = (kept, names, tuple(profiles.user_profile_names()))
    known = state().profiles
    if key not in known:
        if len(known) >= MAX_PROFILES:
            known.clear()
        known[key] = profiles.profile_of(character)
    return known[key]


def _new_record(scene: bpy.types.Scene, target: bpy.types.Object) -> bpy.types.PropertyGroup:
    record = scene.dirfa.characters.add()
    record.target = target
    return record


def _write(scene: bpy.types.Scene, record: bpy.types.PropertyGroup, plan: Plan) -> None:
    action = record.action
    memory = edits.read_record(action)
    offsets = {} if record.is_layered else edits.offsets(record.edits)
    written: list[edits.Record] = []
    kept_slots: set[str] = set()
    for planned_slot in plan.slots:
        block = planned_slot.id_block
        if block.animation_data is not None:
            block.animation_data.use_nla = True
        nla.keep_below(block, scene.frame_end)
        strips: list[nla.LayerStrip] = []
        if record.is_layered:
            rest = _rest_slot(action, planned_slot)
            kept_slots.add(rest.identifier)
            strips.append(nla.LayerStrip(nla.REST_TRACK, action, rest))
        for name, channels in _parts_of(planned_slot, is_layered=record.is_layered):
            slot = _slot(action, block, name, is_layered=record.is_layered)
            kept_slots.add(slot.identifier)
            written += _write_slot(action, slot, channels, plan.frames, record, memory, offsets)
            strips.append(nla.LayerStrip(channels[0].group, action, slot))
            if not record.is_layered:
                fcurves.assign(block, action, slot)
        if record.is_layered:
            own = _edits_slot(record.edits, block, planned_slot.name)
            if own is not None:
                strips.append(nla.LayerStrip(nla.EDITS_TRACK, record.edits, own, "ADD"))
            nla.lay_out(block, strips, (plan.frames[0], plan.frames[-1]))
    for slot in action.slots:
        if slot.identifier not in kept_slots:
            for curve in fcurves.slot_curves(action, slot).values():
                fcurves.channelbag(action, slot).fcurves.remove(curve)
    edits.write_record(action, written)


def _parts_of(slot: apply.Slot, *, is_layered: bool) -> list[tuple[str, Sequence[fcurves.Channel]]]:
    """Slot names and channels for one datablock: one slot, or one for each layer it has."""
    if not is_layered:
        return [(slot.name, slot.channels)]
    groups = dict.fromkeys(channel.group for channel in slot.channels)
    return [
        (
            f"{slot.name}{edits.LAYER_MARK}{group}",
            [channel for channel in slot.channels if channel.group == group],
        )
        for group in groups
    ]


def _slot(
    action: bpy.types.Action, id_block: bpy.types.ID, name: str, *, is_layered: bool
) -> bpy.types.ActionSlot:
    data = id_block.animation_data
    if not is_layered and data is not None and data.action == action and data.action_slot:
        return data.action_slot
    for slot in action.slots:
        if slot.target_id_type == id_block.id_type and slot.name_display == name:
            return slot
    return fcurves.new_slot(action, id_block, name)


def _rest_slot(action: bpy.types.Action, planned_slot: apply.Slot) -> bpy.types.ActionSlot:
    """A slot that holds every channel of a datablock at rest, with one key each."""
    name = f"{planned_slot.name}{edits.LAYER_MARK}{nla.REST_TRACK}"
    slot = _slot(action, planned_slot.id_block, name, is_layered=True)
    bag = fcurves.channelbag(action, slot)
    present = fcurves.slot_curves(action, slot)
    for channel in planned_slot.channels:
        if (channel.path, channel.index) not in present:
            rest = nla.rest_value(channel.path, channel.index)
            keys = Keys(np.zeros(1), np.array([rest]), "CONSTANT")
            fcurves.set_keys(fcurves.new_curve(bag, channel), keys)
    return slot


def _edits_slot(
    layer: bpy.types.Action | None, block: bpy.types.ID, name: str
) -> bpy.types.ActionSlot | None:
    """The slot of the offset layer that belongs to a datablock."""
    for slot in layer.slots if layer is not None else ():
        if slot.target_id_type == block.id_type and slot.name_display == name:
            return slot
    return None


def _write_slot(
    action: bpy.types.Action,
    slot: bpy.types.ActionSlot,
    channels: Sequence[fcurves.Channel],
    frames: Floats,
    record: bpy.types.PropertyGroup,
    memory: Mapping[edits.Name, Keys],
    offsets: Mapping[edits.Name, bpy.types.FCurve],
) -> list[edits.Record]:
    """Write the curves of one slot that change, and remove those nobody plans any more."""
    bag = fcurves.channelbag(action, slot)
    curves = fcurves.slot_curves(action, slot)
    owner = f"{action.session_uid} {slot.identifier}"
    names: list[edits.Name] = [(slot.identifier, c.path, c.index) for c in channels]
    edited = [
        replace(channel, values=channel.values + fcurves.sampled(offsets[name], frames))
        if name in offsets
        else channel
        for channel, name in zip(channels, names, strict=True)
    ]
    written: list[edits.Record] = []
    for channel, name, keys in zip(
        channels, names, keys_of(edited, frames, record, owner), strict=True
    ):
        curve = curves.pop((channel.path, channel.index), None)
        known = memory.get(name)
        if curve is None:
            curve = fcurves.new_curve(bag, channel)
            fcurves.set_keys(curve, keys)
        elif known is None or not _same(known, keys):
            fcurves.set_keys(curve, keys)
        written.append(edits.Record(name, keys))
    for curve in curves.values():
        bag.fcurves.remove(curve)
    return written


def keys_of(
    channels: Sequence[fcurves.Channel],
    frames: Floats,
    record: bpy.types.PropertyGroup,
    owner: str,
) -> list[Keys]:
    """Keys of channels in the way a character wants them: every frame, or as few as its error allows.

    Parameters
    ----------
    owner : tells the channels of one datablock from those of another
    """
    if not channels:
        return []
    values = np.stack([channel.values for channel in channels], 1).astype(np.float64)
    if record.keys == "EVERY":
        held = record.interpolation == "CONSTANT"
        return [
            Keys(frames, values[:, i], "CONSTANT" if held or channel.is_stepped else "LINEAR")
            for i, channel in enumerate(channels)
        ]
    bounds = [_bound(channel, record) for channel in channels]
    kinds = ["CONSTANT" if c.is_stepped else record.interpolation for c in channels]
    names = [(owner, c.path, c.index, bounds[i], kinds[i]) for i, c in enumerate(channels)]
    known = state().reduced
    fresh = [
        i for i, name in enumerate(names) if not _is_known(known.get(name), frames, values[:, i])
    ]
    if len(known) > MAX_REDUCED:
        known.clear()
        fresh = list(range(len(channels)))
    for kind in dict.fromkeys(kinds):
        columns = [i for i in fresh if kinds[i] == kind]
        errors = [bounds[i] for i in columns]
        for i, keys in zip(columns, reduced(frames, values[:, columns], errors, kind), strict=True):
            known[names[i]] = (frames, values[:, i], keys)
    return [known[name][2] for name in names]


def _is_known(entry: tuple[Floats, Floats, Keys] | None, frames: Floats, values: Floats) -> bool:
    """Whether a curve has been reduced before: only what a slider moves is reduced again."""
    return (
        entry is not None and np.array_equal(entry[0], frames) and np.array_equal(entry[1], values)
    )


def _bound(channel: fcurves.Channel, record: bpy.types.PropertyGroup) -> float:
    """Largest error of a reduced curve; a picture's number or a visibility is exact."""
    return 0.0 if channel.is_stepped else record.max_error * _error_share(channel.path)


def _error_share(path: str) -> float:
    if _ROTATION.search(path):
        return ROTATION_SHARE
    return LOCATION_SHARE if path.endswith("location") else 1.0


def _same(known: Keys, keys: Keys) -> bool:
    """Whether keys are those a curve has, in the precision in which Blender keeps them."""
    if known.interpolation != keys.interpolation or len(known) != len(keys):
        return False
    if (known.slopes is None) != (keys.slopes is None):
        return False
    pairs = [(known.values, keys.values), (known.frames, keys.frames)]
    if known.slopes is not None and keys.slopes is not None:
        pairs.append((known.slopes, keys.slopes))
    return all(np.array_equal(old, new.astype(np.float32)) for old, new in pairs)
