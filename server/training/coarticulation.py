"""Phones to mouth: a coarticulation model whose targets are fitted to a tracked talker.

Pictures exist of two talkers, transcribed sound of hundreds. This model carries what the pictures
show over to the other voices: every phone pulls each unit towards a target, strongest in its middle, and
the mouth is the weighted mean of all pulls [1]_. The pulls are set by hand (closures pull hardest,
tongue sounds leave the lips to their neighbours); the targets are a ridge regression on tracked film,
drawn towards a table of phonetics for phones the film seldom shows.

References
----------
.. [1] Cohen, Massaro: Modeling coarticulation in synthetic visual speech, 1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.phones import LABEL_RATE, PHONES

Floats = NDArray[np.float64]

MOUTH: tuple[str, ...] = (
    "AU26", "AU8", "AU10", "AU16", "AU12", "AU15", "AU17", "AU18", "AU20", "AU22", "AU24", "AU28U",
    "AU28D",
)  # fmt: skip
"""Channels of the mouth, in the network's order."""
OPENING = ("AU26", "AU10", "AU16", "AU8", "AU24", "AU28D", "AU28U", "AU17", "AU12", "AU15")
"""Units governed by the pull `open`; the others are governed by `round`."""
LEAD_SECONDS = 0.05
"""By which a shape comes before its sound."""
WIDTH_SHARE, WIDTH_LEAST = 0.5, 0.045
"""Half-width of a phone's pull: share of its duration, and seconds at least."""
PRIOR_FRAMES = 150.0
"""Frames of film that weigh as much as the table."""

# Columns: AU26, AU10, AU16, AU12, AU17, AU18, AU20, AU22, AU24, AU28D; pull open, pull round.
_TABLE: dict[str, tuple[float, ...]] = {
    "SIL": (0.02, 0.0, 0.0, 0.02, 0.0, 0.02, 0.03, 0.0, 0.02, 0.0, 1.2, 0.6),
    "P B M": (0.12, 0.0, 0.0, 0.02, 0.12, 0.05, 0.03, 0.0, 0.45, 0.08, 5.0, 0.5),
    "F V": (0.2, 0.22, 0.03, 0.02, 0.08, 0.0, 0.08, 0.0, 0.0, 0.5, 3.5, 0.6),
    "TH DH": (0.28, 0.2, 0.25, 0.02, 0.0, 0.0, 0.05, 0.0, 0.0, 0.0, 1.3, 0.4),
    "T D": (0.3, 0.2, 0.28, 0.03, 0.0, 0.05, 0.1, 0.05, 0.0, 0.0, 0.9, 0.3),
    "N": (0.34, 0.16, 0.24, 0.03, 0.0, 0.05, 0.1, 0.05, 0.0, 0.0, 0.8, 0.3),
    "S Z": (0.18, 0.22, 0.35, 0.06, 0.0, 0.03, 0.22, 0.1, 0.0, 0.0, 1.3, 0.5),
    "SH ZH CH JH": (0.24, 0.3, 0.28, 0.0, 0.05, 0.35, 0.0, 0.6, 0.0, 0.0, 1.2, 2.0),
    "K G NG": (0.4, 0.15, 0.25, 0.03, 0.0, 0.05, 0.08, 0.05, 0.0, 0.0, 0.6, 0.3),
    "L": (0.5, 0.2, 0.35, 0.03, 0.0, 0.05, 0.1, 0.05, 0.0, 0.0, 0.8, 0.3),
    "R ER": (0.32, 0.15, 0.22, 0.0, 0.0, 0.3, 0.0, 0.35, 0.0, 0.0, 0.8, 1.3),
    "W": (0.2, 0.03, 0.05, 0.0, 0.0, 0.85, 0.0, 0.25, 0.05, 0.0, 1.6, 3.0),
    "Y": (0.25, 0.12, 0.25, 0.12, 0.0, 0.0, 0.35, 0.0, 0.0, 0.0, 0.8, 1.2),
    "HH": (0.4, 0.12, 0.25, 0.02, 0.0, 0.05, 0.05, 0.05, 0.0, 0.0, 0.2, 0.15),
    "IY": (0.3, 0.2, 0.4, 0.18, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0, 1.0),
    "IH": (0.34, 0.18, 0.38, 0.1, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.9, 0.8),
    "EH EY": (0.5, 0.2, 0.45, 0.1, 0.0, 0.0, 0.28, 0.0, 0.0, 0.0, 1.0, 1.0),
    "AE": (0.65, 0.25, 0.5, 0.08, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 1.0, 1.0),
    "AA AY AW": (0.78, 0.25, 0.5, 0.03, 0.0, 0.0, 0.08, 0.0, 0.0, 0.0, 1.0, 1.0),
    "AH": (0.45, 0.18, 0.35, 0.04, 0.0, 0.03, 0.08, 0.0, 0.0, 0.0, 0.8, 0.7),
    "AO OY": (0.62, 0.12, 0.3, 0.0, 0.0, 0.3, 0.0, 0.4, 0.0, 0.0, 1.0, 1.3),
    "OW": (0.45, 0.08, 0.2, 0.0, 0.0, 0.5, 0.0, 0.45, 0.0, 0.0, 1.0, 1.4),
    "UH": (0.33, 0.08, 0.15, 0.0, 0.0, 0.45, 0.0, 0.3, 0.0, 0.0, 0.8, 1.3),
    "UW": (0.27, 0.06, 0.12, 0.0, 0.0, 0.8, 0.0, 0.3, 0.0, 0.0, 1.0, 1.6),
}
_COLUMNS = ("AU26", "AU10", "AU16", "AU12", "AU17", "AU18", "AU20", "AU22", "AU24", "AU28D")


