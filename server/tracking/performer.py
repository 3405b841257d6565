"""One person's aligned landmarks to units, lids, gaze and pose, read against that person's own rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core import rotation
from dirfa_blender.core.action_units import AU_INDEX
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head_template import template

from .alignment import AlignedFace, aligned
from .landmarks import FaceTrack
from .response import pose_terms, response
from .solve import Basis, neutral_face, solved

Floats = NDArray[np.float64]

LIDS: dict[str, tuple[tuple[int, int], ...]] = {
    "L": ((386, 374), (387, 373), (385, 380), (263, 362)),
    "R": ((159, 145), (160, 144), (158, 153), (33, 133)),
}
"""Upper and lower lid points of each eye, then its corners."""
SHUT_SHARE = 0.3
"""Lid aperture of a shut eye over that of the open one, as landmarks report it."""
EYE_RADIUS = 0.012
IRISES = {"L": 473, "R": 468}
IRIS_SHARE = np.array([0.57, 0.52])
"""Share of a true motion of the irises, left and up, that the landmarks show."""
BLINK_PITCH = -0.0175
"""Radians of pitch that a lid's closing is read as."""


@dataclass(frozen=True)
class Performer:
    """One person's resting face, so that several clips of them are read alike.

    Attributes
    ----------
    neutral : (468, 3) float64, metres, template frame
    aperture : (2,) lid aperture over eye width when open, left and right
    iris : (2, 2) resting place of the irises between the eye corners: left, up; metres
    """

    neutral: Floats
    aperture: Floats
    iris: Floats


def face_of(track: FaceTrack) -> AlignedFace:
    """Pose and pose-free landmarks of a track, in the frame of the head template."""
    head = template()
    joint = np.asarray(head.bone_heads[head.bone_names.index("head")], np.float64)
    return aligned(track, np.asarray(head.landmarks(), np.float64), joint)


def performer_of(faces: list[AlignedFace]) -> Performer:
    """The resting face of the person that all these clips show."""
    points = np.concatenate([face.points for face in faces])
    points = points[np.isfinite(points[:, 0, 0])]
    aperture = np.stack([np.quantile(_aperture(points, side), 0.7) for side in "LR"])
    iris = np.stack([np.median(_iris(points, side), axis=0) for side in "LR"])
    return Performer(neutral_face(points), aperture, iris)


def animation_of(face: AlignedFace, performer: Performer, basis: Basis, fps: float) -> Animation:
    """The take of an aligned clip."""
    points = bridged(face.points.reshape(len(face.points), -1)).reshape(face.points.shape)
    motion = points[:, :468] - performer.neutral
    units = solved(motion, basis)
    lids = np.stack([_closure(points, side, performer) for side in "LR"], axis=1)
    order = [(*basis.names, "AU45L", "AU45R").index(name) for name in unit_names(basis)]
    turned = rotation.from_matrix(bridged(face.rotation.reshape(-1, 9)).reshape(-1, 3, 3))
    turned = turned - np.median(turned, axis=0)
    turned[:, 0] -= units @ basis.pitch + BLINK_PITCH * lids.sum(axis=1)
    turned[:, 0] -= pose_terms(turned) @ response().turned
    shift = bridged(face.pivot)
    return Animation(
        fps=fps,
        start=0.0,
        au_names=unit_names(basis),
        au=np.concatenate([units, lids], axis=1)[:, order].astype(np.float32),
        gaze=calm(_gaze(points, lids, performer)).astype(np.float32),
        rotation=calm(turned - np.median(turned, axis=0)).astype(np.float32),
        translation=calm(np.stack([shift[:, 0], shift[:, 2], -shift[:, 1]], 1)).astype(np.float32),
    )


def unit_names(basis: Basis) -> tuple[str, ...]:
    """Units of a take in canonical order."""
    return tuple(sorted((*basis.names, "AU45L", "AU45R"), key=lambda name: AU_INDEX[name]))


def calm(values: Floats) -> Floats:
    """(T, C) after a short zero-phase average: landmarks tremble by half a percent of the face."""
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    kernel = (1.0, 4.0, 6.0, 4.0, 1.0)
    return sum(
        (weight / 16.0 * padded[i : i + len(values)] for i, weight in enumerate(kernel)),
        start=np.zeros_like(values),
    )


def _aperture(points: Floats, side: str) -> Floats:
    """(T,) lid opening over eye width."""
    *pairs, (outer, inner) = LIDS[side]
    opening = np.mean([points[:, up, 2] - points[:, down, 2] for up, down in pairs], axis=0)
    return opening / np.linalg.norm(points[:, outer] - points[:, inner], axis=1)


def _closure(points: Floats, side: str, performer: Performer) -> Floats:
    """(T,) 0 open, 1 shut."""
    share = _aperture(points, side) / performer.aperture["LR".index(side)]
    return np.clip((0.9 - share) / (0.9 - SHUT_SHARE), 0.0, 1.0)


def _iris(points: Floats, side: str) -> Floats:
    """(T, 2) metres left and up of the iris from the middle of the eye corners."""
    *_, (outer, inner) = LIDS[side]
    middle = 0.5 * (points[:, outer] + points[:, inner])
    return (points[:, IRISES[side]] - middle)[:, [0, 2]]


def _gaze(points: Floats, lids: Floats, performer: Performer) -> Floats:
    """(T, 2) radians up and left, mean of both eyes; held while lids cover the iris."""
    away = np.mean([_iris(points, side) - performer.iris[i] for i, side in enumerate("LR")], axis=0)
    angle = np.arcsin(np.clip(away / EYE_RADIUS / IRIS_SHARE, -0.7, 0.7))[:, ::-1]
    covered = lids.mean(axis=1) > 0.5
    if covered.all() or not covered.any():
        return angle
    return bridged(np.where(covered[:, None], np.nan, angle))


def bridged(values: Floats) -> Floats:
    """(T, C) with missing rows filled linearly, the ends held."""
    seen = np.isfinite(values[:, 0])
    if seen.all():
        return values
    index = np.arange(len(values))
    place = np.interp(index, index[seen], np.arange(int(seen.sum())))
    known, low = values[seen], np.floor(place).astype(int)
    high = np.minimum(low + 1, len(known) - 1)
    share = (place - low)[:, None]
    return known[low] * (1.0 - share) + known[high] * share
