"""Eyeballs that are objects of their own, with no key and no bone to turn them: they look by themselves.

Such an object is told by its name and by being as round as a ball, and by its parents or by where it lies
in a face. It turns about its middle, wherever
its origin lies, by delta transforms, so that where the artist has put it stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix, Vector

from ..blender.fcurves import Channel
from ..blender.transforms import world_matrix
from ..core.characters import pose
from ..core.characters.profile import MappingProfile
from ..core.characters.spelling import words_of
from ..core.layers import TITLES
from . import bone_curves
from .character import Character

Array = npt.NDArray[np.float64]

BALLS = ("eye", "eyeball", "eyes", "eyeballs", "目")
# What lies around an eye and is named after it.
AROUND = frozenset({"lash", "lashes", "eyelash", "eyelashes", "brow", "brows", "eyebrow", "eyebrows", "lid",
    "lids", "eyelid", "eyelids", "socket", "occlusion", "tear", "tears", "tearline", "line", "wet",
    "shadow", "duct", "highlight", "glass", "glasses", "target", "control", "ctrl", "shell"})  # fmt: skip
# Longest side of a ball by its shortest: a pair of eyes in one mesh is longer.
ROUND = 1.5
# And such a pair is no longer than this; eyes lie five of their radii apart.
PAIR = 6.0


@dataclass(frozen=True)
class EyeObject:
    """An eyeball.

    Parameters
    ----------
    side : ``left`` or ``right``
    to_parent : (3, 3) columns are the head's left, back and up in the space of the object's parent
    middle : (3,) from the object's origin to the ball's middle, in that space
    """

    thing: bpy.types.Object
    side: str
    to_parent: Array
    middle: Array


def eye_objects(character: Character, plan: bone_curves.BonePlan | None) -> list[EyeObject]:
    """The eyeballs of a character that nothing else turns."""
    turned = {bone for bone in plan.eyes if bone} if plan is not None else set()
    names = set(character.inventory.names.get("object", {}).get("objects", ()))
    everything = dict.fromkeys(
        thing for scene in character.chosen.users_scene for thing in scene.objects
    )
    found = [
        thing
        for thing in everything
        if _is_ball(thing, turned, character.rig)
        and (thing.name in names or (thing.parent is None and _is_inside(thing, character)))
    ]
    below = {child for thing in found for child in thing.children_recursive}
    balls = [thing for thing in found if thing not in below]
    frame = _head_frame(character, plan)
    sides = _sides(balls, frame)
    return [
        EyeObject(thing, sides[thing], _parent_space(thing).T @ frame, _middle(thing))
        for thing in balls
        if thing in sides
    ]


def eye_channels(
    eye: EyeObject, gaze: npt.NDArray[np.floating], profile: MappingProfile
) -> Iterator[Channel]:
    """Curves of an eyeball for gaze (T, 2) radians, up and to the subject's left."""
    turns = pose.from_vectors(bone_curves.eye_turn(gaze, profile, eye.side))
    turns = pose.seen_from(turns, eye.to_parent.T)
    suffix, samples = pose.components(turns, eye.thing.rotation_mode)
    yield from bone_curves.channels_of(f"delta_rotation_{suffix}", samples, TITLES["gaze"])
    if np.abs(eye.middle).max() > 1e-5:
        still = np.broadcast_to(eye.middle, (len(gaze), 3))
        moved = still - pose.rotated(still, turns)
        yield from bone_curves.channels_of("delta_location", moved, TITLES["gaze"])


def still_eyes(character: Character, plan: bone_curves.BonePlan | None) -> list[str]:
    """Sentences about eyes of a character that nothing turns, and what lets them look."""
    turned = {bone for bone in plan.eyes if bone} if plan is not None else set()
    sentences: list[str] = []
    for name in character.inventory.names.get("object", {}).get("objects", ()):
        thing = bpy.data.objects[name]
        if not _is_eye(thing, turned, character.rig):
            continue
        length = _length(thing)
        if ROUND < length <= PAIR:
            sentences.append(
                f"'{name}' is both eyes in one mesh, which cannot look: separate it by loose parts (P in "
                "Edit Mode)"
            )
        elif length <= ROUND and thing.rotation_mode == "AXIS_ANGLE":
            sentences.append(
                f"'{name}' stays still, as Axis Angle has no delta rotation: choose another rotation mode"
            )
    return sentences


