"""ShapeTrack and head pose -> one slotted Action on shape keys, neck and head bones, or an object.

Everything is checked before anything is written, and the Action is always a new one: an Action the artist
made is unassigned but never changed. The take is resampled to the scene's rate first, so keys lie on
whole frames wherever the take starts on one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from . import fcurves, pose
from .core import rotation
from .core.animation import Animation
from .core.errors import RigError
from .core.layers import TITLES, layers_of_shapes
from .core.mapping import MappingProfile, ShapeTrack, plain_spelling
from .meshes import HeadObjects
from .scene import frame_rate

log = logging.getLogger(__name__)

# Longest offset of the head from its rest, metres: beyond it a neck of two bones looks torn.
MAX_OFFSET_METRES = 0.02


@dataclass(frozen=True)
class Target:
    """What one character offers: meshes with face shapes, and what carries its head pose.

    ``shares`` maps pose bones of ``carrier``, parents first, to the part of the turn each takes; when it
    is empty and ``carrier`` is set, the carrier itself turns.
    """

    faces: tuple[bpy.types.Object, ...]
    carrier: bpy.types.Object | None
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Slot:
    """Curves for one datablock, ready to be written; a channel's group names its layer."""

    id_block: bpy.types.ID
    name: str
    channels: tuple[fcurves.Channel, ...]


def apply_animation(
    animation: Animation,
    target: HeadObjects | bpy.types.Object,
    profile: MappingProfile,
    *,
    name: str,
    frame_start: int = 1,
    scene: bpy.types.Scene | None = None,
    interpolation: fcurves.Interpolation = "LINEAR",
) -> bpy.types.Action:
    """The new Action that plays `animation` on `target`, assigned and with a slot for each datablock.

    Parameters
    ----------
    target : a built head, a mesh with shape keys, an armature whose meshes have them, or any object
        (which then only takes the head pose)
    frame_start : frame of 0 s on the audio clock

    Raises
    ------
    RigError
        The target has nothing to drive, or may not be changed; the scene is as before.
    """
    scene = scene or bpy.context.scene
    rate = frame_rate(scene)
    if not len(animation):
        raise RigError(f"The take for '{_name_of(target)}' is empty: there is nothing to apply.")
    keyed = animation.resampled(rate.per_second)
    slots = planned(keyed, find_target(target, profile), profile)

    frames = frame_start + keyed.times * rate.per_second
    action = fcurves.new_action(name)
    for slot in slots:
        fcurves.write_slot(action, slot.id_block, slot.name, frames, slot.channels, interpolation)
    for key, value in animation.source.items():
        action[f"{fcurves.OWNER_KEY}_{key}"[:63]] = value
    return action


def planned(animation: Animation, target: Target, profile: MappingProfile) -> list[Slot]:
    """Every curve of a performance, one value for each sample of `animation`; nothing is written.

    Raises
    ------
    RigError
        The target has nothing to drive, or may not be changed.
    """
    track = profile.apply(animation)
    slots = [*_face_slots(target, track, profile), *_pose_slots(target, track)]
    _refuse_locked(slots)
    return slots


def find_target(target: HeadObjects | bpy.types.Object, profile: MappingProfile) -> Target:
    """What of an object can be driven.

    Raises
    ------
    RigError
        It is a mesh without shape keys.
    """
    if isinstance(target, HeadObjects):
        return Target((target.face,), target.rig, _bone_shares(target.rig, profile))
    if target.type == "ARMATURE":
        faces = tuple(o for o in _meshes_on(target) if o.data.shape_keys)
        return Target(faces, target, _bone_shares(target, profile))
    if target.type == "MESH":
        if target.data.shape_keys is None:
            raise RigError(
                f"'{target.name}' must have shape keys such as {profile.shapes[0]}, it has none. "
                "Choose the face mesh, or add the keys first."
            )
        rig = target.find_armature()
        shares = _bone_shares(rig, profile) if rig is not None else ()
        return Target((target,), rig if shares else None, shares)
    return Target((), target)


def _face_slots(target: Target, track: ShapeTrack, profile: MappingProfile) -> list[Slot]:
    slots: list[Slot] = []
    columns = {shape: column for column, shape in enumerate(track.names)}
    layers = layers_of_shapes(profile)
    for face in target.faces:
        keys = face.data.shape_keys
        covered = profile.coverage(keys.key_blocks.keys())
        channels = tuple(
            fcurves.Channel(
                f'key_blocks["{bpy.utils.escape_identifier(key)}"].value',
                0,
                TITLES[layers[shape]],
                track.weights[:, columns[shape]],
            )
            for shape, key in covered.found.items()
        )
        if channels:
            log.info("%s: %s", face.name, covered)
            slots.append(Slot(keys, f"Face {face.name}", channels))
    if target.faces and not slots:
        names = [b.name for face in target.faces for b in face.data.shape_keys.key_blocks]
        raise RigError(
            f"'{target.faces[0].name}' must have shape keys of profile {profile.name} "
            f"({', '.join(track.names[:3])}, ...), found {', '.join(names[:6])}. "
            "Rename the keys or choose another profile."
        )
    return slots


