"""What the landmark network reports when a unit acts or the head turns, as measured beforehand.

``response.npz`` holds arrays that `calibration` made from films of heads with known units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESPONSE = Path(__file__).resolve().with_name("response.npz")
POSE_TERMS: tuple[str, ...] = ("pitch", "yaw", "pitch pitch", "yaw yaw", "pitch yaw", "roll yaw")
POSE_UNIT = float(np.radians(15.0))
"""Angle at which a pose term counts 1."""


@dataclass(frozen=True)
class Response:
    """Landmark motion of units and of pose that alignment leaves over.

    Attributes
    ----------
    names : A codes
    motion : (A, 468, 3) float64, metres at intensity 1, Blender space
    field : (6, 468, 3) float64, metres at `POSE_UNIT` of each of `POSE_TERMS`
    pitch : (A,) float64, radians of pitch that the pose reads too high at intensity 1
    turned : (6,) float64, radians of pitch that it reads too high at `POSE_UNIT` of each pose term
    """

    names: tuple[str, ...]
    motion: Floats
    field: Floats
    pitch: Floats
    turned: Floats


def pose_terms(turned: Floats) -> Floats:
    """(T, 6) `POSE_TERMS` of head rotations (T, 3) in radians."""
    pitch, yaw, roll = (turned / POSE_UNIT).T
    return np.stack([pitch, yaw, pitch**2, yaw**2, pitch * yaw, roll * yaw], axis=1)


@lru_cache(maxsize=1)
def response() -> Response:
    """The shipped measurement."""
    with np.load(RESPONSE, allow_pickle=False) as stored:
        return Response(
            tuple(str(name) for name in stored["names"]),
            np.asarray(stored["motion"], np.float64),
            np.asarray(stored["field"], np.float64),
            np.asarray(stored["pitch"], np.float64),
            np.asarray(stored["turned"], np.float64),
        )
