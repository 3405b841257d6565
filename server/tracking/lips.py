"""Lips as a viewer sees them, on film and on the head template: how far they open, how wide they are.

Intensities of units are no measure of lips, because several units move them. So opening and width are
those of a head with shapes under the ARKit profile, and of film those of its landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.characters.profile import INPUTS
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import load_profile

Floats = NDArray[np.float64]

UPPER_LIP, LOWER_LIP, RIGHT_CORNER, LEFT_CORNER = 13, 14, 61, 291
"""Landmarks at the middle of the slit, on either lip, and at its ends."""


@dataclass(frozen=True)
class Lips:
    """Opening and width over time, metres; (T,) float64 each. On a head both count from rest."""

    opening: Floats
    width: Floats
    fps: float


def film_lips(points: Floats, fps: float) -> Lips:
    """Opening and width of pose-free landmarks, (T, 478, 3) metres; NaN where no face was seen."""
    opening = points[:, UPPER_LIP, 2] - points[:, LOWER_LIP, 2]
    width = np.linalg.norm(points[:, LEFT_CORNER] - points[:, RIGHT_CORNER], axis=1)
    return Lips(opening, width, fps)


def lips_of(take: Animation, head: Head) -> Lips:
    """The lips of a head with shapes under a take."""
    track = load_profile("arkit").apply(take)
    opening, width = _shape_lips(head, track.names)
    weights = np.asarray(track.weights, np.float64)
    return Lips(weights @ opening, weights @ width, take.fps)


def bite_gap(take: Animation, head: Head) -> Floats:
    """(T,) metres between the lower lip and the edge of the upper teeth; 0 where the lip is under it."""
    track = load_profile("arkit").apply(take)
    lip = _landmark_deltas(head, track.names)[:, LOWER_LIP, 2]
    teeth = head.vertices[head.part("teeth_upper*"), 2]
    edge = float(teeth.min()) - float(head.landmarks()[LOWER_LIP, 2])
    return np.maximum(0.0, edge - np.asarray(track.weights, np.float64) @ lip)


def unit_geometry(head: Head, units: tuple[str, ...]) -> Floats:
    """(M, 2) metres of opening and width that each unit adds at 1; both sides where it has them."""
    profile = load_profile("arkit")
    shapes = np.stack(_shape_lips(head, profile.shapes), axis=1)
    rows = [[n for n in (unit, unit + "L", unit + "R") if n in INPUTS] for unit in units]
    gains = np.asarray(profile.gains, np.float64)
    return np.stack([gains[[INPUTS.index(n) for n in row]].sum(axis=0) @ shapes for row in rows])


def _shape_lips(head: Head, shapes: tuple[str, ...]) -> tuple[Floats, Floats]:
    """(K,) metres of opening and of width that each shape adds at 1."""
    deltas = _landmark_deltas(head, shapes)
    opening = deltas[:, UPPER_LIP, 2] - deltas[:, LOWER_LIP, 2]
    width = deltas[:, LEFT_CORNER, 0] - deltas[:, RIGHT_CORNER, 0]
    return opening, width


def _landmark_deltas(head: Head, shapes: tuple[str, ...]) -> Floats:
    """(K, 468, 3) metres by which each shape moves the landmarks."""
    order = [head.shape_names.index(shape) for shape in shapes]
    return np.asarray(head.landmark_deltas(), np.float64)[order]
