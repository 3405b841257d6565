"""How neck and shoulders follow the turns of the head: late, little and without a jerk. No bpy.

The head turns exactly as the take says; what carries it does not. A bone that takes the share c of the
turn follows it ``(1 - c) * LAG_SECONDS`` late, so the lag grows smoothly down the neck and is greatest in
the shoulders, and the head makes up for it: the turns down the chain still come to the take's own. Share
and lag were chosen by eye.

The follower is the critically damped one of second order: it never overshoots, and what is quicker than its
lag (the nods of speech) hardly reaches the shoulders. It is two equal lags of first order [1]_, solved in
closed form for a motion that is straight between samples. So it depends on times and not on a rate, and
samples may have gaps; the first pose counts as held for ever before.

References
----------
.. [1] Astrom, Wittenmark: Computer-Controlled Systems, 3rd edition 1997, chapter 2 (sampling of
   continuous-time systems; a straight line between samples is its first-order hold).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .errors import SettingsError

Floats = npt.NDArray[np.float64]

# How late a bone is that takes nothing of the turn.
LAG_SECONDS = 0.2
# A lag below this is none, seconds.
LEAST_LAG = 1e-6
# Part of the head's turn that shoulders take.
SHOULDER_SHARE = 0.12
NATURAL = 1.0
MOST_STRENGTH = 2.0


def checked(strength: float) -> float:
    """The strength itself.

    Raises
    ------
    SettingsError
        It is outside 0..2.
    """
    if not 0.0 <= strength <= MOST_STRENGTH:
        raise SettingsError(f"The follow-through must be 0..{MOST_STRENGTH:g}, got {strength:g}.")
    return strength


def lag_of(share: float, strength: float) -> float:
    """Seconds by which a bone with this part of the turn follows."""
    return strength * (1.0 - share) * LAG_SECONDS


def followed(values: npt.ArrayLike, seconds: npt.ArrayLike, lag_seconds: float) -> Floats:
    """(T, C) what follows `values` that late, float64.

    Parameters
    ----------
    values : (T, C) float, straight between samples
    seconds : (T,) float, rising
    lag_seconds : how far it is behind a steady motion; at 0 it is the motion itself
    """
    wanted = np.array(values, np.float64)
    if lag_seconds < LEAST_LAG or len(wanted) < 2:
        return wanted
    # Each of the two lags is half as late. Where the motion has slope m they near the lines
    # `wanted - m * lag` and `wanted - 2 * m * lag`; what they are off decays, the first into the second.
    lag = lag_seconds / 2
    steps = np.diff(np.asarray(seconds, np.float64))[:, None]
    behind = np.diff(wanted, axis=0) / steps * lag
    decay = np.exp(-steps / lag)
    first = _accumulated(wanted[0], decay, wanted[1:] - behind - decay * (wanted[:-1] - behind))
    off = (first[:-1] - wanted[:-1] + behind) * steps / lag
    return _accumulated(
        wanted[0], decay, wanted[1:] - 2 * behind - decay * (wanted[:-1] - 2 * behind - off)
    )


def _accumulated(start: Floats, decay: Floats, gains: Floats) -> Floats:
    """(T, C) ``y[0] = start``, ``y[i + 1] = decay[i] * y[i] + gains[i]``.

    Notes
    -----
    By doubling: after each round a sample holds what the 1, 2, 4, ... steps before it left, until so many
    steps leave nothing.
    """
    result = np.concatenate([start[None], gains])
    factors = np.concatenate([np.zeros((1, 1)), decay])
    reach = 1
    while reach < len(result) and factors.any():
        result[reach:] += factors[reach:] * result[:-reach]
        factors[reach:] *= factors[:-reach].copy()
        factors[:reach] = 0.0
        reach *= 2
    return result
