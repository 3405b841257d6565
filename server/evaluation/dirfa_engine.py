"""DIRFA's design as an engine, so that the same measures take the baseline and the shipped network.

Its mouth is left as the network made it: closures and rests of `postprocess` follow phone scores, which
this design has none of.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.protocol import AnimateSettings
from server.audio import Speech
from server.features import features
from server.model.sampling import UPPER_CHANNELS
from server.phones import PHONES
from server.postprocess import RawMotion, finished
from server.training.dirfa_lesson import POSE_SCALE, scaled
from server.training.dirfa_network import RATE_STEP, load_dirfa


@dataclass(frozen=True)
class DirfaInfo:
    """What reports say of the baseline."""

    model_id: str
    weights: str


class DirfaEngine:
    """Speech to take by the baseline; the interface of `Engine.animate`."""

    actors: tuple[str, ...] = ()

    def __init__(self, checkpoint: Path) -> None:
        """Raises FormatError where there are no such weights."""
        torch.set_num_threads(1)
        try:
            self._network = load_dirfa(checkpoint)
        except ValueError as error:
            raise FormatError(str(error)) from error
        weights = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
        self.model_info = DirfaInfo("DIRFA's design, rebuilt", weights)

    def animate(self, speech: Speech, settings: AnimateSettings | None = None) -> Animation:
        """The take of a recording; the seed chooses the latent."""
        settings = settings or AnimateSettings()
        mel = torch.from_numpy(features(speech.samples).mel)
        motion = scaled(self._network.generate(mel, settings.seed).numpy(), 1.0 / POSE_SCALE)
        count = max(1, int(np.ceil(speech.duration * 50 - 1e-6)))
        at = np.arange(count) / RATE_STEP
        columns = [np.interp(at, np.arange(len(motion)), column) for column in motion.T]
        frames: NDArray[np.float32] = np.stack(columns, axis=1).astype(np.float32)
        phones = np.zeros((count, len(PHONES)), np.float32)
        mouth = len(self._network.config.mouth)
        raw = RawMotion(
            phones, frames[:, :mouth], frames[:, mouth:], self._network.config.mouth, UPPER_CHANNELS
        )
        return finished(raw, settings)
