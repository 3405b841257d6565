"""The bench: networks to compare, one head to see them on, and takes, each made once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.protocol import AnimateSettings
from server.engine import Engine
from server.tracking.lips import Lips

from .baselines import Method, fitted_baselines
from .dirfa_engine import DirfaEngine
from .material import Clip, free_clips, read_clips, rig_clips, speech_of

Floats = NDArray[np.float64]

OURS = "shipped"
"""Name of the network under test in every table."""


@dataclass
class Bench:
    """Everything the tables share; material is loaded when a table first asks for it.

    Attributes
    ----------
    engines : name -> network; the first is `OURS`. Actors of theirs with the name of a talker are heads
        that never saw that talker
    quick : a fraction of the clips, for a look in between
    """

    engines: dict[str, Engine | DirfaEngine]
    data: Path
    cache: Path
    quick: bool
    _takes: dict[tuple[str, str, str], Animation] = field(
        default_factory=dict[tuple[str, str, str], Animation]
    )

    @cached_property
    def head(self) -> Head:
        """The head template with its shapes."""
        return shaped_template()

    @cached_property
    def read(self) -> list[Clip]:
        """Unseen sentences of the filmed talker."""
        return read_clips(
            self.data, self.cache, self.head, held_out=True, most=12 if self.quick else 96
        )

    @cached_property
    def free(self) -> list[Clip]:
        """Free speech on film."""
        return free_clips(self.data, self.cache, self.head)

    @cached_property
    def rig(self) -> list[Clip]:
        """The Mandarin talker's unseen take."""
        return rig_clips(self.data, self.head)

    @cached_property
    def fitting(self) -> list[Clip]:
        """Seen sentences, from which baselines take their constants."""
        return read_clips(
            self.data, self.cache, self.head, held_out=False, most=24 if self.quick else 80
        )

    @cached_property
    def baselines(self) -> list[Method]:
        """The fitted baselines, weakest first."""
        return fitted_baselines(self.fitting)

    def take(
        self,
        samples: NDArray[np.float32],
        *,
        name: str = OURS,
        seed: int = 0,
        actor: str = "",
        lookahead: float | None = None,
    ) -> Animation:
        """A network's take of a sound, made once; the rest as in `AnimateSettings`."""
        settings = AnimateSettings(seed=seed, actor=actor, lookahead=lookahead)
        key = (name, hashlib.sha256(samples.tobytes()).hexdigest(), repr(settings))
        if key not in self._takes:
            self._takes[key] = self.engines[name].animate(speech_of(samples), settings)
        return self._takes[key]

    def methods(self, clips: Sequence[Clip]) -> list[Method]:
        """Baselines that can speak these clips; networks are asked by `take`."""
        told = all(clip.labels is not None for clip in clips)
        return [m for m in self.baselines if told or not m.needs_phones]

    def takes_of(self, clips: Sequence[Clip]) -> dict[str, list[Animation]]:
        """Method -> a take of each clip; baselines first, then networks."""
        found = {m.name: [m.take(clip) for clip in clips] for m in self.methods(clips)}
        for name in self.engines:
            found[name] = [self.take_of(clip, name) for clip in clips]
        return found

    def take_of(self, clip: Clip, name: str) -> Animation:
        """A network's take of a clip, with the head that never saw the talker where there is one."""
        is_left_out = clip.talker in self.engines[name].actors
        return self.take(clip.samples, name=name, actor=clip.talker if is_left_out else "")


def on_times(lips: Lips, fps: float, count: int) -> Floats:
    """(T, 2) opening and width at another rate."""
    times = np.arange(count) / fps
    own = np.arange(len(lips.opening)) / lips.fps
    return np.stack(
        [np.interp(times, own, lips.opening), np.interp(times, own, lips.width)], axis=1
    )
