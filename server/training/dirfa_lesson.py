"""Trains DIRFA's design on the filmed talkers, to have something to be compared with.

It learns everything at once, lips, brows, lids and pose, from film alone: that is its idea. The frames it
is given while training carry noise, for afterwards it has only its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dirfa_blender.core.animation import Animation
from server.features import features
from server.model.sampling import UPPER_CHANNELS
from server.postprocess import sided

from .coarticulation import MOUTH
from .dirfa_network import RATE_STEP, DirfaConfig, DirfaNetwork
from .loop import Lesson, teach

LESSON = Lesson("dirfa", steps=900, peak_rate=1e-3, warm_up=100, seed=4)
BATCH = 16
CROP_FRAMES = 64
"""Motion frames of a crop, 25 a second."""
HISTORY_NOISE = 0.06
KL_WEIGHT = 2e-3
VELOCITY_WEIGHT = 2.0
POSE_SCALE = 5.0
"""Radians and metres times this are about as large as intensities."""
FREE_SHARE = 0.5
"""Of the frames before, how many are the network's own, once it has learnt something."""


@dataclass(frozen=True)
class FilmedMotion:
    """Sound features (2 T, 160) with the motion (T, channels) of a filmed talker, 25 frames a second."""

    features: NDArray[np.float32]
    motion: NDArray[np.float32]


def channels() -> tuple[str, ...]:
    """The motion vector: mouth units, then what the sampler of the shipped network draws."""
    return (*MOUTH, *UPPER_CHANNELS)


def train_dirfa(
    clips: Sequence[FilmedMotion], lesson: Lesson, folder: Path, device: torch.device
) -> DirfaNetwork:
    """The trained baseline, taught on a device."""
    torch.manual_seed(lesson.seed)
    network = DirfaNetwork(DirfaConfig(channels=channels(), mouth=MOUTH))
    heard = np.concatenate([clip.features for clip in clips[::8]])
    network.feature_mean.copy_(torch.from_numpy(heard.mean(axis=0)))
    network.feature_scale.copy_(torch.from_numpy(1.0 / np.maximum(heard.std(axis=0), 0.1)))
    network.to(device)

    def draw(number: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([lesson.seed, number])
        crops = [_crop(clips[int(rng.integers(len(clips)))], rng) for _ in range(BATCH)]
        sound, motion = (np.stack(parts) for parts in zip(*crops, strict=True))
        return torch.from_numpy(sound), torch.from_numpy(motion)

    def loss_of(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        sound, motion = batch
        mean, spread = network.infer(motion)
        latent = mean + torch.randn_like(mean) * torch.exp(0.5 * spread)
        divergence = 0.5 * (mean**2 + spread.exp() - 1.0 - spread).sum(dim=1).mean()
        before = torch.cat([torch.zeros_like(motion[:, :1]), motion[:, :-1]], dim=1)
        audio = network.listen(sound)
        # Scheduled sampling in two passes: some of the frames before are the network's own.
        with torch.no_grad():
            own = network(audio, before, latent)
            own = torch.cat([torch.zeros_like(own[:, :1]), own[:, :-1]], dim=1)
        mixed = torch.rand(before.shape[:2], device=before.device)[..., None] < FREE_SHARE
        before = torch.where(mixed, own, before)
        before = before + HISTORY_NOISE * torch.randn_like(before)
        found = network(audio, before, latent)
        level = (found - motion).abs().mean()
        change = (found.diff(dim=1) - motion.diff(dim=1)).abs().mean()
        loss = level + VELOCITY_WEIGHT * change + KL_WEIGHT * divergence
        return loss, {"level": float(level.detach()), "divergence": float(divergence.detach())}

    weights = list(network.parameters())
    teach(network, [(weights, 1.0)], lesson, draw, loss_of, folder)
    return network.cpu()


def filmed_motion(samples: NDArray[np.float32], take: Animation) -> FilmedMotion:
    """A clip from sound (S,) at the target level and its tracked take at 25 frames a second."""
    mel = features(samples, 1.0).mel
    wanted = RATE_STEP * len(take)
    mel = np.concatenate([mel, np.repeat(mel[-1:], max(0, wanted - len(mel)), axis=0)])[:wanted]
    pose = ("pitch", "yaw", "roll", "left", "up", "forward", "look_up", "look_left")
    values = np.concatenate([take.rotation, take.translation, take.gaze], axis=1)
    columns = dict(zip(pose, values.T, strict=True))
    motion = np.stack([columns[n] if n in columns else _unit(take, n) for n in channels()], axis=1)
    return FilmedMotion(mel, scaled(motion.astype(np.float32), POSE_SCALE))


def _unit(take: Animation, name: str) -> NDArray[np.float32]:
    """(T,) of a unit, of both sides where it has no side here; 0 where the tracker has none."""
    found = [take.channel(code) for code in sided(name) if code in take.au_names]
    return np.mean(found, axis=0) if found else np.zeros(len(take), np.float32)


def scaled(motion: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Motion (T, C) of `channels` with pose and gaze, which are radians and metres, times a factor."""
    gains = [1.0 if name.startswith(("AU", "MS")) else factor for name in channels()]
    return motion * np.array(gains, np.float32)


def _crop(
    clip: FilmedMotion, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    count = len(clip.motion)
    first = int(rng.integers(max(1, count - CROP_FRAMES + 1)))
    index = np.clip(np.arange(first, first + CROP_FRAMES), 0, count - 1)
    pairs = clip.features.reshape(count, -1)[index]
    return pairs.reshape(2 * CROP_FRAMES, -1), clip.motion[index]
