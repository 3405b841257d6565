"""Action units -> the few visemes a rig has: a non-negative fit of their prototypes.

A viseme is a picture of a mouth, so it has a prototype in action units (``rigs/visemes.json``). Each frame
is explained as a mixture of a rig's prototypes with weights that are not negative, by least squares over
what a viewer sees: the gap between the lips counts most, then each unit. The weights add up to one with
rest among them, and a small price leaves few of them above zero. The problem is strictly convex, so its
answer changes no faster than the animation does: it needs no smoothing and has no jumps between frames.
Sealed lips are then held as a constraint: whatever opens the mouth fades with the gap. No bpy.

References
----------
.. [1] Lawson and Hanson: Solving Least Squares Problems, 1974, chapter 23 (non-negative least squares).
.. [2] Friedman, Hastie, Hoefling, Tibshirani: Pathwise coordinate optimization, Annals of Applied
   Statistics 2007 (cyclic descent on the Gram matrix).
.. [3] Kim and Park: Fast nonnegative matrix factorization, an active-set-like method and comparisons,
   SIAM J. Sci. Comput. 33, 2011 (block principal pivoting).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..action_units import ACTION_UNITS, AU_NAMES
from ..linear import solved

Array = npt.NDArray[np.float64]

# What each unit does to the gap between the lips, in full jaw openings; closing units are negative.
GAP: Mapping[str, float] = {
    "AU26": 0.6, "AU27": 1.0, "AU25": 0.15, "AU10L": 0.06, "AU10R": 0.06, "AU16L": 0.08, "AU16R": 0.08,
    "AU8": -1.0, "AU24L": -0.06, "AU24R": -0.06, "AU23": -0.06, "AU28U": -0.03, "AU28D": -0.03,
}  # fmt: skip
# How much more than one unit the gap counts.
GAP_WEIGHT = 4.0
# Price of a viseme's weight, in squared units, and what keeps the problem strictly convex.
PRICE = 0.001
RIDGE = 0.0003
# How strongly the weights, rest among them, add up to one: no vowel is twice a consonant.
WHOLE = 1.0
# Lips further apart than this part of a full jaw opening are open; below it, openers fade to nothing.
SEALED_GAP = 0.05
# A prototype that opens the lips less than this does not count as an opener.
OPENER_GAP = 0.02
# Units that say little about the sound: a smile is not a vowel, and AU8 shows in the gap it closes.
QUIET: Mapping[str, float] = {"AU8": 0.25, "AU12": 0.3, "AU14": 0.3, "AU15": 0.3}
# Descent that guesses which weights are zero: sweeps at most, and the move at which it may end.
SWEEPS, TOLERANCE = 200, 1e-4
# Slopes and weights below this are zero.
EXACT = 1e-12
# Exchanges of whole sets without progress before one weight at a time is exchanged.
PATIENCE = 3

# Lips that touch, and from where on: a drawn mouth must not miss it.
TOUCH = ("AU8", "AU23", "AU24L", "AU24R", "AU28U", "AU28D")
LEAST_TOUCH = 0.3

# Units that visemes are made of: those of lips, jaw and tongue.
MOUTH: tuple[str, ...] = tuple(
    unit.code for unit in ACTION_UNITS if unit.region in ("lips", "jaw", "tongue")
)


def mouth_gap(au: npt.ArrayLike) -> Array:
    """Gap between the lips, (...) in full jaw openings, of intensities (..., A) in canonical order."""
    values = np.asarray(au, np.float64)
    return np.maximum(values @ np.array([GAP.get(name, 0.0) for name in AU_NAMES]), 0.0)


def viseme_weights(au: npt.ArrayLike, prototypes: npt.ArrayLike) -> Array:
    """Weights of visemes that explain the mouth best, each 0..1 and together at most 1.

    Parameters
    ----------
    au : (T, A) float, intensities in canonical order
    prototypes : (K, A) float, intensities of each viseme at weight 1; a row of zeros is rest and gets
        what the others leave over

    Returns
    -------
    (T, K) float64
    """
    values = np.asarray(au, np.float64)
    rows = np.asarray(prototypes, np.float64)
    rest = ~(rows != 0).any(1)
    weights = np.zeros((len(values), len(rows)))
    if not rest.all() and len(values):
        # Rest is one more picture of the mixture, whether or not the rig has a shape for it.
        spoken = np.concatenate([rows[~rest], np.zeros((1, rows.shape[1]))])
        seen = np.concatenate([seen_mouth(spoken), np.full((len(spoken), 1), WHOLE)], 1)
        target = np.concatenate([seen_mouth(values), np.full((len(values), 1), WHOLE)], 1)
        gram = seen @ seen.T + RIDGE * np.eye(len(seen))
        price = PRICE * (np.arange(len(seen)) < len(seen) - 1)
        solved = non_negative(target @ seen.T - price, gram)[:, :-1]
        openers = mouth_gap(spoken[:-1]) > OPENER_GAP
        openness = np.minimum(mouth_gap(values) / SEALED_GAP, 1.0)
        solved[:, openers] *= openness[:, None]
        weights[:, ~rest] = solved / np.maximum(solved.sum(1, keepdims=True), 1.0)
    if rest.any():
        weights[:, rest] = ((1.0 - weights.sum(1)) / rest.sum())[:, None]
    return weights


def non_negative(target: Array, gram: Array) -> Array:
    """Minimiser w >= 0 of ``w G w / 2 - w target`` for each row, exact to rounding.

    Parameters
    ----------
    target : (T, K) float64
    gram : (K, K) float64, symmetric, positive definite

    Notes
    -----
    Prototypes are much alike, so descent comes near the least value long before it comes near its place,
    and where it stops would depend on the other rows. It only guesses which weights are zero; block
    principal pivoting [3]_ finds the true set from there.
    """
    free = _descended(target, gram) > 0
    weights = np.zeros_like(target)
    rows = np.arange(len(target))
    fewest = np.full(len(target), target.shape[1] + 1)
    patience = np.full(len(target), PATIENCE)
    while len(rows):
        kept = free[rows]
        found = solved(np.broadcast_to(gram, (len(rows), *gram.shape)), target[rows], kept)
        wrong = np.where(kept, found, found @ gram - target[rows]) < -EXACT
        count = wrong.sum(1)
        weights[rows] = np.maximum(found, 0.0)
        rows, wrong, count = rows[count > 0], wrong[count > 0], count[count > 0]
        is_better = count < fewest[rows]
        fewest[rows] = np.minimum(fewest[rows], count)
        patience[rows] = np.where(is_better, PATIENCE, patience[rows] - 1)
        # Exchanging all at once may go round in circles; the last one alone never does.
        alone = patience[rows] < 0
        last = wrong.shape[1] - 1 - wrong[:, ::-1].argmax(1)
        wrong[alone] &= np.arange(wrong.shape[1]) == last[alone, None]
        free[rows] ^= wrong
    return weights


def _descended(target: Array, gram: Array) -> Array:
    """Weights near the least value, by cyclic coordinate descent."""
    size = len(gram)
    # Columns as rows: every step reads and writes contiguous memory.
    wanted = np.ascontiguousarray(target.T)
    weights = np.zeros_like(wanted)
    for _ in range(SWEEPS):
        moved = 0.0
        for k in range(size):
            change = (wanted[k] - gram[k] @ weights) / gram[k, k]
            change = np.maximum(change, -weights[k])
            weights[k] += change
            moved = max(moved, float(np.abs(change).max()))
        if moved < TOLERANCE:
            break
    return weights.T.copy()


def touching(prototypes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """(K,) bool which visemes of (K, A) intensities are lips that touch: each other, or the teeth."""
    columns = [AU_NAMES.index(name) for name in TOUCH]
    return np.asarray(prototypes, np.float64)[:, columns].max(1, initial=0.0) >= LEAST_TOUCH


def stepped(
    weights: npt.ArrayLike,
    fps: float,
    hold_seconds: float,
    must_show: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.int64]:
    """Index of the one viseme shown at each sample, none for less than `hold_seconds`.

    Parameters
    ----------
    weights : (T, K) float
    must_show : (K,) bool, visemes that are not missed where they are the strongest, however shortly

    Returns
    -------
    (T,) int64; the sequence of holds whose summed weight is greatest, found exactly

    Notes
    -----
    Dynamic programme over the end of a hold: either the shape stays one more sample, or a hold of the
    least length begins. Linear in T times K.
    """
    score = np.asarray(weights, np.float64)
    count, size = score.shape
    hold = max(1, min(round(hold_seconds * fps), count))
    if must_show is not None and count:
        score = score + hold * _peaks(score, must_show)
    total = np.vstack([np.zeros((1, size)), np.cumsum(score, 0)])
    best = np.full((count + 1, size), -np.inf)
    before = np.zeros((count + 1, size), np.int64)
    best[0] = 0.0
    for end in range(hold, count + 1):
        begun = end - hold
        source = int(best[begun].argmax())
        fresh = best[begun, source] + total[end] - total[begun]
        longer = best[end - 1] + score[end - 1] if end > hold else np.full(size, -np.inf)
        stays = longer >= fresh
        best[end] = np.where(stays, longer, fresh)
        # A hold that goes on points one sample back, to itself.
        before[end] = np.where(stays, -1, source)
    shown = np.zeros(count, np.int64)
    end, shape = count, int(best[count].argmax()) if count else 0
    while end > 0:
        if before[end, shape] == -1:
            shown[end - 1] = shape
            end -= 1
        else:
            shown[end - hold : end] = shape
            shape, end = int(before[end, shape]), end - hold
    return shown


def _peaks(weights: Array, chosen: npt.NDArray[np.bool_]) -> Array:
    """(T, K) 1 where a chosen viseme that is the strongest is so most, once a stretch."""
    peaks = np.zeros_like(weights)
    strongest = weights.argmax(1)
    edges = [0, *(np.flatnonzero(np.diff(strongest)) + 1).tolist(), len(weights)]
    for first, last in itertools.pairwise(edges):
        viseme = strongest[first]
        if chosen[viseme]:
            peaks[first + int(weights[first:last, viseme].argmax()), viseme] = 1.0
    return peaks


def seen_mouth(au: Array) -> Array:
    """What a viewer sees of intensities (N, A): each unit of the mouth, and the gap last."""
    columns = [AU_NAMES.index(name) for name in MOUTH]
    # Two sides are one movement seen twice.
    scale = np.array([0.5**0.5 if name[-1] in "LR" else 1.0 for name in MOUTH])
    for index, name in enumerate(MOUTH):
        scale[index] *= QUIET.get(name.rstrip("LR"), 1.0)
    return np.concatenate([au[:, columns] * scale, GAP_WEIGHT * mouth_gap(au)[:, None]], 1)
