"""Neck, head and eyes of an avatar: a take's turns for programs that know bones by what they are. No bpy.

A rig in Blender is written bone by bone, in its own axes. What VMC, VRMA and VMD receive is an avatar that
nobody has seen: its bones are named by their part, and their turns start at rest in the axes of space.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import rotation
from ..animation import Animation
from ..characters import pose
from ..characters.follow_through import NATURAL, Trail, followed, lag_of
from ..characters.profile import MappingProfile, ShapeTrack

Array = npt.NDArray[np.float64]

NECK_PARTS = ("neck", "head")
EYE_PARTS = {"left": "eye_left", "right": "eye_right"}
FORWARD = (0.0, -1.0, 0.0)


def bone_turns(
    take: Animation, profile: MappingProfile, trail: Trail | None = None
) -> dict[str, Array]:
    """Part -> (T, 4) its turn in its parent, w, x, y, z in Blender's space; the neck comes late.

    Parts are those of the profile that an avatar has: ``neck``, ``head``, ``eye_left``, ``eye_right``.
    The neck goes on from where a trail left it.
    """
    shares = profile.head_bones if set(profile.head_bones) <= set(NECK_PARTS) else {}
    vectors = pose.turn_vector(take.rotation)
    turns: dict[str, Array] = {}
    total, below = 0.0, pose.from_vectors(np.zeros_like(vectors))
    for part, share in (shares or {"head": 1.0}).items():
        total += share
        lag = lag_of(total, NATURAL)
        carried, below = below, pose.from_vectors(total * followed(vectors, take.times, lag, trail))
        turns[part] = pose.product(pose.inverse(carried), below)
    if profile.eyes is not None:
        for side, part in EYE_PARTS.items():
            turns[part] = _gaze_turns(profile.eyes.limited(take.gaze, side))
    return turns


def look_turns(take: Animation, profile: MappingProfile) -> Array:
    """(T, 4) turns in the head of one gaze for both eyes, w, x, y, z in Blender's space."""
    eyes = profile.eyes
    gazes = [take.gaze if eyes is None else eyes.limited(take.gaze, side) for side in EYE_PARTS]
    return _gaze_turns(np.mean(gazes, axis=0))


def head_rotation(turns: Array) -> Array:
    """(T, 3) radians: pitch, yaw, roll of turns (T, 4) of the whole head, w, x, y, z."""
    axes = [pose.rotated(np.broadcast_to(axis, (len(turns), 3)), turns) for axis in np.eye(3)]
    return rotation.from_matrix(np.stack(axes, -1))


def gaze_of(turns: Array) -> Array:
    """(T, 2) radians up and to the subject's left of turns (T, 4) of an eye, w, x, y, z."""
    x, y, z = pose.rotated(np.broadcast_to(FORWARD, (len(turns), 3)), turns).T
    return np.stack([np.arcsin(np.clip(z, -1.0, 1.0)), np.arctan2(x, -y)], 1)


def paired(track: ShapeTrack, profile: MappingProfile) -> ShapeTrack:
    """The track with what two sides do alike on the one shape that stands for both, such as a blink.

    An avatar that has only that shape shows it; one that has all of them adds them up to the same.
    """
    names, columns = list(track.names), list(track.weights.T)
    for name, sides in _pairs(profile):
        if not set(sides) <= set(names):
            continue
        both = np.min([columns[names.index(side)] for side in sides], axis=0)
        for side in sides:
            columns[names.index(side)] = columns[names.index(side)] - both
        names.append(name)
        columns.append(both)
    return _with_columns(track, names, columns)


def parted(track: ShapeTrack, profile: MappingProfile) -> ShapeTrack:
    """The track with shapes that stand for two sides put back on these: the inverse of `paired`."""
    names, columns = list(track.names), list(track.weights.T)
    for name, sides in _pairs(profile):
        if name not in names:
            continue
        both = columns.pop(names.index(name))
        names.remove(name)
        for side in sides:
            if side not in names:
                names.append(side)
                columns.append(np.zeros_like(both))
            place = names.index(side)
            columns[place] = np.minimum(columns[place] + both, 1.0)
    return _with_columns(track, names, columns)


def _gaze_turns(gaze: npt.ArrayLike) -> Array:
    return pose.fractions(np.pad(np.asarray(gaze, np.float64), ((0, 0), (0, 1))), 1.0)


def _pairs(profile: MappingProfile) -> list[tuple[str, tuple[str, ...]]]:
    """Shapes that stand for two sides at once, and those sides."""
    return [
        (name, stand_in.missing)
        for stand_in in profile.stand_ins
        for name in stand_in.channels
        if len(stand_in.channels) == 1 and len(stand_in.missing) == 2
    ]


def _with_columns(
    track: ShapeTrack, names: list[str], columns: list[npt.NDArray[np.float32]]
) -> ShapeTrack:
    weights = np.stack(columns, 1) if columns else track.weights[:, :0]
    return ShapeTrack(
        track.fps, track.start, tuple(names), weights, track.rotation, track.translation
    )
