"""Features are what they say, and the same for every way of cutting the sound."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from dirfa_blender.core.speech_level import speech_gain
from server.audio import SAMPLE_RATE
from server.features import (
    BLOCK_FRAMES,
    FEATURES,
    FRAME_RATE,
    FRAME_STEP,
    PITCH_WINDOW,
    TARGET_RMS,
    FeatureStream,
    features,
    mel_filters,
)


def voice(seconds: float, hertz: float = 120.0, seed: int = 0) -> np.ndarray:
    """A buzz with harmonics whose loudness changes like syllables."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 20))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time)
    noise = np.random.default_rng(seed).standard_normal(len(time)) * 0.003
    return (0.2 * buzz * syllables + noise).astype(np.float32)


@pytest.mark.parametrize("largest", [1, 37, 320, 5000, 100000])
def test_any_chunk_size_gives_the_same_bytes(largest: int) -> None:
    sound = voice(2.3) if largest > 1 else voice(0.4)
    rng = np.random.default_rng(largest)
    stream, blocks, first = FeatureStream(1.7), [], 0

    while first < len(sound):
        count = int(rng.integers(1, largest + 1))
        blocks.append(stream.push(sound[first : first + count]))
        first += count
    blocks.append(stream.finish())

    whole = features(sound, gain=1.7)
    mel = np.concatenate([block.mel for block in blocks])[: len(whole)]
    prosody = np.concatenate([block.prosody for block in blocks])[: len(whole)]
    assert mel.tobytes() == whole.mel.tobytes()
    assert prosody.tobytes() == whole.prosody.tobytes()


def test_what_comes_later_does_not_change_a_frame() -> None:
    quiet = voice(1.0)
    loud = np.concatenate([quiet, 20 * voice(1.0)])

    before, after = features(quiet, gain=1.0), features(loud, gain=1.0)

    sure = len(before) - 3
    assert np.allclose(before.mel[:sure], after.mel[:sure], atol=1e-4)


