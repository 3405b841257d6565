"""Emotion laid over a talking face: it reads, and the lips still say what they said.

Emotions mix like independent layers, ``1 - (1 - a)(1 - b)``, so the order does not matter and nothing
exceeds 1. What parts the lips is added only as far as the jaw can take it back, which leaves the opening
as it was; what presses them only where they are closed anyway; the corners give way a little in closures
and roundings. Eyes and brows come first and the mouth follows, as in faces that mean it. A held expression
breathes slowly, because a constant one looks like a mask. No bpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .action_units import ACTION_UNITS, AU_INDEX, AU_NAMES
from .curves import Curve
from .emotions import EMOTIONS, TABLE, added_units, damped_units
from .mouth_state import (
    JAW_GAIN,
    JAW_METRES,
    RAISED_METRES,
    MouthState,
    lip_opening,
)

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

LAGS = {"brows": 0.0, "lids": 0.0, "nose": 0.04, "cheeks": 0.08}
"""Seconds by which a region follows the intensity asked for."""
MOUTH_LAG = 0.12
HEAD_LAG = 0.2
BREATH_DEPTH = 0.08
BREATH_SECONDS = (5.3, 3.1)
PRESSERS = ("AU23", "AU24L", "AU24R")
CORNERS = ("AU12L", "AU12R", "AU14L", "AU14R", "AU15L", "AU15R")
SPREADERS = {"AU9L": 0.12, "AU9R": 0.12, "AU20L": 0.2, "AU20R": 0.2, "AU17": 0.2}
"""Share left on closed lips of units that part them a little, with no jaw to make up for it."""
CLOSURE_YIELD = 0.25
"""Share of a corner's emotion that a closure takes."""
ROUNDING_YIELD = 0.5
"""Share that full rounding takes."""


def expressed(
    au: Array,
    times: Floats,
    emotions: Sequence[tuple[str, Curve]],
    strengths: Array,
    state: MouthState,
) -> Array:
    """(T, A) canonical intensities with the emotions laid over them.

    Parameters
    ----------
    times : (T,) seconds
    strengths : (A,) factor on what emotions add, by unit
    state : the mouth before
    """
    own, rest = au.copy(), np.ones_like(au)
    for name, curve in emotions:
        adds, damps = added_units(name) * strengths, damped_units(name)
        for lag in sorted({*LAGS.values(), MOUTH_LAG}):
            level = curve.at(times - lag).astype(np.float32)
            breath = level * _breath(times - lag, EMOTIONS.index(name))
            mine = np.array([_lag(index) == lag for index in range(len(AU_NAMES))])
            for index in np.flatnonzero(mine & (damps > 0)):
                own[:, index] *= 1 - level * damps[index]
            for index in np.flatnonzero(mine & (adds > 0)):
                rest[:, index] *= 1 - np.clip(breath * adds[index], 0, 1)
    added = _mannered(1 - rest, au, state)
    # 1 - (1 - a)(1 - b), so written that what is not touched keeps its bits.
    return _with_opening(own + added * (1 - own), own, state, lip_opening(au))


def pose_of(times: Floats, emotions: Sequence[tuple[str, Curve]]) -> tuple[Array, Array]:
    """(T, 3) rotation and (T, 2) look, radians, that emotions add."""
    rotation, look = np.zeros((len(times), 3)), np.zeros((len(times), 2))
    for name, curve in emotions:
        level = curve.at(times - HEAD_LAG)[:, None]
        rotation += level * np.radians(TABLE[name].posture_degrees)
        look += level * np.radians(TABLE[name].look_degrees)
    return rotation.astype(np.float32), look.astype(np.float32)


def _mannered(added: Array, au: Array, state: MouthState) -> Array:
    """What is added, within what speech allows."""
    rounded = np.clip(au[:, AU_INDEX["AU18"]] + au[:, AU_INDEX["AU22"]], 0, 1)
    yielded = 1 - np.float32(CLOSURE_YIELD) * state.closure
    yielded *= 1 - np.float32(ROUNDING_YIELD) * rounded
    for name in CORNERS:
        added[:, AU_INDEX[name]] *= yielded
    for name in PRESSERS:
        added[:, AU_INDEX[name]] *= 1 - state.openness
    for name, left in SPREADERS.items():
        added[:, AU_INDEX[name]] *= np.float32(left) + np.float32(1 - left) * state.openness
    for name in RAISED_METRES:
        added[:, AU_INDEX[name]] *= state.openness
    return added


def _with_opening(result: Array, own: Array, state: MouthState, wanted: Array) -> Array:
    """The opening as it was: the jaw takes back what the emotion parted, as far as it goes.

    Where the jaw has too little to give, what parts the lips is lessened instead. The jaw opens to make up
    for a part lost only where the mouth is open.
    """
    jaw, metres = AU_INDEX["AU26"], np.float32(JAW_METRES * JAW_GAIN)
    spare = np.maximum(own[:, jaw] - own[:, AU_INDEX["AU8"]] / np.float32(JAW_GAIN), 0)
    excess = lip_opening(result) - wanted
    kept = np.clip(metres * spare / np.maximum(excess, 1e-6), 0, 1)
    for name in RAISED_METRES:
        index = AU_INDEX[name]
        change = result[:, index] - own[:, index]
        result[:, index] = own[:, index] + np.minimum(change, change * kept)
    shift = (lip_opening(result) - wanted) / metres
    shift = np.where(shift > 0, np.minimum(shift, spare), shift * state.openness)
    result[:, jaw] = np.clip(result[:, jaw] - shift, 0, 1)
    return result


def _lag(index: int) -> float:
    return LAGS.get(ACTION_UNITS[index].region, MOUTH_LAG)


def _breath(times: Floats, phase: int) -> Array:
    """(T,) slow factor around 1, never above it by more than the depth."""
    first, second = (
        np.sin(2 * np.pi * times / s + 2.4 * phase + i) for i, s in enumerate(BREATH_SECONDS)
    )
    return (1 + BREATH_DEPTH * (0.6 * first + 0.4 * second)).astype(np.float32)
