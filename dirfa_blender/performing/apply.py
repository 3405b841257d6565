"""A take on a character: curves for shape keys, bones, custom properties, pose assets and pictures.

Everything is checked before anything is written, and the Action is always a new one: an Action the artist
made plays on below it as a strip and is never changed. The take is resampled to the scene's rate first, so
keys lie on whole frames wherever the take starts on one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from ..blender import fcurves, nla
from ..blender.origin import keep_origin
from ..blender.scene import frame_rate
from ..core import rotation
from ..core.animation import Animation
from ..core.characters import pose
from ..core.characters.inventory import Coverage, Place, coverage, describe_absence
from ..core.characters.profile import MappingProfile, ShapeTrack
from ..core.errors import RigError
from ..core.layers import TITLES, layers_of_shapes
from ..head.meshes import HeadObjects
from ..rig import bone_curves, eye_objects, key_drivers, pictures, pose_assets
from ..rig.bone_curves import Follow
from ..rig.carriers import Carrier, carrier_of
from ..rig.character import (
    DRIVERS,
    Character,
    Owner,
    character_of,
    has_keys,
    is_backward,
    refuse_locked,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """A character and what a profile finds of it.

    Parameters
    ----------
    profile : fitted to what is there
    bones : bones that carry head pose and gaze, where there is an armature
    carrier : armature on whose head that one hangs, where it has no head itself
    """

    character: Character
    profile: MappingProfile
    coverage: Coverage
    bones: bone_curves.BonePlan | None
    carrier: Carrier | None = None


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
    follow_through: float = 0.0,
) -> bpy.types.Action:
    """The new Action that plays `animation` on `target`, assigned and with a slot for each datablock.

    Parameters
    ----------
    target : a built head, any part of a character, or any object (which then only takes the head pose)
    frame_start : frame of 0 s on the audio clock
    follow_through : how strongly neck and shoulders follow the head, 0..2

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
    found = find_target(target, profile)
    slots = planned(keyed, found, Follow(follow_through, keyed.times))

    frames = frame_start + keyed.times * rate.per_second
    action = fcurves.new_action(name)
    for slot in slots:
        nla.keep_below(slot.id_block, scene.frame_end)
        fcurves.write_slot(action, slot.id_block, slot.name, frames, slot.channels, interpolation)
    keep_origin(action, animation.source)
    return action


def find_target(target: HeadObjects | bpy.types.Object, profile: MappingProfile) -> Target:
    """What of a character a profile drives.

    Raises
    ------
    RigError
        It has a face that the profile does not know, or is a mesh without anything to drive.
    """
    chosen = target.face if isinstance(target, HeadObjects) else target
    return target_of(character_of(chosen), profile)


def target_of(character: Character, profile: MappingProfile) -> Target:
    """The same for a character already looked at. Raises RigError as `find_target` does."""
    covered = coverage(profile, character.inventory)
    present = {*covered.places, *covered.bones}
    if profile.stepped is not None and pictures.has_number(character, profile.stepped.index):
        # One number shows any of them.
        present |= set(profile.visemes)
    fitted = profile.fitted(present, covered.meshes)
    bones = None
    if character.rig is not None:
        bones = bone_curves.plan_bones(
            character.rig, character.inventory.skeleton, fitted, covered, character.faces
        )
    carrier = None
    if character.rig is not None and bones is not None and not bones.shares:
        carrier = carrier_of(character.rig, fitted)
    found = Target(character, fitted, covered, bones, carrier)
    if not fitted.shapes:
        _refuse_faceless(found, profile)
        _refuse_unturnable(found)
    log.info("%s, %s: %s", character.name, profile.name, covered)
    return found


def planned(animation: Animation, target: Target, follow: Follow | None = None) -> list[Slot]:
    """Every curve of a performance, one value for each sample of `animation`; nothing is written.

    Parameters
    ----------
    follow : how neck and shoulders follow the head; None leaves the shoulders alone

    Raises
    ------
    RigError
        The target has nothing to drive, or may not be changed.
    """
    track = target.profile.apply(animation)
    builder = _Builder(target, track, animation, follow or Follow(0.0, animation.times))
    slots = _without_driven_bones(builder.slots())
    _refuse_unwritable(slots, target.character)
    return slots


def refuse_linked(character: Character, profile: MappingProfile) -> None:
    """Raise RigError where a performance would change what is linked: said before anybody works for it."""
    blocks = {owner.id_block for owner in character.owners.values()} | {character.chosen}
    blocks |= {character.rig} - {None}
    if all(block.is_editable for block in blocks):
        return
    for slot in _at_rest(find_target(character.chosen, profile)):
        refuse_locked(slot.id_block, character.name)


