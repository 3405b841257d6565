"""Channels of bones: head pose down the neck, eyes, moves of a profile and pose assets, each bone once.

Everything is added up in the bone's own rest frame before it becomes a property: turns as rotation
vectors, moves as offsets. So a jaw that opens and slides, or two poses on one bone, make one set of curves
in whatever rotation mode the bone has. Turns of a profile are told in the head frame of the skeleton, which
is why their sign cannot depend on a bone's roll.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import bpy
import numpy as np
import numpy.typing as npt

from ..blender.fcurves import Channel
from ..blender.transforms import world_matrix
from ..core import rotation
from ..core.characters import follow_through, pose
from ..core.characters.inventory import Coverage, unit_length
from ..core.characters.profile import BoneMove, EyeBones, MappingProfile, ShapeTrack
from ..core.characters.skeleton import Skeleton, find_part, neck_chain
from ..core.layers import LAYERS, TITLES, Layer, layers_of_shapes
from ..head.head_parts import ROOT_BONE
from ..head.meshes import CHIN_KEY
from .eye_aims import Aim, aims_of
from .pose_assets import Blend

log = logging.getLogger(__name__)

Array = npt.NDArray[np.float64]

# Longest offset of the head from its rest, metres: beyond it a neck of two bones looks torn.
MAX_OFFSET_METRES = 0.02
# Vertices of a gaze shape looked at to tell whether it moves the eyeball.
SAMPLED_VERTICES = 200
TURNING_CONSTRAINTS = frozenset(
    {"COPY_ROTATION", "COPY_TRANSFORMS", "ARMATURE", "DAMPED_TRACK", "TRACK_TO"}
)


@dataclass
class _Motion:
    """What is added up for one bone in its own rest frame: (T, 3) each, and the layer of the largest."""

    turn: Array | None = None
    move: Array | None = None
    scale: Array | None = None
    sizes: dict[Layer, float] = field(default_factory=dict[Layer, float])

    def add_turn(self, values: Array, layer: Layer) -> None:
        self.turn = values if self.turn is None else self.turn + values
        self._weigh(layer, float(np.abs(values).max(initial=0.0)))

    def add_move(self, values: Array, layer: Layer) -> None:
        self.move = values if self.move is None else self.move + values
        self._weigh(layer, float(np.abs(values).max(initial=0.0)))

    def add_scale(self, values: Array, layer: Layer) -> None:
        self.scale = values if self.scale is None else self.scale + values
        self._weigh(layer, 0.0)

    def _weigh(self, layer: Layer, size: float) -> None:
        self.sizes[layer] = max(self.sizes.get(layer, 0.0), size)

    @property
    def layer(self) -> Layer:
        # The order of LAYERS breaks ties, so a still take has the same groups as a lively one.
        return max(self.sizes, key=lambda layer: (self.sizes[layer], -LAYERS.index(layer)))


@dataclass(frozen=True)
class BonePlan:
    """Which bones of a rig a profile moves, found once.

    Parameters
    ----------
    shares : bones that carry the head pose, parents first, and the part of the turn each takes
    shoulders : bone of the shoulders where they are ours to move: a head that was built here, or nothing
    eyes : bones of the left and right eye that look, or nothing
    aims : what those are pointed at, where the rig does that
    """

    skeleton: Skeleton
    frame: Array
    shares: tuple[tuple[str, float], ...]
    eyes: tuple[str, str]
    aims: tuple[Aim | None, Aim | None] = (None, None)
    shoulders: str = ""


@dataclass(frozen=True)
class Follow:
    """How strongly neck and shoulders follow the head, 0..2 (see `core.characters.follow_through`).

    ``seconds`` are the (T,) times of the samples; ``trail`` is what went before them, where they come one
    by one.
    """

    strength: float
    seconds: Array
    trail: follow_through.Trail | None = None


def plan_bones(
    rig: bpy.types.Object,
    skeleton: Skeleton,
    profile: MappingProfile,
    covered: Coverage,
    faces: tuple[bpy.types.Object, ...],
) -> BonePlan:
    """The bones of `rig` that carry head pose and gaze."""
    eyes = ("", "")
    if profile.eyes is not None and profile.eyes.use != "shapes":
        left, right = (
            find_part(skeleton, profile.bones, side)
            for side in (profile.eyes.left, profile.eyes.right)
        )
        eyes = (left, right if right != left else "")
        if profile.eyes.use == "auto" and shapes_turn_eyes(faces, covered, eyes):
            eyes = ("", "")
    frame, shares = skeleton.frame(), head_shares(rig, skeleton, profile)
    aims = aims_of(rig, skeleton, frame, eyes)
    return BonePlan(skeleton, frame, shares, eyes, aims, _shoulders(rig, shares, faces))


def _shoulders(
    rig: bpy.types.Object,
    shares: tuple[tuple[str, float], ...],
    faces: tuple[bpy.types.Object, ...],
) -> str:
    """The bone below the neck of a head built here; an artist's own body is left alone."""
    parent = rig.data.bones[shares[0][0]].parent if shares else None
    is_ours = parent is not None and parent.name == ROOT_BONE and any(CHIN_KEY in f for f in faces)
    return ROOT_BONE if is_ours else ""


