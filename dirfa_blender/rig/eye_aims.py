"""Eyes that a rig aims at something: the look is told to the bone they follow, not to the eyes.

Where a constraint points an eye bone at a target, turning the bone does nothing; the target has to go where
the eye should look. Eyes that share a target move it by half each.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
import numpy.typing as npt

from ..core.characters import pose
from ..core.characters.skeleton import Skeleton
from .character import TRACKING

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aim:
    """What an eye bone is pointed at.

    Parameters
    ----------
    bone : the target
    reach : (3,) from the eye to it at rest, head frame, units of the armature
    share : part of the move that this eye asks for
    """

    bone: str
    reach: Array
    share: float = 1.0

    def moves(self, turns: Array) -> Array:
        """Where the target goes, (T, 3) as `reach`, for the eye's turns, (T, 3) rotation vectors."""
        reach = np.broadcast_to(self.reach, turns.shape)
        return self.share * (pose.rotated(reach, pose.from_vectors(turns)) - reach)


def aims_of(
    rig: bpy.types.Object, skeleton: Skeleton, frame: Array, eyes: tuple[str, str]
) -> tuple[Aim | None, Aim | None]:
    """What each eye bone is pointed at, None for one that turns by itself."""
    targets = [_target(rig, eye) for eye in eyes]
    share = 0.5 if targets[0] and targets[0] == targets[1] else 1.0
    left, right = (
        Aim(target, (skeleton.bones[target].head - skeleton.bones[eye].head) @ frame, share)
        if target in skeleton.bones
        else None
        for eye, target in zip(eyes, targets, strict=True)
    )
    return left, right


def _target(rig: bpy.types.Object, eye: str) -> str:
    """The bone of the same armature that an eye bone is pointed at; empty where there is none."""
    if not eye:
        return ""
    return next(
        (
            c.subtarget
            for c in rig.pose.bones[eye].constraints
            if c.type in TRACKING and not c.mute and c.influence > 0 and c.target == rig
        ),
        "",
    )
