"""Shape of the network: everything needed to build it, stored in the checkpoint's header."""

from __future__ import annotations

from dataclasses import dataclass

FRAME_RATE = 50
"""Frames a second inside the model."""
BLOCK_FRAMES = 2
"""Frames of the smallest block, 40 ms: what goes in is a whole number of them."""
SILENCE = 0
"""The phone that means nobody speaks."""


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the encoder and of the face head.

    Attributes
    ----------
    features : width of one feature frame
    phones : classes the encoder tells apart, the first `SILENCE`
    channels, kernel, dilations : width of the encoder, taps of its layers and dilation of each
    face_channels, face_layers : width and depth of the face head
    delays : frames by which the phones lag behind the sound, shortest first: the lookaheads offered
    mouth_lead : frames by which the mouth lags less: it is on its way before its sound
    mouth : names of the mouth channels, action units without a side
    styles : talkers the mouth was learnt from; the first is the one used unless another is named
    """

    features: int = 160
    phones: int = 40
    channels: int = 256
    kernel: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8) * 3
    face_channels: int = 160
    face_layers: int = 2
    delays: tuple[int, ...] = (0, 2, 6, 16)
    mouth_lead: int = 2
    mouth: tuple[str, ...] = ()
    styles: tuple[str, ...] = ("plain",)

    @property
    def mouth_delays(self) -> tuple[int, ...]:
        """Frames by which the mouth lags behind the sound for each of `delays`; below 0 it is foretold."""
        return tuple(delay - self.mouth_lead for delay in self.delays)
