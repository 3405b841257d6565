"""Metrics on signals whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from dirfa_blender.core.action_units import AU_NAMES
from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import Controls, directed
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.emotions import EMOTIONS
from server.evaluation import agreement, beats, diversity, frechet, motion, noises
from server.evaluation.closures import closures
from server.evaluation.emotion import trained_reader, windows_of
from server.evaluation.languages import BITING_LABEL, CLOSING_LABEL, VOWEL_LABEL, label_of
from server.evaluation.sync import OFFSETS, SyncClip, judged, sync_clip, trained_expert
from server.features import Features, features
from server.tracking.blinks import blinks_of
from server.tracking.curves import concordance
from server.tracking.lips import Lips
from server.training import voices

FPS = 25.0


def wave(seconds: float = 8.0, fps: float = FPS, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """Something like a mouth: a sum of sines of 1 to 5 Hz, the same for a seed, moved in time."""
    generator = np.random.default_rng(seed)
    times = np.arange(int(seconds * fps)) / fps - shift
    tones = [
        np.sin(2 * np.pi * (f * times + generator.uniform())) / f
        for f in generator.uniform(1, 5, 6)
    ]
    return np.sum(tones, axis=0)


def take(count: int = 500, fps: float = 50.0, **channels: np.ndarray) -> Animation:
    au = np.zeros((count, len(AU_NAMES)), np.float32)
    for name, values in channels.items():
        if name in AU_NAMES:
            au[:, AU_NAMES.index(name)] = values
    pose = channels.get("rotation", np.zeros((count, 3)))
    zeros = np.zeros((count, 3), np.float32)
    return Animation(fps, 0.0, AU_NAMES, au, zeros[:, :2], pose.astype(np.float32), zeros)


def test_concordance_is_one_for_the_same_curve_and_less_for_half_of_it() -> None:
    curve = wave()

    assert concordance(curve, curve) == pytest.approx(1.0)
    assert concordance(0.5 * curve, curve) == pytest.approx(0.8, abs=0.01)
    assert concordance(np.zeros_like(curve), curve) == pytest.approx(0.0)


@pytest.mark.parametrize("frames", [-3, 0, 2, 4])
def test_the_lag_of_a_moved_curve_is_found(frames: int) -> None:
    found = agreement.lag_seconds(wave(shift=frames / FPS), wave(), FPS)

    assert found == pytest.approx(frames / FPS)


def test_ratios_are_of_the_amounts() -> None:
    curve = wave()

    assert agreement.variance_ratio(2 * curve, curve) == pytest.approx(4.0)
    assert agreement.jerk_ratio(3 * curve, curve, FPS) == pytest.approx(3.0)


def test_jerk_of_a_sine_is_its_third_derivative() -> None:
    times = np.arange(2000) / 200.0
    expected = (2 * np.pi * 1.5) ** 3 / np.sqrt(2)

    assert agreement.jerk(np.sin(2 * np.pi * 1.5 * times), 200.0) == pytest.approx(
        expected, rel=0.01
    )


@pytest.mark.parametrize("milliseconds", [0, 80, 160])
def test_mistiming_of_a_moved_curve_is_how_far_it_was_moved(milliseconds: int) -> None:
    found = agreement.temporal_misalignment(wave(shift=milliseconds / 1e3), wave(), FPS)

    assert found is not None
    assert 1e3 * found == pytest.approx(milliseconds, abs=25)


def test_lips_that_move_more_in_louder_clips_agree_with_loudness() -> None:
    loud = {"a": [0.1, 0.2, 0.3], "b": [1.0, 2.0, 3.0]}

    assert agreement.loudness_agreement({"a": [5, 6, 7], "b": [0.1, 0.2, 0.3]}, loud) > 0.99
    assert agreement.loudness_agreement({"a": [7, 6, 5], "b": [0.3, 0.2, 0.1]}, loud) < -0.99


def test_blinks_are_counted_and_timed() -> None:
    lids = np.zeros(3000)
    for begin in range(100, 3000, 250):
        lids[begin : begin + 10] = 1.0
    lids[20:90] = 1.0

    found = blinks_of(take(3000, AU45L=lids, AU45R=lids))

    assert found.per_minute == pytest.approx(12.0)
    assert found.seconds == pytest.approx(0.2)


def test_a_still_head_moves_in_no_frame_and_a_nodding_one_in_most() -> None:
    nod = np.zeros((500, 3))
    nod[:, 0] = 0.1 * np.sin(2 * np.pi * 0.5 * np.arange(500) / 50.0)

    assert motion.moving_share(take()) == 0.0
    assert motion.moving_share(take(rotation=nod)) > 0.9


def test_jerk_above_the_band_does_not_count_and_within_it_grows_with_size() -> None:
    times = np.arange(600) / 30.0
    nod = np.sin(2 * np.pi * 1.0 * times)[:, None]
    tremble = nod + 0.05 * np.sin(2 * np.pi * 9.0 * times)[:, None]

    plain, twice, trembling = (motion.slow_jerk([m], [30.0]) for m in (nod, 2 * nod, tremble))

    assert plain == pytest.approx((2 * np.pi) ** 3 / np.sqrt(2), rel=0.05)
    assert twice == pytest.approx(2 * plain)
    assert trembling == pytest.approx(plain, rel=0.02)


def test_the_same_distribution_is_near_and_another_size_or_speed_is_far() -> None:
    def swaying(seed: int, size: float = 1.0, hertz: float = 0.5) -> list[np.ndarray]:
        phases = np.random.default_rng(seed).uniform(0, 6.28, 12)
        times = np.arange(500) / 25.0
        return [size * np.sin(2 * np.pi * hertz * times + phase)[:, None] for phase in phases]

    film = swaying(0)

    assert frechet.relative_distance(swaying(1), film) < 0.05
    assert frechet.relative_distance(swaying(1, size=0.2), film) > 0.5
    assert frechet.relative_distance(swaying(1, hertz=1.5), film) > 0.5


def test_one_take_again_and_again_has_no_diversity_and_independent_ones_have_one() -> None:
    generator = np.random.default_rng(1)
    same = [generator.standard_normal((400, 3))] * 5
    independent = [generator.standard_normal((400, 3)) for _ in range(5)]

    assert diversity.relative_diversity(same) == 0.0
    assert diversity.relative_diversity(independent) == pytest.approx(1.0, abs=0.1)


def test_beats_on_events_align_and_effects_are_zero_by_chance() -> None:
    generator = np.random.default_rng(2)
    events = [np.sort(generator.uniform(0, 8, 8)) for _ in range(20)]
    on = [e + generator.normal(0, 0.02, len(e)) for e in events]
    apart = [np.sort(generator.uniform(0, 8, 8)) for _ in range(20)]

    score, effect = beats.coupling(on, events)
    _, chance = beats.coupling(apart, events)

    assert score > 0.9
    assert effect > 0.9
    assert abs(chance) < 0.3


def test_beats_of_a_head_are_where_it_turns_fastest() -> None:
    times = np.arange(500) / 50.0
    jumps = np.array([2.0, 5.0, 8.0])
    yaw = sum(0.1 / (1 + np.exp(-(times - at) / 0.05)) for at in jumps)
    rotation = np.stack([np.zeros(500), yaw, np.zeros(500)], axis=1)

    assert beats.motion_beats(take(rotation=rotation)) == pytest.approx(jumps, abs=0.05)


def test_onsets_of_a_voice_are_found_where_it_begins() -> None:
    mel = np.full((400, 160), -12.0, np.float32)
    prosody = np.zeros((400, 3), np.float32)
    prosody[:, 0] = -9.0
    for begin in (50, 150, 300):
        mel[begin : begin + 40] = -4.0
        prosody[begin : begin + 40, 0] = -3.0

    found = beats.voice_events(Features(mel, prosody))["onsets"]

    assert found == pytest.approx([1.0, 3.0, 6.0], abs=0.05)


def spoken_vowel(seconds: float, hertz: float = 120.0) -> np.ndarray:
    """A buzz through two formants."""
    time = np.arange(int(seconds * 16000)) / 16000
    buzz = sum(np.sin(2 * np.pi * hertz * k * time) for k in range(1, 40))
    for formant in (700.0, 1200.0):
        radius = np.exp(-np.pi * 90.0 / 16000)
        poles = [1.0, -2 * radius * np.cos(2 * np.pi * formant / 16000), radius**2]
        buzz = signal.lfilter([1.0], poles, buzz)
    return (0.1 * buzz / np.abs(buzz).max()).astype(np.float32)


def test_a_whisper_has_the_level_and_no_voice() -> None:
    speech = spoken_vowel(1.0)

    whisper = voices.whispered(speech, np.random.default_rng(0))

    said, heard = (2 ** features(one).prosody[5:-5, 1] for one in (speech, whisper))
    assert np.mean(np.abs(said / 120.0 - 1) < 0.1) > 0.9
    assert np.mean(np.abs(heard / 120.0 - 1) < 0.1) < 0.1
    assert np.std(whisper) == pytest.approx(np.std(speech), rel=0.1)


def test_a_song_holds_vowels_and_follows_its_tune() -> None:
    speech = spoken_vowel(2.0)

    song = voices.sung(speech, np.ones(200, np.bool_))

    assert len(song.samples) / 16000 == pytest.approx(2.0 * voices.HELD, rel=0.01)
    assert song.said_at(np.array([0.0, 3.4])) == pytest.approx([0.0, 2.0], abs=0.01)
    for note in (0, 1, 2):
        middle = (note + 0.5) * voices.NOTE_SECONDS
        pitch = features(song.samples).prosody[int(middle * 50), 1]
        assert 2**pitch == pytest.approx(120.0 * 2 ** (voices.TUNE[note] / 12), rel=0.05)


@pytest.mark.parametrize(("tract", "pitch"), [(0.9, 0.8), (1.25, 1.9)])
def test_another_voice_keeps_the_times_and_moves_resonances_and_pitch(
    tract: float, pitch: float
) -> None:
    speech = spoken_vowel(2.0)

    other = voices.in_another_voice(speech, tract, pitch)

    assert len(other) == len(speech)
    assert np.median(2 ** features(other).prosody[5:-5, 1]) == pytest.approx(
        120.0 * pitch, rel=0.03
    )
    assert resonance(other) / resonance(speech) == pytest.approx(tract, abs=0.12)


def resonance(samples: np.ndarray) -> float:
    """Hertz at which the vowel is strongest between its two formants' outer ends."""
    hertz, power = signal.welch(samples, 16000, nperseg=256)
    inside = (hertz > 400) & (hertz < 2000)
    return float((hertz * power)[inside].sum() / power[inside].sum())


