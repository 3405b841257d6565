"""Action units from pose-free landmarks: bounded least squares over the template's own shapes.

A unit's effect on landmarks is what the ARKit profile and the head template make of it, times the share
of an imposed motion that the landmark network is known to report. All units of a frame are solved
together, with a ridge that keeps rarely needed units small and a pull between neighbouring frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.head import Head
from dirfa_blender.core.mapping import load_profile

Floats = NDArray[np.float64]

REPORTED: dict[str, float] = {
    "AU1": 0.5, "AU2": 0.55, "AU4": 0.3, "AU6": 0.4, "AU10": 0.67, "AU12": 0.66, "AU15": 0.75,
    "AU16": 0.67, "AU17": 0.55, "AU18": 0.5, "AU20": 0.5, "AU22": 0.5, "AU24": 0.6, "AU26": 0.66,
    "AU8": 0.66, "AU28U": 0.6, "AU28D": 0.6,
}  # fmt: skip
"""Share of a true motion that the landmarks show, by unit; a unit not named here is not solved."""
STIFFNESS: dict[str, float] = {
    "AU8": 2.0, "AU24": 3.0, "AU28U": 6.0, "AU28D": 2.0, "AU17": 1.5, "AU4": 2.0, "AU6": 2.0,
}  # fmt: skip
"""Ridge of units that landmarks see badly, relative to the others."""
RIDGE = 6e-6
"""Square metres over all landmarks that a unit of intensity 1 costs."""
PRICE = 8e-6
"""Square metres that any intensity costs in proportion: units that cancel each other stay away."""
PULL = 4e-6
"""Square metres that a jump of 1 between frames costs."""
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95,
    88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
)  # fmt: skip
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 172, 136, 150, 58, 132,
    93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
DEPTH_WEIGHT = 0.3
"""Weight of the depth coordinate, which is half guessed."""
ITERATIONS = 150


@dataclass(frozen=True)
class Basis:
    """Landmark motion of each solved unit.

    Attributes
    ----------
    names : A codes
    motion : (A, 468, 3) float64, metres at intensity 1, as landmarks report it
    ridge : (A,) square metres
    """

    names: tuple[str, ...]
    motion: Floats
    ridge: Floats


def basis_of(head: Head) -> Basis:
    """The units that landmarks can show on a head with shapes, sided where the unit is."""
    profile = load_profile("arkit")
    deltas = np.asarray(head.landmark_deltas(), np.float64)
    order = [head.shape_names.index(shape) for shape in profile.shapes]
    names = tuple(name for name in AU_NAMES if _plain(name) in REPORTED)
    gains = np.asarray(profile.gains, np.float64)[[AU_NAMES.index(name) for name in names]]
    motion = np.einsum("ak,kni->ani", gains, deltas[order])
    share = np.array([REPORTED[_plain(name)] for name in names])
    stiff = np.array([STIFFNESS.get(_plain(name), 1.0) for name in names])
    return Basis(names, motion * share[:, None, None], RIDGE * stiff)


def solved(motion: Floats, basis: Basis, *, pull: float = PULL) -> Floats:
    """Intensities within 0..1 that explain landmark motion.

    Parameters
    ----------
    motion : (T, 468, 3) metres from the person's neutral face, pose taken away, no NaN

    Returns
    -------
    (T, A) float64

    Notes
    -----
    Accelerated projected gradient on all frames at once; the step is the inverse of the largest
    curvature, so every iteration lowers the cost.
    """
    weight = np.sqrt(_weights())
    seen = (motion * weight).reshape(len(motion), -1)
    shapes = (basis.motion * weight).reshape(len(basis.names), -1)
    normal = shapes @ shapes.T + np.diag(basis.ridge)
    wanted = seen @ shapes.T - PRICE
    step = 1.0 / (np.linalg.eigvalsh(normal)[-1] + 4.0 * pull)
    value = np.zeros_like(wanted)
    ahead, momentum = value, 1.0
    for _ in range(ITERATIONS):
        slope = ahead @ normal - wanted + pull * _roughness(ahead)
        newer = np.clip(ahead - step * slope, 0.0, 1.0)
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        ahead = newer + (momentum - 1.0) / following * (newer - value)
        value, momentum = newer, following
    return value


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


def _weights() -> Floats:
    """(468, 3) weights: lips count most, the silhouette least, depth less than the picture plane."""
    weight = np.ones(468)
    weight[list(LIPS)] = 3.0
    weight[list(OVAL)] = 0.2
    return weight[:, None] * np.array([1.0, DEPTH_WEIGHT, 1.0])


def _roughness(values: Floats) -> Floats:
    """Gradient of half the squared differences between neighbouring frames."""
    slope = np.zeros_like(values)
    difference = np.diff(values, axis=0)
    slope[1:] += difference
    slope[:-1] -= difference
    return slope


def _plain(name: str) -> str:
    """A code without its side."""
    return name[:-1] if name[-1] in "LR" and name[:-1] in REPORTED else name
