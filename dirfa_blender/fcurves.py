"""Actions, slots, layers, strips and channelbags: the only module that knows them.

An Action here has one layer with one keyframe strip, and one slot for each datablock it drives. Keys are
written in bulk (`keyframe_points.add` and `foreach_set`), which is about 400 times faster than inserting
them; the calls are those that Blender 4.5, 5.0 and 5.2 share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import bpy
import numpy as np
import numpy.typing as npt

Interpolation = Literal["CONSTANT", "LINEAR", "BEZIER"]

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
    layer = action.layers.new("Performance")
    layer.strips.new(type="KEYFRAME")
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
    slot = action.slots.new(id_type=id_block.id_type, name=slot_name)
    bag = action.layers[0].strips[0].channelbag(slot, ensure=True)
    groups: dict[str, bpy.types.ActionGroup] = {}
    for channel in channels:
        curve = bag.fcurves.new(channel.path, index=channel.index)
        if channel.group not in groups:
            groups[channel.group] = bag.groups.new(channel.group)
        curve.group = groups[channel.group]
        kind = "CONSTANT" if channel.is_stepped else interpolation
        write_keys(curve, frames, channel.values, kind)
    data = id_block.animation_data or id_block.animation_data_create()
    if data.action is not None:
        data.action.use_fake_user = True
    data.action = action
    data.action_slot = slot
    return slot


def write_keys(
    curve: bpy.types.FCurve,
    frames: npt.NDArray[np.floating],
    values: npt.NDArray[np.floating],
    interpolation: Interpolation = "LINEAR",
) -> None:
    """Fill an empty curve with keys at `frames` (T,), `values` (T,), all of one interpolation."""
    count = len(frames)
    points = np.empty((count, 2), np.float32)
    points[:, 0] = frames
    points[:, 1] = values
    keys = curve.keyframe_points
    keys.add(count)
    keys.foreach_set("co", points.ravel())
    keys.foreach_set(
        "interpolation", np.full(count, _enum_code("interpolation", interpolation), np.int32)
    )
    if interpolation == "BEZIER":
        # AUTO_CLAMPED never overshoots past a neighbouring key.
        handles = np.full(count, _enum_code("handle_left_type", "AUTO_CLAMPED"), np.int32)
        keys.foreach_set("handle_left_type", handles)
        keys.foreach_set("handle_right_type", handles)
    curve.update()


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
    found: dict[tuple[str, int], bpy.types.FCurve] = {}
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot)
            if bag is not None:
                found.update({(c.data_path, c.array_index): c for c in bag.fcurves})
    return found


def driven_paths(id_block: bpy.types.ID) -> set[str]:
    """Property paths of a datablock that drivers own: keys on them would do nothing."""
    data = id_block.animation_data
    return set() if data is None else {driver.data_path for driver in data.drivers}


def _enum_code(attribute: str, item: str) -> int:
    return bpy.types.Keyframe.bl_rna.properties[attribute].enum_items[item].value
