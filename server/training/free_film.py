"""Mouths of people who speak freely on film, their heads moving: as read sentences of one man are not.

There is little of it, so it teaches in a short lesson of its own, and what that brings for people nobody
filmed is measured by leaving out one talker at a time (``evaluate --table free``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dirfa_blender.core.head import Head
from server.audio import SAMPLE_RATE
from server.features import FRAME_RATE
from server.tracking.lips import unit_geometry
from server.tracking.solve import basis_of

from .coarticulation import MOUTH
from .corpora import utterances
from .filmed_mouths import FilmedMouth, filmed_mouths
from .footage import footage_of, runs_of
from .spoken_mouths import STYLES, Source, SpokenMouth, levelled

LEAST_FRAMES = 200
"""Of a stretch in which the face is seen: what the lesson cuts out of it."""


def free_talkers(data: Path) -> list[str]:
    """Who speaks freely on film."""
    return sorted({entry.talker for entry in utterances("usgov", data)})


def free_film(data: Path, cache: Path, head: Head, *, without: str = "") -> list[SpokenMouth]:
    """The films of free speech, their sound put right, tracked on a head with shapes.

    Parameters
    ----------
    without : a talker to leave out
    """
    entries = utterances("usgov", data)
    basis, geometry = basis_of(head), unit_geometry(head, MOUTH)
    found: list[SpokenMouth] = []
    for talker in free_talkers(data):
        if talker == without:
            continue
        footage, _ = footage_of([one.path for one in entries if one.talker == talker], cache)
        for filmed in filmed_mouths(footage, basis, geometry):
            found.extend(_stretches(filmed, talker))
    return found


def of_free_film(filmed: Sequence[SpokenMouth]) -> Source:
    """Stretches of film; a talker filmed four times as long is drawn twice as often."""
    lengths = np.array([len(one.mouth) for one in filmed], np.float64)
    talkers = np.array([one.talker for one in filmed])
    for talker in set(talkers):
        own = talkers == talker
        lengths[own] /= np.sqrt(lengths[own].sum())
    shares = lengths / lengths.sum()
    return lambda rng: filmed[int(rng.choice(len(filmed), p=shares))]


def _stretches(filmed: FilmedMouth, talker: str) -> list[SpokenMouth]:
    samples = levelled(filmed.film.samples)
    step = SAMPLE_RATE // FRAME_RATE
    return [
        SpokenMouth(
            filmed.film.path.stem,
            samples[run.start * step : run.stop * step],
            filmed.mouth[run],
            np.ones(len(MOUTH), np.float32),
            STYLES.index("grid"),
            held_out=False,
            filmed=filmed.lips[run],
            talker=talker,
        )
        for run in runs_of(filmed.usable, LEAST_FRAMES)
    ]