@pytest.mark.parametrize("count", [1600, 4799, 4800, 4801, 16000])
def test_there_is_a_frame_for_every_fiftieth_of_a_second(count: int) -> None:
    found = features(np.zeros(count, np.float32))

    assert found.mel.shape == (-(-count // FRAME_STEP), FEATURES)
    assert found.prosody.shape == (-(-count // FRAME_STEP), 3)
    assert found.mel.dtype == np.float32


@pytest.mark.parametrize("hertz", [80.0, 120.0, 210.0, 330.0])
def test_pitch_is_found_within_two_percent(hertz: float) -> None:
    found = features(voice(1.5, hertz)).prosody[5:-5]

    voiced = found[found[:, 1] > 0, 1]
    assert len(voiced) > 0.8 * len(found)
    assert abs(np.median(2**voiced) / hertz - 1) < 0.02


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(3).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.05

    assert np.mean(features(noise).prosody[:, 1] > 0) < 0.1


@pytest.mark.parametrize("factor", [0.01, 0.2, 3.0, 32768.0])
def test_the_gain_undoes_the_recording_level(factor: float) -> None:
    sound = voice(3.0)

    levelled = sound * factor * np.float32(speech_gain(sound * factor))

    assert np.allclose(levelled, sound * speech_gain(sound), rtol=1e-3, atol=1e-5)


def test_pauses_do_not_change_the_gain() -> None:
    sound = voice(3.0)
    paused = np.concatenate([np.zeros(5 * SAMPLE_RATE, np.float32), sound])

    # Pauses thin the loudest twentieth out a little.
    assert speech_gain(paused) == pytest.approx(speech_gain(sound), rel=0.15)


@pytest.mark.parametrize("offset", [0.01, -0.5])
def test_the_offset_of_a_sound_card_changes_neither_gain_nor_spectrum(offset: float) -> None:
    sound = voice(2.0)
    moved = sound + np.float32(offset)

    heard, plain = features(moved), features(sound)

    assert speech_gain(moved) == pytest.approx(speech_gain(sound), rel=1e-2)
    # The first windows reach back before the recording, where nothing has an offset.
    assert np.abs(heard.mel[3:-3] - plain.mel[3:-3]).mean() < 0.02
    assert np.abs(heard.prosody[3:-3, 0] - plain.prosody[3:-3, 0]).max() < 0.02


def test_silence_has_gain_one() -> None:
    assert speech_gain(np.zeros(SAMPLE_RATE, np.float32)) == 1.0
    assert speech_gain(np.zeros(10, np.float32)) == 1.0


def test_active_speech_ends_up_at_the_target_level() -> None:
    sound = voice(3.0)

    level = np.sqrt(np.mean((sound * speech_gain(sound)) ** 2))

    assert level == pytest.approx(TARGET_RMS, rel=0.3)


@pytest.mark.parametrize("warp", [0.84, 1.0, 1.2])
def test_every_mel_filter_hears_something_and_none_is_negative(warp: float) -> None:
    filters = mel_filters(warp)

    assert (filters >= 0).all()
    assert (filters.sum(axis=0) > 0).all()


def test_frames_come_in_whole_blocks_and_cover_the_silence_asked_for() -> None:
    stream = FeatureStream(1.0)

    counts = [len(stream.push(voice(1.9))), len(stream.finish(extra_frames=7))]

    assert all(count % BLOCK_FRAMES == 0 for count in counts)
    assert 95 + 7 <= sum(counts) < 95 + 7 + BLOCK_FRAMES


def test_a_block_is_known_once_its_window_was_heard() -> None:
    stream = FeatureStream(1.0)
    window = (BLOCK_FRAMES - 1) * FRAME_STEP + PITCH_WINDOW // 2

    assert len(stream.push(voice(1.0)[: window - 1])) == 0
    assert len(stream.push(voice(1.0)[:1])) == BLOCK_FRAMES


def glided(low: float, high: float, seconds: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Pulses through three resonances, as a throat makes them, and their frequency at every frame."""
    count = int(seconds * SAMPLE_RATE)
    hertz = np.geomspace(low, high, count)
    pulses = np.diff(np.floor(np.cumsum(hertz) / SAMPLE_RATE), prepend=0.0)
    sound = pulses
    for formant, width in ((420.0, 60.0), (1500.0, 90.0), (2500.0, 120.0)):
        pole = np.exp((-np.pi * width + 2j * np.pi * formant) / SAMPLE_RATE)
        sound = np.asarray(lfilter([1.0], [1.0, -2.0 * pole.real, abs(pole) ** 2], sound))
    sound = 0.05 * sound / np.sqrt(np.mean(sound**2))
    return sound.astype(np.float32), hertz[:: SAMPLE_RATE // FRAME_RATE]


@pytest.mark.parametrize(("low", "high"), [(75.0, 160.0), (120.0, 260.0), (190.0, 430.0)])
def test_a_gliding_voice_is_followed_under_a_strong_first_formant(low: float, high: float) -> None:
    sound, hertz = glided(low, high)

    pitch = features(sound, gain=1.0).prosody[4:-4, 1]

    semitones = 12.0 * np.abs(pitch - np.log2(hertz[4 : 4 + len(pitch)]))
    assert (semitones < 1.0).mean() > 0.97


@pytest.mark.parametrize("corner", [150.0, 400.0, 1500.0])
def test_rumble_and_room_noise_have_no_pitch(corner: float) -> None:
    noise = np.random.default_rng(3).normal(size=3 * SAMPLE_RATE)
    decay = np.exp(-2.0 * np.pi * corner / SAMPLE_RATE)
    rumble = np.asarray(lfilter([1.0 - decay], [1.0, -decay], noise))
    rumble = 0.05 * rumble / rumble.std()

    pitch = features(rumble.astype(np.float32), gain=1.0).prosody[:, 1]

    assert (pitch > 0).mean() < 0.12
