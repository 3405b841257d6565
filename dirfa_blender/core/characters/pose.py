"""Head rotations as curves of whatever rotation mode a bone or object has. No bpy.

A turn of the head is shared along the neck: bone i of a chain takes the part ``R ** share_i`` of the
rotation R in armature space. All parts turn about one axis, so they commute and their product down the
chain is R exactly. A bone whose rest rotation is M then has the local rotation ``M^-1 @ R**share @ M``,
which for a quaternion only turns its vector part.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import rotation

Array = npt.NDArray[np.float64]

_AXES = {"X": 0, "Y": 1, "Z": 2}
_EVEN_ORDERS = ("XYZ", "YZX", "ZXY")


def fractions(angles: npt.ArrayLike, share: float) -> Array:
    """Quaternions (T, 4) of ``R ** share`` for head rotations (T, 3) in radians."""
    quaternion = rotation.to_quaternion(angles)
    sine = np.linalg.norm(quaternion[:, 1:], axis=1)
    half = np.arctan2(sine, quaternion[:, 0])
    # Near no rotation sin(share * half) / sin(half) tends to share.
    scale = np.where(sine > 1e-12, np.sin(share * half) / np.maximum(sine, 1e-12), share)
    return np.column_stack([np.cos(share * half), quaternion[:, 1:] * scale[:, None]])


def from_vectors(vectors: npt.ArrayLike) -> Array:
    """Quaternions (T, 4) of rotation vectors (T, 3): axis times angle in radians."""
    turns = np.asarray(vectors, np.float64)
    half = np.linalg.norm(turns, axis=1, keepdims=True) / 2
    # sin(half) / (2 half), which tends to a half.
    scale = np.where(half > 1e-9, np.sin(half) / np.maximum(2 * half, 1e-12), 0.5)
    return np.concatenate([np.cos(half), turns * scale], 1)


def turn_vector(angles: npt.ArrayLike) -> Array:
    """Rotation vectors (..., 3) in Blender's axes of head rotations (..., 3) in radians."""
    rows = np.atleast_2d(np.asarray(angles, np.float64))
    quaternion = rotation.to_quaternion(rows)
    quaternion *= np.where(quaternion[:, :1] < 0, -1.0, 1.0)
    sine = np.linalg.norm(quaternion[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternion[:, :1])
    scale = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    vectors = quaternion[:, 1:] * scale
    return vectors.reshape(np.asarray(angles).shape)


def seen_from(quaternions: Array, rest: npt.ArrayLike) -> Array:
    """The same turns in a frame whose axes are the columns of `rest` (3, 3): ``M^-1 @ R @ M``."""
    turned = quaternions[:, 1:] @ np.asarray(rest, np.float64)
    return np.column_stack([quaternions[:, 0], turned])


def rotated(vectors: npt.ArrayLike, quaternions: Array) -> Array:
    """Vectors (T, 3) turned by unit quaternions (T, 4)."""
    vectors = np.asarray(vectors, np.float64)
    w, axis = quaternions[:, :1], quaternions[:, 1:]
    twice = 2 * np.cross(axis, vectors)
    return vectors + w * twice + np.cross(axis, twice)


def inverse(quaternions: Array) -> Array:
    """Opposite turns of unit quaternions (T, 4)."""
    return quaternions * np.array([1.0, -1.0, -1.0, -1.0])


def product(first: Array, then: Array) -> Array:
    """Quaternions (T, 4) of one turn in the frame that another has turned: ``first @ then`` as matrices."""
    w, axis = first[:, :1], first[:, 1:]
    v, other = then[:, :1], then[:, 1:]
    scalar = w * v - (axis * other).sum(1, keepdims=True)
    return np.concatenate([scalar, w * other + v * axis + np.cross(axis, other)], 1)


def components(quaternions: Array, mode: str) -> tuple[str, Array]:
    """Property suffix and samples of turns in a Blender rotation mode.

    Parameters
    ----------
    quaternions : (T, 4) float64, unit
    mode : ``QUATERNION``, ``AXIS_ANGLE`` or an Euler order such as ``XYZ`` (X applied first)

    Returns
    -------
    ``quaternion`` with (T, 4), ``axis_angle`` with (T, 4), or ``euler`` with (T, 3) radians that never
    jump by a whole turn
    """
    if mode == "QUATERNION":
        return "quaternion", quaternions
    if mode == "AXIS_ANGLE":
        sine = np.linalg.norm(quaternions[:, 1:], axis=1)
        angle = 2.0 * np.arctan2(sine, quaternions[:, 0])
        unit = quaternions[:, 1:] / np.maximum(sine, 1e-9)[:, None]
        axis = np.where(sine[:, None] > 1e-9, unit, np.array([0.0, 1.0, 0.0], np.float64))
        return "axis_angle", np.column_stack([angle, axis])
    return "euler", _to_euler(quaternions, mode)


def _to_euler(quaternions: Array, order: str) -> Array:
    i, j, k = (_AXES[letter] for letter in order)
    sign = 1.0 if order in _EVEN_ORDERS else -1.0
    m = _to_matrices(quaternions)
    angles = np.empty((len(quaternions), 3))
    angles[:, i] = np.arctan2(sign * m[:, k, j], m[:, k, k])
    angles[:, j] = np.arcsin(np.clip(-sign * m[:, k, i], -1.0, 1.0))
    angles[:, k] = np.arctan2(sign * m[:, j, i], m[:, i, i])
    return np.unwrap(angles, axis=0)


def _to_matrices(quaternions: Array) -> Array:
    columns = [
        rotated(np.broadcast_to(axis, (len(quaternions), 3)), quaternions) for axis in np.eye(3)
    ]
    return np.stack(columns, -1)
