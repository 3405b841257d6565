"""Blinks that a take shows: how often, and how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dirfa_blender.core.animation import Animation

SHUT = 0.5
"""Closure of both lids from which an eye counts as shut."""


@dataclass(frozen=True)
class Blinks:
    """Blinks a minute, and the median seconds from lids half down to half up; 0 without any."""

    per_minute: float
    seconds: float


def blinks_of(take: Animation) -> Blinks:
    """Blinks of both lids together; a lid that closes for more than a second is not one."""
    closed = np.minimum(take.channel("AU45L"), take.channel("AU45R")).astype(np.float64)
    shut = closed > SHUT
    edges = np.diff(np.concatenate([[0], shut.astype(np.int8), [0]]))
    lengths = (np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)) / take.fps
    lengths = lengths[lengths < 1.0]
    minutes = take.duration / 60.0
    return Blinks(
        len(lengths) / max(minutes, 1e-9), float(np.median(lengths)) if len(lengths) else 0.0
    )
