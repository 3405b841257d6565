"""A take while it is spoken: sound in, finished samples out, a fixed delay behind, memory that never grows.

The same network, sampler and finishing as for a file, on a window around what is new: a sample depends on
what lies less than `REACH` frames ahead and `BACK` frames behind, so the window's inside is what the whole
take would be. Only the way back to rest differs: a file knows its end, a stream fades after it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import directed
from dirfa_blender.core.protocol import AnimateSettings

from .audio import SAMPLE_RATE
from .features import BLOCK_FRAMES, FRAME_RATE, Features, FeatureStream
from .model.network import FaceNetwork
from .model.sampling import UPPER_CHANNELS
from .model.statistics import MotionStatistics
from .model.streaming import FaceStream
from .postprocess import REST_SECONDS, RawMotion, finished

REACH = 10
"""Frames by which finishing looks ahead: the silence average reaches 6, closures 2 more."""
BACK = 56
"""Frames by which it looks back: a mouth rests after 40 of silence."""
Array = NDArray[np.float32]


class LiveTake:
    """One talker's take as it grows.

    Parameters
    ----------
    network, statistics : the shipped ones, or an actor's network
    gain : factor that brings the voice to the network's level; a file measures it (`speech_gain`)
    """

    def __init__(
        self,
        network: FaceNetwork,
        statistics: MotionStatistics,
        settings: AnimateSettings,
        gain: float,
    ) -> None:
        self._settings = settings
        self._network = network
        self._features = FeatureStream(gain)
        self._stream = FaceStream(
            network,
            statistics,
            seed=settings.seed,
            blink_rate=settings.blinks,
            lookahead=settings.lookahead_frames(FRAME_RATE),
        )
        self._samples = 0
        self._given = 0
        self._kept_from = 0
        config = network.config
        widths = (config.phones, len(config.mouth), len(UPPER_CHANNELS))
        self._rows = [np.zeros((0, width), np.float32) for width in widths]

    @property
    def delay_seconds(self) -> float:
        """Longest time from a sound to its sample: block, lookahead of the network, and finishing."""
        return (BLOCK_FRAMES + self._stream.lookahead + REACH) / FRAME_RATE

    def push(self, samples: Array) -> Animation:
        """The samples of the take that this sound, (S,) float32 at 16 kHz, completes; may be none."""
        self._samples += len(samples)
        for block in self._features.push(samples):
            self._step(block)
        return self._take(self._kept_from + len(self._rows[0]) - REACH, None)

    def finish(self) -> Animation:
        """The rest of the take, and a fade to rest after it."""
        for block in self._features.finish(self._stream.lookahead + 1):
            self._step(block)
        count = max(1, -(-self._samples * FRAME_RATE // SAMPLE_RATE))
        keep = count - self._kept_from
        self._rows = [rows[:keep] for rows in self._rows]
        rest = self._take(count, count)
        return _faded(rest) if len(rest) else rest

    def _step(self, block: Features) -> None:
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
        seconds = (self._kept_from + np.arange(len(mouth))) / FRAME_RATE
        share = np.clip(seconds / REST_SECONDS, 0.0, 1.0)
        envelope = (share * share * (3.0 - 2.0 * share)).astype(np.float32)
        take = replace(finished(raw, self._settings, envelope), start=self._kept_from / FRAME_RATE)
        take = directed(take, self._settings.controls)
        chosen = _rows_of(take, first, last)
        self._given += last - first
        if end is None:
            drop = max(0, self._given - BACK - self._kept_from)
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
    fade = (share * share * (3.0 - 2.0 * share)).astype(np.float32)[:, None]
    return replace(
        take,
        **{
            name: np.concatenate([getattr(take, name), getattr(take, name)[-1:] * fade])
            for name in ("au", "gaze", "rotation", "translation")
        },
    )
