"""What is done to a mouth after the network: lips that meet where p b m are heard."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.mouth_state import JAW_GAIN
from server.articulation import BREATH_AHEAD, FULL_REACH, LIVE_REACH
from server.model.config import SILENCE
from server.model.statistics import MouthHabits
from server.phones import PHONES
from server.postprocess import (
    FRAME_RATE,
    HEIGHT_JAW,
    MOUTH_GAIN,
    OPENING_MM,
    WIDTH_MM,
    RawMotion,
    shaped_mouth,
)

NAMES = ("AU26", "AU8", "AU16", "AU22")
VOWEL, BILABIAL = PHONES.index("AA"), PHONES.index("B")
FRAMES, MIDDLE = 60, 30


def opening_mm(
    heard: dict[int, float], strength: float = 1.0, among: dict[str, float] | None = None
) -> NDArray[np.float64]:
    """(60,) opening of lips that stand open throughout, where a b is heard in some frames, a vowel else.

    `among` are other phones and their shares instead of the vowel.
    """
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    for frame, share in heard.items():
        phones[frame, BILABIAL] = share
    if among is None:
        phones[:, VOWEL] = 0.3 * (1.0 - phones[:, BILABIAL])
    else:
        for phone, share in among.items():
            phones[:, PHONES.index(phone)] = share
    mouth = np.tile(np.array([0.5, 0.0, 0.2, 0.1], np.float32), (FRAMES, 1))
    raw = RawMotion(phones, mouth, np.zeros((FRAMES, 0), np.float32), NAMES, ())
    return shaped_opening(shaped_mouth(raw, strength))


def shaped_opening(shaped: dict[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    """(T,) millimetres of opening of shaped units."""
    found = sum(
        gain * shaped[unit].astype(float) for unit, gain in OPENING_MM.items() if unit in shaped
    )
    return np.asarray(found, np.float64)


def test_lips_stand_open_where_nothing_shuts_them() -> None:
    assert opening_mm({}).min() > 5.0


@pytest.mark.parametrize("share", [0.14, 0.4, 0.9])
def test_lips_meet_at_the_likeliest_moment_of_a_bilabial_however_unsure(share: float) -> None:
    found = opening_mm({MIDDLE - 1: 0.7 * share, MIDDLE: share, MIDDLE + 1: 0.5 * share})

    assert found[MIDDLE] < 0.3
    assert found[MIDDLE - 5] > 5.0
    assert found[MIDDLE + 5] > 5.0


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_a_short_closure_is_seen_at_24_pictures_a_second(phase: float) -> None:
    found = opening_mm({MIDDLE: 0.15})
    times = (np.arange(24) + phase) / 24.0

    shown = np.interp(times, np.arange(FRAMES) / FRAME_RATE, found)

    assert shown.min() < 0.35 * found.max()


def test_lips_stay_shut_for_as_long_as_a_bilabial_is_surely_spoken() -> None:
    spoken = range(MIDDLE - 5, MIDDLE + 6)

    assert opening_mm(dict.fromkeys(spoken, 0.97))[list(spoken)].max() < 0.3


def test_a_trace_of_a_bilabial_shuts_nothing() -> None:
    assert opening_mm({MIDDLE: 0.08}) == pytest.approx(opening_mm({}), abs=0.3)


@pytest.mark.parametrize("likelier", ["AA", "UW", "ER", "SIL"])
def test_a_likely_bilabial_shuts_nothing_in_a_vowel_or_in_silence_that_is_much_likelier(
    likelier: str,
) -> None:
    found, unheard = (
        opening_mm({MIDDLE: share}, among={likelier: 0.6 - share}) for share in (0.18, 0.0)
    )

    assert found == pytest.approx(unheard, abs=0.3)


@pytest.mark.parametrize("biting", ["F", "V"])
def test_lips_are_bitten_not_shut_where_f_or_v_is_likelier(biting: str) -> None:
    assert opening_mm({MIDDLE: 0.2}, among={biting: 0.25})[MIDDLE] > 1.5
    assert opening_mm({MIDDLE: 0.2}, among={biting: 0.15})[MIDDLE] < 0.3


@pytest.mark.parametrize("likelier", ["N", "T", "K", "W"])
def test_a_bilabial_shuts_lips_among_consonants_that_are_much_likelier(likelier: str) -> None:
    assert opening_mm({MIDDLE: 0.1}, among={likelier: 0.9})[MIDDLE] < 0.3


@pytest.mark.parametrize("vowel", ["UW", "UH", "ER"])
def test_lips_stay_apart_in_a_round_vowel_that_the_network_shuts(vowel: str) -> None:
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, PHONES.index(vowel)] = 0.7
    shut = np.zeros((FRAMES, len(NAMES)), np.float32)

    shaped = shaped_mouth(
        RawMotion(phones, shut, np.zeros((FRAMES, 0), np.float32), NAMES, ()), 1.0
    )

    assert shaped_opening(shaped).min() > 1.3


@pytest.mark.parametrize("strength", [0.4, 1.5])
def test_lips_meet_however_strongly_one_articulates(strength: float) -> None:
    assert opening_mm({MIDDLE: 0.6}, strength)[MIDDLE] < 0.5


def test_teeth_that_bite_the_lip_are_seen_where_the_network_sealed_it() -> None:
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, VOWEL] = 0.2
    phones[MIDDLE - 3 : MIDDLE + 3, PHONES.index("F")] = 0.8
    sealed = np.tile(np.array([0.5, 0.3, 0.0, 0.0], np.float32), (FRAMES, 1))

    shaped = shaped_mouth(
        RawMotion(phones, sealed, np.zeros((FRAMES, 0), np.float32), NAMES, ()), 1.0
    )

    jaw, seal = JAW_GAIN * shaped["AU26"], shaped["AU8"]
    assert seal[5] > 0.9 * jaw[5]
    assert 0.0 < seal[MIDDLE] <= 0.5 * jaw[MIDDLE] + 1e-6
    assert shaped["AU28D"][MIDDLE] > 0.44


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0])
@pytest.mark.parametrize(("frames", "least"), [(1, 0.29), (2, 0.35)])
def test_a_short_bite_is_seen_on_a_frame_wherever_frames_fall(
    frames: int, least: float, fps: float
) -> None:
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, VOWEL] = 0.2
    phones[MIDDLE : MIDDLE + frames, PHONES.index("V")] = 0.8
    open_lips = np.tile(np.array([0.5, 0.0, 0.2, 0.1], np.float32), (FRAMES, 1))
    still = np.zeros((FRAMES, 3), np.float32)

    shaped = shaped_mouth(RawMotion(phones, open_lips, still[:, :0], NAMES, ()), 1.0)

    bite = shaped["AU28D"][:, None]
    take = Animation(FRAME_RATE, 0.0, ("AU28D",), bite, still[:, :2], still, still)
    for phase in np.arange(8) / 8.0:
        keyed = take.sampled((phase + np.arange(24)) / fps, fps).channel("AU28D")
        assert keyed.max() > least, f"phase {phase}"
    assert bite[[MIDDLE - 4, MIDDLE + frames + 3]].max() < 0.01


def spoken_mm(phone: str, low_vowel_mm: float) -> NDArray[np.float64]:
    """(60,) opening of lips that the network holds half open while one phone is spoken."""
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, PHONES.index(phone)] = 1.0
    mouth = np.tile(np.array([0.3, 0.0, 0.2, 0.1], np.float32), (FRAMES, 1))
    raw = RawMotion(phones, mouth, np.zeros((FRAMES, 0), np.float32), NAMES, ())
    return shaped_opening(shaped_mouth(raw, 1.0, habits=MouthHabits(low_vowel_mm=low_vowel_mm)))


@pytest.mark.parametrize(
    ("phone", "share"), [("AA", 1.0), ("EH", 0.33), ("IY", 0.0), ("W", -0.33), ("S", 0.0)]
)
def test_the_jaw_follows_the_tongue_of_whoever_addresses_somebody(phone: str, share: float) -> None:
    more = spoken_mm(phone, 2.0) - spoken_mm(phone, 0.0)

    # The jaw alone brings lips together that hang by nothing else.
    expected = 2.0 * share * (HEIGHT_JAW if share < 0 else 1.0)
    np.testing.assert_allclose(more[5:-5], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("phone", "share"),
    [("UW", 1.0), ("W", 1.0), ("OW", 0.75), ("SH", 0.4), ("AA", 0.0), ("IY", 0.0)],
)
def test_lips_that_are_nobodys_are_rounded_where_they_must(phone: str, share: float) -> None:
    """From wider than at rest by 1.5 mm they come to 5 mm less than at rest, or part of the way."""
    more = pursed(phone, 0.125, rounded_mm=5.0) - pursed(phone, 0.125, rounded_mm=0.0)

    wide_mm = 0.125 * MOUTH_GAIN * WIDTH_MM["AU12"]
    expected = share * (5.0 + wide_mm) / -WIDTH_MM["AU18"]
    np.testing.assert_allclose(more[5:-5], expected, atol=2e-3)


def test_lips_that_are_round_enough_stay_as_they_are() -> None:
    np.testing.assert_array_equal(
        pursed("UW", 0.0, rounded_mm=5.0, pucker=0.5), pursed("UW", 0.0, rounded_mm=0.0, pucker=0.5)
    )


def pursed(
    phone: str, smile: float, *, rounded_mm: float, pucker: float = 0.0
) -> NDArray[np.float64]:
    """(60,) AU18 while one phone is spoken by a mouth that the network has at AU12 and AU18."""
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, PHONES.index(phone)] = 1.0
    mouth = np.tile(np.array([smile, pucker], np.float32), (FRAMES, 1))
    still = np.zeros((FRAMES, 0), np.float32)
    raw = RawMotion(phones, mouth, still, ("AU12", "AU18"), ())
    return shaped_mouth(raw, 1.0, habits=MouthHabits(rounded_mm=rounded_mm))["AU18"].astype(
        np.float64
    )


def test_a_low_vowel_keeps_no_bilabial_open() -> None:
    phones = np.zeros((FRAMES, len(PHONES)), np.float32)
    phones[:, VOWEL] = 1.0
    phones[MIDDLE : MIDDLE + 3] = np.eye(len(PHONES), dtype=np.float32)[BILABIAL]
    mouth = np.tile(np.array([0.3, 0.0, 0.2, 0.1], np.float32), (FRAMES, 1))
    raw = RawMotion(phones, mouth, np.zeros((FRAMES, 0), np.float32), NAMES, ())

    found = shaped_opening(shaped_mouth(raw, 1.0, habits=MouthHabits(low_vowel_mm=4.0)))

    assert found[MIDDLE + 1] < 0.3 and found[:MIDDLE].min() > 5.0


def test_what_is_fast_is_raised_and_what_is_slow_is_left() -> None:
    def swing(hertz: float) -> float:
        """Deviation of AU26 where the network swings it, over the network's own."""
        phones = np.zeros((200, len(PHONES)), np.float32)
        phones[:, PHONES.index("S")] = 1.0
        wave = 0.4 + 0.1 * np.sin(2.0 * np.pi * hertz * np.arange(200) / FRAME_RATE)
        mouth = np.stack([wave, *np.zeros((3, 200))], axis=1).astype(np.float32)
        raw = RawMotion(phones, mouth, np.zeros((200, 0), np.float32), NAMES, ())
        shaped = shaped_mouth(raw, 1.0 / MOUTH_GAIN)["AU26"]
        return float(np.std(shaped[20:-20]) / np.std(wave[20:-20]))

    assert swing(1.0) == pytest.approx(1.0, abs=0.01)
    assert 1.15 < swing(8.0) < 1.35


