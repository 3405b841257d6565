"""Speech to mouth: a phone encoder and a face head, both causal.

The encoder learns from many voices without pictures which phone is spoken; the head learns from a few
faces what the mouth does about it. Every layer is causal, and lookahead exists only as a delay: the
output for time t leaves the network with the input for time t + delay. One trunk answers for several
delays at once, each with its own last layer, so whoever cannot wait gets the same network's best guess
and nothing has to be computed twice. That keeps one rule for training, files and streams, and makes the
state a short history of each layer's input.

The encoder is convolutional [1]_, for it has to be fast over a hundred hours of voices; the head is
recurrent [2]_: of what there is to learn a mouth's inertia from, under an hour, recurrent layers make more.
Convolutions are written as products over shifted copies: plain matrix products are the one thing that is
fast on every processor.

References
----------
.. [1] van den Oord et al.: WaveNet, 2016, section 2.1 (dilated causal convolutions, as in the encoder).
.. [2] Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014, section 2.3 (the gated
   recurrent unit of the head).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import NetworkConfig
from .products import FrameGRU, TiledLinear

HEARING = ("entry", "encoder", "encoder_norm", "phones")
MOVING = ("bridge", "style", "head", "mouth")
"""Modules of a `FaceNetwork` that tell phones, and those that move the mouth: every weight is in one."""


@dataclass(frozen=True)
class NetworkState:
    """What a network remembers of the past.

    Attributes
    ----------
    encoder : one (B, history, C) tensor for each layer
    head : (layers, B, F)
    """

    encoder: tuple[Tensor, ...]
    head: Tensor


@dataclass(frozen=True)
class NetworkOutput:
    """Scores of a stretch of frames.

    Attributes
    ----------
    phones : (B, T, D, P) logits; entry d is of the frame `delays[d]` earlier
    mouth : (B, T, D, M) intensities; entry d is of the frame `mouth_delays[d]` earlier. About 0..1, not
        clamped
    """

    phones: Tensor
    mouth: Tensor


class CausalLayer(nn.Module):
    """A residual layer that sees the present and `history` frames of the past."""

    def __init__(self, channels: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.dilation = dilation
        self.norm = nn.LayerNorm(channels)
        self.mix = TiledLinear(channels * kernel, channels)
        self.out = TiledLinear(channels, channels)

    @property
    def history(self) -> int:
        """Frames of input kept between calls."""
        return (self.kernel - 1) * self.dilation

    def forward(self, frames: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C) and (B, history, C) to (B, T, C) and the new past."""
        normal = torch.cat([past, self.norm(frames)], dim=1)
        count = frames.shape[1]
        shifted = [
            normal[:, tap * self.dilation : tap * self.dilation + count]
            for tap in range(self.kernel)
        ]
        hidden = functional.relu(self.mix(torch.cat(shifted, dim=2)))
        return frames + self.out(hidden), normal[:, normal.shape[1] - self.history :]


class CausalStack(nn.Module):
    """Causal layers one after another."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.channels = channels
        self.layers = nn.ModuleList(CausalLayer(channels, kernel, d) for d in dilations)

    def initial(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        """The state before anything was heard."""
        return tuple(
            like.new_zeros(batch, layer.history, self.channels)
            for layer in self.layers
            if isinstance(layer, CausalLayer)
        )

    def forward(
        self, frames: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(B, T, C) and the state to (B, T, C) and the new state."""
        kept: list[Tensor] = []
        for layer, past in zip(self.layers, state, strict=True):
            frames, now = layer(frames, past.to(frames.dtype))
            kept.append(now)
        return frames, tuple(kept)


