"""Shapes back to action units: the take whose mapping gives a recorded track, as nearly as one can.

A profile's gains are nearly one unit a shape, so a recorded face lands where it was: the answer is the
bounded least-squares fit of the gains after the profile's yielding has been undone. Started from the
smallest solution, it shares alike what left and right units do together. What no unit can say (an upper
lip shrug without its chin) stays as the nearest thing that one can. A profile's visemes become the mouth
that shows them, over what its other shapes say. No bpy.

References
----------
.. [1] Friedman, Hastie, Hoefling, Tibshirani: Pathwise coordinate optimization, 2007 (cyclic descent).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..action_units import AU_NAMES
from ..animation import Animation
from ..characters.profile import GAZE_INPUTS, INPUTS, MappingProfile, ShapeTrack
from ..characters.spelling import plain_spelling
from ..characters.viseme_mouths import mouths_of
from ..errors import FormatError

Array = npt.NDArray[np.float64]

GAZE_LIMIT = 0.6
"""Radians an eye turns at most: 34 degrees."""
LEAST_YIELD = 0.05
"""Part of a yielding shape that must be left for its own value to be told from nothing."""
SWEEPS, TOLERANCE = 60, 1e-6


def recovered(
    track: ShapeTrack,
    profile: MappingProfile,
    *,
    gaze: npt.ArrayLike | None = None,
    source: Mapping[str, str] | None = None,
) -> Animation:
    """The take of a recorded track.

    Parameters
    ----------
    track : names in any spelling of the profile's shapes; others are left out
    gaze : (T, 2) radians up and to the subject's left where the recording states it; None takes it
        from the shapes that the profile drives by gaze

    Raises
    ------
    FormatError
        The track shares no shape with the profile.
    """
    column = {plain_spelling(name): index for index, name in enumerate(track.names)}
    shapes = [name for name in profile.shapes if plain_spelling(name) in column]
    if not shapes:
        raise FormatError(
            f"The recording must have shapes of {profile.title}, it has {', '.join(track.names[:4])}, ..."
        )
    weights = np.zeros((len(track.weights), len(profile.shapes)))
    for place, name in enumerate(profile.shapes):
        if (index := column.get(plain_spelling(name))) is not None:
            weights[:, place] = track.weights[:, index]
    weights = np.clip(weights, 0.0, 1.0)
    place_of = {name: place for place, name in enumerate(profile.shapes)}
    for shape, other in reversed(profile.yields_to):
        left = np.maximum(1.0 - weights[:, place_of[other]], LEAST_YIELD)
        weights[:, place_of[shape]] = np.minimum(weights[:, place_of[shape]] / left, 1.0)
    present = np.array([plain_spelling(name) in column for name in profile.shapes])
    gains = np.asarray(profile.gains, np.float64) * present
    units, looks = gains[: len(AU_NAMES)], gains[[INPUTS.index(gaze) for gaze in GAZE_INPUTS]]
    seen = _gaze_of(weights, looks) if gaze is None else np.asarray(gaze, np.float64)
    au = _bounded_fit(weights, units)
    spoken = [n for n, mouth in profile.visemes.items() if mouth.any() and present[place_of[n]]]
    if spoken:
        mixed = weights[:, [place_of[name] for name in spoken]]
        mixed /= np.maximum(mixed.sum(1, keepdims=True), 1.0)
        au = np.maximum(au, mouths_of(mixed, np.array([profile.visemes[name] for name in spoken])))
    return Animation(
        fps=track.fps,
        start=track.start,
        au_names=AU_NAMES,
        au=au.astype(np.float32),
        gaze=seen.astype(np.float32),
        rotation=track.rotation,
        translation=track.translation,
        source=dict(source or {}),
    )


def _bounded_fit(weights: Array, gains: Array) -> Array:
    """(T, A) in 0..1 that bring ``units @ gains`` nearest to (T, K) weights."""
    gram = gains @ gains.T
    wanted = gains @ weights.T
    units = np.clip(np.linalg.pinv(gains.T, rcond=1e-6) @ weights.T, 0.0, 1.0)
    # Units that nothing shows stay at rest.
    shown = [row for row in range(len(gains)) if gram[row, row] > 1e-12]
    for _ in range(SWEEPS):
        moved = 0.0
        for row in shown:
            change = (wanted[row] - gram[row] @ units) / gram[row, row]
            new = np.clip(units[row] + change, 0.0, 1.0)
            moved = max(moved, float(np.abs(new - units[row]).max(initial=0.0)))
            units[row] = new
        if moved < TOLERANCE:
            break
    return units.T


def _gaze_of(weights: Array, looks: Array) -> Array:
    """(T, 2) radians from the shapes that opposite gazes drive with opposite signs."""
    power = 0.5 * (looks**2).sum(axis=1)
    seen = (weights @ looks.T) / np.maximum(power, 1e-12)
    return np.clip(seen, -GAZE_LIMIT, GAZE_LIMIT)
