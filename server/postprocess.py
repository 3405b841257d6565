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
from dirfa_blender.core.mouth_state import JAW_GAIN
from dirfa_blender.core.protocol import AnimateSettings

from .frames import moved, smoothed
from .model.config import FRAME_RATE, SILENCE
from .model.statistics import MouthHabits
from .phones import numbers_of
from .tongue import TONGUE, tongue_of

Array = NDArray[np.float32]

BILABIALS, LABIODENTALS = numbers_of("B M P"), numbers_of("F V")
"""Phones that shut the lips, and that lay the lower one under the teeth."""
LIKELY_SEAL, SURE_SEAL = 0.3, 0.95
"""Bilabial probability from which lips close, and at which they are shut."""
LIKELY_BITE, SURE_BITE = 0.12, 0.35
"""The same of a labiodental's bite."""
BITE_SEAL = 0.5
"""Share of the jaw's opening that lips may take back in a bite: the edges of the upper teeth are seen."""
NOTED_SEAL, SEAL_ODDS = 0.08, 0.5
"""Probability from which the likeliest moment of a bilabial is shut, and its least ratio to that of vowels
and silence."""
HELD_SEAL, HELD_BITE = 0.7, 0.85
"""How far the likeliest moment of a closure, and of a bite, is held in the frames before and after: a film
of 24 pictures a second may show none of three frames else."""
VOWELS = numbers_of("AA AE AH AO AW AY EH EY IH IY OW OY UH UW ER")
"""The lips are apart, however little."""
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
LONG_SILENCE, SHORT_SILENCE = 40, 6
"""Frames that must have been silent for the mouth to rest; frames around that must be."""
BREATH_BACK, BREATH_AHEAD, BREATH_EASE = 150, 35, 5
"""Frames of which half must have been speech for a breath to be needed; frames before speech by which it
begins; frames around one by which it is eased."""
FULL_REACH, LIVE_REACH = BREATH_AHEAD + BREATH_EASE, 2
"""Frames by which finishing looks ahead: in a file, and where every frame is a delay."""
BACK = BREATH_BACK + BREATH_EASE
"""Frames by which finishing looks back."""
BREATH_JAW = 0.5
"""Share of a breath's opening that the jaw makes; the lips part for the rest."""
VESTIBULAR_SHARE = 0.9
"""Share of a head turn that the eyes take back to stay on what they look at."""
PARTED, AJAR = (0.25, 0.6), (0.12, 0.4)
"""Vowel probability from which, and at which wholly, nothing beside it shuts the lips; the same for being
apart by `PARTED_MM`."""
PARTED_MM = 1.9
"""Lip opening in a vowel at least."""
TONGUE_HEIGHTS: tuple[tuple[tuple[int, ...], float], ...] = (
    (numbers_of("AA AE AO AW AY"), 1.0),
    (numbers_of("AH EH ER EY OW OY"), 0.33),
    (numbers_of("R W Y"), -0.33),
)
"""Low and mid vowels, and glides, and how the jaw follows the tongue in them. People who address somebody
open more for what is low, and less for glides, than the one who reads, from whom the network learnt most:
least squares of what it misses on two such talkers, each alone, agree on that."""
ROUNDED: tuple[tuple[tuple[int, ...], float], ...] = (
    (numbers_of("UW UH W"), 1.0),
    (numbers_of("OW OY AO"), 0.75),
    (numbers_of("SH CH JH ZH"), 0.4),
)
"""Rounded sounds, and how far. The reader from whom the network learnt most narrows his lips least of all
who were filmed, and for a voice made by a machine it hardly narrowed them at all."""
HEIGHT_EASE = 2
"""Frames around one by which that and the tongue's height are eased."""
HEIGHT_JAW = 0.8
"""Share of it that the jaw makes."""
OPENING_MM: dict[str, float] = {
    "AU26": 14.4, "AU8": -24.0, "AU10": 5.4, "AU16": 5.8, "AU20": 1.7, "AU22": 11.1, "AU25": 3.4,
}  # fmt: skip
"""Millimetres of lip opening a unit adds at 1 on the head template (`evaluation.lips.unit_geometry`)."""
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
    silent = _silence(raw.phones, min(reach, SHORT_SILENCE))
    for unit in mouth:
        mouth[unit] = mouth[unit] * (1.0 - silent)
    parted = _parted(raw.phones, *PARTED)
    lower = np.float32(habits.low_vowel_mm * strength) * _lowered(
        raw.phones, min(reach, HEIGHT_EASE)
    )
    _widen(mouth, lower, HEIGHT_JAW)
    _open(mouth, _parted(raw.phones, *AJAR), PARTED_MM, 0.0)
    _open(mouth, breath_share(raw.phones, reach), habits.breath_mm * strength, BREATH_JAW)
    _round(mouth, _rounded(raw.phones, min(reach, HEIGHT_EASE)), habits.rounded_mm * strength)
    _bite(mouth, _bitten(raw.phones, parted))
    _close(mouth, _sealed(raw.phones, parted))
    jaw = np.float32(JAW_GAIN) * mouth["AU26"]
    mouth |= tongue_of(raw.phones, jaw, min(strength, 1.0))
    return {name: _limited(values).astype(np.float32) for name, values in mouth.items()}