class FaceNetwork(nn.Module):
    """The whole network: features in, phone scores and mouth intensities out."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("feature_mean", torch.zeros(config.features))
        self.register_buffer("feature_scale", torch.ones(config.features))
        self.entry = TiledLinear(config.features, config.channels)
        self.encoder = CausalStack(config.channels, config.kernel, config.dilations)
        self.encoder_norm = nn.LayerNorm(config.channels)
        self.phones = TiledLinear(config.channels, len(config.delays) * config.phones)
        self.bridge = TiledLinear(config.channels + config.phones, config.face_channels)
        self.style = nn.Embedding(len(config.styles), config.face_channels)
        self.head = FrameGRU(
            config.face_channels, config.face_layers, 0.2 if config.face_layers > 1 else 0.0
        )
        self.mouth = TiledLinear(
            config.face_channels, len(config.delays) * max(1, len(config.mouth))
        )

    def initial(self, batch: int = 1) -> NetworkState:
        """The state before anything was heard."""
        like = self.feature_mean
        head = like.new_zeros(self.config.face_layers, batch, self.config.face_channels)
        return NetworkState(self.encoder.initial(batch, like), head)

    def encode(
        self, features: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """(B, T, features) to hidden (B, T, C), phone logits (B, T, D, P) and the encoder's state."""
        normal = (features - self.feature_mean) * self.feature_scale
        hidden, kept = self.encoder(self.entry(normal), state)
        hidden = self.encoder_norm(hidden)
        return hidden, self.phones(hidden).unflatten(2, (len(self.config.delays), -1)), kept

    def animate(
        self, hidden: Tensor, phones: Tensor, style: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Hidden, logits and (B,) style numbers to the mouth (B, T, D, M) and the head's state."""
        frames, kept = self.prepare(hidden, phones, style, state)
        return self.mouth(frames).unflatten(2, (len(self.config.delays), -1)), kept

    def prepare(
        self, hidden: Tensor, phones: Tensor, style: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As `animate`, up to what enters the last layer: (B, T, face channels)."""
        joined = torch.cat([hidden, functional.softmax(phones[:, :, -1], dim=2)], dim=2)
        entered = torch.tanh(self.bridge(joined) + self.style(style)[:, None])
        return self.head.follow(entered, state)

    def forward(
        self, features: Tensor, style: Tensor, state: NetworkState
    ) -> tuple[NetworkOutput, NetworkState]:
        """(B, T, features) and (B,) style numbers to scores and the new state."""
        hidden, phones, encoder = self.encode(features, state.encoder)
        mouth, head = self.animate(hidden, phones, style, state.head)
        return NetworkOutput(phones, mouth), NetworkState(encoder, head)

    def parameters_of(self, modules: tuple[str, ...]) -> list[nn.Parameter]:
        """The parameters of some modules, such as `MOVING`."""
        return [one for name in modules for one in self.get_submodule(name).parameters()]

    def tensors_of(self, modules: tuple[str, ...]) -> dict[str, Tensor]:
        """Their entries of the state."""
        state = self.state_dict()
        return {name: value for name, value in state.items() if name.split(".")[0] in modules}

    def deepened(self, dilations: tuple[int, ...]) -> FaceNetwork:
        """A copy with further encoder layers at the end, which change nothing until they have learnt.

        Parameters
        ----------
        dilations : of all layers; the first are this network's own
        """
        own = len(self.config.dilations)
        if dilations[:own] != self.config.dilations:
            raise ValueError(f"{dilations} do not begin with {self.config.dilations}")
        network = FaceNetwork(replace(self.config, dilations=dilations))
        network.load_state_dict(self.state_dict(), strict=False)
        for layer in network.encoder.layers[own:]:
            if isinstance(layer, CausalLayer):
                nn.init.zeros_(layer.out.weight)
                nn.init.zeros_(layer.out.bias)
        return network.to(self.feature_mean.device)

    def in_style(self, style: int, name: str) -> FaceNetwork:
        """A copy in evaluation mode that has one style alone, this one, under a name."""
        network = FaceNetwork(replace(self.config, styles=(name,)))
        weights = self.state_dict()
        network.load_state_dict(
            {**weights, "style.weight": weights["style.weight"][style : style + 1]}
        )
        return network.to(self.feature_mean.device).eval()