def paused_mm(before: int, pause: int, after: int, reach: int = FULL_REACH) -> NDArray[np.float64]:
    """(T,) opening of lips that the network holds shut, in speech of these frames with a pause inside."""
    count = before + pause + after
    phones = np.zeros((count, len(PHONES)), np.float32)
    phones[:, PHONES.index("N")] = 1.0
    phones[before : before + pause] = np.eye(len(PHONES), dtype=np.float32)[SILENCE]
    raw = RawMotion(
        phones, np.zeros((count, 4), np.float32), np.zeros((count, 0), np.float32), NAMES, ()
    )
    return shaped_opening(shaped_mouth(raw, 1.0, reach, MouthHabits(breath_mm=4.0)))


@pytest.mark.parametrize("pause", [15, 30, 60])
def test_lips_part_for_a_breath_before_speech_goes_on(pause: int) -> None:
    found = paused_mm(140, pause, 50)

    assert found[140 + pause - 8] > 3.0
    assert np.abs(np.diff(found)).max() < 0.8, "a breath is drawn, not snapped at"
    assert found[: 140 - 6].max() < 0.2
    assert found[140 + pause + 6 :].max() < 0.2


def test_the_lips_wait_shut_through_the_first_part_of_a_long_pause() -> None:
    found = paused_mm(140, 75, 50)

    assert found[146 : 140 + 75 - BREATH_AHEAD - 6].max() < 0.2


@pytest.mark.parametrize(("before", "pause", "after"), [(25, 28, 30), (0, 60, 60), (140, 80, 0)])
def test_no_breath_for_a_word_before_a_line_or_after_it(
    before: int, pause: int, after: int
) -> None:
    assert paused_mm(before, pause, after).max() < 0.2


def test_who_hears_little_ahead_draws_no_breath_that_snaps() -> None:
    assert np.abs(np.diff(paused_mm(140, 40, 50, LIVE_REACH))).max() < 0.8
