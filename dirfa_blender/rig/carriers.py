"""A face rig that hangs on another armature's head: that one turns, and the face with it.

Riggers keep faces apart from bodies, and tie the face's armature to the body's head bone: as a child, or by
a constraint on the armature or on its first bones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ..core.characters.profile import MappingProfile
from . import bone_curves
from .bone_curves import BonePlan
from .character import MOST_INFLUENCE, skeleton_of

# Constraints by which something turns with a bone.
TYING = frozenset({"CHILD_OF", "COPY_TRANSFORMS", "COPY_ROTATION", "ARMATURE"})


@dataclass(frozen=True)
class Carrier:
    """An armature whose head carries another one.

    Parameters
    ----------
    plan : its neck and head, and nothing else
    """

    rig: bpy.types.Object
    plan: BonePlan

    @property
    def head(self) -> str:
        """Name of the head's bone."""
        return self.plan.shares[-1][0]


def carrier_of(rig: bpy.types.Object, profile: MappingProfile) -> Carrier | None:
    """The armature on whose head, or on a bone below it, another armature hangs; None if on none."""
    for other, bone in _tied_to(rig):
        skeleton = skeleton_of(other)
        shares = bone_curves.head_shares(other, skeleton, profile)
        if shares and bone in skeleton.bones:
            head = shares[-1][0]
            if bone == head or head in skeleton.above(bone):
                plan = BonePlan(skeleton, skeleton.frame(), shares, ("", ""))
                return Carrier(other, plan)
    return None


def _tied_to(rig: bpy.types.Object) -> Iterator[tuple[bpy.types.Object, str]]:
    """Bones of other armatures with which an armature turns, the nearest first."""
    thing: bpy.types.Object | None = rig
    while thing is not None:
        yield from _constrained(thing.constraints, rig)
        if thing.parent_type == "BONE" and _is_other(thing.parent, rig):
            yield thing.parent, thing.parent_bone
        thing = thing.parent
    for bone in rig.pose.bones:
        if bone.parent is None:
            yield from _constrained(bone.constraints, rig)


def _constrained(
    constraints: bpy.types.bpy_prop_collection, rig: bpy.types.Object
) -> Iterator[tuple[bpy.types.Object, str]]:
    for found in constraints:
        if found.mute or found.influence <= MOST_INFLUENCE or found.type not in TYING:
            continue
        for target in found.targets if found.type == "ARMATURE" else (found,):
            if target.subtarget and _is_other(target.target, rig):
                yield target.target, target.subtarget


def _is_other(thing: bpy.types.Object | None, rig: bpy.types.Object) -> bool:
    return thing is not None and thing.type == "ARMATURE" and thing != rig
