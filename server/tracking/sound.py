"""Whether a film's sound fits its lips: what the network hears against what the camera saw.

Re-encoded film often carries its sound a tenth of a second late. A take made from it would be fine, but
laid under that sound it would speak too early, and whoever learns from it learns the error. Loudness alone
tells the offset in some of the cases only; lips as the shipped network hears them tell it nearly always.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.errors import AudioError
from server.audio import SAMPLE_RATE, Speech, read_speech
from server.features import FRAME_RATE
from server.postprocess import OPENING_MM, sided

if TYPE_CHECKING:
    from server.engine import Engine

Floats = NDArray[np.float64]

REACH_SECONDS = 1.2
"""Offsets that are looked at, to either side."""
STEP_SECONDS = 0.02
LEAST_SECONDS = 6.0
"""A shorter film says nothing about its offset."""
CLEAR_CORRELATION, CLEAR_LEAD = 0.3, 0.12
"""Correlation at the best offset, and its lead over the best one elsewhere, from which it is sure: one in a
hundred of those is wrong, tried on 5 s pieces of free speech."""
NEAR_SECONDS = 0.2
"""Offsets this near to the best are no rivals of it."""
FOREIGN_SECONDS, FOREIGN_LEAD = 10.0, 0.08
"""Where lips are seen for so long and the best offset does not lead by that, the sound is not of them:
right for nine in ten sounds of another film, wrong for none of the right ones."""


@dataclass(frozen=True)
class SoundOffset:
    """How sound and lips of a film belong together.

    Attributes
    ----------
    seconds : by which the sound comes late; early if negative
    correlation : of heard and seen lips at that offset
    is_clear : whether that is the one offset that fits
    is_foreign : whether none does, in a film long enough to tell
    """

    seconds: float
    correlation: float
    is_clear: bool
    is_foreign: bool = False


def film_sound(film: Path) -> NDArray[np.float32] | None:
    """(S,) samples at 16 kHz from the first picture on; None where the film has no sound."""
    try:
        return read_speech(film).samples
    except AudioError:
        return None


def sound_offset(samples: NDArray[np.float32], opening: Floats, fps: float) -> SoundOffset | None:
    """The offset at which the sound fits the lips best; None for too short, silent or still a film.

    Parameters
    ----------
    opening : (T,) lip opening, any unit, at `fps` frames a second from the film's beginning; NaN where
        it is not known
    """
    if len(samples) < LEAST_SECONDS * SAMPLE_RATE or float(np.std(samples)) < 1e-4:
        return None
    return offset_of(heard_opening(samples), opening, fps)


def offset_of(heard: Floats, opening: Floats, fps: float) -> SoundOffset | None:
    """The offset between two curves (T,) of lip opening, the heard one at `FRAME_RATE` frames a second."""
    count = min(len(opening), int(len(heard) / FRAME_RATE * fps))
    times = np.arange(count) / fps
    inside = np.isfinite(opening[:count]) & (times > REACH_SECONDS)
    inside &= times < count / fps - REACH_SECONDS
    if count < LEAST_SECONDS * fps or inside.sum() < 0.5 * LEAST_SECONDS * fps:
        return None
    seen, times = opening[:count][inside], times[inside]
    steps = round(REACH_SECONDS / STEP_SECONDS)
    offsets = STEP_SECONDS * np.arange(-steps, steps + 1)
    own = np.arange(len(heard)) / FRAME_RATE
    shifted = np.stack([np.interp(times + late, own, heard) for late in offsets])
    if float(np.std(seen)) == 0.0 or float(np.std(shifted, axis=1).min()) == 0.0:
        return None
    scores = np.array([np.corrcoef(row, seen)[0, 1] for row in shifted])
    best = int(np.argmax(scores))
    rivals = scores[np.abs(offsets - offsets[best]) > NEAR_SECONDS]
    is_inner = 0 < best < len(offsets) - 1
    lead = float(scores[best] - rivals.max())
    fits = scores[best] > CLEAR_CORRELATION
    is_long = len(seen) >= FOREIGN_SECONDS * fps
    return SoundOffset(
        round(float(offsets[best]), 3),
        float(scores[best]),
        bool(is_inner and fits and lead > CLEAR_LEAD),
        bool(is_long and not (fits and lead > FOREIGN_LEAD)),
    )


def heard_opening(samples: NDArray[np.float32]) -> Floats:
    """(T,) millimetres of lip opening, `FRAME_RATE` a second, as the shipped network hears it."""
    take = _engine().animate(Speech(samples, SAMPLE_RATE, len(samples) / SAMPLE_RATE, ""))
    opening = np.zeros(len(take), np.float64)
    for unit, millimetres in OPENING_MM.items():
        sides = [take.channel(name) for name in sided(unit) if name in take.au_names]
        if sides:
            opening += millimetres * np.mean(sides, axis=0)
    return opening


@lru_cache(maxsize=1)
def _engine() -> Engine:
    from server.engine import Engine

    return Engine("cpu")