def test_music_lasts_as_long_as_asked_and_never_stops() -> None:
    band = noises.music(3.0, np.random.default_rng(0))

    assert len(band) == 48000
    assert band[:44800].reshape(-1, 3200).std(axis=1).min() > 0.01


@pytest.mark.parametrize("ratio", [20.0, 5.0, 0.0])
def test_noise_is_added_at_the_ratio_asked_for(ratio: float) -> None:
    generator = np.random.default_rng(3)
    speech = (0.1 * generator.standard_normal(16000)).astype(np.float32)
    noise = noises.pink_noise(0.5, generator)

    added = noises.with_noise(speech, noise, ratio) - speech

    power = 10 * np.log10(np.mean(speech**2) / np.mean(added**2))
    assert power == pytest.approx(ratio, abs=0.05)


def test_the_telephone_takes_what_is_above_four_kilohertz() -> None:
    times = np.arange(16000) / 16000
    low, high = (np.sin(2 * np.pi * f * times).astype(np.float32) for f in (1000, 6000))

    assert noises.telephone(low)[2000:-2000].std() == pytest.approx(low.std(), rel=0.02)
    assert noises.telephone(high)[2000:-2000].std() < 0.05 * high.std()


def test_a_shut_mouth_meets_all_closures_and_has_as_many_false_ones() -> None:
    labels = np.repeat(np.array([1, 7, 1, 7, 1], np.uint8), 20)
    opening = np.ones(100)
    opening[20:40] = opening[60:80] = 0.0

    right = closures(opening, 100.0, labels, (7,), (1,))
    shut = closures(np.r_[np.zeros(90), np.ones(10)], 100.0, labels, (7,), (1,))

    assert (right.recall, right.false_per_second) == (1.0, 0.0)
    assert shut.recall == 1.0
    assert shut.false_per_second > 3.0