def head_shares(
    rig: bpy.types.Object, skeleton: Skeleton, profile: MappingProfile
) -> tuple[tuple[str, float], ...]:
    """Bones of the neck and the head with the part of the turn each takes.

    Only bones whose turn reaches the head count: a head that does not inherit rotation, or whose control
    hangs elsewhere, carries all of it.
    """
    if not profile.head_bones:
        return ()
    head = find_part(skeleton, profile.bones, list(profile.head_bones)[-1])
    if not head:
        return ()
    chain = neck_chain(skeleton, profile.bones, head)
    for name in reversed(chain):
        between = [head, *skeleton.above(head)[: skeleton.above(head).index(name)]]
        if not all(_passes_turns_on(rig.pose.bones[bone]) for bone in between):
            chain = chain[chain.index(name) + 1 :]
            break
    share = sum(list(profile.head_bones.values())[:-1]) if chain else 0.0
    return (*((name, share / len(chain)) for name in chain), (head, 1.0 - share))


def _passes_turns_on(bone: bpy.types.PoseBone) -> bool:
    """Whether a bone turns with its parent; a rig that isolates the head does so by constraints."""
    constrained = any(not c.mute and c.type in TURNING_CONSTRAINTS for c in bone.constraints)
    return bone.bone.use_inherit_rotation and not constrained


def bone_channels(
    rig: bpy.types.Object,
    plan: BonePlan,
    profile: MappingProfile,
    covered: Coverage,
    track: ShapeTrack,
    gaze: npt.NDArray[np.floating],
    poses: Sequence[Blend],
) -> Iterator[Channel]:
    """Channels of every bone that moves but those that carry the head.

    Parameters
    ----------
    profile : fitted to the rig
    gaze : (T, 2) radians, as `Animation`
    poses : what is blended in besides
    """
    motions: dict[str, _Motion] = {}
    layers = layers_of_shapes(profile)
    weights = np.asarray(track.weights, np.float64)
    column = {name: index for index, name in enumerate(track.names)}

    def of(bone: str) -> _Motion:
        return motions.setdefault(bone, _Motion())

    for channel, moves in profile.bone_moves.items():
        if channel not in covered.bones or channel not in column:
            continue
        for move in moves:
            if move.when == "missing" and channel in covered.places:
                continue
            bone = find_part(plan.skeleton, profile.bones, move.bone)
            unit = unit_length(move, plan.skeleton, profile)
            if not bone or unit is None:
                continue
            weight = weights[:, column[channel], None]
            _add_move(of(bone), rig, bone, plan, move, unit, weight, layers[channel])
    for blend in poses:
        _add_pose(motions, blend, rig)
    if any(plan.eyes) and profile.eyes is not None:
        for bone, aim, side in zip(plan.eyes, plan.aims, ("left", "right"), strict=True):
            turns = eye_turn(gaze, profile, side)
            if aim is not None:
                of(aim.bone).add_move(_offsets_in(rig, plan, aim.bone, aim.moves(turns)), "gaze")
            elif bone:
                of(bone).add_turn(_in_bone(plan, bone, turns), "gaze")
    carried = {name for name, _ in plan.shares}
    for bone, motion in motions.items():
        if bone not in carried:
            yield from _properties(rig, bone, motion)


def head_channels(
    rig: bpy.types.Object, plan: BonePlan, track: ShapeTrack, follow: Follow
) -> Iterator[Channel]:
    """Channels of the head pose, shared along the neck and followed by the shoulders."""
    if not plan.shares:
        return
    title = TITLES["head"]
    vectors = pose.turn_vector(track.rotation)
    chain = list(plan.shares)
    if plan.shoulders and follow.strength > 0:
        share = follow.strength * follow_through.SHOULDER_SHARE
        chain = [(plan.shoulders, share), (chain[0][0], chain[0][1] - share), *chain[1:]]
    total, below = 0.0, pose.from_vectors(np.zeros_like(vectors))
    for name, share in chain:
        total += share
        lag = follow_through.lag_of(total, follow.strength)
        parts = total * follow_through.followed(vectors, follow.seconds, lag, follow.trail)
        carried, below = below, pose.from_vectors(parts)
        bone = rig.pose.bones[name]
        rest = plan.frame.T @ plan.skeleton.bones[name].axes
        turns = pose.seen_from(pose.product(pose.inverse(carried), below), rest)
        suffix, samples = pose.components(turns, bone.rotation_mode)
        yield from channels_of(f"{bone_path(name)}.rotation_{suffix}", samples, title)
    name = chain[-1][0]
    head = rig.data.bones[name]
    if head.use_connect:
        return
    offsets = pose.rotated(short_offsets(track.translation), pose.inverse(carried)) / _metres(rig)
    if head.use_local_location:
        offsets = offsets @ (plan.frame.T @ plan.skeleton.bones[name].axes)
    else:
        offsets = offsets @ plan.frame.T
    yield from channels_of(f"{bone_path(name)}.location", offsets, title)


