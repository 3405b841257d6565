"""The head frame and its sign convention, defined here and nowhere else.

Space is Blender's: metres, Z up, the face looks along -Y, +X is the subject's left.
A head rotation is (pitch, yaw, roll) in radians: pitch + lifts the chin (AU53), yaw + turns to the
subject's left (AU51), roll + tilts the head to the subject's left (AU55). As a matrix it is
``Rz(yaw) @ Rx(-pitch) @ Ry(roll)``: roll is applied first, in the head, and yaw last, about the neck.
That is Blender's Euler order ``YXZ`` with components (-pitch, roll, yaw).
A head translation is (subject's left, up, forward) in metres, that is (+X, +Z, -Y). No bpy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def to_matrix(rotation: npt.ArrayLike) -> Array:
    """Rotation matrices of head rotations.

    Parameters
    ----------
    rotation : (..., 3) float, radians: pitch, yaw, roll

    Returns
    -------
    (..., 3, 3) float64, Blender space; maps neutral head points to turned ones
    """
    pitch, yaw, roll = np.moveaxis(np.asarray(rotation, np.float64), -1, 0)
    cx, sx = np.cos(pitch), -np.sin(pitch)
    cy, sy = np.cos(roll), np.sin(roll)
    cz, sz = np.cos(yaw), np.sin(yaw)
    rows = (
        (cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy),
        (sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy),
        (-cx * sy, sx, cx * cy),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def from_matrix(matrix: npt.ArrayLike) -> Array:
    """Head rotations of matrices, the inverse of `to_matrix` for pitch within +-90 degrees.

    Parameters
    ----------
    matrix : (..., 3, 3) float, Blender space

    Returns
    -------
    (..., 3) float64, radians: pitch, yaw, roll
    """
    m = np.asarray(matrix, np.float64)
    pitch = -np.arcsin(np.clip(m[..., 2, 1], -1.0, 1.0))
    yaw = np.arctan2(-m[..., 0, 1], m[..., 1, 1])
    roll = np.arctan2(-m[..., 2, 0], m[..., 2, 2])
    return np.stack([pitch, yaw, roll], -1)


def to_quaternion(rotation: npt.ArrayLike) -> Array:
    """Unit quaternions (w, x, y, z) of head rotations, neighbours in the same half space.

    Parameters
    ----------
    rotation : (T, 3) float, radians: pitch, yaw, roll

    Returns
    -------
    (T, 4) float64, Blender space; consecutive rows never flip sign, so curves do not jump
    """
    pitch, yaw, roll = np.moveaxis(np.asarray(rotation, np.float64), -1, 0) * 0.5
    cx, sx = np.cos(pitch), -np.sin(pitch)
    cy, sy = np.cos(roll), np.sin(roll)
    cz, sz = np.cos(yaw), np.sin(yaw)
    quaternion = np.stack(
        [
            cz * cx * cy - sz * sx * sy,
            cz * sx * cy - sz * cx * sy,
            cz * cx * sy + sz * sx * cy,
            sz * cx * cy + cz * sx * sy,
        ],
        -1,
    )
    if len(quaternion) > 1:
        turns = np.einsum("ti,ti->t", quaternion[1:], quaternion[:-1]) < 0
        quaternion[1:] *= np.where(np.cumsum(turns) % 2, -1.0, 1.0)[:, None]
    return quaternion


def to_blender_offset(translation: npt.ArrayLike) -> Array:
    """Offsets (x, y, z) in Blender space of translations (left, up, forward); (..., 3) metres."""
    left, up, forward = np.moveaxis(np.asarray(translation, np.float64), -1, 0)
    return np.stack([left, -forward, up], -1)
