"""How neck and shoulders follow the turns of the head: late, little and without a jerk. No bpy.

The head turns exactly as the take says; what carries it does not. A bone that takes the share c of the
turn follows it ``(1 - c) * LAG_SECONDS`` late, so the lag grows smoothly down the neck and is greatest in
the shoulders, and the head makes up for it: the turns down the chain still come to the take's own. Share
and lag were chosen by eye.

The follower is the critically damped one of second order: it never overshoots, and what is quicker than its
lag (the nods of speech) hardly reaches the shoulders. It is two equal lags of first order [1]_, solved in
closed form for a motion that is straight between samples. So it depends on times and not on a rate, and
samples may have gaps; the first pose counts as held for ever before. Nothing ahead is needed, so samples
that come one by one are followed as a whole take is: a `Trail` keeps where each follower is.

References
----------
.. [1] Astrom, Wittenmark: Computer-Controlled Systems, 3rd edition 1997, chapter 2 (sampling of
   continuous-time systems; a straight line between samples is its first-order hold).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..errors import SettingsError

Floats = npt.NDArray[np.float64]

# How late a bone is that takes nothing of the turn.
LAG_SECONDS = 0.2
# A lag below this is none, seconds.
LEAST_LAG = 1e-6
# Part of the head's turn that shoulders take.
SHOULDER_SHARE = 0.12
NATURAL = 1.0
MOST_STRENGTH = 2.0


@dataclass(frozen=True)
class _Moment:
    """Where a follower is: the motion and the two lags behind it, (C,) each, at a time."""

    seconds: float
    wanted: Floats
    first: Floats
    second: Floats


@dataclass
class Trail:
    """How far the followers of one motion have come, by their lag, for samples that come piece by piece."""

    moments: dict[float, _Moment] = field(default_factory=dict[float, _Moment])


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


def followed(
    values: npt.ArrayLike,
    seconds: npt.ArrayLike,
    lag_seconds: float,
    trail: Trail | None = None,
) -> Floats:
    """(T, C) what follows `values` that late, float64.

    Parameters
    ----------
    values : (T, C) float, straight between samples
    seconds : (T,) float, rising
    lag_seconds : how far it is behind a steady motion; at 0 it is the motion itself
    trail : what went before; it goes on from here. A sample that is not later than it changes nothing
    """
    wanted, times = np.array(values, np.float64), np.array(seconds, np.float64)
    if lag_seconds < LEAST_LAG or not len(wanted):
        return wanted
    begun = trail.moments.get(lag_seconds) if trail is not None else None
    begun = begun or _Moment(float(times[0]), wanted[0], wanted[0], wanted[0])
    later = times > begun.seconds
    path = np.concatenate([begun.wanted[None], wanted[later]])
    moments = np.concatenate([[begun.seconds], times[later]])
    first, second = _lagging(path, moments, lag_seconds, begun)
    if trail is not None:
        trail.moments[lag_seconds] = _Moment(float(moments[-1]), path[-1], first[-1], second[-1])
    result = np.empty_like(wanted)
    result[~later], result[later] = begun.second, second[1:]
    return result


def _lagging(
    wanted: Floats, seconds: Floats, lag_seconds: float, begun: _Moment
) -> tuple[Floats, Floats]:
    """(T, C) the first and the second lag behind a motion."""
    # Each of the two lags is half as late. Where the motion has slope m they near the lines
    # `wanted - m * lag` and `wanted - 2 * m * lag`; what they are off decays, the first into the second.
    lag = lag_seconds / 2
    steps = np.diff(seconds)[:, None]
    behind = np.diff(wanted, axis=0) / steps * lag
    decay = np.exp(-steps / lag)
    first = _accumulated(begun.first, decay, wanted[1:] - behind - decay * (wanted[:-1] - behind))
    off = (first[:-1] - wanted[:-1] + behind) * steps / lag
    second = _accumulated(
        begun.second, decay, wanted[1:] - 2 * behind - decay * (wanted[:-1] - 2 * behind - off)
    )
    return first, second


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
