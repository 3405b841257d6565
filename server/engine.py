"""The one way from speech to a take, used by the routes, the command line and the batch alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.controls import directed
from dirfa_blender.core.errors import FormatError, JobCancelled, SettingsError
from dirfa_blender.core.protocol import AnimateSettings, to_json
from dirfa_blender.core.speech_level import speech_gain

from .audio import SAMPLE_RATE, Speech
from .config import actor_file, actors_folder
from .devices import chosen_device
from .features import FRAME_RATE, FRAME_STEP, LONG_BLOCK, Features, FeatureStream
from .live import LiveTake
from .model.checkpoint import (
    GATE,
    SHIPPED,
    Actor,
    load_actor,
    load_checkpoint,
    load_gate,
)
from .model.sampling import UPPER_CHANNELS
from .model.streaming import FaceStream, MotionBlock
from .postprocess import RawMotion, finished, reach_of, rising_envelope, take_units
from .transcript import told_phones

PUSH_SAMPLES = LONG_BLOCK * FRAME_STEP
"""Samples handed to the feature stream at a time; cancellation is looked at in between."""


@dataclass(frozen=True)
class ModelInfo:
    """What a client may want to know about the model.

    Attributes
    ----------
    model_id, weights : name and hash of the checkpoint
    au_names : units a take carries
    fps : native rate
    device : where it runs, as torch names it
    """

    model_id: str
    weights: str
    au_names: tuple[str, ...]
    fps: float
    sample_rate: int
    device: str
    licence: str
    languages: tuple[str, ...]


class Engine:
    """A loaded model. Loading takes a second, so a server keeps one; `animate` may run many times.

    Parameters
    ----------
    device : "auto", "cpu", "cuda" or any name torch knows
    checkpoint : weights to use instead of the shipped ones
    actors : folder of actors learnt from film, ``<name>.safetensors``; the user's by default

    Raises
    ------
    SettingsError
        There is no such device.
    FormatError
        The weights are missing, damaged or of another version.
    """

    def __init__(
        self, device: str = "auto", checkpoint: Path | None = None, actors: Path | None = None
    ) -> None:
        # One thread: blocks are too small to share, and more would change the last bits.
        torch.set_num_threads(1)
        self._device = chosen_device(device)
        try:
            self._checkpoint = load_checkpoint(checkpoint or SHIPPED, self._device)
            self._gate = load_gate(GATE, self._device)
        except ValueError as error:
            raise FormatError(str(error)) from error
        self._actors_folder = actors or actors_folder()
        self._actors: dict[str, tuple[int, Actor]] = {}

    @property
    def actors(self) -> tuple[str, ...]:
        """Names of the actors there are."""
        return tuple(sorted(path.stem for path in self._actors_folder.glob("*.safetensors")))

    @property
    def model_info(self) -> ModelInfo:
        """Identity and capabilities of the loaded model."""
        loaded = self._checkpoint
        return ModelInfo(
            model_id=loaded.model_id,
            weights=loaded.sha256,
            au_names=take_units(loaded.network.config.mouth, UPPER_CHANNELS),
            fps=float(FRAME_RATE),
            sample_rate=SAMPLE_RATE,
            device=str(self._device),
            licence=loaded.licence,
            languages=loaded.languages,
        )

    def animate(
        self,
        speech: Speech,
        settings: AnimateSettings | None = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Animation:
        """The take of a recording; the same recording, model and settings give the same bytes.

        Parameters
        ----------
        progress : called with 0..1 as work is done
        cancelled : asked several times a second; True ends the work

        Raises
        ------
        JobCancelled
            `cancelled` answered True.
        SettingsError
            The transcript is not what is said, or there is no such actor.
        """
        settings = settings or AnimateSettings()
        count = max(1, int(np.ceil(speech.duration * FRAME_RATE - 1e-6)))
        actor = self._actor_of(settings.actor)
        raw, reach = self._raw_motion(actor, speech.samples, count, settings, progress, cancelled)
        if settings.transcript:
            raw = replace(raw, phones=told_phones(raw.phones, speech.samples, settings.transcript))
        # Who has a bounded lookahead does not see the end of the recording coming: as a stream is.
        envelope = None if settings.lookahead is None else rising_envelope(0, count)
        take = finished(raw, settings, envelope, reach, actor.statistics.mouth)
        take = directed(take, settings.controls)
        if settings.fps is not None:
            take = take.resampled(settings.fps)
        if progress is not None:
            progress(1.0)
        loaded = self._checkpoint
        return take.with_source(
            model=loaded.model_id,
            weights=loaded.sha256,
            seed=str(settings.seed),
            settings=to_json(settings),
            audio=speech.sha256,
            audio_seconds=repr(speech.duration),
            synthetic="true",
        )

    def live(self, settings: AnimateSettings, gain: float) -> LiveTake:
        """A take that grows while somebody speaks; `gain` brings the voice to the usual level.

        Raises
        ------
        SettingsError
            A transcript is given: nobody knows what will be said.
        """
        if settings.transcript:
            raise SettingsError("Live speech has no transcript; leave it out.")
        actor = self._actor_of(settings.actor)
        return LiveTake(actor.network, actor.statistics, settings, gain, self._gate)

    def _raw_motion(
        self,
        actor: Actor,
        samples: NDArray[np.float32],
        count: int,
        settings: AnimateSettings,
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> tuple[RawMotion, int]:
        """The raw take, and the frames by which finishing may look ahead."""
        network = actor.network
        stream = FaceStream(
            network,
            actor.statistics,
            seed=settings.seed,
            blink_rate=settings.blinks,
            lookahead=settings.lookahead_frames(FRAME_RATE),
            gate=self._gate,
        )
        phones = np.zeros((count, network.config.phones), np.float32)
        mouth = np.zeros((count, len(network.config.mouth)), np.float32)
        upper = np.zeros((count, len(UPPER_CHANNELS)), np.float32)
        reach = reach_of(settings, stream.lookahead)
        for block in _feature_blocks(samples, stream.lookahead):
            if cancelled is not None and cancelled():
                raise JobCancelled("The animation was cancelled.")
            motion = stream.step(torch.from_numpy(block.mel), torch.from_numpy(block.prosody))
            _store(motion, phones, mouth, upper)
            if progress is not None:
                progress(min(0.99, max(0.0, motion.first_frame / count)))
        return RawMotion(phones, mouth, upper, network.config.mouth, UPPER_CHANNELS), reach

    def _actor_of(self, name: str) -> Actor:
        """An actor's mouth and manner, loaded once and again when the file has changed; or one of the
        mouths that the network itself was taught by."""
        shipped = self._checkpoint
        if not name:
            return Actor(shipped.network, shipped.statistics)
        path = actor_file(name, self._actors_folder)
        if name not in self.actors:
            styles = shipped.network.config.styles
            if name in styles:
                network = shipped.network.in_style(styles.index(name), name)
                # The takes that taught these mouths are single sentences and words: nobody breathes. And
                # what the network says of a mouth that it knows is right.
                manner = replace(
                    shipped.statistics, breath_mm=0.0, low_vowel_mm=0.0, rounded_mm=0.0
                )
                return Actor(network, manner)
            known = ", ".join((*self.actors, *styles))
            raise SettingsError(
                f"There is no actor {name!r} in {self._actors_folder}; known: {known}."
            )
        changed = path.stat().st_mtime_ns
        if self._actors.get(name, (0, None))[0] != changed:
            try:
                self._actors[name] = changed, load_actor(path, shipped)
            except ValueError as error:
                raise FormatError(str(error)) from error
        return self._actors[name][1]


def _feature_blocks(samples: NDArray[np.float32], lookahead: int) -> Iterator[Features]:
    """Feature blocks of a recording and of the silence that the lookahead needs after it."""
    stream = FeatureStream(speech_gain(samples))
    for first in range(0, len(samples), PUSH_SAMPLES):
        block = stream.push(samples[first : first + PUSH_SAMPLES])
        if len(block):
            yield block
    yield stream.finish(lookahead + 1)


def _store(
    motion: MotionBlock,
    phones: NDArray[np.float32],
    mouth: NDArray[np.float32],
    upper: NDArray[np.float32],
) -> None:
    """Writes the rows of a block that lie inside the take."""
    first = max(0, motion.first_frame)
    last = min(len(mouth), motion.first_frame + len(motion.mouth))
    if last <= first:
        return
    rows = slice(first - motion.first_frame, last - motion.first_frame)
    phones[first:last] = motion.phones[rows].numpy()
    mouth[first:last] = motion.mouth[rows].numpy()
    upper[first:last] = motion.upper[rows].numpy()