def rest_envelope(count: int) -> Array:
    """(T,) 0 at both ends, 1 in between; a short take never reaches 1."""
    rise = rising_envelope(0, count)
    return np.minimum(rise, rise[::-1])


def rising_envelope(first: int, count: int) -> Array:
    """(T,) 0 at frame 0, 1 from soon after on, of the frames from `first` on: no end is known."""
    seconds = (first + np.arange(count, dtype=np.float64)) / FRAME_RATE
    return _eased(seconds / REST_SECONDS).astype(np.float32)


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
        mouth[unit] = _limited(mouth[unit] + np.float32(part / OPENING_MM[unit]) * more_mm)


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
    mouth["AU18"] = _limited(mouth["AU18"] - narrowing / np.float32(WIDTH_MM["AU18"]))


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


def _bitten(phones: Array, parted: Array) -> Array:
    """(T,) 0..1 how far the lower lip is bitten for f v; on its way a frame or two before, but leaves the
    vowel before it open: a short one would be gone."""
    share = _probability(phones, LABIODENTALS)
    sure = _limited((share - LIKELY_BITE) / (SURE_BITE - LIKELY_BITE))
    held = np.maximum(sure, np.float32(0.5) * moved(sure, -1))
    eased = np.maximum(smoothed(held), _around(sure * _peaks(share), HELD_BITE))
    # The middle is bitten however short it is.
    return np.maximum(eased * (1.0 - parted), sure).astype(np.float32)


def _sealed(phones: Array, parted: Array) -> Array:
    """(T,) 0..1 how far lips are shut for p b m: for as long as one is surely spoken, and for its likeliest
    moment where none is: real lips hardly stay shut, but a p that is not met is seen. Another consonant may
    be much likelier, and lips that shut for it are hardly seen; a vowel, silence or a bite may not."""
    share = _probability(phones, BILABIALS)
    least = np.maximum(
        np.float32(SEAL_ODDS) * _probability(phones, (SILENCE, *VOWELS)),
        np.maximum(_probability(phones, LABIODENTALS), np.float32(NOTED_SEAL)),
    )
    peak = _peaks(share) * (share > least)
    sure = _limited((share - LIKELY_SEAL) / (SURE_SEAL - LIKELY_SEAL))
    shut = np.maximum(sure, peak)
    eased = np.maximum(smoothed(shut), _around(peak, HELD_SEAL))
    return np.maximum(eased * (1.0 - parted), shut).astype(np.float32)


def _peaks(share: Array) -> Array:
    """(T,) 1 where a phone is likelier than in the frames beside, 0 else."""
    return ((share >= moved(share, 1)) & (share >= moved(share, -1))).astype(np.float32)


