"""The lessons behind the shipped weights, one after the other: phones, mouths, film of free speech.

The last one is given once for the weights, and for every talker of that film once more without them: only
a head that never saw somebody can be measured on them.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dirfa_blender.core.head import Head
from dirfa_blender.core.head_shapes import shaped_template
from server.devices import chosen_device
from server.model.config import NetworkConfig
from server.model.network import MOVING, FaceNetwork
from server.tracking.lips import unit_geometry

from . import mouth_lesson, phone_lesson
from .aligned_speech import AlignedSpeech, aligned_speech
from .coarticulation import MOUTH, Teacher, fitted_teacher
from .distillation import of_networks
from .free_film import free_film, free_talkers, of_free_film
from .loop import Lesson
from .mouth_lesson import teach_mouth
from .readout import refit
from .spoken_mouths import (
    GRID_FPS,
    STYLES,
    Source,
    SpokenMouth,
    facegood_rig,
    grid_film,
    of_film,
    of_rig,
    of_teacher,
)

UNSEEN = ("speechocean762", "kathleen", "ljspeech", "synthetic")
"""Voices without film."""
SPOKEN = (*UNSEEN, "grid")
FREE_PART = 0.5
"""How far towards what film of free speech taught."""
NOBODY = ""
"""Who is left out of the weights that are shipped."""


@dataclass(frozen=True)
class Mouths:
    """Everything that shows a mouth but free speech; loaded when first asked for."""

    data: Path
    cache: Path

    @cached_property
    def head(self) -> Head:
        """The head template with its shapes."""
        return shaped_template()

    @cached_property
    def geometry(self) -> NDArray[np.float64]:
        """(M, 2) metres of lip opening and width that each channel adds."""
        return unit_geometry(self.head, MOUTH)

    @cached_property
    def filmed(self) -> list[SpokenMouth]:
        """Sentences of the filmed talker."""
        return grid_film(self.data, self.cache, self.head)

    @cached_property
    def rigged(self) -> list[SpokenMouth]:
        """Takes of the actress."""
        return facegood_rig(self.data)

    @cached_property
    def voices(self) -> list[AlignedSpeech]:
        """Voices that nobody filmed."""
        return [aligned_speech(source, self.data, self.cache) for source in UNSEEN]

    @cached_property
    def sources(self) -> list[Source]:
        """Examples of film, of rig weights, and of the coarticulation teacher."""
        teacher = teacher_of(self.filmed, self.data, self.cache)
        return [of_film(self.filmed), of_rig(self.rigged), of_teacher(teacher, self.voices)]

    @property
    def true(self) -> list[SpokenMouth]:
        """What of film and rig weights training may see."""
        return [one for one in (*self.filmed, *self.rigged) if not one.held_out]


def taught_hearing(chosen: argparse.Namespace) -> FaceNetwork:
    """A network whose encoder tells phones in every voice there is."""
    torch.manual_seed(chosen.seed)
    config = NetworkConfig(mouth=MOUTH, styles=STYLES)
    network = FaceNetwork(replace(config, dilations=config.dilations[: phone_lesson.FIRST_LAYERS]))
    network.to(chosen_device(chosen.device))
    corpora = [aligned_speech(source, chosen.data, chosen.cache) for source in SPOKEN]
    first = _lesson(phone_lesson.LESSON, chosen.phone_steps, chosen.seed)
    batches = phone_lesson.PhoneBatches(corpora, first.seed)
    phone_lesson.fit_normalisation(network, batches)
    phone_lesson.teach_phones(network, batches, first, _runs(chosen))
    deeper = _lesson(phone_lesson.DEEPER, chosen.deeper_steps, chosen.seed)
    network = network.deepened(config.dilations)
    batches = phone_lesson.PhoneBatches(corpora, deeper.seed)
    phone_lesson.teach_phones(network, batches, deeper, _runs(chosen))
    return network


def taught_faces(
    network: FaceNetwork, chosen: argparse.Namespace, teachers: Sequence[FaceNetwork]
) -> dict[str, FaceNetwork]:
    """What a network that hears becomes by all that shows a mouth, by who is left out of it: `NOBODY`, or
    one of the talkers of free speech.

    Parameters
    ----------
    teachers : networks whose mouths for voices that nobody filmed are learnt too
    """
    mouths = Mouths(chosen.data, chosen.cache)
    teach_mouths(network, mouths, chosen, teachers)
    return {
        talker: with_free_film(network, mouths, chosen, talker)
        for talker in (NOBODY, *free_talkers(chosen.data))
    }


def teach_mouths(
    network: FaceNetwork,
    mouths: Mouths,
    chosen: argparse.Namespace,
    teachers: Sequence[FaceNetwork],
) -> None:
    """Teaches the whole network in place: on everything, then mostly on film; then fits the last layer to
    what is filmed."""
    together = _lesson(mouth_lesson.LESSON, chosen.mouth_steps, chosen.seed)
    batches = mouth_lesson.MouthBatches(
        mouths.sources, mouth_lesson.SHARES, mouths.geometry, together.seed
    )
    share = mouth_lesson.ENCODER_SHARE
    teach_mouth(network, batches.draw, mouths.geometry, together, _runs(chosen), share)
    sources, shares = mouths.sources, mouth_lesson.POLISH_SHARES
    if teachers:
        sources = [*sources, of_networks(teachers, mouths.voices, chosen.cache)]
        shares = mouth_lesson.AGREED_SHARES
    last = _lesson(mouth_lesson.POLISH, chosen.polish_steps, chosen.seed)
    batches = mouth_lesson.MouthBatches(sources, shares, mouths.geometry, last.seed)
    share = mouth_lesson.POLISH_ENCODER_SHARE
    teach_mouth(network, batches.draw, mouths.geometry, last, _runs(chosen), share)
    refit(network, mouths.true, mouths.voices, mouths.geometry)


def with_free_film(
    network: FaceNetwork, mouths: Mouths, chosen: argparse.Namespace, without: str
) -> FaceNetwork:
    """A copy whose face head learnt from film of free speech too, of all its talkers but one.

    Two minutes of film are soon known by heart. So the head that comes of it is not kept but drawn
    nearer to: the mean of weights before and after knows the new and forgets nothing (Wortsman et al.
    2022, section 3).
    """
    learner = copy.deepcopy(network)
    free = free_film(chosen.data, chosen.cache, mouths.head, without=without)
    lesson = _lesson(mouth_lesson.FREE, chosen.free_steps, chosen.seed)
    if without:
        lesson = replace(lesson, name=f"{lesson.name}-without-{without}")
    batches = mouth_lesson.MouthBatches(
        [*mouths.sources, of_free_film(free)],
        mouth_lesson.FREE_SHARES,
        mouths.geometry,
        lesson.seed,
        recorded=1.0,
    )
    teach_mouth(learner, batches.draw, mouths.geometry, lesson, _runs(chosen), encoder_share=0.0)
    before, after = network.tensors_of(MOVING), learner.tensors_of(MOVING)
    drawn = {name: torch.lerp(before[name], after[name], FREE_PART) for name in before}
    learner.load_state_dict(drawn, strict=False)
    refit(learner, [*mouths.true, *free], mouths.voices, mouths.geometry)
    return learner


def teacher_of(filmed: Sequence[SpokenMouth], data: Path, cache: Path) -> Teacher:
    """The coarticulation teacher fitted to the film that training may see."""
    sound = aligned_speech("grid", data, cache)
    seen = [one for one in filmed if not one.held_out]
    labels = [sound.phones(sound.place[one.name]) for one in seen]
    stride = int(50 / GRID_FPS)
    mouths = [np.asarray(one.mouth[::stride], np.float64) for one in seen]
    return fitted_teacher(labels, mouths, GRID_FPS)


def _lesson(lesson: Lesson, steps: int, seed: int) -> Lesson:
    return replace(lesson, steps=steps, seed=lesson.seed + 100 * seed)


def _runs(chosen: argparse.Namespace) -> Path:
    return chosen.cache / f"runs-{chosen.seed}"
