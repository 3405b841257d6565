"""Teaches the face head what the mouth does, with the encoder as it is.

The loss compares units, their velocity (timing is what viewers see), and what they add up to on the
head: lip opening, weighted towards shut lips, and lip width. Each example knows which channels its
source can show and is silent about the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from server.features import FRAME_STEP
from server.model.network import FaceNetwork

from . import augment
from .cache import AlignedSpeech
from .faces import SpokenMouth, taught
from .phones import MARGIN, cut, learning_rate_share, mel_features
from .teacher import Teacher

log = logging.getLogger(__name__)

BATCH = 24
CROP_FRAMES = 200
WARM_FRAMES = 12
"""Frames at the start of a crop that are not scored: the network has heard too little."""
SHARES = {"grid": 0.45, "facegood": 0.2, "plain": 0.35}
"""Of a batch, by whose mouth it is."""
OPENING_SCALE, WIDTH_SCALE = 0.004, 0.0015
"""Metres that count as one in the loss: the deviation of a talker's lips."""
SHUT_METRES = 0.002
"""Openings below this weigh up to `SHUT_WEIGHT` times more."""
SHUT_WEIGHT = 3.0
VELOCITY_WEIGHT = 4.0


@dataclass(frozen=True)
class MouthSchedule:
    """How long and how fast the head learns."""

    steps: int = 1500
    peak_rate: float = 2e-3
    warm_up: int = 100
    seed: int = 2


@dataclass(frozen=True)
class MouthBatch:
    """(B, T, 160) features, (B, T, M) mouth and weights, (B,) styles."""

    features: Tensor
    mouth: Tensor
    weight: Tensor
    style: Tensor


class MouthBatches:
    """Random batches of all sources, each crop in another voice and room."""

    def __init__(
        self,
        filmed: Sequence[SpokenMouth],
        rigged: Sequence[SpokenMouth],
        teacher: Teacher,
        corpora: Sequence[AlignedSpeech],
        seed: int,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._filmed = [one for one in filmed if not one.held_out]
        self._rigged = [one for one in rigged if not one.held_out]
        self._rigged_share = np.array([len(one.mouth) for one in self._rigged], np.float64)
        self._teacher = teacher
        self._corpora = corpora
        held = np.concatenate([corpus.held_out for corpus in corpora])
        self._taught = np.flatnonzero(~held)

    def draw(self) -> MouthBatch:
        """The next batch."""
        names = list(SHARES)
        kinds = self._rng.choice(names, BATCH, p=[SHARES[name] for name in names])
        crops = [self._crop(self._example(str(kind))) for kind in kinds]
        return MouthBatch(
            torch.from_numpy(np.stack([crop[0] for crop in crops])),
            torch.from_numpy(np.stack([crop[1] for crop in crops])),
            torch.from_numpy(np.stack([crop[2] for crop in crops])),
            torch.tensor([crop[3] for crop in crops]),
        )

    def _example(self, kind: str) -> SpokenMouth:
        rng = self._rng
        if kind == "grid":
            return self._filmed[int(rng.integers(len(self._filmed)))]
        if kind == "facegood":
            shares = self._rigged_share / self._rigged_share.sum()
            return self._rigged[int(rng.choice(len(self._rigged), p=shares))]
        return taught(self._teacher, self._corpora, int(rng.choice(self._taught)))

    def _crop(
        self, example: SpokenMouth
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], int]:
        rng = self._rng
        voice = augment.draw_voice(rng)
        samples = augment.at_speed(example.samples, voice.speed)
        size = CROP_FRAMES * FRAME_STEP
        first = int(rng.integers(-4000, max(1, len(samples) - size + 4000)))
        crop = cut(samples, first - MARGIN, size + 2 * MARGIN)
        muted = rng.random() < 0.03
        if muted:
            crop = np.zeros_like(crop)
        noise = augment.coloured_noise(len(crop), rng) if voice.snr_db is not None else crop
        sound = augment.in_room(crop, voice, noise, rng)
        place = (first / FRAME_STEP + np.arange(CROP_FRAMES)) * voice.speed
        mouth = _sampled(example.mouth, place) * np.float32(not muted)
        inside = (place >= 0) & (place <= len(example.mouth) - 1)
        weight = inside[:, None] * example.known
        weight[:WARM_FRAMES] = 0.0
        style = 0 if muted else example.style
        return mel_features(sound, voice.warp, rng), mouth, weight.astype(np.float32), style


