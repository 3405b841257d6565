"""Vertex errors of the lips on one head, so that figures of different rigs can be compared at all.

LVE is the mean over frames of the largest distance of a lip vertex, in millimetres and **not squared**
(MeshTalk's definition; some papers square it). With n takes of a recording, MEE is the error of their mean
and CE that of the closest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import load_profile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LipMesh:
    """(K, L * 3) float64 displacement in millimetres of the lips' vertices at weight 1 of each shape."""

    deltas: Floats

    def errors(self, found: Animation, true: Animation) -> Floats:
        """(T,) largest distance of a lip vertex in each frame of the truth, millimetres."""
        profile = load_profile("arkit")
        weights = np.asarray(profile.apply(true).weights, np.float64)
        other = found.sampled(true.times, true.fps)
        apart = np.asarray(profile.apply(other).weights, np.float64) - weights
        moved = (apart @ self.deltas).reshape(len(apart), -1, 3)
        return np.linalg.norm(moved, axis=2).max(axis=1)


def lip_mesh(head: Head) -> LipMesh:
    """The lips of a head with shapes."""
    profile = load_profile("arkit")
    order = [head.shape_names.index(shape) for shape in profile.shapes]
    lips = np.asarray(head.shape_deltas, np.float64)[order][:, head.part("lips*")]
    return LipMesh(1000.0 * lips.reshape(len(order), -1))


def lip_vertex_error(mesh: LipMesh, found: Animation, true: Animation) -> float:
    """LVE in millimetres."""
    return float(mesh.errors(found, true).mean())
