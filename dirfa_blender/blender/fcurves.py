"""Actions, slots, layers, strips and channelbags: the only module that knows them.

An Action here has one layer with one keyframe strip, and one slot for each datablock it drives. Keys are
written in bulk (`keyframe_points.add` and `foreach_set`), which is about 400 times faster than inserting
them; the calls are those that Blender 4.5, 5.0 and 5.2 share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np
import numpy.typing as npt

from ..core.key_reduction import Interpolation, Keys

# Custom property by which an Action of ours is told from one the artist made.
OWNER_KEY = "dirfa"


@dataclass(frozen=True)
class Channel:
    """One animated number: a property path, its array index, the group shown for it, its samples.

    ``values`` is (T,), in the property's own unit, one for each key time. A channel that is `is_stepped`
    (a picture's number, a visibility) jumps between them whatever the other channels do.
    """

    path: str
    index: int
    group: str
    values: npt.NDArray[np.floating]
    is_stepped: bool = False


def new_action(name: str) -> bpy.types.Action:
    """An empty Action of ours with one layer and one keyframe strip."""
    action = bpy.data.actions.new(name)
    action[OWNER_KEY] = True
    _strip_of(action)
    return action


def is_ours(action: bpy.types.Action | None) -> bool:
    """Whether `new_action` made this Action."""
    return action is not None and bool(action.get(OWNER_KEY, False))


def write_slot(
    action: bpy.types.Action,
    id_block: bpy.types.ID,
    slot_name: str,
    frames: npt.NDArray[np.floating],
    channels: Sequence[Channel],
    interpolation: Interpolation = "LINEAR",
) -> bpy.types.ActionSlot:
    """The new slot of `action` that holds `channels`, assigned to `id_block`.

    Parameters
    ----------
    frames : (T,) float, frame numbers in ascending order, fractions allowed

    Notes
    -----
    The datablock's earlier Action is kept by a fake user, so no take is lost when the file is saved.
    """
    slot = new_slot(action, id_block, slot_name)
    bag = channelbag(action, slot)
    for channel in channels:
        kind = "CONSTANT" if channel.is_stepped else interpolation
        write_keys(new_curve(bag, channel), frames, channel.values, kind)
    assign(id_block, action, slot)
    return slot


def new_slot(
    action: bpy.types.Action, id_block: bpy.types.ID, slot_name: str
) -> bpy.types.ActionSlot:
    """A new slot for a datablock of this kind; not assigned yet."""
    return action.slots.new(id_type=id_block.id_type, name=slot_name)


def channelbag(action: bpy.types.Action, slot: bpy.types.ActionSlot) -> bpy.types.ActionChannelbag:
    """The curves and groups of one slot of an Action of ours."""
    return _strip_of(action).channelbag(slot, ensure=True)


def new_curve(bag: bpy.types.ActionChannelbag, channel: Channel) -> bpy.types.FCurve:
    """A curve without keys for a channel, in its group."""
    curve = bag.fcurves.new(channel.path, index=channel.index)
    curve.group = bag.groups.get(channel.group) or bag.groups.new(channel.group)
    return curve


def assign(id_block: bpy.types.ID, action: bpy.types.Action, slot: bpy.types.ActionSlot) -> None:
    """Let a slot of an Action drive a datablock; an Action it had is kept by a fake user."""
    data = id_block.animation_data or id_block.animation_data_create()
    if data.action is not None and data.action != action:
        data.action.use_fake_user = True
    if data.action != action:
        data.action = action
    if data.action_slot != slot:
        data.action_slot = slot


def write_keys(
    curve: bpy.types.FCurve,
    frames: npt.NDArray[np.floating],
    values: npt.NDArray[np.floating],
    interpolation: Interpolation = "LINEAR",
) -> None:
    """Fill an empty curve with keys at `frames` (T,), `values` (T,), all of one interpolation."""
    set_keys(curve, Keys(np.asarray(frames), np.asarray(values), interpolation))


def set_keys(curve: bpy.types.FCurve, keys: Keys, before: Keys | None = None) -> None:
    """Give a curve these keys and no others; what else it has (mute, colour, modifiers) stays.

    Parameters
    ----------
    before : keys it is known to have; what they share is not written again
    """
    count = len(keys)
    points = curve.keyframe_points
    is_fresh = len(points) != count or before is None or before.interpolation != keys.interpolation
    if len(points) != count:
        points.clear()
        points.add(count)
    points.foreach_set("co", as_points(keys).ravel())
    if is_fresh:
        code = _enum_code("interpolation", keys.interpolation)
        points.foreach_set("interpolation", np.full(count, code, np.int32))
    if keys.interpolation == "BEZIER":
        # AUTO_CLAMPED never overshoots past a neighbouring key; ALIGNED keeps the slopes given.
        kind = "AUTO_CLAMPED" if keys.slopes is None else "ALIGNED"
        handles = np.full(count, _enum_code("handle_left_type", kind), np.int32)
        points.foreach_set("handle_left_type", handles)
        points.foreach_set("handle_right_type", handles)
        if keys.slopes is not None:
            left, right = _handles(keys)
            points.foreach_set("handle_left", left.ravel())
            points.foreach_set("handle_right", right.ravel())
    curve.update()


def as_points(keys: Keys) -> npt.NDArray[np.float32]:
    """Keys as Blender stores them: (N, 2) float32, frame and value."""
    return np.stack([keys.frames, keys.values], 1).astype(np.float32)


def _handles(keys: Keys) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(N, 2) left and right handles a third of the way to the neighbouring keys."""
    assert keys.slopes is not None
    gaps = np.diff(keys.frames) / 3.0
    before = np.concatenate([gaps[:1], gaps]) if len(gaps) else np.ones(1)
    after = np.concatenate([gaps, gaps[-1:]]) if len(gaps) else np.ones(1)
    left = np.stack([keys.frames - before, keys.values - before * keys.slopes], 1)
    right = np.stack([keys.frames + after, keys.values + after * keys.slopes], 1)
    return left.astype(np.float32), right.astype(np.float32)


def read_keys(curve: bpy.types.FCurve) -> npt.NDArray[np.float32]:
    """Keys of a curve: (T, 2) float32, frame and value."""
    points = np.empty(len(curve.keyframe_points) * 2, np.float32)
    curve.keyframe_points.foreach_get("co", points)
    return points.reshape(-1, 2)


def curves_of(id_block: bpy.types.ID) -> dict[tuple[str, int], bpy.types.FCurve]:
    """Curves that drive a datablock now, by property path and array index; empty if none do."""
    data = id_block.animation_data
    if data is None or data.action is None or data.action_slot is None:
        return {}
    return slot_curves(data.action, data.action_slot)


def slot_curves(
    action: bpy.types.Action, slot: bpy.types.ActionSlot
) -> dict[tuple[str, int], bpy.types.FCurve]:
    """Curves of one slot of any Action, by property path and array index."""
    found: dict[tuple[str, int], bpy.types.FCurve] = {}
    for strip in _strips(action):
        bag = strip.channelbag(slot)
        if bag is not None:
            found.update({(c.data_path, c.array_index): c for c in bag.fcurves})
    return found


def sampled(curve: bpy.types.FCurve, frames: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Values of a curve as Blender evaluates it, (T,)."""
    return np.fromiter(map(curve.evaluate, frames.tolist()), np.float64, len(frames))


def driven_paths(id_block: bpy.types.ID) -> set[str]:
    """Property paths of a datablock that drivers own: keys on them would do nothing."""
    data = id_block.animation_data
    return set() if data is None else {driver.data_path for driver in data.drivers}


def _strip_of(action: bpy.types.Action) -> bpy.types.ActionStrip:
    """The strip that holds the keys of an Action of ours; made anew where an artist removed it."""
    layer = action.layers[0] if len(action.layers) else action.layers.new("Performance")
    return layer.strips[0] if len(layer.strips) else layer.strips.new(type="KEYFRAME")


def _strips(action: bpy.types.Action) -> Iterator[bpy.types.ActionStrip]:
    for layer in action.layers:
        yield from layer.strips


@lru_cache(maxsize=16)
def _enum_code(attribute: str, item: str) -> int:
    return bpy.types.Keyframe.bl_rna.properties[attribute].enum_items[item].value
