"""Expressions of a character as assets: an Action of one frame for each emotion, each mouth and a blink.

They are plain pose Actions: Blender's pose library blends their bones, the NLA and the Action editor take
them, and `set_expression` sets them on a character with shape keys too, which the pose library does not
know. An emotion sets the whole face, so that one replaces another; a mouth sets the lips only and a blink
the lids only, so that they go on top. Made again, an asset keeps its Action, and so whoever uses it.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
import numpy.typing as npt

from ..background import BackgroundJob
from ..blender import fcurves
from ..blender.pieces import Steps
from ..core.action_units import AU_INDEX, AU_NAMES, expand_code
from ..core.animation import Animation
from ..core.emotions import EMOTIONS, TABLE, added_units
from ..core.errors import RigError
from ..core.key_reduction import Keys
from ..core.layers import TITLES
from ..core.mapping import load_profile
from ..rig import profiles
from ..rig.character import Character, character_of, refuse_locked
from ..rig.pose_assets import EXPRESSION_KEY
from . import apply, asset_pictures
from .posed_values import read_values, write_values

# The mouths of the most usual set; the closed one is the neutral face.
MOUTHS = "meta_visemes"
MOUTH_PREFIX = "mouth "
BLINK = "blink"
FRAME = 1.0
TAG = "expression"


def expression_takes() -> dict[str, Animation]:
    """One sample of each expression, by its name; the first is the neutral face."""
    found: dict[str, Animation] = {}
    for name in EMOTIONS:
        emotion = TABLE[name]
        found[name] = _sample(added_units(name), emotion.look_degrees, emotion.posture_degrees)
    for name, row in load_profile(MOUTHS).visemes.items():
        if row.any():
            found[MOUTH_PREFIX + name.removeprefix("viseme_")] = _sample(row)
    lids = np.zeros(len(AU_NAMES))
    lids[[AU_INDEX[code] for code in expand_code("AU45")]] = 1.0
    found[BLINK] = _sample(lids)
    return found


def expression_steps(
    scene: bpy.types.Scene, target: bpy.types.Object
) -> Steps[list[bpy.types.Action]]:
    """The expressions of a character as assets with pictures; those that are there are made anew.

    Raises
    ------
    RigError
        The character has no face that could be driven, or may not be changed; nothing has changed.
    """
    profile = yield from profiles.profile_steps(character_of(target))
    yield False
    found = apply.find_target(target, profile)
    if not found.profile.shapes:
        raise RigError(f"'{target.name}' has no face that is known, so it has no expressions.")
    planned: dict[str, list[apply.Slot]] = {}
    surfaces: dict[str, asset_pictures.Surface] = {}
    for name, take in expression_takes().items():
        planned[name] = apply.planned(take, found)
        surfaces[name] = _surface(scene, found.character, planned[name])
        yield False
    framing = {name for name in planned if name == BLINK or name.startswith(MOUTH_PREFIX)}
    drawing = BackgroundJob(lambda _report: asset_pictures.pictures(surfaces, framing))
    while drawing.is_running:
        yield None
    made: list[bpy.types.Action] = []
    for name, slots in planned.items():
        made.append(_asset(target, name, _kept(name, slots), drawing.result().get(name)))
        yield True
    return made


def set_expression(
    target: bpy.types.Object, action: bpy.types.Action, strength: float, *, with_keys: bool
) -> int:
    """Mix what an expression sets into what is there; how many properties it sets.

    Parameters
    ----------
    strength : 0..1
    with_keys : key them at the current frame, as Blender does with automatic keying

    Raises
    ------
    RigError
        The character has nothing that the expression sets, or may not be changed; nothing has changed.
    """
    character = character_of(target)
    slots = _slots_on(character, action)
    if not slots:
        raise RigError(f"'{target.name}' has nothing that expression '{action.name}' sets.")
    for slot in slots:
        refuse_locked(slot.id_block, target.name)
    before = read_values(slots)
    write_values(slots)
    mixed = {
        key: before[key] + strength * (value - before[key])
        for key, value in read_values(slots).items()
    }
    write_values(slots, mixed)
    if with_keys:
        for slot in slots:
            for channel in slot.channels:
                slot.id_block.keyframe_insert(channel.path, index=_index_of(slot, channel))
    return len(mixed)


def _sample(
    units: npt.NDArray[np.floating],
    look_degrees: tuple[float, float] = (0.0, 0.0),
    turn_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Animation:
    return Animation(
        50.0, 0.0, AU_NAMES, np.asarray(units)[None], np.radians([look_degrees]),
        np.radians([turn_degrees]), np.zeros((1, 3)),
    )  # fmt: skip


def _surface(
    scene: bpy.types.Scene, character: Character, slots: Sequence[apply.Slot]
) -> asset_pictures.Surface:
    """How an expression looks; the character is as before afterwards."""
    before = read_values(slots)
    try:
        write_values(slots)
        return asset_pictures.surface_of(character)
    finally:
        write_values(slots, before)
        # Animated values come back by themselves.
        scene.frame_set(scene.frame_current)


def _kept(name: str, slots: Sequence[apply.Slot]) -> list[apply.Slot]:
    """What an expression is to set of all that could be."""
    only = TITLES["lips"] if name.startswith(MOUTH_PREFIX) else ""
    only = TITLES["blinks"] if name == BLINK else only
    chosen = [
        apply.Slot(s.id_block, s.name, tuple(c for c in s.channels if only in ("", c.group)))
        for s in slots
    ]
    return [slot for slot in chosen if slot.channels]


def _asset(
    target: bpy.types.Object,
    name: str,
    slots: Sequence[apply.Slot],
    picture: npt.NDArray[np.float32] | None,
) -> bpy.types.Action:
    title = f"{target.name} {name}"
    action = next((a for a in bpy.data.actions if a.get(EXPRESSION_KEY) == title), None)
    if action is None:
        action = bpy.data.actions.new(title)
        action[EXPRESSION_KEY] = title
    known = {slot.name_display: slot for slot in action.slots}
    for slot in known.values():
        fcurves.channelbag(action, slot).fcurves.clear()
    for slot in slots:
        own = known.get(slot.name) or fcurves.new_slot(action, slot.id_block, slot.name)
        bag = fcurves.channelbag(action, own)
        for channel in slot.channels:
            keys = Keys(np.array([FRAME]), np.asarray(channel.values[:1], np.float64))
            fcurves.set_keys(fcurves.new_curve(bag, channel), keys)
    action.use_fake_user = True
    action.asset_mark()
    action.asset_data.description = f"Expression: {name}"
    for tag in {TAG, target.name} - set(action.asset_data.tags.keys()):
        action.asset_data.tags.new(tag)
    if picture is not None:
        preview = action.preview_ensure()
        preview.image_size = picture.shape[1], picture.shape[0]
        preview.image_pixels_float = picture.ravel()
    return action


def _slots_on(character: Character, action: bpy.types.Action) -> list[apply.Slot]:
    """What an expression sets of a character, one value for each channel."""
    keys = {face.data.shape_keys.session_uid: face.data.shape_keys for face in character.faces}
    found: list[apply.Slot] = []
    for slot in action.slots:
        blocks = list(keys.values()) if slot.target_id_type == "KEY" else [character.rig]
        for block in blocks:
            channels = tuple(
                fcurves.Channel(path, index, "", np.array([curve.evaluate(FRAME)]))
                for (path, index), curve in fcurves.slot_curves(action, slot).items()
                if block is not None and apply.has_path(block, path)
            )
            if channels:
                found.append(apply.Slot(block, slot.name_display, channels))
    return found


def _index_of(slot: apply.Slot, channel: fcurves.Channel) -> int:
    """Index for keying: none of a property that is one number."""
    value = slot.id_block.path_resolve(channel.path)
    return channel.index if hasattr(value, "__len__") else -1
