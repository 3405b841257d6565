"""Teaches the whole network what the mouth does, and the encoder goes on learning phones.

The loss compares units, their velocity (timing is what viewers see), and the lips they add up to on the
head, opening and width, moment by moment, shut lips above all, and as curves. Where there is film its
lips are the truth, for no unit of the tracker explains a pair of lips wholly. Each example knows which
channels its source can show and is silent about the others. The encoder moves slowly along: mouths of
few people refine what it hears, and the phones of all voices keep it from listening to those few only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from server.features import FRAME_RATE, FRAME_STEP
from server.model.network import HEARING, MOVING, FaceNetwork
from server.phones import LABEL_RATE

from . import augment
from .loop import Lesson, teach
from .music import piece
from .phone_lesson import MARGIN, cut, delay_shares, labels_at, mel_features, phone_loss
from .spoken_mouths import Source, SpokenMouth

Floats = NDArray[np.float32]

BATCH = 24
CROP_FRAMES = 200
WARM_FRAMES = 12
"""Frames at the start of a crop that are not scored: the network has heard too little."""
SHARES = (0.52, 0.1, 0.38)
"""Of a batch, from film, rig weights and the coarticulation teacher."""
POLISH_SHARES = (0.55, 0.09, 0.36)
AGREED_SHARES = (0.52, 0.09, 0.05, 0.34)
"""The last of what other networks agreed on."""
FREE_SHARES = (0.45, 0.1, 0.05, 0.4)
"""The last from film of free speech."""
OPENING_SCALE, WIDTH_SCALE = 0.004, 0.0015
"""Metres that count as one in the loss: the deviation of a talker's lips."""
SHUT_METRES = 0.002
"""Openings below this weigh up to `SHUT_WEIGHT` times more."""
SHUT_WEIGHT = 3.0
VELOCITY_WEIGHT = 4.0
SHAPE_WEIGHT, AGREEMENT_WEIGHT = 0.3, 0.4
QUIET_METRES = 0.0007
"""Lips that deviate by less agree, however they tremble."""
PHONE_WEIGHT = 0.3
MUTED_SHARE, MUSIC_SHARE = 0.03, 0.07
"""Of crops in which nobody speaks: nothing is heard, or music alone."""
MUSIC_PIECES, MUSIC_SECONDS = 160, 8.0
"""Pieces of music that are drawn from."""
BEHIND_SHARE = 0.3
"""Of noise behind a voice that is music."""
RECORDED_SHARE = 0.5
"""Of crops that sound as recorded: what is learnt of a mouth is fine, and noise hides it."""
LEVEL_DOUBT = 0.4
"""Share of the change of level that is left: how loud one speaks says how far a mouth opens, and every
recording is brought to one level beforehand."""
NO_LABEL = -100
"""What cross-entropy passes over."""


LESSON = Lesson("mouth", steps=1300, peak_rate=2e-3, warm_up=60, seed=2)
POLISH = Lesson("polish", steps=2400, peak_rate=1.5e-3, warm_up=30, seed=6)
"""A last lesson, mostly on real mouths."""
FREE = Lesson("free", steps=400, peak_rate=3e-4, warm_up=50, seed=8)
"""Of the face head alone, on film of free speech as well; more of it would learn these few talkers by
heart."""
ENCODER_SHARE, POLISH_ENCODER_SHARE = 0.15, 0.2
"""Of the learning rate."""


@dataclass(frozen=True)
class MouthBatch:
    """(B, T, 160) features, (B, T, M) mouth and weights, (B, T, 2) metres of lip opening and width, (B,)
    styles, (B, T) phones or `NO_LABEL`."""

    features: Tensor
    mouth: Tensor
    weight: Tensor
    lips: Tensor
    style: Tensor
    phones: Tensor


