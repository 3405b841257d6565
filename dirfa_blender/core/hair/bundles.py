"""Strands of hair that run alike, gathered into bundles by k-means. No bpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..directions import unit
from .groom import Strands
from .sampled import sampled

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

CLUSTERED, ROUNDS = 5000, 3  # strands that are looked at, and how often their means are
PLACES = 4  # of a strand, by which it is like others, and how much each counts
ROOTED = np.array([1.6, 1.2, 1.0, 1.0])


def bundles(
    grown: Strands, count: int, rows: int, own: float, random: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Runs (N, R, 3) of at most `count` bundles; of each the metres that strands lie beside it (N,) and
    begin and end before or after it (N, 2), standard deviations; and a tone (N,).

    Strands that go astray are in none: a bundle of them would stand off as a spike.

    Parameters
    ----------
    own : 0 for the mean of a bundle's strands as its run, to 1 for its most usual strand: the mean of waves
        that do not swing together is straight
    """
    together = (
        np.arange(len(grown.points)) if grown.astray is None else np.flatnonzero(~grown.astray)
    )
    chosen = random.permutation(together)[:CLUSTERED]
    points = grown.points[chosen].astype(np.float64)
    points = sampled(points, np.linspace(0.0, points.shape[1] - 1.0, rows))
    places = np.round(np.linspace(0, rows - 1, PLACES)).astype(int)
    feature = (points[:, places] * ROOTED[:, None]).reshape(len(points), -1)
    centres = feature[:count]
    count = len(centres)
    for _ in range(ROUNDS):
        centres = _means(feature, _nearest_of(feature, centres), count)
    member = _nearest_of(feature, centres)
    size = np.bincount(member, minlength=count)
    middle = _means(points.reshape(len(points), -1), member, count).reshape(count, rows, 3)
    off = points - middle[member]
    run = unit(np.gradient(middle, axis=1))[member]
    along = (off * run).sum(-1)
    off -= along[..., None] * run
    spread = np.sqrt(_means((off**2).sum(-1).mean(1)[:, None], member, count)[:, 0])
    ends = np.sqrt(_means(along[:, [0, -1]] ** 2, member, count))
    # The most usual strand of each is written last and stays.
    off_centre = ((feature - centres[member]) ** 2).sum(1)
    order = np.argsort(-off_centre, kind="stable")
    first = np.zeros(count, np.int64)
    first[member[order]] = order
    middle += own * (points[first] - middle)
    kept = size >= 3
    tones = grown.tones[chosen][first[kept]].astype(np.float64)
    return middle[kept], spread[kept], ends[kept], tones


def _nearest_of(feature: Floats, centres: Floats) -> Indices:
    """(N,) number of the centre (M, D) nearest to each feature (N, D)."""
    near, far = feature.astype(np.float32), centres.astype(np.float32)
    square = near @ (-2.0 * far.T)
    square += (far**2).sum(1)
    return square.argmin(1)


def _means(values: Floats, member: Indices, count: int) -> Floats:
    """(count, D) means of values (N, D) by the number of each; zero of none."""
    size = np.maximum(np.bincount(member, minlength=count), 1)
    sums = [np.bincount(member, column, count) for column in values.T]
    return np.stack(sums, -1) / size[:, None]
