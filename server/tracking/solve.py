"""Action units from pose-free landmarks: bounded least squares over the template's own shapes.

A unit's effect is what the landmark network reports of it (`response`). All units of a frame are solved
together, with a ridge that keeps rarely needed units small and a pull between neighbouring frames.
Landmarks also move where no unit acts: what alignment leaves of a turned head, a head taken for slightly
shifted or larger, lids that shut. Differences along those directions cost little, so units need not
explain them; a jaw is then read from the lips against each other, not from a chin that seemed to rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.characters.profile import INPUTS
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import load_profile

from .response import response

Floats = NDArray[np.float64]

STIFFNESS: dict[str, float] = {
    "AU1": 0.5, "AU2": 0.5, "AU4": 3.0, "AU8": 4.0, "AU10": 2.0, "AU12": 0.5, "AU15": 3.0, "AU16": 2.5,
    "AU17": 4.0, "AU18": 2.0, "AU20": 3.0, "AU22": 3.0, "AU24": 6.0, "AU26": 0.3, "AU28U": 8.0,
}  # fmt: skip
"""The units that are solved. Ridge of each: units that look alike yield to those that come often.

AU6, AU9, AU28D and the like move no landmark that could tell them from others.
"""
RIDGE = 1e-4
"""Square metres over all landmarks that a unit of intensity 1 costs."""
PRICE = 4e-6
"""Square metres that any intensity costs in proportion: units that cancel each other stay away."""
PULL = 4e-6
"""Square metres that a jump of 1 between frames costs."""
READ_SHARE: dict[str, float] = {"AU1": 0.65, "AU2": 0.65, "AU26": 0.87}
"""Intensity found over the true one where units act together, on heads rendered with known curves."""
PITCH_DEGREES: dict[str, float] = {"AU1": 0.6, "AU12": -2.9, "AU26": 0.8}
"""Pitch that the pose reads too high at intensity 1, of each side, on heads in motion: the mean over five
of them, which differs from that of single pictures."""
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95,
    88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
)  # fmt: skip
BROWS = (
    46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336,
)  # fmt: skip
FEATURE_WEIGHT, OTHER_WEIGHT = 3.0, 0.2
"""Weights of lips and brows, and of the other landmarks."""
DEPTH_WEIGHT = 0.1
"""Weight of the depth coordinate, which is half guessed."""
TREMBLE = 4.5e-4
"""Metres by which a landmark trembles for itself."""
FIELD_SIZES = (3.0, 3.0, 1.0, 1.0, 1.0, 1.0)
"""How uncertain what a turned head leaves over is, in its own size at `response.POSE_UNIT`."""
SHIFT_METRES, TURN_RADIANS = 0.003, 0.05
"""How far a head may be taken for shifted; for turned or enlarged."""
ITERATIONS = 100
NEUTRAL_ROUNDS = 3
SURE = ("AU1", "AU2", "AU12", "AU26")
"""Units seen well enough to say that a face at rest has less of them than the one first found."""
REST_QUANTILE = 0.05
"""Share of frames in which such a unit counts as absent."""
NEUTRAL_DOUBT = 100.0
"""Frames' worth of belief in the resting face first found, while it is refined."""


@dataclass(frozen=True)
class Basis:
    """Landmark motion of each solved unit.

    Attributes
    ----------
    names : A codes
    motion : (A, 468, 3) float64, metres at intensity 1, as landmarks report it
    ridge : (A,) square metres
    pitch : (A,) float64, radians that the pose's pitch reads too high at intensity 1
    nuisance : (K, 468, 3) float64, metres: motions that say nothing about units, in their usual size
    """

    names: tuple[str, ...]
    motion: Floats
    ridge: Floats
    pitch: Floats
    nuisance: Floats


def basis_of(head: Head) -> Basis:
    """The units that landmarks can show and for which a head has shapes, sided where the unit is."""
    seen = response()
    profile = load_profile("arkit")
    has_shape = np.isin(profile.shapes, head.shape_names)
    gains = dict(zip(seen.names, _gains(profile.gains, seen.names), strict=True))
    names = tuple(
        name
        for name in seen.names
        if _plain(name) in STIFFNESS and np.abs(gains[name][has_shape]).sum() > 0.0
    )
    rows = [seen.names.index(name) for name in names]
    lids = seen.motion[[seen.names.index(name) for name in ("AU45L", "AU45R")]]
    field = seen.field * np.array(FIELD_SIZES)[:, None, None]
    rest = np.asarray(head.landmarks(), np.float64)
    return Basis(
        names,
        seen.motion[rows],
        RIDGE * np.array([STIFFNESS[_plain(name)] for name in names]),
        np.array(
            [
                np.radians(PITCH_DEGREES[_plain(name)])
                if _plain(name) in PITCH_DEGREES
                else seen.pitch[row]
                for name, row in zip(names, rows, strict=True)
            ]
        ),
        np.concatenate([field, lids, _rigid(rest)]),
    )