class MouthBatches:
    """Random batches of all sources, many of the crops in another voice and room.

    Parameters
    ----------
    sources, shares : of examples, and how much of a batch each gives
    geometry : (M, 2) metres of lip opening and width that each channel adds
    recorded : share of the crops that sound as recorded
    """

    def __init__(
        self,
        sources: Sequence[Source],
        shares: Sequence[float],
        geometry: NDArray[np.float64],
        seed: int,
        recorded: float = RECORDED_SHARE,
    ) -> None:
        self._seed = seed
        self._recorded = recorded
        self._sources = sources
        self._shares = shares
        self._geometry = geometry.astype(np.float32)
        rng = np.random.default_rng(seed)
        self._music = [piece(MUSIC_SECONDS, rng) for _ in range(MUSIC_PIECES)]

    def draw(self, number: int) -> MouthBatch:
        """Batch `number`; it depends on nothing else."""
        rng = np.random.default_rng([self._seed, number])
        chosen = rng.choice(len(self._sources), BATCH, p=self._shares)
        crops = [self._crop(self._sources[source](rng), rng) for source in chosen]
        features, mouth, weight, lips, style, phones = zip(*crops, strict=True)
        return MouthBatch(
            torch.from_numpy(np.stack(features)),
            torch.from_numpy(np.stack(mouth)),
            torch.from_numpy(np.stack(weight)),
            torch.from_numpy(np.stack(lips)),
            torch.tensor(style),
            torch.from_numpy(np.stack(phones)),
        )

    def _crop(
        self, example: SpokenMouth, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats, Floats, int, NDArray[np.int64]]:
        """Features, mouth, weights, lips, style, phones of a random stretch in a random voice and room."""
        voice = augment.draw_voice(rng, self._recorded)
        voice = replace(voice, gain=voice.gain**LEVEL_DOUBT)
        samples = augment.at_speed(example.samples, voice.speed)
        size = CROP_FRAMES * FRAME_STEP
        first = int(rng.integers(-4000, max(1, len(samples) - size + 4000)))
        crop = cut(samples, first - MARGIN, size + 2 * MARGIN)
        chance = rng.random()
        is_silent = chance < MUTED_SHARE + MUSIC_SHARE
        if chance < MUTED_SHARE:
            crop = np.zeros_like(crop)
        elif is_silent:
            crop = self._played(len(crop), rng)
        noise = crop
        if voice.snr_db is not None and rng.random() < BEHIND_SHARE:
            noise = self._played(len(crop), rng)
        elif voice.snr_db is not None:
            noise = augment.coloured_noise(len(crop), rng)
        sound = augment.in_room(crop, voice, noise, rng)
        place = (first / FRAME_STEP + np.arange(CROP_FRAMES)) * voice.speed
        heard = np.float32(not is_silent)
        mouth = _sampled(example.mouth, place) * heard
        lips = (mouth * example.known) @ self._geometry
        if example.filmed is not None:
            lips = _sampled(example.filmed, place) * heard
        inside = (place >= 0) & (place <= len(example.mouth) - 1)
        weight = inside[:, None] * example.known
        weight[:WARM_FRAMES] = 0.0
        phones = np.full(CROP_FRAMES, NO_LABEL, np.int64)
        if example.phones is not None:
            phones = labels_at(example.phones, place * (LABEL_RATE / FRAME_RATE))
        if is_silent:
            phones[:] = 0
        phones[:WARM_FRAMES] = NO_LABEL
        features = mel_features(sound, voice.warp, rng)
        return features, mouth, weight.astype(np.float32), lips, example.style, phones

    def _played(self, count: int, rng: np.random.Generator) -> Floats:
        """(S,) so many samples of music."""
        music = self._music[int(rng.integers(len(self._music)))]
        first = int(rng.integers(len(music) - count))
        return music[first : first + count]


