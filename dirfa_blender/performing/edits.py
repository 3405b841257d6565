"""Hand edits: found in the curves themselves, kept as offsets, added again to whatever comes next.

An artist edits the performance where every Blender tool works: on the keys of the one Action that
plays. What was written is remembered inside the Action; a curve that differs from it has been edited,
whatever tool did it. The difference becomes a curve of a second Action, the offset layer, which no new
take, slider or key reduction changes; muting or deleting that Action's curves undoes the edits. The
memory travels with the Action through undo, copies and files, so nothing has to be watched.

A curve that is gone while others of its datablock are there was deleted, and stays away until a take is
made anew; keys that an artist then gives the same property are the artist's. A datablock without any curve
was taken apart, and gets all of them back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..blender import fcurves
from ..core.key_reduction import Interpolation, Keys, reduced
from ..session import Memory, Name, Written, state

# Custom properties of an Action: what was written to it, as text and float32 numbers.
INDEX_KEY = "dirfa_index"
POINTS_KEY = "dirfa_points"
# The same for curves that an artist deleted: their names.
DELETED_KEY = "dirfa_deleted"
# Between the name of a datablock's slot and that of one of its layers.
LAYER_MARK = " / "
# Differences below this are noise of single precision, in the property's unit.
LEAST_OFFSET = 1e-5
OFFSET_TOLERANCE = 5e-4

# Actions whose memory is kept unpacked.
MAX_MEMORIES = 16

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Record:
    """Keys of one curve as they were written."""

    name: Name
    keys: Keys


def write_record(action: bpy.types.Action, records: Sequence[Record]) -> None:
    """Remember in an Action what its curves were given."""
    known = state().memories.get(action.session_uid)
    entries: dict[Name, Written] = {}
    for record in records:
        before = known.entries.get(record.name) if known is not None else None
        is_same = before is not None and before.keys is record.keys
        entries[record.name] = before if is_same else _written(record.keys)
    index = [
        [*name, len(e.keys), e.keys.interpolation, e.keys.slopes is not None]
        for name, e in entries.items()
    ]
    memory = Memory(
        json.dumps(index), b"".join(entry.columns for entry in entries.values()), entries
    )
    action[INDEX_KEY] = memory.index
    # Blender 4.5 and 5.2 lose bytes that replace other bytes: the property is made anew.
    if POINTS_KEY in action:
        del action[POINTS_KEY]
    action[POINTS_KEY] = memory.points
    _keep(action, memory)


def read_record(action: bpy.types.Action) -> dict[Name, Keys]:
    """What the curves of an Action were given; empty for an Action that remembers nothing."""
    return {name: entry.keys for name, entry in _memory_of(action).entries.items()}


def is_as_written(curve: bpy.types.FCurve, points: Singles) -> bool:
    """Whether a curve has exactly the keys (N, 2) it was given."""
    if len(curve.keyframe_points) != len(points):
        return False
    return np.array_equal(fcurves.read_keys(curve), points)


def absorb(
    action: bpy.types.Action, edits: bpy.types.Action | None, name: str
) -> tuple[bpy.types.Action | None, set[Name]]:
    """Move what an artist changed in `action` into the offset layer.

    Returns
    -------
    The offset layer, made on the first edit, and which curves had been edited. The curves of `action`
    are left as they are: they are about to be written anew
    """
    touched: set[Name] = set()
    entries = _memory_of(action).entries
    if not entries:
        return edits, touched
    for slot in action.slots:
        for (path, number), curve in fcurves.slot_curves(action, slot).items():
            key = (slot.identifier, path, number)
            entry = entries.get(key)
            if entry is None or is_as_written(curve, entry.points):
                continue
            touched.add(key)
            frames, offset = _difference(curve, entry.keys)
            if np.abs(offset).max(initial=0.0) < LEAST_OFFSET:
                continue
            edits = edits or fcurves.new_action(name)
            _add_offset(edits, slot, curve, frames, offset)
    return edits, touched


def note_deleted(action: bpy.types.Action) -> None:
    """Remember which curves an artist has taken out of an Action since they were written."""
    record = read_record(action)
    names = deleted(action)
    missing: set[Name] = set()
    for slot in action.slots:
        own = {name for name in record if name[0] == slot.identifier}
        present = fcurves.slot_curves(action, slot)
        if present:
            missing |= {name for name in own if name[1:] not in present}
        elif own:
            names = {name for name in names if name[0] != unlayered(slot.identifier)}
    keep_deleted(action, names | {(unlayered(slot), path, n) for slot, path, n in missing})
    if missing:
        write_record(action, [Record(n, keys) for n, keys in record.items() if n not in missing])


def deleted(action: bpy.types.Action) -> set[Name]:
    """Curves an artist took out of an Action, by the name their datablock's slot has without layers."""
    return {(slot, path, index) for slot, path, index in json.loads(action.get(DELETED_KEY, "[]"))}