@dataclass(frozen=True)
class Teacher:
    """Targets and pulls of every phone.

    Attributes
    ----------
    targets : (P, M) float64 intensities
    pulls : (P, M) float64 above 0
    """

    targets: Floats
    pulls: Floats

    def mouth(self, labels: NDArray[np.uint8], times: Floats) -> Floats:
        """(T, M) intensities at times in seconds, for phone labels every 10 ms."""
        weights = self.shares(labels, times)
        phones = _segments(labels)[0]
        return np.einsum("tsm,sm->tm", weights, self.targets[phones])

    def shares(self, labels: NDArray[np.uint8], times: Floats) -> Floats:
        """(T, segments, M) share of each segment in each unit; sums to 1 over segments."""
        phones, begin, end = _segments(labels)
        middle = 0.5 * (begin + end) - LEAD_SECONDS
        # Long segments hold their target: distance counts from a core of half their length.
        core = 0.25 * (end - begin)
        width = np.maximum(WIDTH_LEAST, WIDTH_SHARE * np.minimum(end - begin, 0.25))
        distance = np.maximum(0.0, np.abs(times[:, None] - middle) - core)
        bell = np.exp(-0.5 * (distance / width) ** 2) + 1e-6
        weights = bell[:, :, None] * self.pulls[phones]
        return weights / weights.sum(axis=1, keepdims=True)


def prior_teacher() -> Teacher:
    """The teacher of the phonetic table alone."""
    targets = np.zeros((len(PHONES), len(MOUTH)))
    pulls = np.ones((len(PHONES), len(MOUTH)))
    for group, row in _TABLE.items():
        for phone in group.split():
            index = PHONES.index(phone)
            for unit, value in zip(_COLUMNS, row[: len(_COLUMNS)], strict=True):
                targets[index, MOUTH.index(unit)] = value
            for column, unit in enumerate(MOUTH):
                pulls[index, column] = row[-2] if unit in OPENING else row[-1]
    return Teacher(targets, pulls)


def fitted_teacher(
    labels: Sequence[NDArray[np.uint8]], mouths: Sequence[Floats], fps: float
) -> Teacher:
    """The teacher whose targets explain tracked mouths (each (T, M) at `fps`) best."""
    prior = prior_teacher()
    count, units = len(PHONES), len(MOUTH)
    normal = np.zeros((units, count, count))
    wanted = np.zeros((units, count))
    for phones, mouth in zip(labels, mouths, strict=True):
        times = np.arange(len(mouth)) / fps
        shares = prior.shares(phones, times)
        segments = _segments(phones)[0]
        design = np.zeros((len(mouth), count, units))
        for index, phone in enumerate(segments):
            design[:, phone] += shares[:, index]
        normal += np.einsum("tpm,tqm->mpq", design, design)
        wanted += np.einsum("tpm,tm->mp", design, mouth)
    targets = np.zeros_like(prior.targets)
    for unit in range(units):
        ridge = normal[unit] + PRIOR_FRAMES * np.eye(count)
        right = wanted[unit] + PRIOR_FRAMES * prior.targets[:, unit]
        targets[:, unit] = np.linalg.solve(ridge, right)
    return Teacher(np.clip(targets, 0.0, 1.0), prior.pulls)


def _segments(labels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Phone, begin and end in seconds of each run of equal labels, with silence around."""
    change = np.flatnonzero(np.diff(labels)) + 1
    edges = np.concatenate([[0], change, [len(labels)]])
    phones = np.concatenate([[0], labels[edges[:-1]], [0]]).astype(np.int64)
    seconds = edges / LABEL_RATE
    begin = np.concatenate([[-0.5], seconds])
    end = np.concatenate([seconds, [seconds[-1] + 0.5]])
    return phones, begin, end