def test_every_emotion_is_read_back_from_textbook_faces_at_full() -> None:
    generator = np.random.default_rng(4)
    quiet = take(
        3000, AU1L=0.1 * np.abs(wave(60, 50)[:3000]), AU26=0.3 * np.abs(wave(60, 50, seed=1))
    )
    reader = trained_reader(windows_of(quiet), generator)

    for name in EMOTIONS:
        found = directed(quiet, Controls(emotions=((name, Curve.constant(1.0)),)))
        seen = reader.read(windows_of(found))
        assert seen.count(name) > 0.8 * len(seen), (name, set(seen))


@pytest.mark.parametrize(
    ("symbol", "label"),
    [("p", CLOSING_LABEL), ("mʲ", CLOSING_LABEL), ("bː", CLOSING_LABEL), ("f", BITING_LABEL),
     ("aɪ", VOWEL_LABEL), ("ɛ̃", VOWEL_LABEL), ("t", 4), ("", 0), ("(en)", 0)],
)  # fmt: skip
def test_phones_of_every_language_say_what_lips_do(symbol: str, label: int) -> None:
    assert label_of(symbol) == label


def test_a_judge_that_learnt_from_agreeing_pairs_finds_how_far_others_are_off() -> None:
    def clip(seed: int, shift: float = 0.0) -> SyncClip:
        opening = wave(4.0, seed=seed, shift=shift)
        sound = wave(4.0, 50.0, seed=seed)
        tones = np.linspace(0.5, 1.5, 8)
        mel = np.sin(3 * sound[:, None] * tones).astype(np.float32)
        return sync_clip(Lips(opening, np.gradient(opening), FPS), mel)

    expert = trained_expert([clip(seed) for seed in range(30)])

    right = judged(expert, [clip(seed) for seed in range(100, 112)])
    late = judged(expert, [clip(seed, shift=0.24) for seed in range(100, 112)])
    assert right.in_sync > 0.8
    assert abs(late.offset_seconds) == pytest.approx(0.24, abs=0.08)
    assert OFFSETS / FPS > 0.24
