"""Hand edits: found in the curves themselves, kept as offsets, added again to whatever comes next.

An artist edits the performance where every Blender tool works: on the keys of the one Action that
plays. What was written is remembered inside the Action; a curve that differs from it has been edited,
whatever tool did it. The difference becomes a curve of a second Action, the offset layer, which no new
take, slider or key reduction changes; muting or deleting that Action's curves undoes the edits. The
memory travels with the Action through undo, copies and files, so nothing has to be watched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from . import fcurves
from .core.key_reduction import Interpolation, Keys, reduced

# Custom properties of an Action: what was written to it, as text and float32 numbers.
INDEX_KEY = "dirfa_index"
POINTS_KEY = "dirfa_points"
# Between the name of a datablock's slot and that of one of its layers.
LAYER_MARK = " / "
# Differences below this are noise of single precision, in the property's unit.
LEAST_OFFSET = 1e-5
OFFSET_TOLERANCE = 5e-4

Floats = npt.NDArray[np.float64]
Name = tuple[str, str, int]
"""Slot identifier, property path, array index of a curve."""


@dataclass(frozen=True)
class Record:
    """Keys of one curve as they were written."""

    name: Name
    keys: Keys


def write_record(action: bpy.types.Action, records: Sequence[Record]) -> None:
    """Remember in an Action what its curves were given."""
    index = [
        [*r.name, len(r.keys), r.keys.interpolation, r.keys.slopes is not None] for r in records
    ]
    columns = [
        np.stack(
            [r.keys.frames, r.keys.values] + ([r.keys.slopes] if r.keys.slopes is not None else []),
        ).astype(np.float32)
        for r in records
    ]
    action[INDEX_KEY] = json.dumps(index)
    # Blender 4.5 and 5.2 lose bytes that replace other bytes: the property is made anew.
    if POINTS_KEY in action:
        del action[POINTS_KEY]
    action[POINTS_KEY] = b"".join(column.tobytes() for column in columns)


def read_record(action: bpy.types.Action) -> dict[Name, Keys]:
    """What the curves of an Action were given; empty for an Action that remembers nothing."""
    found: dict[Name, Keys] = {}
    data = np.frombuffer(action.get(POINTS_KEY, b""), np.float32)
    position = 0
    for slot, path, number, count, interpolation, is_steep in json.loads(
        action.get(INDEX_KEY, "[]")
    ):
        width = 3 if is_steep else 2
        rows = data[position : position + width * count].reshape(width, count).astype(np.float64)
        position += width * count
        slopes = rows[2] if is_steep else None
        found[slot, path, number] = Keys(rows[0], rows[1], _kind(interpolation), slopes)
    return found


def is_as_written(curve: bpy.types.FCurve, keys: Keys) -> bool:
    """Whether a curve has exactly the keys it was given."""
    if len(curve.keyframe_points) != len(keys):
        return False
    return np.array_equal(fcurves.read_keys(curve), fcurves.as_points(keys))


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
    record = read_record(action)
    if not record:
        return edits, touched
    for slot in action.slots:
        for (path, number), curve in fcurves.slot_curves(action, slot).items():
            key = (slot.identifier, path, number)
            keys = record.get(key)
            if keys is None or is_as_written(curve, keys):
                continue
            touched.add(key)
            frames, offset = _difference(curve, keys)
            if np.abs(offset).max(initial=0.0) < LEAST_OFFSET:
                continue
            edits = edits or fcurves.new_action(name)
            _add_offset(edits, slot, curve, frames, offset)
    return edits, touched


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


def shift(edits: bpy.types.Action, begin: float, end: float, by: float) -> None:
    """Move the offset layer's keys between two frames."""

    def moved(frames: Floats) -> Floats:
        return frames + np.where((frames >= begin) & (frames <= end), by, 0.0)

    _remap(edits, moved)


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


def _remap(edits: bpy.types.Action, new_frames: Callable[[Floats], Floats]) -> None:
    for slot in edits.slots:
        for curve in fcurves.slot_curves(edits, slot).values():
            points = fcurves.read_keys(curve).astype(np.float64)
            points[:, 0] = new_frames(points[:, 0])
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
        return frames, fcurves.sampled(curve, frames) - keys.at(frames)
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
    slot = edits.slots.get(like.identifier.split(LAYER_MARK)[0])
    if slot is None:
        name = like.name_display.split(LAYER_MARK)[0]
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
