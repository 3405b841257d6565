"""Layers whose rows do not depend on how many there are, so that a stream and a file agree to the bit.

A matrix product's last bits depend on its shape: libraries take other paths for few rows than for many.
So inference makes every product with `TILE` rows, a short block padded and a long one cut, and runs
recurrent layers over `BLOCK_FRAMES` frames at a time. Training, which needs no such thing, is left alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import BLOCK_FRAMES

TILE = 16
"""Rows of every product: enough to be fast over a file, few enough to be wasted on a live block."""


class TiledLinear(nn.Linear):
    """A linear layer; in inference mode products of `TILE` rows each."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        if not torch.is_inference_mode_enabled():
            return super().forward(input)
        rows = input.reshape(-1, self.in_features)
        count = rows.shape[0]
        missing = -count % TILE
        if missing:
            rows = torch.cat([rows, rows.new_zeros(missing, self.in_features)])
        if count <= TILE:
            made = functional.linear(rows, self.weight, self.bias)
        else:
            tiles = [functional.linear(t, self.weight, self.bias) for t in rows.split(TILE)]
            made = torch.cat(tiles)
        return made[:count].view(*input.shape[:-1], self.out_features)


def recurred(layers: nn.GRU, frames: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T, in) and (layers, B, F) to (B, T, F) and the new state; `layers` takes the batch first."""
    if not torch.is_inference_mode_enabled():
        return layers(frames, state)
    weights: list[Tensor] = [weight for layer in layers.all_weights for weight in layer]
    made: list[Tensor] = []
    for block in frames.split(BLOCK_FRAMES, dim=1):
        # The function under the module, whose checks would take as long as the block.
        block, state = torch.gru(
            block.contiguous(), state, weights, True, layers.num_layers, 0.0, False, False, True
        )
        made.append(block)
    return torch.cat(made, dim=1), state