def teach_mouth(
    network: FaceNetwork,
    batches: MouthBatches,
    geometry: NDArray[np.float64],
    schedule: MouthSchedule,
    keep: Callable[[FaceNetwork], None] | None = None,
) -> None:
    """Trains the head in place.

    Parameters
    ----------
    geometry : (M, 2) metres of lip opening and width that each channel adds
    """
    torch.manual_seed(schedule.seed)
    trained = [network.bridge, network.style, network.head, network.head_norm, network.mouth]
    weights = [weight for module in trained for weight in module.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=schedule.peak_rate, weight_decay=0.02)
    metres = torch.tensor(geometry, dtype=torch.float32)
    began, losses = time.monotonic(), [0.0]
    encoder = network.encoder.initial(BATCH, network.feature_mean)
    head = network.head.initial(BATCH, network.feature_mean)
    for step in range(schedule.steps):
        for group in optimiser.param_groups:
            group["lr"] = schedule.peak_rate * learning_rate_share(
                step, schedule.steps, schedule.warm_up
            )
        batch = batches.draw()
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                hidden, phones, _ = network.encode(batch.features, encoder)
            mouth, _ = network.animate(hidden.float(), phones.float(), batch.style, head)
        loss = mouth_loss(mouth.float(), batch, metres, network.config.face_delay)
        optimiser.zero_grad()
        torch.autograd.backward([loss])
        torch.nn.utils.clip_grad_norm_(weights, 2.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if (step + 1) % 100 == 0:
            log.info(
                "mouth %d/%d: loss %.4f, %.0f s",
                step + 1,
                schedule.steps,
                np.mean(losses[-100:]),
                time.monotonic() - began,
            )
            if keep is not None:
                keep(network)
    network.eval()


def mouth_loss(mouth: Tensor, batch: MouthBatch, metres: Tensor, delay: int) -> Tensor:
    """The loss of a batch whose output lags by `delay` frames."""
    found, wanted = mouth[:, delay:], batch.mouth[:, :-delay]
    weight = batch.weight[:, :-delay]
    total = weight.sum() + 1.0
    level = (functional.smooth_l1_loss(found, wanted, beta=0.1, reduction="none") * weight).sum()
    both = weight[:, 1:] * weight[:, :-1]
    change = (found.diff(dim=1) - wanted.diff(dim=1)).abs() * both
    lips_found, lips_wanted = (found * weight) @ metres, (wanted * weight) @ metres
    valid = (weight.amax(dim=2) > 0).float()
    emphasis = 1.0 + SHUT_WEIGHT * torch.exp(-lips_wanted[..., 0].clamp_min(0.0) / SHUT_METRES)
    opening = (lips_found - lips_wanted)[..., 0] / OPENING_SCALE
    width = (lips_found - lips_wanted)[..., 1] / WIDTH_SCALE
    shape = (opening.abs() * emphasis * 0.5 + 0.5 * width.abs()) * valid
    return (
        4.0 * level / total
        + VELOCITY_WEIGHT * change.sum() / total
        + 0.15 * shape.sum() / (valid.sum() + 1.0)
    )


def _sampled(mouth: NDArray[np.float32], place: NDArray[np.float64]) -> NDArray[np.float32]:
    """(T, M) mouth at fractional frames, held outside."""
    place = np.clip(place, 0.0, len(mouth) - 1.0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(mouth) - 1)
    share = (place - low)[:, None].astype(np.float32)
    return mouth[low] * (1.0 - share) + mouth[high] * share
