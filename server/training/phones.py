"""Teaches the encoder which phone is spoken, from every voice there is.

Crops of a few seconds, each in another voice and room (`augment`), frame-wise cross-entropy. The
products run in bfloat16 where the processor has instructions for it, the weights stay float32.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from server.audio import SAMPLE_RATE
from server.features import (
    FRAME_STEP,
    MEL_BINS,
    MEL_STEP,
    TARGET_RMS,
    mel_spectrum,
    speech_gain,
)
from server.model.network import FaceNetwork

from . import augment
from .cache import AlignedSpeech

log = logging.getLogger(__name__)

CROP_FRAMES = 200
BATCH = 24
MARGIN = 800
"""Samples of silence around a crop, so that every window lies inside it."""


@dataclass(frozen=True)
class PhoneSchedule:
    """How long and how fast the encoder learns."""

    steps: int = 2800
    peak_rate: float = 2e-3
    warm_up: int = 200
    seed: int = 1


class PhoneBatches:
    """Random batches of features and phone labels."""

    def __init__(self, corpora: Sequence[AlignedSpeech], seed: int) -> None:
        self._corpora = corpora
        self._rng = np.random.default_rng(seed)
        self._entries = [
            (number, index)
            for number, corpus in enumerate(corpora)
            for index in range(len(corpus.names))
            if not corpus.held_out[index]
        ]
        lengths = [len(corpora[n].phones(i)) for n, i in self._entries]
        weights = np.asarray(lengths, np.float64)
        self._weights = weights / weights.sum()
        self._levels: dict[tuple[int, int], float] = {}

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, T, 160) features and (B, T) phone numbers, -1 where there is no label."""
        chosen = self._rng.choice(len(self._entries), BATCH, p=self._weights)
        pairs = [self._crop(*self._entries[i]) for i in chosen]
        features = np.stack([pair[0] for pair in pairs])
        labels = np.stack([pair[1] for pair in pairs])
        return torch.from_numpy(features), torch.from_numpy(labels)

    def _crop(self, number: int, index: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rng = self._rng
        corpus = self._corpora[number]
        voice = augment.draw_voice(rng)
        samples = augment.at_speed(self._levelled(number, index), voice.speed)
        size = CROP_FRAMES * FRAME_STEP
        first = int(rng.integers(-SAMPLE_RATE // 2, max(1, len(samples) - size + SAMPLE_RATE)))
        crop = cut(samples, first - MARGIN, size + 2 * MARGIN)
        noise = self._noise(len(crop)) if voice.snr_db is not None else crop
        if rng.random() < 0.03:
            crop = np.zeros_like(crop)
        sound = augment.in_room(crop, voice, noise, rng)
        positions = (first + np.arange(CROP_FRAMES) * FRAME_STEP) * voice.speed / SAMPLE_RATE
        phones = corpus.phones(index)
        at = np.floor(positions * 100.0 + 0.5).astype(np.int64)
        inside = (at >= 0) & (at < len(phones))
        labels = np.where(inside, phones[np.clip(at, 0, len(phones) - 1)], 0).astype(np.int64)
        if not crop.any():
            labels[:] = 0
        return mel_features(sound, voice.warp, rng), labels

    def _levelled(self, number: int, index: int) -> NDArray[np.float32]:
        samples = self._corpora[number].sound(index)
        key = (number, index)
        if key not in self._levels:
            self._levels[key] = speech_gain(samples)
        return samples * np.float32(self._levels[key])

    def _noise(self, count: int) -> NDArray[np.float32]:
        """Noise, or the babble of other talkers."""
        rng = self._rng
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
    drawn = torch.cat([batches.draw()[0].reshape(-1, 2 * MEL_BINS) for _ in range(6)])
    network.feature_mean.copy_(drawn.mean(dim=0))
    network.feature_scale.copy_(1.0 / drawn.std(dim=0).clamp_min(0.1))


def teach_phones(
    network: FaceNetwork,
    corpora: Sequence[AlignedSpeech],
    schedule: PhoneSchedule,
    keep: Callable[[FaceNetwork], None] | None = None,
) -> None:
    """Trains encoder and phone scores in place; `keep` gets the network every 100 steps."""
    torch.manual_seed(schedule.seed)
    batches = PhoneBatches(corpora, schedule.seed)
    fit_normalisation(network, batches)
    trained = [network.entry, network.encoder, network.encoder_norm, network.phones]
    weights = [weight for module in trained for weight in module.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=schedule.peak_rate, weight_decay=0.02)
    delay = network.config.phone_delay
    state = network.encoder.initial(BATCH, network.feature_mean)
    began, losses, right = time.monotonic(), [0.0], [0.0]
    network.train()
    for step in range(schedule.steps):
        for group in optimiser.param_groups:
            group["lr"] = schedule.peak_rate * learning_rate_share(
                step, schedule.steps, schedule.warm_up
            )
        features, labels = batches.draw()
        with torch.autocast("cpu", torch.bfloat16):
            _, logits, _ = network.encode(features, state)
        scored, wanted = logits[:, delay:].float(), labels[:, :-delay]
        loss = functional.cross_entropy(
            scored.reshape(-1, scored.shape[-1]), wanted.reshape(-1), label_smoothing=0.03
        )
        optimiser.zero_grad()
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_(weights, 2.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        right.append(float((scored.argmax(2) == wanted).float().mean()))
        if (step + 1) % 100 == 0:
            log.info(
                "phones %d/%d: loss %.3f, %.1f %% of frames right, %.0f s",
                step + 1,
                schedule.steps,
                np.mean(losses[-100:]),
                100.0 * np.mean(right[-100:]),
                time.monotonic() - began,
            )
            if keep is not None:
                keep(network)
    network.eval()


def learning_rate_share(step: int, steps: int, warm_up: int) -> float:
    """Share of the peak rate: a linear rise, then half a cosine down to nearly nothing."""
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * done))


def cut(samples: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
    """`count` samples from `first`, zeros outside."""
    cut = np.zeros(count, np.float32)
    begin, end = max(0, first), min(len(samples), first + count)
    if end > begin:
        cut[begin - first : end - first] = samples[begin:end]
    return cut