def _is_ball(thing: bpy.types.Object, turned: set[str], rig: bpy.types.Object | None) -> bool:
    # Blender gives the mode axis-angle no delta that could be animated.
    is_free = thing.rotation_mode != "AXIS_ANGLE" and _is_eye(thing, turned, rig)
    return is_free and _length(thing) <= ROUND


def _is_eye(thing: bpy.types.Object, turned: set[str], rig: bpy.types.Object | None) -> bool:
    """Whether an object is an eyeball, or several, by its name, and nothing moves it."""
    words = set(words_of(thing.name))
    if thing.type != "MESH" or not words & set(BALLS) or words & AROUND:
        return False
    if thing.data.shape_keys is not None or any(m.type == "ARMATURE" for m in thing.modifiers):
        return False
    return not (thing.parent_type == "BONE" and thing.parent == rig and thing.parent_bone in turned)


def _length(thing: bpy.types.Object) -> float:
    """Longest side of an object by its shortest."""
    size = sorted(thing.dimensions)
    return size[2] / size[0] if size[0] > 0 else float("inf")


def _is_inside(thing: bpy.types.Object, character: Character) -> bool:
    """Whether the middle of an object that belongs to nothing lies within a face of a character."""
    middle = np.array(world_matrix(thing) @ _centre(thing))
    for face in character.faces:
        corners = np.array([world_matrix(face) @ Vector(corner) for corner in face.bound_box])
        if (
            face.type == "MESH"
            and (corners.min(0) <= middle).all()
            and (middle <= corners.max(0)).all()
        ):
            return True
    return False


def _sides(balls: list[bpy.types.Object], frame: Array) -> dict[bpy.types.Object, str]:
    """Side of each ball: by its name, or where two without one lie; a single one without is left alone."""
    across = {
        thing: float(np.array(world_matrix(thing) @ _centre(thing)) @ frame[:, 0])
        for thing in balls
    }
    middle = (max(across.values()) + min(across.values())) / 2 if balls else 0.0
    sides: dict[bpy.types.Object, str] = {}
    for thing in balls:
        named = {"left", "right"} & set(words_of(thing.name))
        if len(named) == 1:
            sides[thing] = named.pop()
        elif across[thing] != middle:
            sides[thing] = "left" if across[thing] > middle else "right"
    return sides


def _head_frame(character: Character, plan: bone_curves.BonePlan | None) -> Array:
    """(3, 3) columns are the head's left, back and up in the world, at rest."""
    if character.rig is not None and plan is not None:
        return _turn(world_matrix(character.rig)) @ plan.frame
    carrier = character.faces[0] if character.faces else character.chosen
    return _turn(world_matrix(carrier))


def _parent_space(thing: bpy.types.Object) -> Array:
    """(3, 3) rotation of the space in which an object's own transform is, in the world, at rest."""
    parent = thing.parent
    if parent is None:
        return np.eye(3)
    if (
        thing.parent_type == "BONE"
        and parent.type == "ARMATURE"
        and thing.parent_bone in parent.data.bones
    ):
        bone = parent.data.bones[thing.parent_bone].matrix_local
        return _turn(world_matrix(parent) @ bone @ thing.matrix_parent_inverse)
    return _turn(world_matrix(parent) @ thing.matrix_parent_inverse)


def _middle(thing: bpy.types.Object) -> Array:
    """(3,) from an object's origin to its middle, in its parent's space."""
    # Not the basis, which has the deltas of a performance in it already.
    is_quaternion = thing.rotation_mode == "QUATERNION"
    own = thing.rotation_quaternion if is_quaternion else thing.rotation_euler
    centre = _centre(thing)
    away = own.to_matrix() @ Vector(c * s for c, s in zip(centre, thing.scale, strict=True))
    size = max(thing.dimensions)
    # An origin as good as in the middle is one.
    return np.array(away) if away.length > 0.05 * size else np.zeros(3)


def _centre(thing: bpy.types.Object) -> Vector:
    corners = np.array(thing.bound_box)
    return Vector((corners.min(0) + corners.max(0)) / 2)


def _turn(matrix: Matrix) -> Array:
    return np.array(matrix.to_3x3().normalized().to_quaternion().to_matrix(), np.float64)