def rest_values(
    chosen: bpy.types.Object, profile: MappingProfile
) -> dict[tuple[int, str, int], float]:
    """What a character's channels are while nobody speaks, by session uid of the datablock, path and index.

    Not nought everywhere: eyes that a property opens are open, and a board's control is where it was put.
    """
    return {
        (slot.id_block.session_uid, channel.path, channel.index): float(channel.values[0])
        for slot in _at_rest(find_target(chosen, profile))
        for channel in slot.channels
    }


def _at_rest(target: Target) -> list[Slot]:
    """Every curve of a performance of one sample in which nothing moves."""
    still = np.zeros((1, 3), np.float32)
    rest = Animation(1.0, 0.0, (), still[:, :0], still[:, :2], still, still)
    track = target.profile.apply(rest)
    return _Builder(target, track, rest, Follow(0.0, rest.times)).slots()


def face_slot(face: str) -> str:
    """Name of the slot that moves the shape keys of a face."""
    return f"Face {face}"


class _Builder:
    """Curves of one character, collected by datablock in the order in which they come up."""

    def __init__(
        self,
        target: Target,
        track: ShapeTrack,
        animation: Animation,
        follow: Follow,
    ) -> None:
        self.target, self.track, self.animation = target, track, animation
        self.follow = follow
        self.layers = layers_of_shapes(target.profile)
        self.column = {name: index for index, name in enumerate(track.names)}
        self.blocks: dict[
            int, tuple[bpy.types.ID, str, dict[tuple[str, int], fcurves.Channel]]
        ] = {}

    def slots(self) -> list[Slot]:
        """All slots; faces first, then what carries the head."""
        poses: list[pose_assets.Blend] = []
        pulls: list[pose_assets.Blend] = []
        # Where controls rest, once for each, whatever pulls it.
        rests: dict[tuple[str, int], pose_assets.Blend] = {}
        stepped = self.target.profile.stepped
        rig = self.target.character.rig
        for channel, places in self.target.coverage.places.items():
            if channel not in self.column:
                continue
            for place in places:
                if place.kind == "pose" and place.owner == DRIVERS:
                    pull = self.target.character.driver_pulls[place.name]
                    pulls.append(self.blend(pull.pose, channel))
                    if pull.rest is not None:
                        where = key_drivers.control_of(pull.rest)[:2]
                        held = np.ones_like(self.weights(channel))
                        rests[where] = pose_assets.Blend(pull.rest, held, self.layers[channel])
                elif place.kind == "pose":
                    found = pose_assets.read_pose(bpy.data.actions[place.name], rig)
                    poses.append(self.blend(found, channel))
                elif place.kind == "object":
                    self.shown(channel, place)
                else:
                    is_picture = stepped is not None and channel in self.target.profile.visemes
                    self.named(channel, place, is_stepped=is_picture)
        if stepped is not None:
            self.pictures(stepped.index)
        poses += [*key_drivers.merged(pulls), *rests.values()]
        self.posed(poses)
        self.head(poses)
        self.eyeballs()
        return [Slot(block, name, (*made.values(),)) for block, name, made in self.blocks.values()]

    def shown(self, channel: str, place: Place) -> None:
        """An object, or a layer of a drawing, is seen while its mouth is."""
        shown, group = self.weights(channel) > 0.5, TITLES[self.layers[channel]]
        owner = self.target.character.owners.get(place.owner)
        if owner is not None:
            made = pictures.layer_visibility(place.name, shown, group)
            self.add(owner.id_block, f"Mouth {owner.id_block.name}", made)
            return
        thing = bpy.data.objects[place.name]
        for made in pictures.visibility(shown, group):
            self.add(thing, f"Mouth {thing.name}", made)

    def blend(self, found: pose_assets.Pose, channel: str) -> pose_assets.Blend:
        """A pose by the weights of a channel."""
        return pose_assets.Blend(found, self.weights(channel), self.layers[channel])

    def weights(self, channel: str) -> npt.NDArray[np.floating]:
        """(T,) weights of a channel."""
        return self.track.weights[:, self.column[channel]]

    def add(self, block: bpy.types.ID, name: str, channel: fcurves.Channel) -> None:
        """Put a channel into its datablock's slot; where one is there, the larger value counts."""
        channels = self.blocks.setdefault(block.session_uid, (block, name, {}))[2]
        known = channels.get((channel.path, channel.index))
        if known is not None:
            channel = replace(channel, values=np.maximum(known.values, channel.values))
        channels[channel.path, channel.index] = channel

    def named(self, channel: str, place: Place, *, is_stepped: bool) -> None:
        """A shape key or custom property follows a channel."""
        owner = self.target.character.owners[place.owner]
        escaped = bpy.utils.escape_identifier(place.name)
        values = self.weights(channel)
        full = 1.0
        if place.kind == "shape":
            path, name = f'key_blocks["{escaped}"].value', face_slot(place.owner)
        else:
            path, name = f'{owner.prefix}["{escaped}"]', f"Controls {owner.id_block.name}"
            where = owner.id_block.session_uid, path
            full = self.target.character.full_values.get(where, full)
        low, high = self.target.profile.ranges.get(channel, (0.0, full))
        if place.kind == "shape" and is_backward(owner.id_block.key_blocks[place.name]):
            low, high = -low, -high
        if (low, high) != (0.0, 1.0):
            values = low + values * (high - low)
        if place.kind == "property" and _is_whole_number(owner, place.name):
            values, is_stepped = np.rint(values), True
        made = fcurves.Channel(path, 0, TITLES[self.layers[channel]], values, is_stepped)
        self.add(owner.id_block, name, made)

    def pictures(self, index_names: tuple[str, ...]) -> None:
        """The number of the picture shown goes to a custom property or an image."""
        shapes = [name for name in self.target.profile.visemes if name in self.column]
        order = list(self.target.profile.visemes)
        weights = np.stack([self.weights(name) for name in shapes], 1) if shapes else None
        if weights is None:
            return
        numbers = np.array([order.index(name) for name in shapes])[weights.argmax(1)]
        for block, name, made in pictures.numbered(
            self.target.character, index_names, numbers, TITLES["lips"]
        ):
            self.add(block, name, made)

    def posed(self, poses: list[pose_assets.Blend]) -> None:
        """What poses set besides bones: shape keys, properties and boards, from rest in a straight line."""
        totals: dict[tuple[int, str, int], npt.NDArray[np.floating]] = {}
        moved: dict[tuple[int, str, int], tuple[bpy.types.ID, str]] = {}
        for blend in poses:
            for block, path, index, value in self.set_by(blend.pose):
                where = block.session_uid, path, index
                part = blend.weights * np.float32(value)
                totals[where] = totals[where] + part if where in totals else part
                moved.setdefault(where, (block, TITLES[blend.layer]))
        for (uid, path, index), values in totals.items():
            block, group = moved[uid, path, index]
            if has_path(block, path):
                kind = "Face" if isinstance(block, bpy.types.Key) else "Controls"
                made = fcurves.Channel(path, index, group, values)
                self.add(block, f"{kind} {block.name}", made)

    def set_by(self, found: pose_assets.Pose) -> Iterator[tuple[bpy.types.ID, str, int, float]]:
        """Datablock, path, index and value of all that a pose sets besides bones of the armature."""
        rig = self.target.character.rig
        keys = [face.data.shape_keys for face in self.target.character.faces]
        for (is_key, path, index), value in found.others.items():
            for block in keys if is_key else [rig]:
                if block is not None:
                    yield block, path, index, value
        for (thing, path, index), value in found.elsewhere.items():
            yield thing, path, index, value

    def head(self, poses: list[pose_assets.Blend]) -> None:
        """Bones, or the object itself where there is no armature and no face."""
        target, rig = self.target, self.target.character.rig
        if rig is not None and target.bones is not None:
            made = bone_curves.bone_channels(
                rig, target.bones, target.profile, target.coverage, self.track,
                self.animation.gaze, poses,
            )  # fmt: skip
            carrying, plan = rig, target.bones
            if target.carrier is not None:
                carrying, plan = target.carrier.rig, target.carrier.plan
            turned = bone_curves.head_channels(carrying, plan, self.track, self.follow)
            if any(target.profile.follows_head(channel) for channel in target.coverage.places):
                # A control turns the head, with whatever hangs on it: once is enough.
                turned = ()
            for channel in made:
                self.add(rig, f"Head {rig.name}", channel)
            for channel in turned:
                self.add(carrying, f"Head {carrying.name}", channel)
        elif not self.blocks:
            chosen = target.character.chosen
            for channel in _object_channels(chosen, self.track):
                self.add(chosen, f"Head {chosen.name}", channel)

    def eyeballs(self) -> None:
        """Eyes that are objects of their own look, if nothing else turns them."""
        for eye in eye_objects.eye_objects(self.target.character, self.target.bones):
            for channel in eye_objects.eye_channels(eye, self.animation.gaze, self.target.profile):
                self.add(eye.thing, f"Eye {eye.thing.name}", channel)