def is_thinned(action: bpy.types.Action | None) -> bool:
    """Whether an artist has taken curves out of an Action."""
    return action is not None and DELETED_KEY in action


def keep_deleted(action: bpy.types.Action, names: set[Name]) -> None:
    """Remember these as deleted, and no others."""
    if names:
        action[DELETED_KEY] = json.dumps(sorted(names))
    elif DELETED_KEY in action:
        del action[DELETED_KEY]


def bring_back(action: bpy.types.Action) -> None:
    """Let deleted curves be written again, except where an artist has put other keys in their place."""
    present = {
        (unlayered(slot.identifier), *place)
        for slot in action.slots
        for place in fcurves.slot_curves(action, slot)
        if (slot.identifier, *place) not in _memory_of(action).entries
    }
    keep_deleted(action, deleted(action) & present)


def unlayered(slot: str) -> str:
    """Name of the slot that a datablock has where its layers have none of their own."""
    return slot.split(LAYER_MARK)[0]


def offsets(edits: bpy.types.Action | None) -> dict[Name, bpy.types.FCurve]:
    """Curves of the offset layer that count."""
    if edits is None:
        return {}
    return {
        (slot.identifier, path, number): curve
        for slot in edits.slots
        for (path, number), curve in fcurves.slot_curves(edits, slot).items()
        if not curve.mute and not (curve.group is not None and curve.group.mute)
    }


def settle(action: bpy.types.Action, touched: set[Name]) -> None:
    """Take curves whose edits are in the offset layer as written, so that they are not found twice."""
    record = read_record(action)
    for slot in action.slots:
        for (path, number), curve in fcurves.slot_curves(action, slot).items():
            if (slot.identifier, path, number) in touched:
                points = fcurves.read_keys(curve).astype(np.float64)
                record[slot.identifier, path, number] = Keys(points[:, 0], points[:, 1])
    write_record(action, [Record(name, keys) for name, keys in record.items()])


def shift(edits: bpy.types.Action, lines: Sequence[tuple[float, float, float]]) -> None:
    """Move the offset layer's keys with the lines they belong to.

    Parameters
    ----------
    lines : first and last frame of each, and by how many frames it moves; of two that share a key the
        last counts. Keys between lines stay, but for those on which a line comes to lie
    """

    def moved(frames: Floats) -> Floats:
        result = frames.copy()
        is_free = np.ones(len(frames), bool)
        for first, last, by in lines:
            own = (frames >= first) & (frames <= last)
            result[own] = frames[own] + by
            is_free &= ~own
        for first, last, by in lines:
            result[is_free & (frames >= first + by) & (frames <= last + by)] = np.nan
        return result

    # A key outside may carry what is inside: each line gets keys of its own at both ends.
    ends = np.array([frame for first, last, by in lines if by for frame in (first, last)])
    _remap(edits, moved, ends)


def stretch(edits: bpy.types.Action, factor: float, origins: Sequence[tuple[float, float]]) -> None:
    """Scale the offset layer's times after a change of the frame rate.

    Parameters
    ----------
    origins : (first, last) frame of each line before the change; a key keeps its seconds from the
        first frame of its line
    """

    def stretched(frames: Floats) -> Floats:
        result = frames.copy()
        for first, last in origins:
            own = (frames >= first) & (frames <= last)
            result[own] = first + (frames[own] - first) * factor
        return result

    _remap(edits, stretched)


def _memory_of(action: bpy.types.Action) -> Memory:
    """What an Action remembers; unpacked again only where its properties have changed."""
    index, points = action.get(INDEX_KEY, "[]"), action.get(POINTS_KEY, b"")
    known = state().memories.get(action.session_uid)
    if known is not None and known.index == index and known.points == points:
        return known
    entries: dict[Name, Written] = {}
    data = np.frombuffer(points, np.float32)
    position = 0
    for slot, path, number, count, interpolation, is_steep in json.loads(index):
        width = 3 if is_steep else 2
        columns = data[position : position + width * count]
        position += width * count
        entries[slot, path, number] = _unpacked(columns, width, _kind(interpolation))
    memory = Memory(index, points, entries)
    _keep(action, memory)
    return memory