def short_offsets(translation: npt.NDArray[np.floating]) -> Array:
    """Offsets (T, 3) in Blender's axes of head translations, none too long for a neck; metres."""
    offsets = rotation.to_blender_offset(translation)
    length = np.linalg.norm(offsets, axis=1, keepdims=True)
    return offsets * np.minimum(1.0, MAX_OFFSET_METRES / np.maximum(length, 1e-12))


def channels_of(path: str, samples: npt.NDArray[np.floating], group: str) -> Iterator[Channel]:
    """A channel for each column of (T, C) samples."""
    for index in range(samples.shape[1]):
        yield Channel(path, index, group, samples[:, index])


def bone_path(name: str) -> str:
    """Property path of a pose bone."""
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'


def _properties(rig: bpy.types.Object, name: str, motion: _Motion) -> Iterator[Channel]:
    bone, title = rig.pose.bones[name], TITLES[motion.layer]
    if motion.turn is not None:
        suffix, samples = pose.components(pose.from_vectors(motion.turn), bone.rotation_mode)
        yield from channels_of(f"{bone_path(name)}.rotation_{suffix}", samples, title)
    if motion.move is not None:
        if bone.bone.use_connect:
            log.info("%s is connected to its parent and cannot move", name)
        else:
            yield from channels_of(f"{bone_path(name)}.location", motion.move, title)
    if motion.scale is not None:
        yield from channels_of(f"{bone_path(name)}.scale", 1.0 + motion.scale, title)


def _add_move(
    motion: _Motion,
    rig: bpy.types.Object,
    bone: str,
    plan: BonePlan,
    move: BoneMove,
    unit: float,
    weight: Array,
    layer: Layer,
) -> None:
    if any(move.turn):
        turn = pose.turn_vector(np.radians(move.turn))
        motion.add_turn(weight * _in_bone(plan, bone, turn[None]), layer)
    if any(move.move):
        length = unit if move.unit else unit / _metres(rig)
        offset = rotation.to_blender_offset(np.array([move.move])) * length
        motion.add_move(weight * _offsets_in(rig, plan, bone, offset), layer)


def _add_pose(motions: dict[str, _Motion], blend: Blend, rig: bpy.types.Object) -> None:
    weight, found = np.asarray(blend.weights, np.float64)[:, None], blend.pose
    for bone, turn in found.turns.items():
        if bone in rig.pose.bones:
            motions.setdefault(bone, _Motion()).add_turn(weight * turn, blend.layer)
    for bone, move in found.moves.items():
        if bone in rig.pose.bones:
            motions.setdefault(bone, _Motion()).add_move(weight * move, blend.layer)
    for bone, scale in found.scales.items():
        if bone in rig.pose.bones and (scale != 1).any():
            motions.setdefault(bone, _Motion()).add_scale(weight * (scale - 1.0), blend.layer)


def eye_turn(gaze: npt.NDArray[np.floating], profile: MappingProfile, side: str) -> Array:
    """Rotation vectors (T, 3) of one eye in the head frame, within its limits."""
    eyes = profile.eyes or EyeBones("", "")
    return pose.turn_vector(np.pad(eyes.limited(gaze, side), ((0, 0), (0, 1))))


def _in_bone(plan: BonePlan, bone: str, vectors: Array) -> Array:
    """Vectors (N, 3) of the head frame in a bone's rest frame."""
    return vectors @ (plan.frame.T @ plan.skeleton.bones[bone].axes)


def _offsets_in(rig: bpy.types.Object, plan: BonePlan, bone: str, offsets: Array) -> Array:
    """Offsets (N, 3) of the head frame as a bone's location takes them."""
    if rig.data.bones[bone].use_local_location:
        return _in_bone(plan, bone, offsets)
    return offsets @ plan.frame.T


def shapes_turn_eyes(
    faces: tuple[bpy.types.Object, ...], covered: Coverage, eyes: tuple[str, str]
) -> bool:
    """Whether shape keys of the gaze already move what the eye bones carry: both would turn twice."""
    looks = {
        (place.owner, place.name)
        for channel, places in covered.places.items()
        for place in places
        if place.kind == "shape" and "look" in channel.lower()
    }
    for face in faces:
        groups = {face.vertex_groups[name].index for name in eyes if name in face.vertex_groups}
        names = [name for owner, name in looks if owner == face.name]
        if not groups or not names or face.type != "MESH":
            continue
        keys = face.data.shape_keys
        rest, moved = (np.empty(len(face.data.vertices) * 3, np.float32) for _ in range(2))
        keys.reference_key.points.foreach_get("co", rest)
        for name in names:
            keys.key_blocks[name].points.foreach_get("co", moved)
            size = np.abs(moved - rest).reshape(-1, 3).max(1)
            at = np.flatnonzero(size > 0.1 * size.max(initial=0.0))
            for index in at[:: max(1, len(at) // SAMPLED_VERTICES)].tolist():
                weights = face.data.vertices[index].groups
                if any(g.group in groups and g.weight > 0.5 for g in weights):
                    return True
    return False


def _metres(rig: bpy.types.Object) -> float:
    """Metres that one unit of an armature's space is long in the world."""
    return max(float(world_matrix(rig).median_scale), 1e-9)
