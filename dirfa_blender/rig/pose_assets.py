"""Pose assets as targets: an Action's pose blended in by a channel's weight.

A pose is what its Action sets at its first frame. Turns of bones blend as rotation vectors in the bone's
own frame, so that two half poses make the whole one in any rotation mode; everything else blends from
rest in a straight line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Matrix, Quaternion

from ..core.layers import Layer

Array = npt.NDArray[np.float64]

_BONE = re.compile(r'^pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(\w+)$')
# Custom property of the expressions made of a character's own mapping: what a mapping makes is none of its
# parts.
EXPRESSION_KEY = "dirfa_expression"
# Longest Action that counts as a pose although it is no asset, frames.
POSE_FRAMES = 1.0


@dataclass(frozen=True)
class Pose:
    """What a pose sets.

    Parameters
    ----------
    turns : bone -> (3,) rotation vector in its own rest frame, radians
    moves : bone -> (3,) location in its own frame
    scales : bone -> (3,) factors
    others : (owner is shape keys, path, index) -> value
    elsewhere : (object beside the character, path, index) -> value
    """

    turns: Mapping[str, Array] = field(default_factory=dict[str, Array])
    moves: Mapping[str, Array] = field(default_factory=dict[str, Array])
    scales: Mapping[str, Array] = field(default_factory=dict[str, Array])
    others: Mapping[tuple[bool, str, int], float] = field(
        default_factory=dict[tuple[bool, str, int], float]
    )
    elsewhere: Mapping[tuple[bpy.types.Object, str, int], float] = field(
        default_factory=dict[tuple[bpy.types.Object, str, int], float]
    )


@dataclass(frozen=True)
class Blend:
    """A pose blended in by a channel: its weights (T,), and the layer they belong to."""

    pose: Pose
    weights: npt.NDArray[np.floating]
    layer: Layer


def offered_poses(
    rig: bpy.types.Object | None, faces: tuple[bpy.types.Object, ...]
) -> tuple[str, ...]:
    """Names of Actions that pose this character: assets, and Actions of one frame."""
    kinds = ({"OBJECT"} if rig is not None else set()) | ({"KEY"} if faces else set())
    bones = set(rig.data.bones.keys()) if rig is not None else set()
    found: list[str] = []
    for action in bpy.data.actions:
        start, end = action.frame_range
        if action.asset_data is None and end - start > POSE_FRAMES:
            continue
        if EXPRESSION_KEY in action:
            continue
        if any(_belongs(action, slot, kinds, bones) for slot in action.slots):
            found.append(action.name)
    return tuple(found)


def read_pose(action: bpy.types.Action, rig: bpy.types.Object | None) -> Pose:
    """What an Action sets at its first frame; `rig` tells the order of its bones' Euler angles."""
    at = action.frame_range[0]
    angles: dict[tuple[str, str], dict[int, float]] = {}
    moves: dict[str, Array] = {}
    scales: dict[str, Array] = {}
    others: dict[tuple[bool, str, int], float] = {}
    for slot in action.slots:
        for curve in _curves(action, slot):
            value, index = curve.evaluate(at), curve.array_index
            match = _BONE.match(curve.data_path)
            bone = bpy.utils.unescape_identifier(match[1]) if match else ""
            kind = match[2] if match else ""
            if kind.startswith("rotation"):
                angles.setdefault((bone, kind), {})[index] = value
            elif kind == "location":
                moves.setdefault(bone, np.zeros(3))[index] = value
            elif kind == "scale":
                scales.setdefault(bone, np.ones(3))[index] = value
            else:
                others[slot.target_id_type == "KEY", curve.data_path, index] = value
    turns: dict[str, Array] = {}
    for (bone, kind), values in angles.items():
        found = rig.pose.bones.get(bone) if rig is not None else None
        turns[bone] = _turn(kind, values, found.rotation_mode if found is not None else "XYZ")
    return Pose(turns, moves, scales, others)


def _belongs(
    action: bpy.types.Action, slot: bpy.types.ActionSlot, kinds: set[str], bones: set[str]
) -> bool:
    """Whether a slot moves a bone of these, or shape keys."""
    if slot.target_id_type not in kinds:
        return False
    if slot.target_id_type == "KEY":
        return True
    for curve in _curves(action, slot):
        match = _BONE.match(curve.data_path)
        if match and bpy.utils.unescape_identifier(match[1]) in bones:
            return True
    return False


def _curves(action: bpy.types.Action, slot: bpy.types.ActionSlot) -> list[bpy.types.FCurve]:
    found: list[bpy.types.FCurve] = []
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                found.extend(bag.fcurves)
    return found


def _turn(kind: str, values: Mapping[int, float], order: str) -> Array:
    """(3,) rotation vector of ``rotation_quaternion``, ``_euler`` or ``_axis_angle`` channels."""
    if kind == "rotation_quaternion":
        quaternion = Quaternion([values.get(0, 1.0), *(values.get(i, 0.0) for i in (1, 2, 3))])
    elif kind == "rotation_axis_angle":
        axis = [values.get(i, 0.0) for i in (1, 2, 3)]
        turn = Matrix.Rotation(values.get(0, 0.0), 3, axis if any(axis) else (0, 1, 0))
        quaternion = turn.to_quaternion()
    else:
        angles = [values.get(i, 0.0) for i in range(3)]
        quaternion = Euler(angles, order if len(order) == 3 else "XYZ").to_quaternion()
    quaternion.normalize()
    if quaternion.w < 0:
        quaternion.negate()
    axis, angle = quaternion.to_axis_angle()
    return np.array(axis, np.float64) * angle
