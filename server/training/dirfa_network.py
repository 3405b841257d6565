"""DIRFA's design [1]_, rebuilt to be compared with: an autoregressive transformer with a latent.

The published abstract confirms a probabilistic transformer that turns audio into animation one step after
another under a temporally biased mask. Sizes, features and losses are not published; those here are this
project's. One Gaussian latent for each recording carries what the sound does not decide; while training
it comes from the motion (posterior), afterwards from the seed (prior). The mask is the additive causal
bias of its time, falling with distance in steps of `PERIOD` [2]_.

References
----------
.. [1] Wu, Yu, Zhan, Zhang, Zhang, Lu: Audio-driven talking face generation with diverse yet realistic
   facial animations, Pattern Recognition, 2023.
.. [2] Fan, Lin, Saito, Wang, Komura: FaceFormer, CVPR 2022, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from server.model.weights_file import fitting, from_json, read_weights, to_json, write_weights

FORMAT = "dirfa.baseline"
RATE_STEP = 2
"""Feature frames, at 50 a second, for one motion frame: DIRFA moves at 25 frames a second."""
PERIOD = 25
"""Motion frames over which the bias of the mask is level."""
WINDOW = 100
"""Motion frames of the past that are looked at: 4 s, so a long recording costs no more a frame."""


@dataclass(frozen=True)
class DirfaConfig:
    """Sizes; `channels` names the motion vector: mouth units, then those above the lips and the pose."""

    channels: tuple[str, ...]
    mouth: tuple[str, ...]
    features: int = 160
    width: int = 128
    heads: int = 4
    layers: int = 3
    latent: int = 16
    lookahead: int = 4


class DirfaLayer(nn.Module):
    """Self-attention under the biased mask, then a feed-forward part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first = nn.LayerNorm(width)
        self.joint = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.second = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 3 * width)
        self.narrow = nn.Linear(3 * width, width)

    def forward(
        self, frames: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(B, T, C) and the keys and values of earlier frames to (B, T, C) and the new ones."""
        batch, count, width = frames.shape
        joint = self.joint(self.first(frames)).view(batch, count, 3, self.heads, -1)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        mask = biased_mask(count, key.shape[2], self.heads).to(frames)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        frames = frames + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        frames = frames + self.narrow(functional.gelu(self.wide(self.second(frames))))
        return frames, (key[:, :, -WINDOW:], value[:, :, -WINDOW:])


class DirfaNetwork(nn.Module):
    """Audio features and a latent to motion, one frame after another."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: DirfaConfig) -> None:
        super().__init__()
        self.config = config
        count, width = len(config.channels), config.width
        self.register_buffer("feature_mean", torch.zeros(config.features))
        self.register_buffer("feature_scale", torch.ones(config.features))
        heard = RATE_STEP * (2 * config.lookahead + 1)
        self.audio = nn.Sequential(
            nn.Linear(config.features * heard, width), nn.GELU(), nn.Linear(width, width)
        )
        self.motion = nn.Linear(count, width)
        self.carry = nn.Linear(config.latent, width)
        self.layers = nn.ModuleList(DirfaLayer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, count)
        self.reader = nn.GRU(count, width, batch_first=True, bidirectional=True)
        self.posterior = nn.Linear(2 * width, 2 * config.latent)

    def listen(self, features: Tensor) -> Tensor:
        """(B, 2 T, features) to (B, T, C): each motion frame hears `lookahead` frames on both sides."""
        normal = (features - self.feature_mean) * self.feature_scale
        pairs = normal.reshape(normal.shape[0], -1, RATE_STEP * normal.shape[2])
        reach = self.config.lookahead
        padded = functional.pad(pairs, (0, 0, reach, reach))
        return self.audio(padded.unfold(1, 2 * reach + 1, 1).flatten(2))

    def infer(self, motion: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, channels) to mean and log variance (B, latent) of the posterior."""
        _, last = self.reader(motion)
        mean, spread = self.posterior(torch.cat([last[0], last[1]], dim=1)).chunk(2, dim=1)
        return mean, spread.clamp(-6.0, 3.0)

    def forward(self, heard: Tensor, before: Tensor, latent: Tensor) -> Tensor:
        """Heard (B, T, C), frames before (B, T, channels) and latent to frames (B, T, channels)."""
        frames = heard + self.motion(before) + self.carry(latent)[:, None]
        for layer in self.layers:
            frames, _ = layer(frames, None)
        return before + self.out(self.norm(frames))

    @torch.inference_mode()
    def generate(self, features: Tensor, seed: int) -> Tensor:
        """(S, features) at 50 frames a second to (ceil(S / 2), channels) at 25; a seed gives one take."""
        random = torch.Generator().manual_seed(seed)
        latent = torch.randn(1, self.config.latent, generator=random)
        if len(features) % RATE_STEP:
            features = torch.cat([features, features[-1:]])
        heard = self.listen(features[None])
        carried = self.carry(latent)[:, None]
        frame = heard.new_zeros(1, 1, len(self.config.channels))
        past: list[tuple[Tensor, Tensor] | None] = [None] * len(self.layers)
        frames: list[Tensor] = []
        for step in range(heard.shape[1]):
            hidden = heard[:, step : step + 1] + self.motion(frame) + carried
            for place, layer in enumerate(self.layers):
                hidden, past[place] = layer(hidden, past[place])
            frame = (frame + self.out(self.norm(hidden))).clamp(-1.0, 1.5)
            frames.append(frame)
        return torch.cat(frames, dim=1)[0]


def biased_mask(queries: int, keys: int, heads: int) -> Tensor:
    """(heads, queries, keys) added to the scores: 0 near, falling with distance, minus infinity ahead."""
    slopes = 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)
    place = torch.arange(keys - queries, keys)[:, None] - torch.arange(keys)[None]
    fall = -slopes[:, None, None] * torch.div(place, PERIOD, rounding_mode="floor").clamp_min(0)
    hidden = (place < 0) | (place >= WINDOW)
    return fall.masked_fill(hidden, float("-inf"))


def save_dirfa(path: Path, network: DirfaNetwork) -> None:
    """Writes the baseline whole or not at all."""
    write_weights(path, FORMAT, network.state_dict(), {"config": to_json(network.config)})


def load_dirfa(path: Path) -> DirfaNetwork:
    """The baseline in a file, in evaluation mode.

    Raises
    ------
    ValueError
        The file is missing, damaged or of another kind; the sentence is fit to be shown.
    """
    header, weights = read_weights(path, FORMAT)
    with fitting(path):
        network = DirfaNetwork(from_json(DirfaConfig, header["config"]))
        network.load_state_dict(weights)
    return network.eval()
