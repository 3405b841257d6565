"""Teaches the encoder which phone is spoken, from every voice there is.

Crops of a few seconds, each in another voice and room (`augment`), frame-wise cross-entropy at every
delay the network answers for. The encoder learns in two lessons: most of it first, then with a further
round of layers, which begin as nothing and so lose nothing of what was learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dirfa_blender.core.speech_level import speech_gain
from server.audio import SAMPLE_RATE
from server.features import (
    FRAME_STEP,
    MEL_BINS,
    MEL_STEP,
    TARGET_RMS,
    mel_spectrum,
)
from server.model.network import HEARING, FaceNetwork
from server.phones import LABEL_RATE

from . import augment
from .aligned_speech import AlignedSpeech
from .loop import Lesson, teach

CROP_FRAMES = 200
BATCH = 24
MARGIN = 800
"""Samples of silence around a crop, so that every window lies inside it."""


LESSON = Lesson("phones", steps=9000, peak_rate=1.5e-3, warm_up=200, seed=1)
FIRST_LAYERS = 8
"""Of the encoder, which learn before the others."""
DEEPER = Lesson("deeper", steps=6500, peak_rate=1e-3, warm_up=200, seed=7)
"""The lesson of all layers."""


class PhoneBatches:
    """Random batches of features and phone labels; a batch depends on its number alone."""

    def __init__(self, corpora: Sequence[AlignedSpeech], seed: int) -> None:
        self._corpora = corpora
        self._seed = seed
        self._entries = [
            (number, index)
            for number, corpus in enumerate(corpora)
            for index in range(len(corpus.names))
            if not corpus.held_out[index]
        ]
        lengths = np.array([len(corpora[n].phones(i)) for n, i in self._entries], np.float64)
        sources = np.array([number for number, _ in self._entries])
        totals = np.array([lengths[sources == number].sum() for number in range(len(corpora))])
        # A corpus ten times as long teaches about three times as often.
        self._weights = lengths * (totals**-0.5)[sources]
        self._weights /= self._weights.sum()
        self._levels: dict[tuple[int, int], float] = {}

    def draw(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, 160) features and (B, T) phone numbers of batch `number`."""
        rng = np.random.default_rng([self._seed, number])
        chosen = rng.choice(len(self._entries), BATCH, p=self._weights)
        entries = [self._entries[i] for i in chosen]
        pairs = [self._crop(source, index, rng) for source, index in entries]
        features = np.stack([pair[0] for pair in pairs])
        labels = np.stack([pair[1] for pair in pairs])
        return torch.from_numpy(features), torch.from_numpy(labels)

    def _crop(
        self, number: int, index: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        corpus = self._corpora[number]
        voice = augment.draw_voice(rng)
        samples = augment.at_speed(self._levelled(number, index), voice.speed)
        size = CROP_FRAMES * FRAME_STEP
        first = int(rng.integers(-SAMPLE_RATE // 2, max(1, len(samples) - size + SAMPLE_RATE)))
        crop = cut(samples, first - MARGIN, size + 2 * MARGIN)
        noise = self._noise(len(crop), rng) if voice.snr_db is not None else crop
        if rng.random() < 0.03:
            crop = np.zeros_like(crop)
        sound = augment.in_room(crop, voice, noise, rng)
        positions = (first + np.arange(CROP_FRAMES) * FRAME_STEP) * voice.speed / SAMPLE_RATE
        labels = labels_at(corpus.phones(index), positions * LABEL_RATE)
        if not crop.any():
            labels[:] = 0
        return mel_features(sound, voice.warp, rng), labels

    def _levelled(self, number: int, index: int) -> NDArray[np.float32]:
        samples = self._corpora[number].sound(index)
        key = (number, index)
        if key not in self._levels:
            self._levels[key] = speech_gain(samples)
        return samples * np.float32(self._levels[key])

    def _noise(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Noise, or the babble of other talkers."""
        if rng.random() < 0.6:
            return augment.coloured_noise(count, rng)
        babble = np.zeros(count, np.float32)
        for _ in range(int(rng.integers(1, 5))):
            number, index = self._entries[int(rng.integers(len(self._entries)))]
            other = self._corpora[number].sound(index)
            babble += np.resize(np.roll(other, int(rng.integers(len(other)))), count)
        return babble + np.float32(1e-4 * TARGET_RMS)


def mel_features(
    sound: NDArray[np.float32], warp: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """(T, 160) features of a crop with `MARGIN` samples on each side, recoloured and masked."""
    count = (len(sound) - 2 * MARGIN) // FRAME_STEP
    centres = MARGIN + np.arange(2 * count, dtype=np.int64) * MEL_STEP
    mel = augment.recoloured(mel_spectrum(sound, centres, warp), rng)
    return augment.masked(mel.reshape(count, 2 * MEL_BINS), rng).astype(np.float32)


def fit_normalisation(network: FaceNetwork, batches: PhoneBatches) -> None:
    """Sets the network's feature mean and scale from a few batches."""
    drawn = torch.cat([batches.draw(10**9 + i)[0].reshape(-1, 2 * MEL_BINS) for i in range(6)])
    network.feature_mean.copy_(drawn.mean(dim=0))
    network.feature_scale.copy_(1.0 / drawn.std(dim=0).clamp_min(0.1))


def teach_phones(network: FaceNetwork, batches: PhoneBatches, lesson: Lesson, folder: Path) -> None:
    """Trains encoder and phone scores in place."""
    state = network.encoder.initial(BATCH, network.feature_mean)

    def loss_of(batch: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
        _, logits, _ = network.encode(batch[0], state)
        loss, right = phone_loss(logits, batch[1], network.config.delays)
        return loss, {"right": right}

    teach(network, [(network.parameters_of(HEARING), 1.0)], lesson, batches.draw, loss_of, folder)


def delay_shares(delays: tuple[int, ...]) -> list[float]:
    """Share of each delay in a loss: the longest counts as much as all others together."""
    return [0.5 / max(1, len(delays) - 1)] * (len(delays) - 1) + [0.5]


def phone_loss(
    logits: torch.Tensor, labels: torch.Tensor, delays: tuple[int, ...]
) -> tuple[torch.Tensor, float]:
    """Cross-entropy of (B, T, D, P) logits, and the share of frames right at the longest delay."""
    total = logits.new_zeros(())
    share = 0.0
    for place, (delay, weight) in enumerate(zip(delays, delay_shares(delays), strict=True)):
        scored = logits[:, delay:, place].float()
        wanted = labels[:, : labels.shape[1] - delay]
        total = total + weight * functional.cross_entropy(
            scored.reshape(-1, scored.shape[-1]), wanted.reshape(-1), label_smoothing=0.03
        )
        share = float((scored.argmax(2) == wanted).float().mean())
    return total, share


def labels_at(labels: NDArray[np.uint8], places: NDArray[np.float64]) -> NDArray[np.int64]:
    """(T,) phones nearest to fractional places in (L,) labels; silence outside."""
    at = np.floor(places + 0.5).astype(np.int64)
    inside = (at >= 0) & (at < len(labels))
    return np.where(inside, labels[np.clip(at, 0, len(labels) - 1)], 0).astype(np.int64)


def cut(samples: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """(count,) samples from `first`, zeros outside."""
    cut = np.zeros(count, np.float32)
    begin, end = max(0, first), min(len(samples), first + count)
    if end > begin:
        cut[begin - first : end - first] = samples[begin:end]
    return cut
