"""Head pose of tracked landmarks, and the landmarks with the pose taken away.

Weak perspective: the picture shows a turned, scaled and shifted head, and depth comes from the landmark
network. Rotation and scale are a Procrustes fit on points that no expression moves. The fit is made
twice, the second time on the person's own mean face, so that a long nose is not read as a raised chin.
Absolute pitch still carries an offset of some degrees, so a clip's median pose counts as rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .landmarks import FaceTrack

Floats = NDArray[np.float64]

RIGID = (
    10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 33, 133, 362, 263, 127, 356, 234, 454, 21, 251, 54, 284,
    103, 332, 67, 297, 109, 338, 122, 351, 196, 419, 3, 248, 98, 327,
)  # fmt: skip
"""Landmarks of forehead, nose, eye corners and temples: none on mouth, lid edges or brows."""
FOCAL_SHARE = 1.2
"""Assumed focal length over the picture's larger side; only the scale of forward motion needs it."""


@dataclass(frozen=True)
class AlignedFace:
    """Landmarks in the template's frame and scale, and the pose that was taken away.

    Attributes
    ----------
    points : (T, 478, 3) float64, metres, Blender space, head at rest; NaN where no face was seen
    rotation : (T, 3, 3) float64, rest to picture
    pivot : (T, 3) float64, metres: where the neck's upper joint is, median 0
    """

    points: Floats
    rotation: Floats
    pivot: Floats


def aligned(track: FaceTrack, template: Floats, joint: Floats) -> AlignedFace:
    """Pose and pose-free landmarks of a track.

    Parameters
    ----------
    template : (468, 3) metres, landmarks of the head template
    joint : (3,) metres, the point the head turns about
    """
    points = np.asarray(track.points, np.float64)[..., [0, 2, 1]] * np.array([1.0, 1.0, -1.0])
    reference = template[list(RIGID)]
    free, _, _ = _without_pose(points, reference)
    own = np.nanmedian(free[:, list(RIGID)], axis=0)
    own = fitted_onto(own, reference)
    free, rotation, place = _without_pose(points, own)
    scale, shift = place[:, :1], place[:, 1:]
    centre = own.mean(axis=0)
    moved = np.einsum("tij,j->ti", rotation, joint - centre)
    pivot = shift / scale + moved
    depth = FOCAL_SHARE * max(track.size) / scale[:, 0]
    pivot[:, 1] = depth + moved[:, 1]
    pivot -= np.nanmedian(pivot, axis=0)
    return AlignedFace(free, rotation, pivot)


def fitted_onto(points: Floats, reference: Floats) -> Floats:
    """(N, 3) points turned, scaled and shifted onto a reference (N, 3)."""
    turn, size, centre, _ = _procrustes(points[None], reference)
    return (points - centre[0]) @ turn[0] / size[0] + reference.mean(axis=0)


def _without_pose(points: Floats, reference: Floats) -> tuple[Floats, Floats, Floats]:
    """Pose-free points, rotations (T, 3, 3) and scale with shift (T, 4)."""
    seen = np.isfinite(points[:, 0, 0])
    turn = np.full((len(points), 3, 3), np.nan)
    place = np.full((len(points), 4), np.nan)
    free = np.full_like(points, np.nan)
    rotation, size, shift, _ = _procrustes(points[seen][:, list(RIGID)], reference)
    centred = points[seen] - shift[:, None]
    # x = s R (p - a) + b, so p = R^T (x - b) / s + a; rows times R are R^T times columns.
    free[seen] = np.einsum("tni,tij->tnj", centred, rotation) / size[:, None, None]
    free[seen] += reference.mean(axis=0)
    turn[seen] = rotation
    place[seen] = np.concatenate([size[:, None], shift], axis=1)
    return free, turn, place


def _procrustes(points: Floats, reference: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Rotation (T, 3, 3), scale (T,) and centre (T, 3) that lay `reference` on the points, rms (T,)."""
    wanted = reference - reference.mean(axis=0)
    centre = points.mean(axis=1)
    found = points - centre[:, None]
    left, values, right = np.linalg.svd(np.einsum("tni,nj->tij", found, wanted))
    sign = np.ones_like(values)
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    rotation = (left * sign[:, None]) @ right
    scale = (values * sign).sum(axis=1) / (wanted**2).sum()
    fitted = np.einsum("tij,nj->tni", rotation, wanted) * scale[:, None, None]
    error = np.sqrt(((found - fitted) ** 2).sum(axis=2).mean(axis=1)) / scale
    return rotation, scale, centre, error
