"""Who is in a film: its shots, and which of them show somebody else.

Mean faces tell people apart: over four seconds, those of the same person in different shots and rooms
differ by up to 1.9 mm (films of three people), those of different people by 3.2 mm as a rule, with one pair
in thirty-four under 1.9 mm (sixty portraits). What a picture cannot show, depth, does not count.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .alignment import AlignedFace, fitted_onto
from .landmarks import FaceTrack

Floats = NDArray[np.float64]

SAME_METRES = 1.9e-3
"""Distance of two mean faces, rms over the landmarks, up to which they count as one person's."""
LEAST_SEEN_SECONDS = 1.5
"""A shot that shows the face for less says nothing about whose it is."""
HOP_WIDTHS = 0.6
"""Face widths by which a face may move between two frames; more, and another one was found."""


@dataclass(frozen=True)
class Shot:
    """Frames `first` to before `last` of a track, without a cut in between."""

    first: int
    last: int

    def of(self, face: AlignedFace) -> AlignedFace:
        """That part of an aligned track."""
        span = slice(self.first, self.last)
        return AlignedFace(face.points[span], face.rotation[span], face.pivot[span])


def shots_of(track: FaceTrack) -> tuple[Shot, ...]:
    """The shots of an even track: it ends one where the film is cut or the face is suddenly elsewhere."""
    bounds = {0, len(track.times), *(round(cut * track.rate) for cut in track.cuts)}
    bounds |= set(hops_of(track))
    inside = sorted(bound for bound in bounds if 0 <= bound <= len(track.times))
    return tuple(Shot(first, last) for first, last in itertools.pairwise(inside))


def hops_of(track: FaceTrack) -> list[int]:
    """Frames at which the face is not where it was in the frame before it that showed one."""
    rows = np.flatnonzero(track.seen)
    if len(rows) < 2:
        return []
    face = track.points[rows, :468, :2]
    width = np.ptp(face[:, :, 0], axis=1)
    moved = np.linalg.norm(np.diff(face.mean(axis=1), axis=0), axis=1)
    return [int(row) for row in rows[1:][moved > HOP_WIDTHS * np.minimum(width[1:], width[:-1])]]


def mean_face(face: AlignedFace, fps: float) -> Floats | None:
    """(468, 3) metres, the middle face of a shot; None where it shows one for too short a time."""
    points = face.points[np.isfinite(face.points[:, 0, 0]), :468]
    if len(points) < LEAST_SEEN_SECONDS * fps:
        return None
    return np.median(points, axis=0)


def is_same_person(one: Floats, other: Floats) -> bool:
    """Whether two mean faces, (N, 3) metres, are of one person."""
    moved = fitted_onto(other, one)
    apart = (moved - one)[:, [0, 2]]
    return float(np.sqrt(np.mean(np.sum(apart**2, axis=1)))) <= SAME_METRES


def strangers(means: Sequence[Floats | None], seconds: Sequence[float]) -> tuple[int, ...]:
    """Numbers of the shots that show others than the person seen longest.

    Parameters
    ----------
    means, seconds : mean face and length of each shot; one too short for a face counts as anybody's
    """
    known = {number: mean for number, mean in enumerate(means) if mean is not None}
    if not known:
        return ()
    alike = {
        number: {other for other, mean in known.items() if is_same_person(own, mean)}
        for number, own in known.items()
    }
    main = max(known, key=lambda number: sum(seconds[other] for other in alike[number]))
    return tuple(number for number in known if number not in alike[main])
