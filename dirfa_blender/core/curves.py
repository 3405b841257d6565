"""Curve: one value over time, given by a few keys. No bpy.

Between keys a monotone cubic runs [1]_, so a curve never overshoots what the artist set; outside them the
first and the last value are held. A curve is a pure function of time: a chunk of a stream and a whole
take read the same values.

References
----------
.. [1] Fritsch, Butland: A method for constructing local monotone piecewise cubic interpolants, SIAM J. Sci.
   Stat. Comput. 5, 1984.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import SettingsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Keys of a smooth curve; tuples, so that equal curves compare equal.

    Parameters
    ----------
    times : N >= 1 seconds on the audio clock, rising
    values : N numbers

    Raises
    ------
    SettingsError
        No key, unequal counts, times that do not rise, or a number that is not finite.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        times = tuple(float(time) for time in self.times)
        values = tuple(float(value) for value in self.values)
        if not times or len(times) != len(values):
            raise SettingsError(
                f"A curve needs one value a key and at least one key, "
                f"got {len(times)} times and {len(values)} values."
            )
        if not np.isfinite([*times, *values]).all():
            raise SettingsError("A curve's times and values must be finite numbers.")
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise SettingsError(f"A curve's times must rise, got {_listed(times)}.")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "values", values)

    @staticmethod
    def constant(value: float) -> Curve:
        """The curve that has one value for ever."""
        return Curve((0.0,), (value,))

    @property
    def is_constant(self) -> bool:
        """Whether every key has the same value."""
        return len(set(self.values)) == 1

    def at(self, times_seconds: npt.ArrayLike) -> Floats:
        """Values at any times, of their shape, float64."""
        wanted = np.asarray(times_seconds, np.float64)
        if self.is_constant:
            return np.full(wanted.shape, self.values[0])
        keys, values = np.array(self.times), np.array(self.values)
        slopes = _slopes(keys, values)
        inside = np.clip(wanted, keys[0], keys[-1])
        left = np.clip(np.searchsorted(keys, inside, side="right") - 1, 0, len(keys) - 2)
        step = (keys[1:] - keys[:-1])[left]
        share = (inside - keys[left]) / step
        rest = 1.0 - share
        return (
            (1.0 + 2.0 * share) * rest**2 * values[left]
            + share * rest**2 * step * slopes[left]
            + share**2 * (3.0 - 2.0 * share) * values[left + 1]
            - share**2 * rest * step * slopes[left + 1]
        )


def _slopes(keys: Floats, values: Floats) -> Floats:
    """(N,) slopes at the keys: level at both ends and at every turn, else a weighted harmonic mean."""
    steps = np.diff(keys)
    chords = np.diff(values) / steps
    slopes = np.zeros(len(keys))
    before, after = chords[:-1], chords[1:]
    rising = before * after > 0
    first, second = 2 * steps[1:] + steps[:-1], steps[1:] + 2 * steps[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (first + second) / (first / before + second / after)
    slopes[1:-1] = np.where(rising, mean, 0.0)
    return slopes


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
