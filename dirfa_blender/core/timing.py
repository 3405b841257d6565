"""Frame rates and the one way between seconds and frames.

Time is seconds everywhere; a frame number exists only where Blender needs one. A rate is kept as the
exact pair Blender stores, ``fps / fps_base``: 23.976 is 24 / 1.001, so an hour of 23.976 does not drift.
Rounding policy: ``frame_at`` keeps fractions, ``frame_count`` covers the whole duration (ceiling).
No bpy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .errors import SettingsError

MAX_RATE = 240.0
# Largest whole number that Blender's scene takes as fps.
MAX_BLENDER_FPS = 32767
# A duration within this many frames of a whole number counts as that number: float noise of decoders.
FRAME_TOLERANCE = 1e-6
Frames = TypeVar("Frames", float, npt.NDArray[np.float64])


@dataclass(frozen=True)
class FrameRate:
    """A scene's frame rate as Blender stores it: ``fps / fps_base`` frames a second.

    Raises
    ------
    SettingsError
        The rate is not above 0 and at most 240 frames a second.
    """

    fps: int
    fps_base: float = 1.0

    def __post_init__(self) -> None:
        if self.fps < 1 or not self.fps_base > 0 or not 0 < self.fps / self.fps_base <= MAX_RATE:
            raise SettingsError(
                f"The frame rate must be above 0 and at most {MAX_RATE:g} frames a second, "
                f"got {self.fps} / {self.fps_base:g}."
            )

    @property
    def per_second(self) -> float:
        """Frames a second, unrounded."""
        return self.fps / self.fps_base

    def frame_at(self, seconds: float, frame_start: float = 1) -> float:
        """Frame number, with its fraction, of a time on the audio clock."""
        return frame_start + seconds * self.fps / self.fps_base

    def seconds_at(self, frame: Frames, frame_start: float = 1) -> Frames:
        """Seconds on the audio clock of a frame number, or of many; the inverse of `frame_at`."""
        return (frame - frame_start) * self.fps_base / self.fps

    def frame_count(self, duration_seconds: float) -> int:
        """Least number of whole frames that covers a duration; at least 1."""
        return max(1, math.ceil(duration_seconds * self.fps / self.fps_base - FRAME_TOLERANCE))


def parse_rate(text: str) -> FrameRate:
    """Frame rate meant by what a person writes: ``25``, ``23.976``, ``30000/1001``, ``12.5``.

    Decimal rates within 0.005 of an NTSC rate (N * 1000 / 1001) are that rate exactly.

    Raises
    ------
    SettingsError
        The text is no number, or the rate is out of range.
    """
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError) as error:
        raise SettingsError(
            f"The frame rate must be a number such as 25, 23.976 or 30000/1001, got {text!r}."
        ) from error
    if not 0 < rate <= MAX_RATE:
        raise SettingsError(
            f"The frame rate must be above 0 and at most {MAX_RATE:g} a second, got {text!r}."
        )
    if rate.denominator == 1:
        return FrameRate(rate.numerator)
    whole = math.ceil(rate)
    if abs(rate - Fraction(whole * 1000, 1001)) < Fraction(5, 1000):
        return FrameRate(whole, 1.001)
    # Blender's encoder cuts a fractional base to hundredths: a whole pair stays exact (25 / 2).
    if rate.numerator <= MAX_BLENDER_FPS:
        return FrameRate(rate.numerator, float(rate.denominator))
    return FrameRate(whole, float(whole / rate))
