"""Curves of a performance written to its Action: changed ones only, in pieces where there are many keys.

A curve is written in place, so it keeps its mute, colour and modifiers, and a slider that moves the brows
leaves the lips' keys alone. Curves that were never written here are the artist's, and stay. Nothing of an
Action is held from one piece to the next but the Action itself: between two of them an artist may delete a
curve.

A slider that still moves gets rough keys where keys are reduced: those of before, at the new heights. Where
keys belong is found again when it rests (`refining`), because that takes longer than a picture may.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import bpy
import numpy as np
import numpy.typing as npt

from ..blender import fcurves, nla
from ..blender.pieces import Stale, Steps
from ..core.key_reduction import Interpolation, Keys, reduced, slopes_of
from ..rig.profiles import profile_for
from ..session import state
from . import apply, edits, posed_values

Floats = npt.NDArray[np.float64]

# Largest error of a reduced curve as a part of that of a shape's weight: radians and metres are dearer.
ROTATION_SHARE = 0.2
LOCATION_SHARE = 0.05
# Reduced curves that are kept at hand: those of some twenty characters.
MAX_REDUCED = 2000
# Samples that one piece writes, or reduces: some milliseconds each.
WRITTEN_A_PIECE = 24_000
REDUCED_A_PIECE = 6_000
# A key lies on a sample that is this near, frames.
FRAME_TOLERANCE = 0.01
_ROTATION = re.compile(r"rotation_(euler|quaternion|axis_angle)$")


@dataclass(frozen=True)
class Plan:
    """A performance ready to be written: one value of every channel for each frame."""

    target: bpy.types.Object
    frames: Floats
    slots: tuple[apply.Slot, ...]


@dataclass(frozen=True)
class KeyStyle:
    """How many keys curves have; the defaults are those of a new character."""

    keys: Literal["EVERY", "REDUCED"] = "EVERY"
    interpolation: Interpolation = "BEZIER"
    max_error: float = 0.01
    is_rough: bool = False


@dataclass(frozen=True)
class Destination:
    """Where a performance goes.

    ``edits`` is the offset layer of hand edits, if there is one; ``frame_end`` is the scene's.
    """

    action: bpy.types.Action
    edits: bpy.types.Action | None
    style: KeyStyle
    frame_end: int
    is_layered: bool = False


@dataclass(frozen=True)
class _Progress:
    """What is known of an Action's curves while it is written, by slot, path and index.

    Parameters
    ----------
    memory : keys that each was written with before
    muted : curves that an artist has muted
    written : keys of now; grows as curves are written
    """

    memory: Mapping[edits.Name, Keys]
    muted: set[edits.Name]
    written: dict[edits.Name, Keys] = field(default_factory=dict)


def style_of(record: bpy.types.PropertyGroup) -> KeyStyle:
    """How the keys of a character are wanted."""
    return KeyStyle(record.keys, record.interpolation, record.max_error)


def write_steps(where: Destination, plan: Plan) -> Steps[None]:
    """Write every curve of a plan and let its datablocks play them."""
    progress = _Progress(edits.read_record(where.action), _muted(where.action))
    try:
        yield from _write(where, plan, progress)
    except Stale:
        raise
    except BaseException:
        # What has new keys already must not be taken for edited by hand, nor what is gone for deleted.
        with contextlib.suppress(ReferenceError):
            present = _curves_of(where.action)
            known = {**progress.memory, **progress.written}
            _remember(where.action, {n: keys for n, keys in known.items() if n in present})
        raise
    _remember(where.action, progress.written)


def _write(where: Destination, plan: Plan, progress: _Progress) -> Steps[None]:
    """Write slot after slot, each a layer where there are layers, and take out what is planned no more."""
    action = where.action
    kept: set[str] = set()
    planned: set[edits.Name] = set()
    for planned_slot in plan.slots:
        block = planned_slot.id_block
        if block.animation_data is not None:
            block.animation_data.use_nla = True
        nla.keep_below(block, where.frame_end)
        strips: list[tuple[str, str]] = []
        if where.is_layered:
            rest = _rest_slot(action, planned_slot, plan.target).identifier
            kept.add(rest)
            strips.append((nla.REST_TRACK, rest))
        for name, channels in _parts_of(planned_slot, is_layered=where.is_layered):
            slot = _slot(action, block, name, is_layered=where.is_layered).identifier
            kept.add(slot)
            planned |= {(edits.unlayered(slot), c.path, c.index) for c in channels}
            yield from _write_slot(where, slot, channels, plan.frames, progress)
            strips.append((channels[0].group, slot))
            if not where.is_layered:
                fcurves.assign(block, action, action.slots[slot])
            yield True
        if where.is_layered:
            layers = [nla.LayerStrip(track, action, action.slots[slot]) for track, slot in strips]
            layers += _strips_above(where, planned_slot, progress.memory, plan.frames)
            nla.lay_out(block, layers, (plan.frames[0], plan.frames[-1]))
    _take_out(action, plan, {*progress.memory} - {*progress.written}, kept)
    if planned:
        # What a character has no more, or under another name, was not deleted.
        edits.keep_deleted(action, edits.deleted(action) & planned)


def _write_slot(
    where: Destination,
    identifier: str,
    channels: Sequence[fcurves.Channel],
    frames: Floats,
    progress: _Progress,
) -> Steps[None]:
    """Write the curves of one slot that change."""
    size = REDUCED_A_PIECE if where.style.keys == "REDUCED" else WRITTEN_A_PIECE
    count = max(1, size // max(1, len(frames)))
    owner = f"{where.action.session_uid} {identifier}"
    base = edits.unlayered(identifier)
    gone = edits.deleted(where.action)
    channels = [c for c in channels if (base, c.path, c.index) not in gone]
    for start in range(0, len(channels), count):
        if start:
            yield True
        slot = where.action.slots[identifier]
        bag = fcurves.channelbag(where.action, slot)
        curves = fcurves.slot_curves(where.action, slot)
        offsets = {} if where.is_layered else edits.offsets(where.edits)
        some = [_edited(c, identifier, frames, offsets) for c in channels[start : start + count]]
        known = [progress.memory.get((identifier, c.path, c.index)) for c in some]
        found = keys_of(some, frames, where.style, owner, known)
        for channel, before, keys in zip(some, known, found, strict=True):
            curve = curves.get((channel.path, channel.index))
            if curve is None:
                curve = fcurves.new_curve(bag, channel)
                curve.mute = (base, channel.path, channel.index) in progress.muted
                fcurves.set_keys(curve, keys)
            elif before is not None and _same(before, keys):
                keys = before
            else:
                fcurves.set_keys(curve, keys, before)
            progress.written[identifier, channel.path, channel.index] = keys


def _take_out(
    action: bpy.types.Action, plan: Plan, outdated: set[edits.Name], kept: set[str]
) -> None:
    """Remove the curves nobody plans any more; what they moved goes back to rest.

    Blender leaves a property that nothing animates as it last was: a line taken away would leave its
    character in the middle of a word.
    """
    moved: dict[tuple[int, str, int], bpy.types.ID] = {}
    for slot in action.slots:
        is_rest = slot.identifier.endswith(f"{edits.LAYER_MARK}{nla.REST_TRACK}")
        is_unused = is_rest and slot.identifier not in kept
        for place, curve in fcurves.slot_curves(action, slot).items():
            if is_unused or (slot.identifier, *place) in outdated:
                moved |= {(block.session_uid, *place): block for block in slot.users()}
                fcurves.channelbag(action, slot).fcurves.remove(curve)
    for slot in plan.slots:
        for channel in slot.channels:
            moved.pop((slot.id_block.session_uid, channel.path, channel.index), None)
    for (_, path, index), block in moved.items():
        posed_values.rest(block, path, index)


def keys_of(
    channels: Sequence[fcurves.Channel],
    frames: Floats,
    style: KeyStyle,
    owner: str,
    before: Sequence[Keys | None] = (),
) -> list[Keys]:
    """Keys of channels as they are wanted: every frame, or as few as the error allows.

    Parameters
    ----------
    frames : (T,) of the channels' values
    owner : tells the channels of one datablock from those of another
    before : keys each channel has; rough ones keep their places
    """
    if not channels:
        return []
    values = np.stack([channel.values for channel in channels], 1).astype(np.float64)
    if style.keys == "EVERY":
        held = style.interpolation == "CONSTANT"
        return [
            Keys(frames, values[:, i], "CONSTANT" if held or channel.is_stepped else "LINEAR")
            for i, channel in enumerate(channels)
        ]
    bounds = [_bound(channel, style) for channel in channels]
    kinds = ["CONSTANT" if c.is_stepped else style.interpolation for c in channels]
    names = [(owner, c.path, c.index, bounds[i], kinds[i]) for i, c in enumerate(channels)]
    known = state().reduced
    result: dict[int, Keys] = {}
    fresh: list[int] = []
    for i, name in enumerate(names):
        entry = known.get(name)
        rough = None
        if entry is not None and _is_known(entry, frames, values[:, i]):
            result[i] = entry[2]
            continue
        if style.is_rough and before:
            rough = _at_the_same_places(before[i], frames, values[:, i], kinds[i])
        if rough is not None:
            result[i] = rough
        else:
            fresh.append(i)
    if len(known) > MAX_REDUCED:
        known.clear()
    for kind in dict.fromkeys(kinds):
        columns = [i for i in fresh if kinds[i] == kind]
        errors = [bounds[i] for i in columns]
        for i, keys in zip(columns, reduced(frames, values[:, columns], errors, kind), strict=True):
            result[i] = keys
            known[names[i]] = (frames, values[:, i], keys)
    return [result[i] for i in range(len(channels))]


def _at_the_same_places(
    before: Keys | None, frames: Floats, values: Floats, kind: Interpolation
) -> Keys | None:
    """Keys on the frames of earlier ones, through new samples; None where those do not fit."""
    if before is None or before.interpolation != kind or len(before) < 2:
        return None
    places = np.searchsorted(frames, before.frames - FRAME_TOLERANCE)
    places = np.minimum(places, len(frames) - 1)
    ends = (places[0], places[-1]) == (0, len(frames) - 1)
    if not ends or np.abs(frames[places] - before.frames).max() > FRAME_TOLERANCE:
        return None
    slopes = slopes_of(frames, values[:, None])[places, 0] if kind == "BEZIER" else None
    return Keys(frames[places], values[places], kind, slopes)


def _edited(
    channel: fcurves.Channel,
    slot: str,
    frames: Floats,
    offsets: Mapping[edits.Name, bpy.types.FCurve],
) -> fcurves.Channel:
    """A channel with what was changed by hand on top."""
    offset = offsets.get((slot, channel.path, channel.index))
    if offset is None:
        return channel
    return replace(channel, values=channel.values + fcurves.sampled(offset, frames))


def _curves_of(action: bpy.types.Action) -> dict[edits.Name, bpy.types.FCurve]:
    return {
        (slot.identifier, *place): curve
        for slot in action.slots
        for place, curve in fcurves.slot_curves(action, slot).items()
    }


def _muted(action: bpy.types.Action) -> set[edits.Name]:
    """Curves that do not count, so that they stay silent where they move to another slot."""
    return {
        (edits.unlayered(slot), path, index)
        for (slot, path, index), curve in _curves_of(action).items()
        if curve.mute or (curve.group is not None and curve.group.mute)
    }


def _remember(action: bpy.types.Action, keys: Mapping[edits.Name, Keys]) -> None:
    edits.write_record(action, [edits.Record(name, own) for name, own in keys.items()])


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
    return _named_slot(action, id_block, name) or fcurves.new_slot(action, id_block, name)


def _named_slot(
    action: bpy.types.Action | None, id_block: bpy.types.ID, name: str
) -> bpy.types.ActionSlot | None:
    """The slot of an Action that belongs to a datablock of this kind by name."""
    for slot in action.slots if action is not None else ():
        if slot.target_id_type == id_block.id_type and slot.name_display == name:
            return slot
    return None


def _rest_slot(
    action: bpy.types.Action, planned_slot: apply.Slot, target: bpy.types.Object
) -> bpy.types.ActionSlot:
    """A slot that holds every channel of a datablock at rest, with one key each."""
    name = f"{planned_slot.name}{edits.LAYER_MARK}{nla.REST_TRACK}"
    slot = _slot(action, planned_slot.id_block, name, is_layered=True)
    bag = fcurves.channelbag(action, slot)
    present = fcurves.slot_curves(action, slot)
    missing = [c for c in planned_slot.channels if (c.path, c.index) not in present]
    known = apply.rest_values(target, profile_for(target)) if missing else {}
    for channel in missing:
        where = planned_slot.id_block.session_uid, channel.path, channel.index
        rest = known.get(where, nla.rest_value(channel.path, channel.index))
        keys = Keys(np.zeros(1), np.array([rest]), "CONSTANT")
        fcurves.set_keys(fcurves.new_curve(bag, channel), keys)
    return slot


def _strips_above(
    where: Destination,
    planned_slot: apply.Slot,
    memory: Mapping[edits.Name, Keys],
    frames: Floats,
) -> list[nla.LayerStrip]:
    """Strips over our layers, upward: the artist's own keys, then the hand edits, as far as there are."""
    strips = _own_strips(where.action, planned_slot, memory, frames)
    offsets = _named_slot(where.edits, planned_slot.id_block, planned_slot.name)
    if offsets is not None:
        strips.append(nla.LayerStrip(nla.EDITS_TRACK, where.edits, offsets, "ADD"))
    return strips


