"""Whether lips close where they must, and nowhere else: an opening curve against aligned phones."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLOSED_SHARE = 0.1
"""A mouth counts as closed below this share of its 95th percentile opening."""
LEAD_SECONDS = 0.04
"""A closure may come this much before its phone."""


@dataclass(frozen=True)
class Closures:
    """How well closures are met: share of closing phones met, false ones a second of vowel."""

    recall: float
    false_per_second: float
    phones: int


def closed_below(opening: Floats) -> float:
    """The opening under which the mouth of this (T,) curve counts as closed, in its own unit."""
    return CLOSED_SHARE * float(np.quantile(opening, 0.95))


def closures(
    opening: Floats,
    fps: float,
    labels: NDArray[np.uint8],
    closing: tuple[int, ...],
    vowels: tuple[int, ...],
) -> Closures:
    """Closures of a (T,) opening curve against phone labels every 10 ms.

    Parameters
    ----------
    closing, vowels : labels during which lips must meet, and during which they must not
    """
    shut = opening < closed_below(opening)
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
