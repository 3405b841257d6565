"""Curls of short hair: open ones swing on the cap, tight ones stand off it in coils. No bpy.

Strands of a lock turn together, neighbouring locks each for themselves, so that a lock reads as one curl. A
coil has more points than a straight strand, or it would be drawn with corners.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..directions import unit
from .sampled import sampled

Floats = npt.NDArray[np.float64]

WAVE_METRES, WAVE_TURNS = (
    0.0022,
    1.5,
)  # aside of hair that is somewhat curly, and turns along a strand
OPEN_METRES, OPEN_POINTS = 0.0095, 14  # by which open curls swing, and of strands that do
OPEN_POWER = 1.3  # of how wavy hair is, with which they swing further
OPEN_FROM = 0.3  # of how wavy hair is, from where they have so many points
# Of how curly hair is: from where it coils, and from where it is all coils.
COILED_FROM, COILED = 0.64, 0.78
COIL_POINTS = 20
# A coil's radius and the height over which it makes a turn, metres; how unlike coils are in both.
COIL_METRES, COIL_PITCH, COIL_VARIED = 0.0019, 0.0036, 0.3
COIL_STANDS = 0.0085  # metres that its tip stands off its root's place on the cap


def curled(
    points: Floats,
    outward: Floats,
    phase_and_lock: tuple[Floats, npt.NDArray[np.int64]],
    curl_and_wave: tuple[float, float],
    full: Floats,
) -> Floats:
    """(S, Q, 3) metres, strands (S, P, 3) turned into curls; as they are where hair is straight.

    Parameters
    ----------
    outward : (S, P, 3) unit, away from the cap
    phase_and_lock : (S,) radians at which open curls begin, and numbers of locks, for coils
    curl_and_wave : 0..1, how tightly and in how open curls hair turns
    full : (S,) 0..1, how far hair stands off there
    """
    (phase, lock), (curl, wave) = phase_and_lock, curl_and_wave
    coils = coil_share(curl)
    if curl == wave == 0.0:
        return points
    if wave > OPEN_FROM and coils == 0.0:
        at = np.linspace(0.0, points.shape[1] - 1.0, OPEN_POINTS)
        points, outward = (sampled(values, at) for values in (points, outward))
        outward = unit(outward)
    share = np.linspace(0.0, 1.0, points.shape[1])
    run = np.gradient(points, axis=1)
    aside = unit(np.cross(outward, run))
    turned = phase[:, None] + 2 * np.pi * WAVE_TURNS * share
    swings = OPEN_METRES * wave**OPEN_POWER
    far = share * max(WAVE_METRES * curl, swings) * (1.0 - coils)
    off = 0.5 * swings * (1.0 - coils) * share * (1.0 + np.cos(turned))
    points = points + aside * (far * np.sin(turned))[..., None] + outward * off[..., None]
    return points if coils == 0.0 else _coiled(points, outward, lock, coils, full)


def coil_share(curl: float) -> float:
    """0 hair that lies, 1 hair that is all coils."""
    return float(np.clip((curl - COILED_FROM) / (COILED - COILED_FROM), 0.0, 1.0))


def _coiled(
    points: Floats,
    outward: Floats,
    lock: npt.NDArray[np.int64],
    coils: float,
    full: Floats,
) -> Floats:
    """(S, COIL_POINTS, 3) the strands wound about their run, which turns up from the cap."""
    at = np.linspace(0.0, points.shape[1] - 1.0, COIL_POINTS)
    path, up = (sampled(values, at) for values in (points, outward))
    up = unit(up)
    share = np.linspace(0.0, 1.0, COIL_POINTS)
    # Any angle and size by lock: the fractional parts of multiples of irrational numbers.
    own = np.modf(lock * 0.618034)[0][:, None]
    size = 1.0 + COIL_VARIED * (2.0 * np.modf(lock * 0.754878)[0][:, None] - 1.0)
    stands = coils * COIL_STANDS * full[:, None] * size
    path = path + up * (stands * share)[..., None]
    first = unit(np.cross(up, np.array([0.31, 0.83, 0.47])))
    second = np.cross(up, first)
    angle = 2 * np.pi * (own + share * COIL_STANDS / COIL_PITCH / size)
    wide = coils * COIL_METRES * size * np.minimum(4.0 * share, 1.0) * (0.4 + 0.6 * full[:, None])
    return (
        path
        + first * (wide * np.cos(angle))[..., None]
        + second * (wide * np.sin(angle))[..., None]
    )
