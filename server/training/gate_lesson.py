"""Teaches the voice gate: speech, alone and over music and noise, against music and machines alone.

Recordings are from the corpora with phone times; their music is made up (`music`). Frames near a change are
not asked about, nor are pauses of clean speech, where the face network knows by itself that nobody speaks.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dirfa_blender.core.speech_level import speech_gain
from server.articulation import VOWELS
from server.audio import SAMPLE_RATE
from server.features import FRAME_STEP, features
from server.model.config import NetworkConfig
from server.model.voice_gate import CONTEXT, WIDTH, VoiceGate

from . import augment
from .aligned_speech import AlignedSpeech, aligned_speech
from .loop import Lesson, teach
from .music import piece
from .voices import sung, whispered

log = logging.getLogger(__name__)

Array = NDArray[np.float32]

SPOKEN = ("kathleen", "speechocean762", "ljspeech")
LESSON = Lesson("voice", steps=2200, peak_rate=4e-3, warm_up=100, seed=8)
CLIPS = 1800
CLIP_SECONDS = 6.0
CROP_FRAMES = 140
BATCH = 28
NEAR_FRAMES, FAR_FRAMES = 10, 25
"""Frames around speech that count as speech; from which on a mixture counts as music alone."""
MISSED_WEIGHT = 2.0
"""A voice taken for music costs so many times music taken for a voice."""


@dataclass(frozen=True)
class Clip:
    """A clip: (T, 160) features, (T,) 1 voice 0 none, (T,) weight."""

    mel: Array
    voice: Array
    weight: Array


def taught_gate(data: Path, cache: Path, lesson: Lesson = LESSON, clips: int = CLIPS) -> VoiceGate:
    """The trained gate."""
    delays = NetworkConfig().delays
    heard = clips_of([aligned_speech(source, data, cache) for source in SPOKEN], clips, lesson.seed)
    gate = VoiceGate(heard[0].mel.shape[1], len(delays))
    everything = np.concatenate([clip.mel for clip in heard])
    gate.feature_mean.copy_(torch.from_numpy(everything.mean(axis=0)))
    gate.feature_scale.copy_(torch.from_numpy(1.0 / everything.std(axis=0)))

    def draw(number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rng = np.random.default_rng([lesson.seed, number])
        rows: list[tuple[Array, Array, Array]] = []
        for _ in range(BATCH):
            clip = heard[int(rng.integers(len(heard)))]
            first = int(rng.integers(0, len(clip.mel) - CROP_FRAMES))
            span = slice(first, first + CROP_FRAMES)
            # A recording at another level, and through another microphone.
            tilt = rng.normal(0.0, 0.8) + np.cumsum(rng.normal(0.0, 0.08, 80))
            mel = clip.mel[span] + np.tile(tilt, 2).astype(np.float32)
            rows.append((mel, clip.voice[span], clip.weight[span]))
        mel, voice, weight = (torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True))
        return mel.float(), voice, weight

    def loss_of(batch: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, dict[str, float]]:
        mel, voice, weight = batch
        logits, _ = gate.logits(mel, torch.zeros(len(mel), CONTEXT - 1, WIDTH))
        total = torch.zeros(())
        for place, delay in enumerate(delays):
            # From the first frame on: a recording may begin in the middle of a bar, or of a word.
            said = logits[:, delay:, place]
            wanted, share = (part[:, : CROP_FRAMES - delay] for part in (voice, weight))
            share = share * torch.where(wanted > 0.5, MISSED_WEIGHT, 1.0)
            costs = functional.binary_cross_entropy_with_logits(said, wanted, reduction="none")
            total = total + (costs * share).sum() / share.sum().clamp(min=1.0)
        return total / len(delays), {}

    teach(gate, [(list(gate.parameters()), 1.0)], lesson, draw, loss_of, cache / "runs")
    return gate.eval()


def clips_of(corpora: Sequence[AlignedSpeech], count: int, seed: int) -> list[Clip]:
    """Random clips: nine in twenty music alone, the others speech, most of it over something."""
    return [_clip(corpora, np.random.default_rng([seed, number])) for number in range(count)]


def _clip(corpora: Sequence[AlignedSpeech], rng: np.random.Generator) -> Clip:
    count = int(CLIP_SECONDS * SAMPLE_RATE)
    frames = count // FRAME_STEP
    if rng.random() < 0.45:
        sound = _late(piece(CLIP_SECONDS, rng), rng)
        return _heard(sound, np.zeros(frames, bool), is_mixed=True, rng=rng)
    corpus = corpora[int(rng.integers(len(corpora)))]
    index = int(rng.integers(len(corpus.names)))
    samples, spoken = corpus.sound(index).astype(np.float32), corpus.phones(index)
    kind = rng.random()
    if kind < 0.07:
        samples = whispered(samples, rng)
    elif kind < 0.14:
        song = sung(samples, np.isin(spoken, VOWELS))
        said = np.round(100.0 * song.said_at(np.arange(0.0, song.sung[-1], 0.01))).astype(int)
        samples, spoken = song.samples, spoken[np.clip(said, 0, len(spoken) - 1)]
    room = count - len(samples)
    lead = int(rng.integers(0, room)) if room > 0 else 0
    placed = np.zeros(count, np.float32)
    used = samples[:count]
    placed[lead : lead + len(used)] = used
    is_spoken = np.zeros(frames, bool)
    at = lead // FRAME_STEP + np.flatnonzero(spoken) // 2
    is_spoken[at[at < frames]] = True
    placed = placed * np.float32(speech_gain(placed))
    placed = augment.in_room(
        placed, augment.draw_voice(rng), rng.standard_normal(count).astype(np.float32), rng
    ).astype(np.float32)
    is_mixed = rng.random() < 0.6
    if is_mixed:
        music = _late(piece(CLIP_SECONDS, rng), rng)
        placed = placed + music * np.float32(10 ** rng.uniform(-1.2, 0.1))
    return _heard(placed, is_spoken, is_mixed=is_mixed, rng=rng)


def _late(sound: Array, rng: np.random.Generator) -> Array:
    """Half of all music begins after a silence of some seconds; before it there is a little noise."""
    if rng.random() < 0.5:
        return sound
    begin = int(rng.uniform(0.0, 0.5) * len(sound))
    level = np.float32(10 ** rng.uniform(-6.0, -3.0))
    late = level * rng.standard_normal(len(sound)).astype(np.float32)
    late[begin:] += sound[: len(sound) - begin]
    return late


def _heard(
    sound: Array, is_spoken: NDArray[np.bool_], *, is_mixed: bool, rng: np.random.Generator
) -> Clip:
    level = np.float32(speech_gain(sound) * 10 ** rng.uniform(-0.25, 0.15))
    mel = features(sound, float(level)).mel[: len(is_spoken)]
    near, far = (_widened(is_spoken, size) for size in (NEAR_FRAMES, FAR_FRAMES))
    weight = (near | ~far).astype(np.float32) if is_mixed else near.astype(np.float32)
    return Clip(mel, near.astype(np.float32), weight)


def _widened(flags: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    return np.convolve(flags.astype(float), np.ones(2 * frames + 1), "same") > 0.5
