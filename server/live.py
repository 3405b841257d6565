"""A take while it is spoken: sound in, finished samples out, a fixed delay behind, memory that never grows.

The same network, sampler and finishing as for a file, on a window around what is new, so a stream gives the
bytes of the file with the same lookahead, however the sound is cut. The end alone differs where the
lookahead is not bounded: a file then returns to rest before its end, a stream fades after it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import directed
from dirfa_blender.core.easing import smoothstep
from dirfa_blender.core.protocol import AnimateSettings

from .articulation import BACK
from .audio import SAMPLE_RATE
from .features import BLOCK_FRAMES, FRAME_RATE, PITCH_WINDOW, Features, FeatureStream
from .model.network import FaceNetwork
from .model.sampling import UPPER_CHANNELS
from .model.statistics import MotionStatistics
from .model.streaming import FaceStream
from .model.voice_gate import VoiceGate
from .postprocess import REST_SECONDS, RawMotion, finished, reach_of, rising_envelope

KEPT = BACK + 2
"""Frames that are kept of what has been given."""
Array = NDArray[np.float32]


class LiveTake:
    """One talker's take as it grows.

    Parameters
    ----------
    network, statistics : the shipped ones, or an actor's network
    gate : what tells a voice from other sounds
    gain : factor that brings the voice to the network's level; a file measures it (`speech_gain`)
    """

    def __init__(
        self,
        network: FaceNetwork,
        statistics: MotionStatistics,
        settings: AnimateSettings,
        gain: float,
        gate: VoiceGate | None = None,
    ) -> None:
        self._settings = settings
        self._network = network
        self._statistics = statistics
        self._features = FeatureStream(gain)
        self._stream = FaceStream(
            network,
            statistics,
            seed=settings.seed,
            blink_rate=settings.blinks,
            lookahead=settings.lookahead_frames(FRAME_RATE),
            is_live=True,
            gate=gate,
        )
        self._reach = reach_of(settings, self._stream.lookahead)
        self._samples = 0
        self._given = 0
        self._kept_from = 0
        config = network.config
        widths = (config.phones, len(config.mouth), len(UPPER_CHANNELS))
        self._rows = [np.zeros((0, width), np.float32) for width in widths]

    @property
    def delay_seconds(self) -> float:
        """Longest time from a sound to its sample: lookahead of the network, of finishing, the rest of the
        block, and the window in which sound is heard."""
        frames = self._stream.lookahead + self._reach + BLOCK_FRAMES - 1
        return frames / FRAME_RATE + PITCH_WINDOW / 2 / SAMPLE_RATE

    def push(self, samples: Array) -> Animation:
        """The samples of the take that this sound, (S,) float32 at 16 kHz, completes; may be none."""
        self._samples += len(samples)
        self._step(self._features.push(samples))
        return self._take(self._kept_from + len(self._rows[0]) - self._reach, None)

    def finish(self) -> Animation:
        """The rest of the take, and a fade to rest after it."""
        self._step(self._features.finish(self._stream.lookahead + 1))
        count = max(1, -(-self._samples * FRAME_RATE // SAMPLE_RATE))
        keep = count - self._kept_from
        self._rows = [rows[:keep] for rows in self._rows]
        rest = self._take(count, count)
        return _faded(rest) if len(rest) else rest

    def _step(self, block: Features) -> None:
        if not len(block):
            return
        motion = self._stream.step(torch.from_numpy(block.mel), torch.from_numpy(block.prosody))
        # What lies before the sound began belongs to no time of the take.
        skipped = max(0, -motion.first_frame)
        new = (motion.phones, motion.mouth, motion.upper)
        self._rows = [
            np.concatenate([rows, values[skipped:].numpy().astype(np.float32)])
            for rows, values in zip(self._rows, new, strict=True)
        ]

    def _take(self, until: int, end: int | None) -> Animation:
        """Samples not given yet, before frame `until`; `end` is the take's length once it is known."""
        phones, mouth, upper = self._rows
        first = self._given - self._kept_from
        last = max(first, until - self._kept_from)
        raw = RawMotion(phones, mouth, upper, self._network.config.mouth, UPPER_CHANNELS)
        envelope = rising_envelope(self._kept_from, len(mouth))
        take = finished(raw, self._settings, envelope, self._reach, self._statistics.mouth)
        take = replace(take, start=self._kept_from / FRAME_RATE)
        take = directed(take, self._settings.controls)
        chosen = _rows_of(take, first, last)
        self._given += last - first
        if end is None:
            drop = max(0, self._given - KEPT - self._kept_from)
            self._rows = [rows[drop:] for rows in self._rows]
            self._kept_from += drop
        return chosen


def _rows_of(take: Animation, first: int, last: int) -> Animation:
    return replace(
        take,
        start=take.start + first / take.fps,
        au=take.au[first:last],
        gaze=take.gaze[first:last],
        rotation=take.rotation[first:last],
        translation=take.translation[first:last],
    )


def _faded(take: Animation) -> Animation:
    """The take, and after it the way from its last sample to rest."""
    count = round(REST_SECONDS * FRAME_RATE)
    share = 1 - np.arange(1, count + 1) / count
    fade = smoothstep(share).astype(np.float32)[:, None]
    return replace(
        take,
        **{
            name: np.concatenate([getattr(take, name), getattr(take, name)[-1:] * fade])
            for name in ("au", "gaze", "rotation", "translation")
        },
    )