def teach_mouth(
    network: FaceNetwork,
    draw: Callable[[int], MouthBatch],
    geometry: NDArray[np.float64],
    lesson: Lesson,
    folder: Path,
    encoder_share: float,
) -> None:
    """Trains the network in place.

    Parameters
    ----------
    draw : the batch of a number
    geometry : (M, 2) metres of lip opening and width that each channel adds
    encoder_share : of the learning rate; 0 leaves the encoder as it is
    """
    metres = torch.tensor(geometry, dtype=torch.float32, device=network.feature_mean.device)
    delays = network.config.delays
    start = network.initial(BATCH)

    def loss_of(batch: MouthBatch) -> tuple[Tensor, dict[str, float]]:
        with torch.set_grad_enabled(encoder_share > 0.0):
            hidden, logits, _ = network.encode(batch.features, start.encoder)
        found, _ = network.animate(hidden, logits, batch.style, start.head)
        mouth = mouth_loss(found, batch, metres, network.config.mouth_delays)
        phones, right = phone_loss(logits, batch.phones, delays)
        figures = {"mouth": float(mouth.detach()), "right": right}
        return mouth + PHONE_WEIGHT * phones, figures

    groups = [(network.parameters_of(MOVING), 1.0)]
    if encoder_share > 0.0:
        groups.append((network.parameters_of(HEARING), encoder_share))
    teach(network, groups, lesson, draw, loss_of, folder)


def mouth_loss(mouth: Tensor, batch: MouthBatch, metres: Tensor, delays: tuple[int, ...]) -> Tensor:
    """Loss of (B, T, D, M) mouths, over all delays.

    Parameters
    ----------
    delays : `NetworkConfig.mouth_delays`
    """
    total = mouth.new_zeros(())
    for place, (delay, weight) in enumerate(zip(delays, delay_shares(delays), strict=True)):
        total = total + weight * _delayed_loss(mouth[:, :, place].float(), batch, metres, delay)
    return total


def _delayed_loss(mouth: Tensor, batch: MouthBatch, metres: Tensor, delay: int) -> Tensor:
    """Loss of (B, T, M) mouths, each of the frame `delay` earlier; later, where that is below 0."""
    count = mouth.shape[1] - abs(delay)
    found, first = mouth[:, max(0, delay) :][:, :count], max(0, -delay)
    wanted, weight, lips_wanted = (
        rows[:, first : first + count] for rows in (batch.mouth, batch.weight, batch.lips)
    )
    total = weight.sum() + 1.0
    level = (functional.smooth_l1_loss(found, wanted, beta=0.1, reduction="none") * weight).sum()
    both = weight[:, 1:] * weight[:, :-1]
    change = (found.diff(dim=1) - wanted.diff(dim=1)).abs() * both
    lips_found = (found * weight) @ metres
    valid = (weight.amax(dim=2) > 0).float()
    emphasis = 1.0 + SHUT_WEIGHT * torch.exp(-lips_wanted[..., 0].clamp_min(0.0) / SHUT_METRES)
    opening = (lips_found - lips_wanted)[..., 0] / OPENING_SCALE
    width = (lips_found - lips_wanted)[..., 1] / WIDTH_SCALE
    shape = (opening.abs() * emphasis * 0.5 + 0.5 * width.abs()) * valid
    apart = 1.0 - _agreement(lips_found, lips_wanted, valid[..., None])
    return (
        4.0 * level / total
        + VELOCITY_WEIGHT * change.sum() / total
        + SHAPE_WEIGHT * shape.sum() / (valid.sum() + 1.0)
        + AGREEMENT_WEIGHT * apart.mean()
    )


def _agreement(found: Tensor, wanted: Tensor, valid: Tensor) -> Tensor:
    """(B, 2) Lin's concordance of (B, T, 2) lips over the valid frames: correlation that asks for the
    amplitude too, which a mean over possible mouths would lose."""
    count = valid.sum(dim=1) + 1.0
    level, wanted_level = (found * valid).sum(dim=1) / count, (wanted * valid).sum(dim=1) / count
    moved, aimed = (found - level[:, None]) * valid, (wanted - wanted_level[:, None]) * valid
    together = (moved * aimed).sum(dim=1) / count + QUIET_METRES**2
    alone = (moved**2 + aimed**2).sum(dim=1) / count + 2.0 * QUIET_METRES**2
    return 2.0 * together / (alone + (level - wanted_level) ** 2)


def _sampled(rows: Floats, place: NDArray[np.float64]) -> Floats:
    """(T, C) rows at fractional frames, held outside."""
    place = np.clip(place, 0.0, len(rows) - 1.0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(rows) - 1)
    share = (place - low)[:, None].astype(np.float32)
    return rows[low] * (1.0 - share) + rows[high] * share
