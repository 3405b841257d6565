"""Music and machines do not move lips; people do, whatever else sounds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch

from dirfa_blender.core.speech_level import speech_gain
from server.audio import Speech, read_speech
from server.engine import Engine
from server.evaluation.noises import music
from server.features import features
from server.model.checkpoint import GATE, load_gate
from server.model.voice_gate import LOUD, QUIET, quietness
from server.postprocess import OPENING_MM, sided
from server.training.music import piece

JFK = Path(__file__).resolve().parents[3] / "shared" / "data" / "speech" / "tests_jfk.flac"
needs_speech = pytest.mark.skipif(not JFK.is_file(), reason="needs the corpora's speech")
RATE = 16000


@lru_cache(maxsize=1)
def engine() -> Engine:
    return Engine("cpu")


def opening(samples: np.ndarray) -> np.ndarray:
    """(T,) millimetres by which the lips part."""
    sound = samples.astype(np.float32)
    take = engine().animate(Speech(sound, RATE, len(sound) / RATE, ""))
    parts = [
        gain * np.mean([take.channel(name) for name in sided(unit)], axis=0)
        for unit, gain in OPENING_MM.items()
    ]
    return np.sum(parts, axis=0)


def speech() -> np.ndarray:
    return read_speech(JFK).samples[: 8 * RATE]


def band(seconds: float, late: float = 0.0) -> np.ndarray:
    """Drums, bass and struck chords, after so many seconds of a quiet room."""
    rng = np.random.default_rng(3)
    sound = music(seconds, rng)
    quiet = 1e-4 * rng.standard_normal(int(late * RATE))
    return np.concatenate([quiet, 0.05 * sound / sound.std()])


def chord(hertz: tuple[float, ...], seconds: float = 6.0, fall: float = 0.0) -> np.ndarray:
    """Notes of twelve harmonics, struck every second or held."""
    time = np.arange(int(seconds * RATE)) / RATE
    total = sum(
        np.sin(2 * np.pi * note * k * time + k) / k**1.2 for note in hertz for k in range(1, 13)
    )
    total = total * np.exp(-fall * (time % 1.0))
    return 0.05 * total / np.sqrt(np.mean(total**2))


@pytest.mark.parametrize("fall", [0.0, 4.0])
def test_a_chord_without_a_voice_hardly_moves_the_lips(fall: float) -> None:
    lips = opening(chord((196.0, 247.0, 294.0, 392.0), fall=fall))[25:]

    # A strike may pass for the burst of a consonant.
    assert lips.mean() < 2.2


def test_a_band_without_a_singer_hardly_moves_the_lips() -> None:
    lips = opening(band(6.0))

    assert lips[25:].mean() < 2.2


def test_music_that_sets_in_after_a_silence_does_not_open_the_mouth() -> None:
    lips = opening(band(2.0, late=1.5))

    assert lips[75:100].mean() < 0.5


@pytest.mark.parametrize("hertz", [(50.0,), (100.0,), (120.0, 240.0), (440.0,)])
def test_a_hum_or_a_tone_leaves_the_lips_at_rest(hertz: tuple[float, ...]) -> None:
    assert opening(chord(hertz))[25:].max() < 1.0


@pytest.mark.parametrize("kind", ["clicks", "breath", "applause"])
def test_noises_of_a_room_hardly_move_the_lips(kind: str) -> None:
    rng = np.random.default_rng(5)
    time = np.arange(6 * RATE) / RATE
    noise = rng.standard_normal(len(time))
    rate = {"clicks": 5.0, "breath": 0.5, "applause": 300.0}[kind]
    swell = np.sin(np.pi * rate * time) ** 8
    shape = {"clicks": np.exp(-((time * rate) % 1.0) * 60.0), "breath": swell}.get(
        kind, np.ones(len(time))
    )

    assert opening(0.05 * noise * shape).mean() < 1.0


@needs_speech
def test_a_voice_passes_as_it_is() -> None:
    gate = load_gate(GATE, torch.device("cpu"))
    sound = speech()
    heard = features(sound, speech_gain(sound))

    with torch.inference_mode():
        share, _ = gate(torch.from_numpy(heard.mel[: len(heard) // 2 * 2]), gate.initial())

    is_loud = heard.prosody[: len(share), 0] > np.log(0.01)
    assert (share.numpy()[is_loud] > 0.99).mean() > 0.98


@needs_speech
def test_people_who_speak_over_music_are_seen_speaking() -> None:
    sound = speech()
    alone = opening(sound)

    shares, likeness = [], []
    for seed in (101, 102, 103, 104):
        music = piece(8.0, np.random.default_rng(seed))[: len(sound)]
        music *= np.sqrt(np.mean(sound**2) / np.mean(music**2)) * 10 ** (-10 / 20)
        mixed = opening(sound + music)
        shares.append(mixed.mean() / alone.mean())
        likeness.append(np.corrcoef(alone, mixed)[0, 1])

    assert min(shares) > 0.75, shares
    assert np.mean(likeness) > 0.8, likeness


def test_what_is_too_quiet_to_matter_is_left_to_the_face_network() -> None:
    levels = torch.tensor([-11.0, QUIET, 0.5 * (QUIET + LOUD), LOUD, -1.0])

    assert quietness(levels).tolist() == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0], abs=1e-5)


def test_the_gate_does_not_depend_on_how_the_sound_is_cut() -> None:
    gate = load_gate(GATE, torch.device("cpu"))
    mel = torch.from_numpy(features(piece(3.0, np.random.default_rng(1))).mel)

    with torch.inference_mode():
        whole, _ = gate(mel, gate.initial())
        state, parts = gate.initial(), []
        for first in range(0, len(mel), 2):
            share, state = gate(mel[first : first + 2], state)
            parts.append(share)

    assert torch.equal(whole, torch.cat(parts))
