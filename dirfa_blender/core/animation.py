"""Animation: what a face does over time, in action units, gaze and head pose.

Time is seconds on the audio clock and the rate is never rounded, so a chunk of a stream is the same
type as a whole clip and a clip can be cut, joined and resampled without drift. No bpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .action_units import AU_INDEX, AU_NAMES
from .errors import FormatError

Array = npt.NDArray[np.float32]

# Two sample times closer than this fraction of a sample are the same time.
TIME_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Animation:
    """Facial animation: sample i is at ``start + i / fps`` seconds of the audio clock.

    Parameters
    ----------
    fps : float > 0, samples a second
    start : float, seconds
    au_names : A codes of `action_units`
    au : (T, A) float32; 0 = absent, 1 = FACS level E
    gaze : (T, 2) float32, radians: up, subject's left
    rotation : (T, 3) float32, radians: pitch, yaw, roll (see `rotation`)
    translation : (T, 3) float32, metres from rest: subject's left, up, forward
    source : what made it: model id, weights hash, seed, settings, audio hash

    Raises
    ------
    FormatError
        A shape, code, rate or value is not as above; values must be finite.
    """

    fps: float
    start: float
    au_names: tuple[str, ...]
    au: Array
    gaze: Array
    rotation: Array
    translation: Array
    source: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        names = tuple(self.au_names)
        if not np.isfinite(self.fps) or self.fps <= 0:
            raise FormatError(f"Animation.fps must be a positive number, got {self.fps!r}.")
        if not np.isfinite(self.start):
            raise FormatError(f"Animation.start must be a finite time, got {self.start!r}.")
        unknown = [name for name in names if name not in AU_INDEX]
        if unknown or len(set(names)) != len(names):
            raise FormatError(
                f"Animation.au_names must be distinct action-unit codes, got {unknown or names}."
            )
        count = len(np.asarray(self.au))
        widths = {"au": len(names), "gaze": 2, "rotation": 3, "translation": 3}
        for attribute, width in widths.items():
            array = _as_channels(getattr(self, attribute), attribute, count, width)
            object.__setattr__(self, attribute, array)
        object.__setattr__(self, "fps", float(self.fps))
        object.__setattr__(self, "start", float(self.start))
        object.__setattr__(self, "au_names", names)
        texts = {str(key): str(value) for key, value in self.source.items()}
        object.__setattr__(self, "source", MappingProxyType(texts))

    def __len__(self) -> int:
        return len(self.au)

    @property
    def duration(self) -> float:
        """Seconds covered: the number of samples over the rate."""
        return len(self) / self.fps

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) float64 seconds of the samples; those of a chunk are the bits that the whole has."""
        places = np.arange(len(self))
        first = round(self.start * self.fps)
        if abs(self.start * self.fps - first) <= TIME_TOLERANCE:
            return (first + places) / self.fps
        return self.start + places / self.fps

    def channel(self, code: str) -> Array:
        """(T,) intensities of one unit; zeros where this animation does not carry it."""
        if code in self.au_names:
            return self.au[:, self.au_names.index(code)]
        return np.zeros(len(self), np.float32)

    def with_source(self, **entries: str) -> Animation:
        """The same animation with entries added to `source`."""
        return replace(self, source={**self.source, **entries})

    def canonical(self) -> Animation:
        """The same animation with every unit of the vocabulary, in canonical order."""
        if self.au_names == AU_NAMES:
            return self
        au = np.zeros((len(self), len(AU_NAMES)), np.float32)
        au[:, [AU_INDEX[name] for name in self.au_names]] = self.au
        return replace(self, au_names=AU_NAMES, au=au)

    def sliced(self, start_seconds: float, end_seconds: float) -> Animation:
        """Samples with ``start_seconds <= time < end_seconds``, their times unchanged."""
        limits = (np.array([start_seconds, end_seconds]) - self.start) * self.fps - TIME_TOLERANCE
        first, last = np.clip(np.ceil(limits), 0, len(self)).astype(int)
        return replace(
            self,
            start=self.start + first / self.fps,
            au=self.au[first:last],
            gaze=self.gaze[first:last],
            rotation=self.rotation[first:last],
            translation=self.translation[first:last],
        )

    def resampled(self, fps: float) -> Animation:
        """The same motion at another rate; covers the same span, at least one sample.

        Linear between samples. Going down in rate, each output sample first averages the input over
        a triangle of one output interval, so that a blink between two frames is not lost whole.
        """
        if not np.isfinite(fps) or fps <= 0:
            raise FormatError(f"The sampling rate must be a positive number, got {fps!r}.")
        if abs(fps - self.fps) <= TIME_TOLERANCE * self.fps or not len(self):
            return self
        count = max(1, int(np.ceil(self.duration * fps - TIME_TOLERANCE)))
        return self.sampled(self.start + np.arange(count) / fps, fps)

    def sampled(self, times_seconds: npt.ArrayLike, fps: float) -> Animation:
        """The motion at given times, which must be ``times[0] + i / fps``; held outside its span."""
        times = np.asarray(times_seconds, np.float64)
        position = np.clip((times - self.start) * self.fps, 0, max(len(self) - 1, 0))
        base = np.minimum(position.astype(np.int64), max(len(self) - 2, 0))
        share = (position - base).astype(np.float32)[:, None]
        nearer = np.minimum(base + 1, len(self) - 1)
        # A wider average than the whole motion is the same average, at any price.
        radius = min(self.fps / fps, float(len(self)))
        channels: dict[str, Array] = {}
        for name in ("au", "gaze", "rotation", "translation"):
            values = _smoothed(getattr(self, name), radius) if radius > 1 else getattr(self, name)
            channels[name] = values[base] * (1 - share) + values[nearer] * share
        return replace(self, fps=fps, start=float(times[0]), **channels)


def concatenate(parts: Sequence[Animation]) -> Animation:
    """One animation of consecutive chunks; keeps the first one's source.

    Raises
    ------
    FormatError
        No chunk, or the chunks differ in rate or units, or do not follow each other.
    """
    if not parts:
        raise FormatError("Concatenating animations needs at least one chunk, got none.")
    first = parts[0]
    expected = first.start
    for index, part in enumerate(parts):
        if part.fps != first.fps or part.au_names != first.au_names:
            raise FormatError(f"Chunk {index} differs from the first in its rate or action units.")
        if abs(part.start - expected) > 1e-3 / first.fps:
            raise FormatError(
                f"Chunk {index} must start at {expected:.6f} s where the one before ends, "
                f"got {part.start:.6f} s."
            )
        expected = part.start + part.duration
    joined: dict[str, Array] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("au", "gaze", "rotation", "translation")
    }
    return replace(first, **joined)


def _as_channels(values: npt.ArrayLike, name: str, count: int, width: int) -> Array:
    array = np.array(values, np.float32)
    if array.shape != (count, width):
        raise FormatError(
            f"Animation.{name} must have shape ({count}, {width}), got {array.shape}."
        )
    if not np.isfinite(array).all():
        raise FormatError(f"Animation.{name} must be finite, got NaN or infinity.")
    array.flags.writeable = False
    return array


def _smoothed(values: Array, radius: float) -> Array:
    """Triangle average of half-width `radius` samples, edges held; the constant is kept."""
    reach = int(np.ceil(radius)) - 1
    if reach < 1 or not len(values):
        return values
    weights = 1 - np.abs(np.arange(-reach, reach + 1)) / radius
    weights = (weights / weights.sum()).astype(np.float32)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(values)
    for offset, weight in enumerate(weights):
        total += weight * padded[offset : offset + len(values)]
    return total
