"""Fewer keys for many curves at once, with a bound on the error. No bpy.

Keys are inserted where a curve is furthest from its samples until none is further than the tolerance,
as Ramer, Douglas and Peucker do for lines, but for every segment of every curve in one step: the work
is a handful of passes over all samples, whatever the number of curves and words. Slopes of Bezier keys
come from the samples and never change, so a segment that is good once stays good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Interpolation = Literal["CONSTANT", "LINEAR", "BEZIER"]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# A segment of more samples is split near its middle, where the error is this share of the largest at least.
LONG = 500
LONG_SHARE = 0.5


@dataclass(frozen=True)
class Keys:
    """Keys of one curve.

    Parameters
    ----------
    frames, values : (N,) float64, frames ascending
    interpolation : how the curve goes from each key to the next
    slopes : (N,) float64, value a frame, for ``BEZIER`` keys whose handles reach a third of the way to
        their neighbours; None leaves handles to Blender
    """

    frames: Floats
    values: Floats
    interpolation: Interpolation = "LINEAR"
    slopes: Floats | None = None

    def __len__(self) -> int:
        return len(self.frames)

    def at(self, frames: npt.ArrayLike) -> Floats:
        """The curve at given frames, held outside its keys."""
        wanted = np.asarray(frames, np.float64)
        if len(self) == 1:
            return np.full(wanted.shape, self.values[0])
        inside = np.clip(wanted, self.frames[0], self.frames[-1])
        left = np.clip(np.searchsorted(self.frames, inside, "right") - 1, 0, len(self) - 2)
        last = inside >= self.frames[-1]
        found = _between(
            inside, left, left + 1, self.frames, self.values, self.slopes, self.interpolation
        )
        return np.where(last, self.values[-1], found)


def reduced(
    frames: npt.ArrayLike,
    values: npt.ArrayLike,
    tolerances: npt.ArrayLike,
    interpolation: Interpolation = "LINEAR",
) -> list[Keys]:
    """Keys of C curves that stay within their tolerances at every sample.

    Parameters
    ----------
    frames : (T,) float, ascending
    values : (T, C) float
    tolerances : (C,) float or one for all: largest absolute error of a curve

    Returns
    -------
    C `Keys`, each with the first and the last sample; a curve that does not move keeps one key
    """
    times = np.asarray(frames, np.float64)
    samples = np.asarray(values, np.float64)
    count, curves = samples.shape
    bounds = np.broadcast_to(np.asarray(tolerances, np.float64), (curves,))
    slopes = slopes_of(times, samples) if interpolation == "BEZIER" else None
    if count < 3 or not curves:
        kept = np.ones((curves, count), bool)
    elif interpolation == "CONSTANT":
        kept = _held(samples, bounds)
    else:
        kept = _kept(times, samples, slopes, bounds, interpolation)
    still = np.ptp(samples, axis=0) <= bounds * 0.5 if count else np.zeros(curves, bool)
    found: list[Keys] = []
    for column in range(curves):
        rows = np.flatnonzero(kept[column])
        if still[column]:
            middle = (samples[:, column].max() + samples[:, column].min()) / 2
            found.append(Keys(times[:1], np.array([middle]), interpolation))
            continue
        own = slopes[rows, column] if slopes is not None else None
        found.append(Keys(times[rows], samples[rows, column], interpolation, own))
    return found


def slopes_of(frames: Floats, values: Floats) -> Floats:
    """(T, C) slopes, value a frame, of smooth curves through samples; level at both ends."""
    slopes = np.zeros_like(values)
    if len(values) > 2:
        slopes[1:-1] = (values[2:] - values[:-2]) / (frames[2:] - frames[:-2])[:, None]
    return slopes


def _kept(
    frames: Floats,
    samples: Floats,
    slopes: Floats | None,
    bounds: Floats,
    interpolation: Interpolation,
) -> npt.NDArray[np.bool_]:
    """(C, T) whether a sample becomes a key."""
    count, curves = samples.shape
    flat = np.ascontiguousarray(samples.T).ravel()
    times = np.tile(frames, curves)
    steep = np.ascontiguousarray(slopes.T).ravel() if slopes is not None else None
    kept = np.zeros(curves * count, bool)
    kept[::count] = kept[count - 1 :: count] = True
    # Segments still too far from their samples, by the flat index of both their keys.
    left = np.arange(curves, dtype=np.int64) * count
    right = left + count - 1
    while len(left):
        lengths = right - left - 1
        long = lengths > 0
        left, right, lengths = left[long], right[long], lengths[long]
        if not len(left):
            break
        starts = np.cumsum(lengths) - lengths
        owner = np.repeat(np.arange(len(left)), lengths)
        inner = np.arange(len(owner)) - starts[owner] + left[owner] + 1
        estimate = _between(
            times[inner], left[owner], right[owner], times, flat, steep, interpolation
        )
        error = np.abs(flat[inner] - estimate)
        worst = np.maximum.reduceat(error, starts)
        bound = bounds[left // count]
        # Split where the error is largest, an hour of equal words would take a pass for every word.
        least = np.where(lengths > LONG, np.maximum(LONG_SHARE * worst, bound), worst)
        candidates = np.flatnonzero((error >= least[owner]) & (worst > bound)[owner])
        own = owner[candidates]
        aside = np.abs(2 * inner[candidates] - (left + right)[own])
        candidates = candidates[np.lexsort((aside, own))]
        segments, first = np.unique(owner[candidates], return_index=True)
        new = inner[candidates[first]]
        kept[new] = True
        left, right = (
            np.concatenate([left[segments], new]),
            np.concatenate([new, right[segments]]),
        )
        # Flat order keeps reduceat's blocks contiguous in memory.
        order = np.argsort(left)
        left, right = left[order], right[order]
    return kept.reshape(curves, count)


def _held(samples: Floats, bounds: Floats) -> npt.NDArray[np.bool_]:
    """(C, T) where a stepped curve must step so as to stay within the bounds."""
    kept = np.zeros(samples.shape, bool)
    kept[0] = kept[-1] = True
    held = samples[0].copy()
    for index in range(1, len(samples)):
        step = np.abs(samples[index] - held) > bounds
        kept[index] |= step
        held[step] = samples[index, step]
    return kept.T


def _between(
    wanted: Floats,
    left: Indices,
    right: Indices,
    frames: Floats,
    values: Floats,
    slopes: Floats | None,
    interpolation: Interpolation,
) -> Floats:
    """Values at `wanted` between the keys with indices `left` and `right`, one pair for each."""
    if interpolation == "CONSTANT":
        return values[left]
    span = frames[right] - frames[left]
    share = (wanted - frames[left]) / span
    begin, end = values[left], values[right]
    if interpolation == "LINEAR" or slopes is None:
        return begin + share * (end - begin)
    # Handles at a third make time linear in the parameter, so the Bezier curve is Hermite's cubic.
    rest = 1.0 - share
    curve = begin * (1 + 2 * share) * rest**2 + end * share**2 * (3 - 2 * share)
    return curve + span * share * rest * (slopes[left] * rest - slopes[right] * share)
