"""A character's layers pushed down to NLA tracks, pulled up again, and everything baked to one Action."""

from __future__ import annotations

import bpy
import numpy as np

from ..blender import fcurves, nla
from ..core import layers
from ..session import state
from . import acting, apply
from .writing import keys_of, style_of


def push_down(scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
    """Make a track of every layer of a character.

    Raises
    ------
    DirfaError
        It cannot be written; nothing has changed.
    """
    plan = acting.planned(scene, record.target)
    acting.collect_edits(record)
    with state().quietly():
        record.is_layered = True
    acting.commit(scene, plan)


def pull_up(scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> None:
    """Bring a character's layers back from their tracks to one Action; mutes and strengths come along.

    Raises
    ------
    DirfaError
        It cannot be written; nothing has changed.
    """
    blocks = [slot.id_block for slot in acting.planned(scene, record.target).slots]
    acting.collect_edits(record)
    with state().quietly():
        for layer in layers.LAYERS:
            found = (nla.track_strength(b, record.action, layers.TITLES[layer]) for b in blocks)
            strength = next((value for value in found if value is not None), 1.0)
            if strength == 0.0:
                setattr(record, f"mute_{layer}", True)
            else:
                before = getattr(record, f"layer_{layer}")
                setattr(record, f"layer_{layer}", before * strength)
        record.is_layered = False
    plan = acting.planned(scene, record.target)
    for block in blocks:
        nla.take_down(block, [record.action, record.edits])
    acting.commit(scene, plan)


def bake(scene: bpy.types.Scene, record: bpy.types.PropertyGroup) -> bpy.types.Action:
    """A new Action that holds everything a character's datablocks do over the frame range, assigned.

    NLA tracks, the artist's own included, are switched off, not removed; the live performance stays in
    the file and comes back with the next slider.

    Raises
    ------
    DirfaError
        A strip cannot be evaluated, or the character not be driven; nothing has changed.
    """
    plan = acting.planned(scene, record.target)
    first = min([scene.frame_start, *plan.frames[:1].tolist()])
    last = max([scene.frame_end, *plan.frames[-1:].tolist()])
    frames = np.arange(np.floor(first), np.ceil(last) + 1)
    baked: list[apply.Slot] = []
    for slot in plan.slots:
        groups = {(channel.path, channel.index): channel.group for channel in slot.channels}
        channels = tuple(
            fcurves.Channel(path, index, groups.get((path, index), "Other"), values)
            for (path, index), values in nla.sampled_stack(slot.id_block, frames).items()
        )
        if channels:
            baked.append(apply.Slot(slot.id_block, slot.name, channels))
    action = fcurves.new_action(f"{record.target.name} baked")
    action.use_fake_user = True
    for slot in baked:
        new = fcurves.new_slot(action, slot.id_block, slot.name)
        bag = fcurves.channelbag(action, new)
        owner = f"bake {slot.id_block.session_uid}"
        found = keys_of(slot.channels, frames, style_of(record), owner)
        for channel, keys in zip(slot.channels, found, strict=True):
            fcurves.set_keys(fcurves.new_curve(bag, channel), keys)
        slot.id_block.animation_data.use_nla = False
        fcurves.assign(slot.id_block, action, new)
    return action