def solved(motion: Floats, basis: Basis) -> Floats:
    """Intensities within 0..1 that explain landmark motion.

    Parameters
    ----------
    motion : (T, 468, 3) metres from the person's neutral face, pose taken away, no NaN

    Returns
    -------
    (T, A) float64

    Notes
    -----
    Residuals are taken as normal with covariance ``TREMBLE**2 I + sum n n^T`` over the nuisances, whose
    inverse needs only a K x K system (Woodbury). Accelerated projected gradient on all frames at once;
    the step is the inverse of the largest curvature, so every iteration lowers the cost. What no unit
    explains in the mean is taken for the person's resting face.
    """
    weight = np.sqrt(_weights())
    seen = (motion * weight).reshape(len(motion), -1)
    shapes = (basis.motion * weight).reshape(len(basis.names), -1)
    nuisance = (basis.nuisance * weight).reshape(len(basis.nuisance), -1)
    inner = nuisance @ nuisance.T + TREMBLE**2 * np.eye(len(nuisance))
    sensed = shapes - shapes @ nuisance.T @ np.linalg.solve(inner, nuisance)
    normal = sensed @ shapes.T + np.diag(basis.ridge)
    normal = 0.5 * (normal + normal.T)
    step = 1.0 / (np.linalg.eigvalsh(normal)[-1] + 4.0 * PULL)
    value = np.zeros((len(motion), len(basis.names)))
    free = _descended(value, normal, seen @ sensed.T, step, lowest=-1.0)
    is_sure = np.array([_plain(name) in SURE for name in basis.names])
    lowest = np.where(is_sure, np.quantile(free, REST_QUANTILE, axis=0).clip(-1.0, 0.0), 0.0)
    shown = lowest @ shapes
    rest = shown
    for _ in range(NEUTRAL_ROUNDS):
        value = _descended(value, normal, (seen - rest) @ sensed.T - PRICE, step)
        left = (seen - shown - value @ shapes).sum(axis=0)
        rest = shown + left / (len(seen) + NEUTRAL_DOUBT)
    share = np.array([READ_SHARE.get(_plain(name), 1.0) for name in basis.names])
    return np.clip(value / share, 0.0, 1.0)


def neutral_face(points: Floats) -> Floats:
    """(468, 3) the person's resting face: the mean of frames with shut lips and ordinary width."""
    face = points[np.isfinite(points[:, 0, 0])][:, :468]
    gap = face[:, 13, 2] - face[:, 14, 2]
    width = face[:, 291, 0] - face[:, 61, 0]
    brows = face[:, [105, 334], 2].mean(axis=1)
    quiet = gap <= np.quantile(gap, 0.3)
    for measure, low, high in ((width, 0.3, 0.8), (brows, 0.1, 0.7)):
        inside = (measure >= np.quantile(measure[quiet], low)) & (
            measure <= np.quantile(measure[quiet], high)
        )
        quiet = quiet & inside if (quiet & inside).any() else quiet
    return face[quiet].mean(axis=0)


def _descended(
    value: Floats, normal: Floats, wanted: Floats, step: float, lowest: float = 0.0
) -> Floats:
    """(T, A) the minimum within `lowest`..1, begun at `value`."""
    ahead, momentum = value, 1.0
    for _ in range(ITERATIONS):
        slope = ahead @ normal - wanted + PULL * _roughness(ahead)
        newer = np.clip(ahead - step * slope, lowest, 1.0)
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        ahead = newer + (momentum - 1.0) / following * (newer - value)
        value, momentum = newer, following
    return value


def _gains(gains: NDArray[np.float32], names: tuple[str, ...]) -> list[NDArray[np.float32]]:
    """Profile gains (K,) of each unit; the profile's rows are its inputs."""
    return [gains[INPUTS.index(name)] for name in names]


def _rigid(points: Floats) -> Floats:
    """(7, 468, 3) shifts, turns and growth of a face, in their usual size."""
    arm = points - points.mean(axis=0)
    shifts = [SHIFT_METRES * np.broadcast_to(axis, points.shape) for axis in np.eye(3)]
    turns = [TURN_RADIANS * np.cross(axis, arm) for axis in np.eye(3)]
    return np.stack([*shifts, *turns, TURN_RADIANS * arm])


def _weights() -> Floats:
    """(468, 3) weights: lips and brows count most, depth less than the picture plane."""
    weight: Floats = np.full(468, OTHER_WEIGHT, np.float64)
    weight[list(LIPS + BROWS)] = FEATURE_WEIGHT
    return np.asarray(weight[:, None] * np.array([1.0, DEPTH_WEIGHT, 1.0]), np.float64)


def _roughness(values: Floats) -> Floats:
    """Gradient of half the squared differences between neighbouring frames."""
    slope = np.zeros_like(values)
    difference = np.diff(values, axis=0)
    slope[1:] += difference
    slope[:-1] -= difference
    return slope


def _plain(name: str) -> str:
    """A code without its side."""
    return name[:-1] if name[-1] in "LR" and name[:-1] in STIFFNESS else name
