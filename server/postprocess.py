"""Raw model output to an Animation: closures, breath, limits, strengths, rest at both ends.

The network's mouth is an average over what it saw, and averages do not close. So the encoder's own
phone scores have the last word where a shape is not a matter of taste: lips meet on p b m, the lower lip
comes under the teeth on f v, and a silent mouth rests. Closures do not scale with any strength.

Nor did the sentences that taught it last long enough to need air. Whoever speaks on breathes in through
nose and mouth at once (Lester and Hoit 2014, Nasal and oral inspiration during natural speech breathing),
so in a pause of long speech the lips part before the next phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.action_units import AU_INDEX
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.mouth_state import JAW_GAIN
from dirfa_blender.core.protocol import AnimateSettings

from .articulation import (
    AJAR,
    FULL_REACH,
    HEIGHT_EASE,
    LIVE_REACH,
    PARTED,
    SHORT_SILENCE,
    bite_share,
    breath_share,
    parted_share,
    rest_share,
    rounded_share,
    seal_share,
    tongue_height,
)
from .frames import limited, smoothed
from .model.config import FRAME_RATE
from .model.statistics import MouthHabits
from .tongue import TONGUE, tongue_of

Array = NDArray[np.float32]

BITE_SEAL = 0.5
"""Share of the jaw's opening that lips may take back in a bite: the edges of the upper teeth are seen."""
MOUTH_GAIN = 1.04
"""The network moves lips by less than the filmed talkers do: their deviation on held-out clips over its."""
ROUNDING_GAIN = 1.3
"""The same of the pucker besides: with it the deviation of lip width is that of the film, and of what he
does least: talkers that no step learnt from narrow their lips by two to four times as much."""
CRISPNESS = 1.5
"""By how much what is fast in the network's curves is raised: a mean over possible mouths is smoother than
any of them. On held-out clips the jerk of lips comes nearer to the film's so, and they agree as well."""
OPENERS = ("AU10", "AU16", "AU25")
"""Units that part the lips and must vanish in a closure."""
SHAPED = ("AU26", "AU8", "AU18", "AU22", "AU24", "AU28D", *OPENERS)
"""Units that a take has whatever the network's mouth has, for closures, bites and breath move them."""
FUNNEL_SHARE, PUCKER_SHARE = 0.9, 0.5
"""By how much a closure weakens the funnel of a neighbouring vowel, which parts lips, and the pucker that
keeps them as narrow."""
JAW_SHARE, PRESS = 0.3, 0.2
"""By how much the jaw rises in a closure, and how hard lips are pressed."""
BREATH_JAW = 0.5
"""Share of a breath's opening that the jaw makes; the lips part for the rest."""
VESTIBULAR_SHARE = 0.9
"""Share of a head turn that the eyes take back to stay on what they look at."""
PARTED_MM = 1.9
"""Lip opening in a vowel at least."""
HEIGHT_JAW = 0.8
"""Share that the jaw makes of opening further for low vowels, or less for glides."""
OPENING_MM: dict[str, float] = {
    "AU26": 14.4, "AU8": -24.0, "AU10": 5.4, "AU16": 5.8, "AU20": 1.7, "AU22": 11.1, "AU25": 3.4,
}  # fmt: skip
"""Millimetres of lip opening a unit adds at 1 on the head template (`tracking.lips.unit_geometry`)."""
WIDTH_MM: dict[str, float] = {
    "AU12": 12.4, "AU14": 8.6, "AU18": -21.6, "AU20": 14.5, "AU22": -11.0, "AU24": 1.9, "AU26": -2.7,
}  # fmt: skip
"""The same of lip width."""
PLAIN_MOUTH = MouthHabits()
"""Does what the network says and no more."""
REST_SECONDS = 0.35
"""Time from rest at the start, and back to rest at the end, of head and gaze."""


@dataclass(frozen=True)
class RawMotion:
    """A whole take as the model gave it, all rows at 50 frames a second from time 0.

    Attributes
    ----------
    phones : (T, P) probabilities
    mouth : (T, M) intensities of `mouth_names`, units without a side
    upper : (T, U) channels of `upper_names`: pose, look, units with a side
    """

    phones: Array
    mouth: Array
    upper: Array
    mouth_names: tuple[str, ...]
    upper_names: tuple[str, ...]


