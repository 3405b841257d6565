"""How much and how often a speaking person moves above the lips: numbers learnt from film.

`server.training.manner` measures bands and blinks on tracked film and stores all of them in a checkpoint's
header, which is what counts; the values here are near the shipped ones. What little film cannot tell stays
as it is here. It is of the size that the literature on talkers gives, as secondary sources quote it: a look
away of 1.96 s every 4.75 s of speech; 12 to 20 blinks a minute, of 0.3 s, fast to close and slow to open;
3 to 6 degrees of nod on a stressed word and 4 to 8 at the end of a phrase; brow raises 0.1 to 0.3 s around
a peak of pitch, and around some of them only.
"""

from __future__ import annotations

from dataclasses import dataclass

Bands = tuple[tuple[float, ...], ...]

KNOTS: tuple[float, ...] = (3.2, 1.3, 0.55, 0.26, 0.13)
"""Seconds between the random values of each band of noise: posture, sway, gesture, tremor, tremble."""


@dataclass(frozen=True)
class MouthHabits:
    """What a mouth does besides what the network says of it; nothing of it where that is known.

    Attributes
    ----------
    breath_mm : lip opening with which a breath is taken in a pause of speech
    low_vowel_mm : by which lips open more in low vowels than the network says
    rounded_mm : by which lips are narrower than at rest in a rounded vowel, at least
    """

    breath_mm: float = 0.0
    low_vowel_mm: float = 0.0
    rounded_mm: float = 0.0


@dataclass(frozen=True)
class MotionStatistics:
    """Statistics of one manner of moving.

    Attributes
    ----------
    head_bands : (5 bands, 6) deviations of pitch, yaw, roll in degrees, of left, up, forward in mm
    face_bands : (5 bands, 5) deviations of brow lift, brow asymmetry, inner against outer brow, cheeks
        and lower lids, in intensity
    brow_rest : brow lift at which neither raiser nor lowerer acts
    silent_share : share of all but posture that is left in silence
    nod_degrees, nod_chance : pitch of an accent's nod of usual strength; share of accents with one
    turn_degrees : yaw that goes with it, to either side
    close_degrees, close_chance : pitch of the nod that ends a phrase; share of phrases with one
    brow_lift, brow_chance : lift of a brow raise of usual strength; share of accents with one
    blink_seconds, blink_spread : mean interval of blinks; deviation of its logarithm
    blink_frames : frames (50 a second) to close, shut and to open
    blink_shift : how much a look away or the end of a phrase hurries a blink
    aversion_seconds, aversion_hold, aversion_chance : from one look away to the next; its length; share
        that happens
    aversion_degrees : (side, up) size of a look away
    fixation_seconds, fixation_degrees : small shifts of gaze in between
    breath_mm, low_vowel_mm, rounded_mm : as in `MouthHabits`
    """

    head_bands: Bands = (
        (0.0, 3.1111, 1.6773, 4.15, 1.1615, 0.0),
        (3.6893, 1.1957, 3.4402, 0.0, 0.0, 1.1448),
        (2.7066, 2.6172, 1.4165, 2.2553, 1.1103, 1.1913),
        (0.0, 1.1161, 0.538, 1.1618, 0.0, 0.0),
        (0.2813, 0.2507, 0.0773, 0.3946, 0.4248, 0.5713),
    )
    face_bands: Bands = (
        (0.1421, 0.0617, 0.0652, 0.05, 0.03),
        (0.194, 0.0252, 0.0591, 0.04, 0.03),
        (0.2093, 0.0259, 0.0664, 0.03, 0.03),
        (0.0, 0.0, 0.0, 0.01, 0.01),
        (0.0829, 0.0289, 0.0595, 0.0, 0.0),
    )
    brow_rest: float = 0.05
    silent_share: float = 0.12
    nod_degrees: float = 5.6
    nod_chance: float = 0.7
    turn_degrees: float = 3.9
    close_degrees: float = 3.0
    close_chance: float = 0.5
    brow_lift: float = 0.45
    brow_chance: float = 0.28
    blink_seconds: float = 3.689
    blink_spread: float = 0.6
    blink_frames: tuple[float, float, float] = (4.0, 3.0, 9.0)
    blink_shift: float = 1.6
    aversion_seconds: float = 4.75
    aversion_hold: float = 1.96
    aversion_chance: float = 0.75
    aversion_degrees: tuple[float, float] = (7.0, 3.5)
    fixation_seconds: float = 0.9
    fixation_degrees: float = 0.8
    breath_mm: float = 4.0
    low_vowel_mm: float = 2.0
    rounded_mm: float = 5.0

    @property
    def mouth(self) -> MouthHabits:
        """The habits of the mouth."""
        return MouthHabits(self.breath_mm, self.low_vowel_mm, self.rounded_mm)
