"""A judge of lip sync that has only ever seen people: two small encoders, sound and lips, one space.

Trained on real film alone, so no generator can have shaped its taste. Pairs of a fifth of a second agree,
pairs shifted within the clip or taken from another clip do not. What is reported are its own accuracy on
clips it did not see in training (the ceiling), and for each method the share of clips whose best offset
is within a frame of zero and the margin between offsets (LSE-C of the literature, on curves, not pixels).

References
----------
.. [1] Chung, Zisserman: Out of time: automated lip sync in the wild, 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from server.tracking.lips import Lips

Floats = NDArray[np.float64]

FPS = 25.0
WIDTH = 64
"""Coordinates of the sphere."""
LIP_FRAMES = 5
OFFSETS = 15
MEL_FRAMES = 10
"""A fifth of a second at 50 feature frames a second."""
STEPS, BATCH, RATE, TEMPERATURE = 400, 96, 2e-3, 0.1


@dataclass(frozen=True)
class SyncClip:
    """Lips at 25 frames a second, (T, 2) standardised; sound, (2 T, 160) features at 50."""

    lips: NDArray[np.float32]
    sound: NDArray[np.float32]


class SyncExpert(nn.Module):
    """Places sound and lips on one sphere."""

    def __init__(self, mel: int) -> None:
        super().__init__()
        self.hear = nn.Sequential(
            nn.Linear(mel * MEL_FRAMES, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, WIDTH)
        )
        self.see = nn.Sequential(nn.Linear(4 * LIP_FRAMES, 128), nn.ReLU(), nn.Linear(128, WIDTH))

    def forward(self, sound: Tensor, lips: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 64) unit vectors of each."""
        return (
            functional.normalize(self.hear(sound.flatten(1)), dim=1),
            functional.normalize(self.see(lips.flatten(1)), dim=1),
        )


@dataclass(frozen=True)
class SyncScore:
    """Share of clips in sync within a frame, median less least distance, mean best offset in seconds."""

    in_sync: float
    confidence: float
    offset_seconds: float


def sync_clip(lips: Lips, mel: NDArray[np.float32]) -> SyncClip:
    """A clip as the expert sees it; curves are standardised, so amplitude plays no part.

    Parameters
    ----------
    mel : (T, features) at 50 frames a second
    """
    count = min(int(len(lips.opening) / lips.fps * FPS), len(mel) // 2)
    times = np.arange(count) / FPS
    own = np.arange(len(lips.opening)) / lips.fps
    curves = np.stack([np.interp(times, own, c) for c in (lips.opening, lips.width)], axis=1)
    curves = (curves - curves.mean(axis=0)) / (curves.std(axis=0) + 1e-6)
    curves = np.concatenate([curves, np.gradient(curves, axis=0) * 3.0], axis=1)
    return SyncClip(curves.astype(np.float32), mel[: 2 * count])


def trained_expert(clips: Sequence[SyncClip], seed: int = 0) -> SyncExpert:
    """An expert that has seen these clips of real people."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        expert = SyncExpert(clips[0].sound.shape[1])
        mel = np.concatenate([clip.sound for clip in clips])
        mean, scale = mel.mean(axis=0), mel.std(axis=0) + 1e-3
        expert.register_buffer("mean", torch.from_numpy(mean))
        expert.register_buffer("scale", torch.from_numpy(scale))
        optimiser = torch.optim.Adam(expert.parameters(), RATE, weight_decay=1e-4)
        rng = np.random.default_rng(seed)
        for _ in range(STEPS):
            sound, lips = _drawn(clips, rng)
            heard, seen = expert(_normal(expert, sound), lips)
            scores = heard @ seen.T / TEMPERATURE
            target = torch.arange(len(scores))
            loss = functional.cross_entropy(scores, target) + functional.cross_entropy(
                scores.T, target
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return expert.eval()


def judged(expert: SyncExpert, clips: Sequence[SyncClip]) -> SyncScore:
    """What the expert says of clips."""
    hits, margins, offsets = [], [], []
    for clip in clips:
        distance = offset_distances(expert, clip)
        best = int(distance.argmin()) - OFFSETS
        hits.append(abs(best) <= 1)
        margins.append(float(np.median(distance) - distance.min()))
        offsets.append(best / FPS)
    return SyncScore(float(np.mean(hits)), float(np.mean(margins)), float(np.mean(offsets)))


def two_choice_accuracy(expert: SyncExpert, clips: Sequence[SyncClip]) -> float:
    """Share of (clip, shift) pairs in which the true timing is nearer than the shifted one."""
    wins: list[bool] = []
    for clip in clips:
        distance = offset_distances(expert, clip)
        others = np.delete(distance, [OFFSETS - 1, OFFSETS, OFFSETS + 1])
        wins.extend((distance[OFFSETS] < others).tolist())
    return float(np.mean(wins))


def offset_distances(expert: SyncExpert, clip: SyncClip) -> Floats:
    """(31,) mean distance of sound and lips for lips moved by -15 to 15 frames."""
    with torch.inference_mode():
        places = np.arange(len(clip.lips) - LIP_FRAMES)
        sound = torch.from_numpy(np.stack([clip.sound[2 * p : 2 * p + MEL_FRAMES] for p in places]))
        lips = torch.from_numpy(np.stack([clip.lips[p : p + LIP_FRAMES] for p in places]))
        heard, seen = expert(_normal(expert, sound), lips)
        apart = torch.cdist(heard, seen).numpy()
    result = np.zeros(2 * OFFSETS + 1)
    for index, offset in enumerate(range(-OFFSETS, OFFSETS + 1)):
        result[index] = np.diagonal(apart, offset).mean()
    return result


def _drawn(clips: Sequence[SyncClip], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Agreeing pairs; half of a batch comes from few clips, so shifts within a clip are negatives."""
    few = rng.choice(len(clips), 4)
    chosen = np.concatenate(
        [few[rng.integers(4, size=BATCH // 2)], rng.choice(len(clips), BATCH // 2)]
    )
    sound, lips = [], []
    for index in chosen:
        clip = clips[int(index)]
        place = int(rng.integers(len(clip.lips) - LIP_FRAMES))
        sound.append(clip.sound[2 * place : 2 * place + MEL_FRAMES])
        lips.append(clip.lips[place : place + LIP_FRAMES])
    return torch.from_numpy(np.stack(sound)), torch.from_numpy(np.stack(lips))


def _normal(expert: SyncExpert, sound: Tensor) -> Tensor:
    mean, scale = expert.get_buffer("mean"), expert.get_buffer("scale")
    return (sound - mean) / scale