def finished(
    raw: RawMotion,
    settings: AnimateSettings,
    envelope: Array | None = None,
    reach: int = FULL_REACH,
    habits: MouthHabits = PLAIN_MOUTH,
) -> Animation:
    """The take: every unit within 0..1, lips closed where they must be, head and gaze at rest
    where it begins and ends.

    Parameters
    ----------
    envelope : (T,) share of head and gaze motion; None where all of a take is there, with both its ends
    reach : frames that are looked ahead, `LIVE_REACH` to `FULL_REACH`; a sample depends on none later, on
        `BACK` earlier ones, and its bits on no other
    habits : what this mouth does besides what the network says
    """
    habits = replace(habits, breath_mm=habits.breath_mm * settings.breath)
    mouth = shaped_mouth(raw, settings.lips, reach, habits)
    columns = {name: values for unit, values in mouth.items() for name in sided(unit)}
    for name in raw.upper_names:
        if name in AU_INDEX:
            strength = settings.brows if name[:-1] in ("AU1", "AU2", "AU4") else 1.0
            columns[name] = _column(raw, name) * np.float32(strength)
    names = take_units(raw.mouth_names, raw.upper_names)
    share = (rest_envelope(len(raw.mouth)) if envelope is None else envelope)[:, None]
    rotation = _columns(raw, ("pitch", "yaw", "roll")) * share * np.float32(settings.head)
    translation = _columns(raw, ("left", "up", "forward")) * share * np.float32(settings.head)
    look = _columns(raw, ("look_up", "look_left")) * share * np.float32(settings.gaze)
    gaze = look - np.float32(VESTIBULAR_SHARE) * rotation[:, :2]
    return Animation(
        fps=float(FRAME_RATE),
        start=0.0,
        au_names=names,
        au=np.clip(np.stack([columns[name] for name in names], axis=1), 0.0, 1.0),
        gaze=np.clip(gaze, -0.5, 0.5),
        rotation=rotation,
        translation=translation,
    )


def shaped_mouth(
    raw: RawMotion,
    strength: float,
    reach: int = FULL_REACH,
    habits: MouthHabits = PLAIN_MOUTH,
) -> dict[str, Array]:
    """Mouth units without a side, each (T,): scaled, with the habits of the mouth, closed on p b m, at rest
    in silence."""
    crisp = raw.mouth + np.float32(CRISPNESS) * (raw.mouth - smoothed(raw.mouth))
    scaled = np.maximum(crisp, 0.0) * np.float32(MOUTH_GAIN * strength)
    mouth = {name: scaled[:, index] for index, name in enumerate(raw.mouth_names)}
    for unit in SHAPED:
        mouth.setdefault(unit, np.zeros(len(raw.mouth), np.float32))
    mouth["AU18"] = np.float32(ROUNDING_GAIN) * mouth["AU18"]
    silent = rest_share(raw.phones, min(reach, SHORT_SILENCE))
    for unit in mouth:
        mouth[unit] = mouth[unit] * (1.0 - silent)
    parted = parted_share(raw.phones, *PARTED)
    lower = np.float32(habits.low_vowel_mm * strength) * tongue_height(
        raw.phones, min(reach, HEIGHT_EASE)
    )
    _widen(mouth, lower, HEIGHT_JAW)
    _open(mouth, parted_share(raw.phones, *AJAR), PARTED_MM, 0.0)
    _open(mouth, breath_share(raw.phones, reach), habits.breath_mm * strength, BREATH_JAW)
    _round(mouth, rounded_share(raw.phones, min(reach, HEIGHT_EASE)), habits.rounded_mm * strength)
    _bite(mouth, bite_share(raw.phones, parted))
    _close(mouth, seal_share(raw.phones, parted))
    jaw = np.float32(JAW_GAIN) * mouth["AU26"]
    mouth |= tongue_of(raw.phones, jaw, min(strength, 1.0))
    return {name: limited(values).astype(np.float32) for name, values in mouth.items()}


def rest_envelope(count: int) -> Array:
    """(T,) 0 at both ends, 1 in between; a short take never reaches 1."""
    rise = rising_envelope(0, count)
    return np.minimum(rise, rise[::-1])


def rising_envelope(first: int, count: int) -> Array:
    """(T,) 0 at frame 0, 1 from soon after on, of the frames from `first` on: no end is known."""
    seconds = (first + np.arange(count, dtype=np.float64)) / FRAME_RATE
    return smoothstep(seconds / REST_SECONDS).astype(np.float32)


