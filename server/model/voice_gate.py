"""Whether anybody speaks at all: a small network that keeps lips still to music and machines.

The face network learnt from speech, so it takes whatever has a pitch for a vowel. This one was taught the
difference, on speech with and without music under it, and on music and hums alone. It answers for the same
delays as the face network, from a second of the past, and what it says falls slowly: in doubt lips
follow the sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .products import TiledLinear

CONTEXT = 50
"""Frames looked at, the present one included."""
WIDTH, HIDDEN = 40, 64
"""Channels of a frame, and of all frames of the context together."""
HOLD = 10
"""Frames for which a voice that was heard goes on counting: consonants have none."""
LOW, HIGH = -1.4, 0.0
"""Logit of a voice under which lips rest, and over which they follow the sound wholly: 20 and 50 %."""
QUIET, LOUD = -5.2, -4.0
"""Natural log of the RMS under which nothing is held still, and over which all that is no voice: what a
mouth does before and after a word is the face network's business. Speech lies around -3."""


def quietness(level: Tensor) -> Tensor:
    """(T,) natural log of the RMS to the share 0..1 in which there is nothing to hold still."""
    return ((LOUD - level) / (LOUD - QUIET)).clamp(0.0, 1.0)


@dataclass(frozen=True)
class GateState:
    """What a gate remembers: (CONTEXT - 1, WIDTH) of the features, (HOLD, D) of the answers."""

    heard: Tensor
    said: Tensor


class VoiceGate(nn.Module):
    """Features in, share of a voice out: two products with a ReLU over a window of `CONTEXT` frames."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, features: int, delays: int) -> None:
        super().__init__()
        self.delays = delays
        self.register_buffer("feature_mean", torch.zeros(features))
        self.register_buffer("feature_scale", torch.ones(features))
        self.entry = TiledLinear(features, WIDTH)
        self.mix = TiledLinear(CONTEXT * WIDTH, HIDDEN)
        self.out = TiledLinear(HIDDEN, delays)

    def initial(self) -> GateState:
        """Nothing heard yet, and no voice."""
        like = self.feature_mean
        return GateState(like.new_zeros(CONTEXT - 1, WIDTH), like.new_zeros(HOLD, self.delays))

    def logits(self, features: Tensor, heard: Tensor) -> tuple[Tensor, Tensor]:
        """(..., T, features) and the past to (..., T, D) logits and the new past.

        Column d answers for the frame `delays[d]` earlier.
        """
        entered = torch.relu(self.entry((features - self.feature_mean) * self.feature_scale))
        known = torch.cat([heard, entered], dim=-2)
        count = features.shape[-2]
        windows = torch.cat([known[..., tap : tap + count, :] for tap in range(CONTEXT)], dim=-1)
        return self.out(torch.relu(self.mix(windows))), known[..., count:, :]

    def forward(self, features: Tensor, state: GateState) -> tuple[Tensor, GateState]:
        """(T, features) and the state to (T, D) shares within 0..1 and the new state."""
        logits, heard = self.logits(features, state.heard)
        # A ramp on logits: the last bits of a sigmoid depend on how many it is taken of.
        share = ((logits - LOW) / (HIGH - LOW)).clamp(0.0, 1.0)
        known = torch.cat([state.said, share])
        held = known[HOLD:]
        for before in range(1, HOLD + 1):
            held = torch.maximum(held, known[HOLD - before : len(known) - before])
        return held, GateState(heard, known[len(known) - HOLD :])
