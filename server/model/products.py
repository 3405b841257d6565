"""Layers whose rows do not depend on how many there are, so that a stream and a file agree to the bit.

A matrix product's last bits depend on its shape: libraries take other paths for few rows than for many.
So inference makes every product with `TILE` rows (a graphics card's with `CARD_TILE`), a short block filled
up and a long one cut, or with those of one frame, where a frame needs the one before. Training, which needs
no such thing, is left alone.

Weights lie in memory as (in, out), seen as (out, in). For few rows libraries take them as they are so, and
would turn them around for every product else, which takes as long as the product.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

TILE = 16
"""Rows of every product: enough to be fast over a file, few enough to be wasted on a live block."""
CARD_TILE = 512
"""The same on a graphics card, where a call costs more than what it computes."""


class TiledLinear(nn.Linear):
    """A linear layer; in inference mode products of `TILE` rows each."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.weight = nn.Parameter(_turned(self.weight))

    def forward(self, input: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        if not torch.is_inference_mode_enabled():
            return super().forward(input)
        return _tiled(input, self.weight, self.bias)


class FrameGRU(nn.GRU):
    """Gated recurrent layers, the batch first; in inference mode layer by layer.

    On a processor what enters all frames of a layer is one tiled product, what comes back from the frame
    before is a product a frame. A frame is made where its sums lie: so small, a step more for memory or for
    checks would take as long as the product.
    """

    def __init__(self, features: int, layers: int, dropout: float) -> None:
        super().__init__(features, features, layers, batch_first=True, dropout=dropout)
        for name, weight in list(self.named_parameters()):
            if weight.dim() == 2:
                setattr(self, name, nn.Parameter(_turned(weight)))

    def flatten_parameters(self) -> None:
        """As everywhere; a graphics card takes weights in the usual order of memory alone."""
        for weight in self.parameters():
            if weight.is_cuda:
                weight.data = weight.data.contiguous()
        super().flatten_parameters()

    def follow(self, frames: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, F) and (layers, B, F) to (B, T, F) and the new state."""
        if not torch.is_inference_mode_enabled():
            return self(frames, state)
        recurred = recurred_on_card if frames.is_cuda else recurred_frames
        frames, kept = frames.transpose(0, 1), list[Tensor]()
        for weights, last in zip(self.all_weights, state, strict=True):
            frames = recurred(frames, last, weights)
            kept.append(frames[-1])
        return frames.transpose(0, 1), torch.stack(kept)


def _tiled(input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(..., in), (out, in) and (out,) to (..., out)."""
    rows = input.reshape(-1, input.shape[-1])
    count = rows.shape[0]
    tile = TILE if rows.is_cpu else CARD_TILE
    missing = -count % tile
    if missing:
        rows = torch.cat([rows, rows.new_zeros(missing, rows.shape[1])])
    tiles = rows.view(-1, tile, rows.shape[1])
    if rows.is_cpu:
        made = torch.baddbmm(bias, tiles, weight.t().expand(len(tiles), -1, -1))
    else:
        # A graphics card's library takes other paths for many products than for one.
        made = torch.stack([functional.linear(part, weight, bias) for part in tiles])
    return made.view(-1, len(weight))[:count].view(*input.shape[:-1], len(weight))


def recurred_frames(frames: Tensor, last: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """(T, B, F) from (T, B, F) and (B, F) before, by one layer of `nn.GRU` with these weights."""
    into_weight, back_weight, into_bias, back_bias = weights
    size = last.shape[1]
    entered = _tiled(frames, into_weight, into_bias)
    made = entered[..., 2 * size :].clone()
    entered[..., 2 * size :] = 0.0
    sums = entered + back_bias
    # Views of every frame: reset and update together, each alone, and what comes back to the candidate.
    parts = (sums[..., : 2 * size], *sums.split(size, dim=2))
    back = back_weight.t()
    for total, both, reset, update, again, fresh in zip(
        *(part.unbind() for part in (sums, *parts, made)), strict=True
    ):
        total.addmm_(last, back)
        both.sigmoid_()
        last = fresh.addcmul_(reset, again).tanh_().lerp_(last, update)
    return made


def recurred_on_card(frames: Tensor, last: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """As `recurred_frames`, with the fewest calls a frame: there a call takes longer than its product."""
    made = list[Tensor]()
    for frame in frames.unbind():
        last = torch.gru_cell(frame, last, *weights)
        made.append(last)
    return torch.stack(made)


def _turned(weight: Tensor) -> Tensor:
    """The same numbers in the other order of memory."""
    return weight.detach().t().contiguous().t()
