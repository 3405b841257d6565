"""The model on a stream: feature blocks in, raw motion out, everything it remembers in one state.

No value depends on how many frames come at a time (`products`, `sampling`), so a file in long blocks and
a stream in short ones give the same bytes on the same machine. What leaves belongs to the time `lookahead`
frames before what entered.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .config import BLOCK_FRAMES, SILENCE
from .network import FaceNetwork, NetworkState
from .noise import LIVE_TILE, LONG_TILE
from .prosody import Voice
from .sampling import Sampler, SamplerState
from .statistics import MotionStatistics
from .voice_gate import GateState, VoiceGate, quietness


@dataclass(frozen=True)
class MotionBlock:
    """A stretch of raw motion; all rows belong to the same times.

    Attributes
    ----------
    first_frame : its first row is at ``first_frame / 50`` s; negative before the sound begins
    phones : (T, P) float32 probabilities
    mouth : (T, M) float32, channels of the network's configuration, not clamped
    upper : (T, 22) float64, channels of `sampling.UPPER_CHANNELS`
    """

    first_frame: int
    phones: Tensor
    mouth: Tensor
    upper: Tensor


@dataclass
class StreamState:
    """All that a stream remembers.

    Attributes
    ----------
    frame : frames taken in so far
    mouth : (held, M) of frames whose time has not come, for the mouth comes early
    level : (lookahead,) natural log of the RMS of such frames
    """

    frame: int
    network: NetworkState
    sampler: SamplerState
    mouth: Tensor
    level: Tensor
    gate: GateState | None = None


class FaceStream:
    """One talker's stream through a network; networks are shared, states are not.

    Parameters
    ----------
    seed : of all that is drawn
    blink_rate : over that of a person who speaks; 0 none
    lookahead : frames that may be waited for at most; None waits as long as it helps
    is_live : spreads the work evenly, and does here what the first block needs
    gate : where it hears no voice nobody speaks, whatever the network takes a sound for

    Raises
    ------
    ValueError
        The network looks farther ahead than is allowed.
    """

    def __init__(
        self,
        network: FaceNetwork,
        statistics: MotionStatistics,
        *,
        seed: int,
        blink_rate: float = 1.0,
        lookahead: int | None = None,
        is_live: bool = False,
        gate: VoiceGate | None = None,
    ) -> None:
        delays = network.config.delays
        fitting = [place for place, d in enumerate(delays) if lookahead is None or d <= lookahead]
        if not fitting:
            raise ValueError(f"the network looks ahead {delays} frames, got {lookahead}")
        self._network = network
        self._place = fitting[-1]
        # The mouth comes early: of a longer delay the head may be in time, and what is too early waits.
        early = network.config.mouth_delays
        self._mouth_place = max(place for place, d in enumerate(early) if d <= self.lookahead)
        held = network.feature_mean.new_zeros(
            self.lookahead - early[self._mouth_place], len(network.config.mouth)
        )
        self._style = torch.tensor([0], device=network.feature_mean.device)
        self._sampler = Sampler(
            statistics,
            seed,
            delay=self.lookahead,
            blink_rate=blink_rate,
            tile=LIVE_TILE if is_live else LONG_TILE,
        )
        if is_live:
            self._sampler.prepare()
        self._gate = gate
        heard = None if gate is None else gate.initial()
        level = torch.zeros(self.lookahead)
        self.state = StreamState(0, network.initial(), SamplerState(), held.cpu(), level, heard)

    @property
    def lookahead(self) -> int:
        """Frames by which the motion lags behind the features."""
        return self._network.config.delays[self._place]

    @torch.inference_mode()
    def step(self, features: Tensor, prosody: Tensor) -> MotionBlock:
        """(T, features) and (T, 3) float32 of the next frames to the motion they complete.

        Prosody is level (natural log of the RMS), pitch (log2 of F0 in Hz, 0 unvoiced) and voicing 0..1.

        Raises
        ------
        ValueError
            T is no multiple of `BLOCK_FRAMES`.
        """
        count = features.shape[0]
        if count == 0 or count % BLOCK_FRAMES:
            raise ValueError(f"a block has a multiple of {BLOCK_FRAMES} frames, got {count}")
        state = self.state
        entered = features[None].to(self._network.feature_mean.device)
        output, state.network = self._network(entered, self._style, state.network)
        phones = torch.softmax(output.phones[0, :, self._place].float(), dim=1).cpu()
        given = output.mouth[0, :, self._mouth_place].float().cpu()
        mouths = torch.cat([state.mouth, given])
        mouth, state.mouth = mouths[:count], mouths[count:]
        if self._gate is not None and state.gate is not None:
            shares, state.gate = self._gate(entered[0], state.gate)
            levels = torch.cat([state.level, prosody[:, 0]])
            quiet, state.level = quietness(levels[:count]), levels[count:]
            share = torch.maximum(shares[:, self._place].cpu(), quiet)[:, None]
            mouth, phones = mouth * share, phones * share
            phones[:, SILENCE] += 1.0 - share[:, 0]
        voice = Voice(
            activity=1.0 - phones[:, SILENCE].double(),
            level=prosody[:, 0].double(),
            pitch=prosody[:, 1].double(),
        )
        upper = self._sampler.step(voice, state.sampler)
        first = state.frame - self.lookahead
        state.frame += count
        return MotionBlock(first, phones, mouth, upper)