def _written(keys: Keys) -> Written:
    """Keys in the precision in which Blender keeps them."""
    columns = [keys.frames, keys.values] + ([keys.slopes] if keys.slopes is not None else [])
    data = np.stack(columns).astype(np.float32)
    return _unpacked(data.ravel(), len(columns), keys.interpolation)


def _unpacked(columns: Singles, width: int, interpolation: Interpolation) -> Written:
    rows = columns.reshape(width, -1)
    exact = rows.astype(np.float64)
    keys = Keys(exact[0], exact[1], interpolation, exact[2] if width == 3 else None)
    return Written(keys, np.ascontiguousarray(rows[:2].T), columns.tobytes())


def _keep(action: bpy.types.Action, memory: Memory) -> None:
    memories = state().memories
    memories.pop(action.session_uid, None)
    while len(memories) >= MAX_MEMORIES:
        memories.pop(next(iter(memories)))
    memories[action.session_uid] = memory


def _remap(
    edits: bpy.types.Action, new_frames: Callable[[Floats], Floats], ends: Floats | None = None
) -> None:
    """Give every key of the offset layer another frame; those without a number go.

    Parameters
    ----------
    ends : frames that get a key first, where there are keys about them
    """
    for slot in edits.slots:
        for curve in fcurves.slot_curves(edits, slot).values():
            points = fcurves.read_keys(curve).astype(np.float64)
            if ends is not None and len(points):
                about = (ends > points[0, 0]) & (ends < points[-1, 0])
                frames = np.union1d(points[:, 0], ends[about])
                points = np.stack([frames, fcurves.sampled(curve, frames)], 1)
            points[:, 0] = new_frames(points[:, 0])
            points = points[np.isfinite(points[:, 0])]
            points = points[np.argsort(points[:, 0], kind="stable")]
            # Keys that come to lie on one another: the last of them stays.
            rising = np.append(np.diff(points[:, 0]) > 1e-4, True)
            fcurves.set_keys(curve, Keys(points[rising, 0], points[rising, 1]))


def _difference(curve: bpy.types.FCurve, keys: Keys) -> tuple[Floats, Floats]:
    """Whole frames over both sets of keys, and how far the curve is from what was written there."""
    now = fcurves.read_keys(curve)[:, 0]
    first = min(now.min(initial=np.inf), keys.frames[0])
    last = max(now.max(initial=-np.inf), keys.frames[-1])
    frames = np.unique(np.concatenate([np.arange(np.floor(first), np.ceil(last) + 1), now]))
    frames = frames.astype(np.float64)
    if not len(now):
        return frames, -keys.at(frames)
    # A modifier stays on the curve, so it is no part of the difference.
    muted = [modifier for modifier in curve.modifiers if not modifier.mute]
    for modifier in muted:
        modifier.mute = True
    try:
        offset = fcurves.sampled(curve, frames) - keys.at(frames)
        # Keys that are no number say nothing about what was wanted.
        return frames, np.where(np.isfinite(offset), offset, 0.0)
    finally:
        for modifier in muted:
            modifier.mute = False


def _add_offset(
    edits: bpy.types.Action,
    like: bpy.types.ActionSlot,
    curve: bpy.types.FCurve,
    frames: Floats,
    offset: Floats,
) -> None:
    slot = edits.slots.get(unlayered(like.identifier))
    if slot is None:
        name = unlayered(like.name_display)
        slot = edits.slots.new(id_type=like.target_id_type, name=name)
    bag = fcurves.channelbag(edits, slot)
    own = fcurves.slot_curves(edits, slot).get((curve.data_path, curve.array_index))
    if own is None:
        group = curve.group.name if curve.group is not None else "Edits"
        empty = np.zeros(0)
        own = fcurves.new_curve(
            bag, fcurves.Channel(curve.data_path, curve.array_index, group, empty)
        )
    elif len(own.keyframe_points):
        points = fcurves.read_keys(own)[:, 0]
        both = np.unique(np.concatenate([frames, points])).astype(np.float64)
        offset = np.interp(both, frames, offset, 0.0, 0.0) + fcurves.sampled(own, both)
        frames = both
    (keys,) = reduced(frames, offset[:, None], OFFSET_TOLERANCE)
    fcurves.set_keys(own, keys)


def _kind(text: str) -> Interpolation:
    assert text in ("CONSTANT", "LINEAR", "BEZIER")
    return text