def _pose_slots(target: Target, track: ShapeTrack) -> list[Slot]:
    carrier = target.carrier
    if carrier is None:
        return []
    if target.shares:
        channels = _bone_channels(carrier, target.shares, track)
    elif carrier.type == "ARMATURE":
        if target.faces:
            return []
        raise RigError(
            f"Armature '{carrier.name}' must have a bone named 'head' or meshes with face shapes, "
            f"found bones {', '.join(b.name for b in carrier.data.bones[:6])}."
        )
    else:
        channels = _object_channels(carrier, track)
    return [Slot(carrier, f"Head {carrier.name}", tuple(channels))]


def _bone_channels(
    rig: bpy.types.Object, shares: tuple[tuple[str, float], ...], track: ShapeTrack
) -> Iterable[fcurves.Channel]:
    for name, share in shares:
        bone = rig.pose.bones[name]
        rest = np.array(bone.bone.matrix_local.to_3x3())
        turns = pose.seen_from(pose.fractions(track.rotation, share), rest)
        suffix, samples = pose.components(turns, bone.rotation_mode)
        yield from _channels(f"{_bone_path(name)}.rotation_{suffix}", samples)
    name, share = shares[-1]
    head = rig.data.bones[name]
    if not head.use_connect and head.use_local_location:
        rest = np.array(head.matrix_local.to_3x3())
        carried = pose.inverse(pose.fractions(track.rotation, 1.0 - share))
        offsets = pose.rotated(_short_offsets(track.translation), carried) @ rest
        yield from _channels(f"{_bone_path(name)}.location", offsets)


def _bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def _object_channels(carrier: bpy.types.Object, track: ShapeTrack) -> Iterable[fcurves.Channel]:
    """Delta transforms: they act on top of where the artist has put the object, and leave it be."""
    rest = np.array(_own_rotation(carrier))
    turns = pose.seen_from(rotation.to_quaternion(track.rotation), rest.T)
    mode = "XYZ" if carrier.rotation_mode == "AXIS_ANGLE" else carrier.rotation_mode
    suffix, samples = pose.components(turns, mode)
    yield from _channels(f"delta_rotation_{suffix}", samples)
    yield from _channels("delta_location", _short_offsets(track.translation) @ rest.T)


def _own_rotation(carrier: bpy.types.Object) -> Matrix:
    """Rotation the artist gave an object, without its delta (which `matrix_basis` includes)."""
    if carrier.rotation_mode == "QUATERNION":
        return carrier.rotation_quaternion.to_matrix()
    if carrier.rotation_mode == "AXIS_ANGLE":
        angle, *axis = carrier.rotation_axis_angle
        return Matrix.Rotation(angle, 3, axis)
    return carrier.rotation_euler.to_matrix()


def _channels(path: str, samples: npt.NDArray[np.floating]) -> Iterable[fcurves.Channel]:
    for index in range(samples.shape[1]):
        yield fcurves.Channel(path, index, TITLES["head"], samples[:, index])


def _short_offsets(translation: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    offsets = rotation.to_blender_offset(translation)
    length = np.linalg.norm(offsets, axis=1, keepdims=True)
    return offsets * np.minimum(1.0, MAX_OFFSET_METRES / np.maximum(length, 1e-12))


def _bone_shares(rig: bpy.types.Object, profile: MappingProfile) -> tuple[tuple[str, float], ...]:
    """Bones of the profile that the armature has, in any spelling, and what part of the turn each takes.

    Only the chain above the last one counts, so that the parts follow each other; that last bone, the
    head, also takes what missing bones leave over.
    """
    by_meaning = {plain_spelling(bone.name): bone for bone in rig.data.bones}
    wanted = [(plain_spelling(name), share) for name, share in profile.head_bones.items()]
    if not wanted or wanted[-1][0] not in by_meaning:
        return ()
    head = by_meaning[wanted[-1][0]]
    above = {plain_spelling(bone.name): bone.name for bone in head.parent_recursive}
    lower = [(above[meaning], share) for meaning, share in wanted[:-1] if meaning in above]
    return (*lower, (head.name, 1.0 - sum(share for _, share in lower)))


def _meshes_on(rig: bpy.types.Object) -> list[bpy.types.Object]:
    meshes = [o for o in bpy.data.objects if o.type == "MESH" and o.find_armature() == rig]
    return sorted(meshes, key=lambda o: o.name)


def _refuse_locked(slots: list[Slot]) -> None:
    if not slots:
        raise RigError("The target has neither face shapes nor a head to turn.")
    for slot in slots:
        block = slot.id_block
        if not block.is_editable:
            raise RigError(
                f"'{block.name}' is linked from another file and cannot be changed. "
                "Make a library override of the character first."
            )
        driven = fcurves.driven_paths(block) & {channel.path for channel in slot.channels}
        if driven:
            raise RigError(
                f"'{block.name}' has drivers on {len(driven)} of the properties to animate, "
                f"first {sorted(driven)[0]}. Remove the drivers or choose the object they read."
            )


def _name_of(target: HeadObjects | bpy.types.Object) -> str:
    return target.face.name if isinstance(target, HeadObjects) else target.name