def _around(peak: Array, held: float) -> Array:
    """(T,) 0..`held` how far the frames beside a peak are held as it is."""
    return np.float32(held) * np.maximum(moved(peak, 1), moved(peak, -1))


def _parted(phones: Array, start: float, whole: float) -> Array:
    """(T,) 0..1 how surely a vowel is spoken that needs parted lips, by its probability."""
    vowel = _probability(phones, VOWELS)
    return _limited((vowel - start) / (whole - start))


def _lowered(phones: Array, after: int) -> Array:
    """(T,) -1..1 how far the tongue takes the jaw down, as much as in a low vowel, or up."""
    height = np.zeros(len(phones))
    for numbers, share in TONGUE_HEIGHTS:
        height = height + share * _probability(phones, numbers)
    return _mean_around(height, HEIGHT_EASE, after, 0.0).astype(np.float32)


def _rounded(phones: Array, after: int) -> Array:
    """(T,) 0..1 how far the lips are rounded, as much as in *who*."""
    rounded = np.zeros(len(phones))
    for numbers, share in ROUNDED:
        rounded = rounded + share * _probability(phones, numbers)
    return _limited(_mean_around(rounded, HEIGHT_EASE, after, 0.0)).astype(np.float32)


def _probability(phones: Array, numbers: Sequence[int]) -> Array:
    """(T,) of any of these phones, added up in one order whatever T is."""
    total = np.zeros(len(phones), np.float32)
    for number in numbers:
        total = total + phones[:, number]
    return total


def _silence(phones: Array, after: int) -> Array:
    """(T,) 0..1 how far the mouth may rest: after a long silence, until shortly before speech.

    In a short pause a mouth waits where it is; what the network does there is right.
    """
    silence = phones[:, SILENCE].astype(np.float64)
    lasting = _eased((_mean_around(silence, LONG_SILENCE, 0, 0.0) - 0.7) / 0.25)
    near = _eased((_mean_around(silence, SHORT_SILENCE, after, 1.0) - 0.9) / 0.1)
    return (lasting * near).astype(np.float32)


def breath_share(phones: Array, reach: int = FULL_REACH) -> Array:
    """(T,) 0..1 how far a breath is taken: in a pause, before speech goes on, by who has spoken for more
    than half of the last three seconds. With less than `FULL_REACH` ahead it begins later."""
    silence = phones[:, SILENCE].astype(np.float64)
    speech = 1.0 - silence
    needed = _eased((_mean_around(speech, BREATH_BACK, 0, 0.0) - 0.5) / 0.1)
    ease = min(BREATH_EASE, reach)
    ahead = min(BREATH_AHEAD, reach - ease)
    padded = np.concatenate([speech, np.zeros(ahead)])
    soon = np.zeros(len(speech))
    for frames in range(ahead + 1):
        near = min(1.0, 2.0 * (1.0 - frames / BREATH_AHEAD))
        soon = np.maximum(soon, near * padded[frames : frames + len(speech)])
    share = silence * needed * _eased(soon)
    return _mean_around(share, BREATH_EASE, ease, 0.0).astype(np.float32)


def _mean_around(
    values: NDArray[np.float64], before: int, after: int, outside: float
) -> NDArray[np.float64]:
    """(T,) mean from `before` frames earlier to `after` later; beyond the ends lies `outside`."""
    padded = np.concatenate([np.full(before, outside), values, np.full(after, outside)])
    width = before + after + 1
    # Not a running sum: its last bits would depend on where the take begins.
    total = np.zeros(len(values))
    for place in range(width):
        total = total + padded[place : place + len(values)]
    return total / width


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _limited(values: Array) -> Array:
    """Within 0..1; faster than `np.clip` where there are few."""
    return np.minimum(np.maximum(values, np.float32(0.0)), np.float32(1.0))


def _column(raw: RawMotion, name: str) -> Array:
    return raw.upper[:, raw.upper_names.index(name)].astype(np.float32)


def _columns(raw: RawMotion, names: Sequence[str]) -> Array:
    return np.stack([_column(raw, name) for name in names], axis=1)