def _object_channels(carrier: bpy.types.Object, track: ShapeTrack) -> Iterator[fcurves.Channel]:
    """Delta transforms: they act on top of where the artist has put the object, and leave it be."""
    rest = np.array(_own_rotation(carrier))
    turns = pose.seen_from(rotation.to_quaternion(track.rotation), rest.T)
    suffix, samples = pose.components(turns, carrier.rotation_mode)
    title = TITLES["head"]
    yield from bone_curves.channels_of(f"delta_rotation_{suffix}", samples, title)
    offsets = bone_curves.short_offsets(track.translation) @ rest.T
    yield from bone_curves.channels_of("delta_location", offsets, title)


def _own_rotation(carrier: bpy.types.Object) -> Matrix:
    """Rotation the artist gave an object, without its delta (which `matrix_basis` includes)."""
    if carrier.rotation_mode == "QUATERNION":
        return carrier.rotation_quaternion.to_matrix()
    return carrier.rotation_euler.to_matrix()


def _refuse_faceless(found: Target, profile: MappingProfile) -> None:
    """Refuse a character whose face is unknown; let a head without one turn."""
    character = found.character
    name = character.name
    inventory = character.inventory
    instanced = character.chosen.instance_collection
    if instanced is not None and any(has_keys(thing) for thing in instanced.all_objects):
        raise RigError(
            f"'{name}' is an instance of collection '{instanced.name}', whose face cannot move by itself. "
            "Make a library override of it (Object > Library Override > Make), or real objects (Object > "
            "Apply > Make Instances Real), and choose its face."
        )
    if inventory.driven and not any(inventory.of_kind("shape").values()):
        raise RigError(
            f"'{name}' has drivers on {len(inventory.driven)} of the properties to animate, first "
            f"{inventory.driven[0]}. Remove the drivers or choose the object they read."
        )
    keys = [key for names in inventory.of_kind("shape").values() for key in names]
    if keys:
        raise RigError(
            f"'{name}' has nothing that profile {profile.name} knows "
            f"({', '.join(profile.shapes[:3])}, ...). {describe_absence(inventory)}"
        )
    if found.bones is not None and found.bones.shares:
        return
    if character.rig is not None:
        shown = ", ".join(list(inventory.skeleton.bones)[:6])
        raise RigError(
            f"Armature '{character.rig.name}' must have a bone named 'head' or meshes with face "
            f"shapes, found bones {shown}. {describe_absence(inventory)}"
        )
    if character.chosen.type == "MESH":
        raise RigError(
            f"'{name}' must have shape keys such as {profile.shapes[0]}, it has none. "
            "Choose the face mesh, add the keys first, or choose an empty above it for head pose only."
        )