def _own_strips(
    action: bpy.types.Action,
    planned_slot: apply.Slot,
    memory: Mapping[edits.Name, Keys],
    frames: Floats,
) -> list[nla.LayerStrip]:
    """A strip for what an artist keyed in our Action besides, if there is any."""
    slot = _named_slot(action, planned_slot.id_block, planned_slot.name)
    curves = fcurves.slot_curves(action, slot) if slot is not None else {}
    times = [
        fcurves.read_keys(curve)[:, 0]
        for place, curve in curves.items()
        if slot is not None and (slot.identifier, *place) not in memory
    ]
    if slot is None or not sum(map(len, times)):
        return []
    every = np.concatenate([*times, frames[[0, -1]]])
    span = float(every.min()), float(every.max())
    return [nla.LayerStrip(nla.OWN_TRACK, action, slot, span=span)]


def _is_known(entry: tuple[Floats, Floats, Keys], frames: Floats, values: Floats) -> bool:
    """Whether a curve has been reduced before: only what a slider moves is reduced again."""
    return np.array_equal(entry[0], frames) and np.array_equal(entry[1], values)


def _bound(channel: fcurves.Channel, style: KeyStyle) -> float:
    """Largest error of a reduced curve; a picture's number or a visibility is exact."""
    return 0.0 if channel.is_stepped else style.max_error * _error_share(channel.path)


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