def reach_of(settings: AnimateSettings, network_lookahead: int) -> int:
    """Frames that finishing looks ahead: what the wanted lookahead leaves to it, if any."""
    wanted = settings.lookahead_frames(FRAME_RATE)
    if wanted is None:
        return FULL_REACH
    return min(max(wanted - network_lookahead, LIVE_REACH), FULL_REACH)


def take_units(mouth: Sequence[str], upper: Sequence[str]) -> tuple[str, ...]:
    """Codes of a take's units, in canonical order, where the model has these channels."""
    units = {name for unit in (*mouth, *SHAPED, *TONGUE) for name in sided(unit)}
    return tuple(sorted(units | AU_INDEX.keys() & set(upper), key=AU_INDEX.__getitem__))


def sided(unit: str) -> tuple[str, ...]:
    """The vocabulary's codes of a unit without a side: itself, or its left and right."""
    return (unit,) if unit in AU_INDEX else (unit + "L", unit + "R")


def _open(mouth: dict[str, Array], share: Array, least_mm: float, jaw: float) -> None:
    """Opens the lips to `least_mm` as far as `share` (T,) 0..1 says, `jaw` of it by the jaw."""
    opening = sum(
        (np.float32(gain) * mouth[unit] for unit, gain in OPENING_MM.items() if unit in mouth),
        start=np.zeros(len(share), np.float32),
    )
    _widen(mouth, share * np.maximum(0.0, np.float32(least_mm) - opening), jaw)


def _widen(mouth: dict[str, Array], more_mm: Array, jaw: float) -> None:
    """Opens the lips by `more_mm` (T,), `jaw` of it by the jaw; less than nothing brings them together."""
    for unit, part in (("AU26", jaw), ("AU25", 1.0 - jaw)):
        mouth[unit] = limited(mouth[unit] + np.float32(part / OPENING_MM[unit]) * more_mm)


def _round(mouth: dict[str, Array], share: Array, narrower_mm: float) -> None:
    """Purses lips that are wider, as far as `share` (T,) 0..1 says, to `narrower_mm` less than at rest, if
    that is more than nothing."""
    if narrower_mm <= 0.0:
        return
    width = sum(
        (np.float32(gain) * mouth[unit] for unit, gain in WIDTH_MM.items() if unit in mouth),
        start=np.zeros(len(share), np.float32),
    )
    narrowing = share * np.maximum(0.0, np.float32(narrower_mm) + width)
    mouth["AU18"] = limited(mouth["AU18"] - narrowing / np.float32(WIDTH_MM["AU18"]))


def _close(mouth: dict[str, Array], closed: Array) -> None:
    """Seals the lips: openers vanish, the jaw rises, mouthClose takes what opening is left."""
    for unit in OPENERS:
        mouth[unit] = mouth[unit] * (1.0 - closed)
    funnel = np.float32(FUNNEL_SHARE) * closed * mouth["AU22"]
    mouth["AU22"] = mouth["AU22"] - funnel
    mouth["AU18"] = mouth["AU18"] + np.float32(PUCKER_SHARE) * funnel
    mouth["AU26"] = mouth["AU26"] * (1.0 - np.float32(JAW_SHARE) * closed)
    jaw = JAW_GAIN * mouth["AU26"]
    mouth["AU8"] = np.minimum(np.maximum(mouth["AU8"], closed * jaw), jaw)
    mouth["AU24"] = np.maximum(mouth["AU24"], np.float32(PRESS) * closed)


def _bite(mouth: dict[str, Array], bitten: Array) -> None:
    """Brings the lower lip under the upper teeth."""
    mouth["AU16"] = mouth["AU16"] * (1.0 - 0.9 * bitten)
    mouth["AU25"] = mouth["AU25"] * (1.0 - 0.6 * bitten)
    mouth["AU26"] = mouth["AU26"] * (1.0 - 0.45 * bitten)
    # Lips that a mean over many mouths sealed would hide the teeth that bite.
    over = mouth["AU8"] - np.float32(BITE_SEAL * JAW_GAIN) * mouth["AU26"]
    mouth["AU8"] = mouth["AU8"] - bitten * np.maximum(over, 0.0)
    mouth["AU28D"] = np.maximum(mouth["AU28D"], 0.45 * bitten)
    mouth["AU10"] = np.maximum(mouth["AU10"], 0.15 * bitten)


def _column(raw: RawMotion, name: str) -> Array:
    return raw.upper[:, raw.upper_names.index(name)].astype(np.float32)


def _columns(raw: RawMotion, names: Sequence[str]) -> Array:
    return np.stack([_column(raw, name) for name in names], axis=1)