def _refuse_unturnable(found: Target) -> None:
    """Refuse an object that shall turn as a whole where Blender has no delta that could turn it."""
    chosen = found.character.chosen
    if found.bones is None and chosen.rotation_mode == "AXIS_ANGLE":
        raise RigError(
            f"'{chosen.name}' must turn in a rotation mode other than Axis Angle, for which Blender has "
            "no delta transform. Choose Quaternion or an Euler order under Object > Transform."
        )


def _without_driven_bones(slots: list[Slot]) -> list[Slot]:
    """Slots without the bones that a driver turns: the rest of the character speaks all the same."""
    left: list[Slot] = []
    for slot in slots:
        driven = {p for p in fcurves.driven_paths(slot.id_block) if p.startswith("pose.bones[")}
        free = tuple(channel for channel in slot.channels if channel.path not in driven)
        if free:
            left.append(slot if len(free) == len(slot.channels) else replace(slot, channels=free))
    # Where nothing is left, what drives it is said.
    return left or slots


def _refuse_unwritable(slots: list[Slot], character: Character) -> None:
    if not slots:
        raise RigError("The target has neither face shapes nor a head to turn.")
    for slot in slots:
        block = slot.id_block
        refuse_locked(block, character.name)
        nla.refuse_tweaked(block)
        driven = fcurves.driven_paths(block) & {channel.path for channel in slot.channels}
        if driven:
            raise RigError(
                f"'{block.name}' has drivers on {len(driven)} of the properties to animate, "
                f"first {sorted(driven)[0]}. Remove the drivers or choose the object they read."
            )


def _is_whole_number(owner: Owner, name: str) -> bool:
    block, prefix = owner.id_block, owner.prefix
    holder = block.path_resolve(prefix) if prefix else block
    return isinstance(holder[name], int) and not isinstance(holder[name], bool)


def has_path(block: bpy.types.ID, path: str) -> bool:
    """Whether a datablock has a property at a path."""
    try:
        block.path_resolve(path)
    except ValueError:
        return False
    return True


def _name_of(target: HeadObjects | bpy.types.Object) -> str:
    return target.face.name if isinstance(target, HeadObjects) else target.name
