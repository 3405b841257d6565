"""Weights of visemes -> the mouth that shows them: the inverse of `visemes.viseme_weights`.

The weights of a mouth are the minimum of a quadratic; where they are known, its slopes are: none where a
weight is free, not downhill where it is zero. For a known gap between the lips these conditions are linear
in the action units, so a mouth with the wanted weights is found by least squares within bounds, exactly
where there is one, and the nearest otherwise. Three things stay open and are tried: lips wide enough apart
that nothing fades, lips that are sealed, and between them the one number how far openers have faded. A
table that adds up to one may have been scaled down to it, so its scale is an unknown as well. No bpy.

References
----------
.. [1] Judice and Pires: A block principal pivoting algorithm for large-scale strictly monotone linear
   complementarity problems, Computers and Operations Research 21, 1994 (with bounds on both sides).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..action_units import AU_INDEX, AU_NAMES
from ..linear import solved
from .visemes import (
    EXACT,
    GAP,
    GAP_WEIGHT,
    MOUTH,
    OPENER_GAP,
    PATIENCE,
    PRICE,
    RIDGE,
    SEALED_GAP,
    WHOLE,
    mouth_gap,
    seen_mouth,
    viseme_weights,
)

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# What draws units to the mixture of the pictures where the weights leave them open.
PULL = 1e-8
# How much more a gap that is known counts than a weight.
GAP_ROW = 30.0
# Price of a unit's distance from the mixture of the pictures, and of what goes beyond a reach of it.
AWAY, REACH, TOO_FAR = 1e-4, 0.4, 0.5
# A mouth is found at this blame; weights below the second are zero.
FOUND, ZERO = 5e-5, 1e-7
# How far openers have faded is sought among so many values, and then among as many near the best.
TRIED, NARROWINGS = 12, 7
LEAST_OPENNESS = 0.01
# A narrowing that leaves more than this of the blame leads nowhere.
PROGRESS = 0.8
# Exchanges of sets at most.
EXCHANGES = 500
# Frames that are worked on together: each needs a system of some fifty unknowns of its own.
AT_ONCE = 4096


def mouths_of(wanted: Array, prototypes: Array) -> Array:
    """(T, A) intensities whose viseme weights are those wanted, or as near as a mouth comes.

    Parameters
    ----------
    wanted : (T, K) float64, 0..1, together at most 1; without rest
    prototypes : (K, A) float64, none of them rest
    """
    system = _system(prototypes)
    parts = [
        _sought(system, wanted[first : first + AT_ONCE], prototypes)
        for first in range(0, max(1, len(wanted)), AT_ONCE)
    ]
    return np.concatenate(parts)


def _sought(system: _System, wanted: Array, prototypes: Array) -> Array:
    """`mouths_of` of as many frames as fit."""
    mixed = np.clip(wanted @ prototypes, 0.0, 1.0)
    best, blame = mixed.copy(), _blame(mixed, mixed, wanted, prototypes)

    def attempt(rows: npt.NDArray[np.intp], openness: Array) -> Array:
        found = _mouths(system, wanted[rows], mixed[rows], openness)
        own = _blame(found, mixed[rows], wanted[rows], prototypes)
        better = own < blame[rows]
        best[rows[better]], blame[rows[better]] = found[better], own[better]
        return own

    attempt(np.flatnonzero(blame > FOUND), np.array(1.0))
    is_shut = wanted[:, system.openers].max(1, initial=0.0) < ZERO
    attempt(np.flatnonzero((blame > FOUND) & is_shut), np.array(0.0))
    rows = np.flatnonzero((blame > FOUND) & ~is_shut)
    low, high = np.full(len(rows), LEAST_OPENNESS), np.ones(len(rows))
    for _ in range(1 + NARROWINGS):
        if not len(rows):
            break
        tried = np.geomspace(low, high, TRIED)
        earlier = blame[rows]
        place = np.stack([attempt(rows, openness) for openness in tried]).argmin(0)
        every = np.arange(len(rows))
        low = tried[np.maximum(place - 1, 0), every]
        high = tried[np.minimum(place + 1, TRIED - 1), every]
        left = (blame[rows] > FOUND) & (blame[rows] < PROGRESS * earlier)
        rows, low, high = rows[left], low[left], high[left]
    return best


@dataclass(frozen=True)
class _System:
    """Slopes of the weights in units that both sides share.

    Parameters
    ----------
    seen : (K, M) what a viewer sees of a unit, as the slope of a viseme has it, without the gap
    by_gap : (K,) the same of the gap
    gaps : (M,) the gap a unit makes
    gram : (K, K) of the weights, rest not among them
    metric : (K, K) that turns slopes into weights
    spread : (M, A) units of both sides from shared ones
    openers : (K,) visemes that fade with the gap
    """

    seen: Array
    by_gap: Array
    gaps: Array
    gram: Array
    metric: Array
    spread: Array
    openers: Flags


def _system(prototypes: Array) -> _System:
    names = [name for name in MOUTH if prototypes[:, AU_INDEX[name]].any() or GAP.get(name)]
    shared = list(dict.fromkeys(name.rstrip("LR") if name[:2] == "AU" else name for name in names))
    spread = np.zeros((len(shared), len(AU_NAMES)))
    for name in names:
        spread[shared.index(name.rstrip("LR") if name[:2] == "AU" else name), AU_INDEX[name]] = 1.0
    pictures, units = seen_mouth(prototypes), seen_mouth(spread)
    gram = pictures @ pictures.T + WHOLE**2 + RIDGE * np.eye(len(pictures))
    values, vectors = np.linalg.eigh(gram)
    return _System(
        seen=pictures[:, :-1] @ units[:, :-1].T,
        by_gap=pictures[:, -1] * GAP_WEIGHT,
        gaps=spread @ np.array([GAP.get(name, 0.0) for name in AU_NAMES]),
        gram=gram,
        metric=(vectors / np.sqrt(values)) @ vectors.T,
        spread=spread,
        openers=mouth_gap(prototypes) > OPENER_GAP,
    )


def _mouths(system: _System, wanted: Array, near: Array, openness: Array) -> Array:
    """(T, A) mouths of the wanted weights where openers have faded to an openness, (T,) or one of all.

    The unknowns of a frame are units (M), slopes of weights that are zero (K), the scale and the gap.
    """
    count, size = wanted.shape
    units = len(system.gaps)
    shown = np.broadcast_to(openness, count)
    is_open, is_sealed = shown >= 1.0, shown <= 0.0
    before = np.where(system.openers, wanted / np.where(is_sealed, 1.0, shown)[:, None], wanted)
    is_whole = wanted.sum(1) > 1.0 - ZERO
    # Of what adds up to less, rest took the remainder; of more, the scale is open and rest is nothing.
    rest = np.where(is_whole, 0.0, np.maximum(1.0 - before.sum(1), 0.0) / (1.0 + RIDGE / WHOLE**2))
    sloped = before @ system.gram
    constant = PRICE + WHOLE**2 * (rest - 1.0)[:, None] + np.where(is_whole[:, None], 0.0, sloped)
    matrix = np.zeros((count, size + 1, units + size + 2))
    matrix[:, :size, :units] = system.seen
    matrix[:, :size, units : units + size] = np.eye(size)
    matrix[:, :size, -2] = -np.where(is_whole[:, None], sloped, 0.0)
    matrix[:, :size, -1] = system.by_gap
    matrix[:, :size] = system.metric @ matrix[:, :size]
    # What is seen of the gap is the gap, unless units would make it negative.
    matrix[:, size, :units] = GAP_ROW * system.gaps
    matrix[:, size, -1] = -GAP_ROW
    goal = np.concatenate([constant @ system.metric, np.zeros((count, 1))], 1)
    low, high = np.zeros(matrix[:, 0].shape), np.full(matrix[:, 0].shape, np.inf)
    high[:, :units] = 1.0
    high[:, units:-2][wanted > ZERO] = 0.0
    low[:, -2], high[:, -2] = 1.0, np.where(is_whole, np.inf, 1.0)
    fading = SEALED_GAP * shown
    low[:, -1] = np.where(is_sealed, -np.inf, fading)
    high[:, -1] = np.where(is_open, np.inf, fading)
    # Sealed lips show no gap, however hard they press.
    matrix[is_sealed, :size, -1] = 0.0
    prior = np.concatenate(
        [
            near @ system.spread.T / system.spread.sum(1),
            np.zeros((count, size)),
            np.ones((count, 1)),
            mouth_gap(near)[:, None],
        ],
        1,
    )
    transposed = matrix.transpose(0, 2, 1)
    gram = transposed @ matrix + PULL * np.eye(matrix.shape[2])
    target = (transposed @ goal[:, :, None])[:, :, 0] + PULL * prior
    return bounded(target, gram, low, high)[:, :units] @ system.spread


def bounded(target: Array, gram: Array, low: Array, high: Array) -> Array:
    """Minimiser of ``w G w / 2 - w target`` with low <= w <= high for each row, by block pivoting [1]_.

    Parameters
    ----------
    target, low, high : (T, N) float64
    gram : (T, N, N) float64, symmetric, positive definite
    """
    at_low, at_high = np.zeros(target.shape, bool), low >= high
    found = np.zeros_like(target)
    rows = np.arange(len(target))
    fewest = np.full(len(target), target.shape[1] + 1)
    patience = np.full(len(target), PATIENCE)
    for _ in range(EXCHANGES):
        if not len(rows):
            break
        lower, upper, square = at_low[rows], at_high[rows], gram[rows]
        free = ~(lower | upper)
        fixed = np.where(lower, low[rows], np.where(upper, high[rows], 0.0))
        wanted = target[rows] - (square @ fixed[:, :, None])[:, :, 0]
        now = np.where(free, solved(square, wanted, free), fixed)
        slope = (square @ now[:, :, None])[:, :, 0] - target[rows]
        below, above = free & (now < low[rows] - EXACT), free & (now > high[rows] + EXACT)
        is_fixed = low[rows] >= high[rows]
        leaves = ((lower & (slope < -EXACT)) | (upper & (slope > EXACT))) & ~is_fixed
        wrong = below | above | leaves
        found[rows] = np.clip(now, low[rows], high[rows])
        count = wrong.sum(1)
        patience[rows] = np.where(count < fewest[rows], PATIENCE, patience[rows] - 1)
        fewest[rows] = np.minimum(fewest[rows], count)
        # Exchanging all at once may go round in circles; the last one alone never does.
        alone = patience[rows] < 0
        last = wrong.shape[1] - 1 - wrong[:, ::-1].argmax(1)
        wrong[alone] &= np.arange(wrong.shape[1]) == last[alone, None]
        at_low[rows] = (lower & ~(leaves & wrong)) | (below & wrong)
        at_high[rows] = (upper & ~(leaves & wrong)) | (above & wrong)
        rows = rows[count > 0]
    return found


def _blame(mouths: Array, mixed: Array, wanted: Array, prototypes: Array) -> Array:
    """(T,) greatest difference of a weight, and what is too far from the mixture of the pictures.

    Many mouths have the same weights; among them a table means the one that looks like its pictures.
    """
    missed = np.abs(viseme_weights(mouths, prototypes) - wanted).max(1, initial=0.0)
    away = np.abs(mouths - mixed).max(1, initial=0.0)
    return missed + AWAY * away + TOO_FAR * np.maximum(away - REACH, 0.0)
