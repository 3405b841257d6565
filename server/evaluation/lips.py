"""Lips measured on the head: opening, width, closures; against tracked film and aligned phones.

Intensities of units are no measure of lips, because several units move them. So opening and width are
those of the head template under the profile, the way a viewer sees them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import INPUTS, load_profile

Floats = NDArray[np.float64]

UPPER_LIP, LOWER_LIP, RIGHT_CORNER, LEFT_CORNER = 13, 14, 61, 291
CLOSED_SHARE = 0.1
"""A mouth counts as closed below this share of its 95th percentile opening."""
LEAD_SECONDS = 0.04
"""A closure may come this much before its phone."""


@dataclass(frozen=True)
class Lips:
    """Opening and width over time, metres; (T,) float64 each."""

    opening: Floats
    width: Floats
    fps: float


@dataclass(frozen=True)
class Closures:
    """How well closures are met: share of closing phones met, false ones a second of vowel."""

    recall: float
    false_per_second: float
    phones: int


def lips_of(take: Animation, head: Head) -> Lips:
    """The lips of a head with shapes under a take."""
    track = load_profile("arkit").apply(take)
    deltas = np.asarray(head.landmark_deltas(), np.float64)
    order = [head.shape_names.index(shape) for shape in track.names]
    deltas = deltas[order]
    opening = deltas[:, UPPER_LIP, 2] - deltas[:, LOWER_LIP, 2]
    width = deltas[:, LEFT_CORNER, 0] - deltas[:, RIGHT_CORNER, 0]
    weights = np.asarray(track.weights, np.float64)
    return Lips(weights @ opening, weights @ width, take.fps)


def film_lips(points: Floats, fps: float) -> Lips:
    """Opening and width of pose-free landmarks."""
    opening = points[:, UPPER_LIP, 2] - points[:, LOWER_LIP, 2]
    width = np.linalg.norm(points[:, LEFT_CORNER] - points[:, RIGHT_CORNER], axis=1)
    return Lips(opening, width, fps)


def bite_gap(take: Animation, head: Head) -> Floats:
    """(T,) metres between the lower lip and the edge of the upper teeth; 0 where the lip is under it."""
    track = load_profile("arkit").apply(take)
    order = [head.shape_names.index(shape) for shape in track.names]
    lip = np.asarray(head.landmark_deltas(), np.float64)[order][:, LOWER_LIP, 2]
    teeth = head.vertices[head.part("teeth_upper*"), 2]
    edge = float(teeth.min()) - float(head.landmarks()[LOWER_LIP, 2])
    return np.maximum(0.0, edge - np.asarray(track.weights, np.float64) @ lip)


def unit_geometry(head: Head, units: tuple[str, ...]) -> Floats:
    """(M, 2) metres of opening and width that each unit adds at 1; both sides where it has them."""
    profile = load_profile("arkit")
    order = [head.shape_names.index(shape) for shape in profile.shapes]
    deltas = np.asarray(head.landmark_deltas(), np.float64)[order]
    opening = deltas[:, UPPER_LIP, 2] - deltas[:, LOWER_LIP, 2]
    width = deltas[:, LEFT_CORNER, 0] - deltas[:, RIGHT_CORNER, 0]
    shapes = np.stack([opening, width], axis=1)
    rows = [[n for n in (unit, unit + "L", unit + "R") if n in INPUTS] for unit in units]
    gains = np.asarray(profile.gains, np.float64)
    return np.stack([gains[[INPUTS.index(n) for n in row]].sum(axis=0) @ shapes for row in rows])


def correlation(first: Floats, second: Floats) -> float:
    """Pearson correlation; 0 where one of them does not move."""
    if min(len(first), len(second)) < 2 or first.std() < 1e-9 or second.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def best_offset(
    found: Floats, true: Floats, fps: float, reach_seconds: float
) -> tuple[float, float]:
    """The offset in seconds by which `true` is late against `found`, and the correlation there."""
    reach = round(reach_seconds * fps)
    scores = {
        lag: correlation(
            found[max(0, -lag) : len(found) - max(0, lag)],
            true[max(0, lag) : len(true) + min(0, lag)],
        )
        for lag in range(-reach, reach + 1)
    }
    lag = max(scores, key=lambda key: scores[key])
    return lag / fps, scores[lag]


def closures(
    opening: Floats,
    fps: float,
    labels: NDArray[np.uint8],
    closing: tuple[int, ...],
    vowels: tuple[int, ...],
) -> Closures:
    """Closures of an opening curve against phone labels every 10 ms."""
    limit = CLOSED_SHARE * float(np.quantile(opening, 0.95))
    shut = opening < limit
    met, total, seconds, false = 0, 0, 0.0, 0
    change = np.flatnonzero(np.diff(labels)) + 1
    edges = np.concatenate([[0], change, [len(labels)]])
    for begin, end in itertools.pairwise(edges):
        phone = int(labels[begin])
        if phone in closing:
            first = max(0, int(np.floor((begin / 100.0 - LEAD_SECONDS) * fps)))
            last = int(np.ceil(end / 100.0 * fps)) + 1
            total += 1
            met += bool(shut[first:last].any())
        elif phone in vowels:
            # The outer thirds belong to the neighbours' closures.
            third = (end - begin) / 3.0
            first = int(np.ceil((begin + third) / 100.0 * fps))
            last = int(np.floor((end - third) / 100.0 * fps)) + 1
            seconds += (end - begin) / 100.0
            false += bool(shut[first:last].any())
    return Closures(met / max(1, total), false / max(1e-9, seconds), total)
