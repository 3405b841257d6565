"""What the encoder's phone scores say of a mouth, over time: shut, bitten, parted, at rest, breathing in.

Each function takes phones (T, P), the probabilities of `server.phones.PHONES` at 50 frames a second, and
gives a share (T,). No bit of it depends on where a take begins or ends: a stream gets those of a file.
`postprocess` moves the mouth by them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.easing import smoothstep

from .frames import limited, mean_around, moved, smoothed
from .model.config import SILENCE
from .phones import numbers_of

Array = NDArray[np.float32]

BILABIALS, LABIODENTALS = numbers_of("B M P"), numbers_of("F V")
"""Phones that shut the lips, and that lay the lower one under the teeth."""
LIKELY_SEAL, SURE_SEAL = 0.3, 0.95
"""Bilabial probability from which lips close, and at which they are shut."""
LIKELY_BITE, SURE_BITE = 0.12, 0.35
"""The same of a labiodental's bite."""
NOTED_SEAL, SEAL_ODDS = 0.08, 0.5
"""Probability from which the likeliest moment of a bilabial is shut, and its least ratio to that of vowels
and silence."""
HELD_SEAL, HELD_BITE = 0.7, 0.85
"""How far the likeliest moment of a closure, and of a bite, is held in the frames before and after: a film
of 24 pictures a second may show none of three frames else."""
VOWELS = numbers_of("AA AE AH AO AW AY EH EY IH IY OW OY UH UW ER")
"""The lips are apart, however little."""
LONG_SILENCE, SHORT_SILENCE = 40, 6
"""Frames that must have been silent for the mouth to rest; frames around that must be."""
BREATH_BACK, BREATH_AHEAD, BREATH_EASE = 150, 35, 5
"""Frames of which half must have been speech for a breath to be needed; frames before speech by which it
begins; frames around one by which it is eased."""
FULL_REACH, LIVE_REACH = BREATH_AHEAD + BREATH_EASE, 2
"""Frames by which finishing looks ahead: in a file, and where every frame is a delay."""
BACK = BREATH_BACK + BREATH_EASE
"""Frames by which finishing looks back."""
PARTED, AJAR = (0.25, 0.6), (0.12, 0.4)
"""Vowel probability from which, and at which wholly, nothing beside it shuts the lips; the same for being
apart by `PARTED_MM`."""
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


def bite_share(phones: Array, parted: Array) -> Array:
    """(T,) 0..1 how far the lower lip is bitten for f v; on its way a frame or two before, but leaves the
    vowel before it open: a short one would be gone."""
    share = _probability(phones, LABIODENTALS)
    sure = limited((share - LIKELY_BITE) / (SURE_BITE - LIKELY_BITE))
    held = np.maximum(sure, np.float32(0.5) * moved(sure, -1))
    eased = np.maximum(smoothed(held), _around(sure * _peaks(share), HELD_BITE))
    # The middle is bitten however short it is.
    return np.maximum(eased * (1.0 - parted), sure).astype(np.float32)


def seal_share(phones: Array, parted: Array) -> Array:
    """(T,) 0..1 how far lips are shut for p b m: for as long as one is surely spoken, and for its likeliest
    moment where none is: real lips hardly stay shut, but a p that is not met is seen. Another consonant may
    be much likelier, and lips that shut for it are hardly seen; a vowel, silence or a bite may not."""
    share = _probability(phones, BILABIALS)
    least = np.maximum(
        np.float32(SEAL_ODDS) * _probability(phones, (SILENCE, *VOWELS)),
        np.maximum(_probability(phones, LABIODENTALS), np.float32(NOTED_SEAL)),
    )
    peak = _peaks(share) * (share > least)
    sure = limited((share - LIKELY_SEAL) / (SURE_SEAL - LIKELY_SEAL))
    shut = np.maximum(sure, peak)
    eased = np.maximum(smoothed(shut), _around(peak, HELD_SEAL))
    return np.maximum(eased * (1.0 - parted), shut).astype(np.float32)


def _peaks(share: Array) -> Array:
    """(T,) 1 where a phone is likelier than in the frames beside, 0 else."""
    return ((share >= moved(share, 1)) & (share >= moved(share, -1))).astype(np.float32)


def _around(peak: Array, held: float) -> Array:
    """(T,) 0..`held` how far the frames beside a peak are held as it is."""
    return np.float32(held) * np.maximum(moved(peak, 1), moved(peak, -1))


def parted_share(phones: Array, start: float, whole: float) -> Array:
    """(T,) 0..1 how surely a vowel is spoken that needs parted lips, by its probability."""
    vowel = _probability(phones, VOWELS)
    return limited((vowel - start) / (whole - start))


def tongue_height(phones: Array, after: int) -> Array:
    """(T,) -1..1 how far the tongue takes the jaw down, as much as in a low vowel, or up."""
    height = np.zeros(len(phones))
    for numbers, share in TONGUE_HEIGHTS:
        height = height + share * _probability(phones, numbers)
    return mean_around(height, HEIGHT_EASE, after, 0.0).astype(np.float32)


def rounded_share(phones: Array, after: int) -> Array:
    """(T,) 0..1 how far the lips are rounded, as much as in *who*."""
    rounded = np.zeros(len(phones))
    for numbers, share in ROUNDED:
        rounded = rounded + share * _probability(phones, numbers)
    return limited(mean_around(rounded, HEIGHT_EASE, after, 0.0).astype(np.float32))


def _probability(phones: Array, numbers: Sequence[int]) -> Array:
    """(T,) of any of these phones, added up in one order whatever T is."""
    total = np.zeros(len(phones), np.float32)
    for number in numbers:
        total = total + phones[:, number]
    return total


def rest_share(phones: Array, after: int) -> Array:
    """(T,) 0..1 how far the mouth may rest: after a long silence, until shortly before speech.

    In a short pause a mouth waits where it is; what the network does there is right.
    """
    silence = phones[:, SILENCE].astype(np.float64)
    lasting = smoothstep((mean_around(silence, LONG_SILENCE, 0, 0.0) - 0.7) / 0.25)
    near = smoothstep((mean_around(silence, SHORT_SILENCE, after, 1.0) - 0.9) / 0.1)
    return (lasting * near).astype(np.float32)


def breath_share(phones: Array, reach: int = FULL_REACH) -> Array:
    """(T,) 0..1 how far a breath is taken: in a pause, before speech goes on, by who has spoken for more
    than half of the last three seconds. With less than `FULL_REACH` ahead it begins later."""
    silence = phones[:, SILENCE].astype(np.float64)
    speech = 1.0 - silence
    needed = smoothstep((mean_around(speech, BREATH_BACK, 0, 0.0) - 0.5) / 0.1)
    ease = min(BREATH_EASE, reach)
    ahead = min(BREATH_AHEAD, reach - ease)
    padded = np.concatenate([speech, np.zeros(ahead)])
    soon = np.zeros(len(speech))
    for frames in range(ahead + 1):
        near = min(1.0, 2.0 * (1.0 - frames / BREATH_AHEAD))
        soon = np.maximum(soon, near * padded[frames : frames + len(speech)])
    share = silence * needed * smoothstep(soon)
    return mean_around(share, BREATH_EASE, ease, 0.0).astype(np.float32)
