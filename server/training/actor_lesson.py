"""Adapts the shipped network to one actor from film of them: ``train --footage folder/``.

The encoder, which knows voices, stays; the face head, which knows mouths, learns this one, and the numbers
behind head, brows and blinks become the actor's as far as the film is long enough to tell. Ten minutes of
film are the case to serve, so the sound is encoded once and the head learns on what the encoder said. Every
eighth piece of film only measures, and the weights that measured best are kept: little film cannot make
the result worse than the network it began with.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dirfa_blender.core.animation import Animation
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.speech_level import speech_gain
from server.articulation import breath_share
from server.features import FRAME_RATE, features
from server.model.checkpoint import Actor, Checkpoint
from server.model.network import MOVING, FaceNetwork
from server.model.statistics import MotionStatistics
from server.tracking.curves import concordance
from server.tracking.lips import unit_geometry
from server.tracking.solve import Basis, basis_of

from .filmed_mouths import filmed_mouths
from .footage import ActorFilm, footage_of, runs_of
from .loop import Lesson, teach
from .manner import RATE, statistics_of_actor
from .mouth_lesson import WARM_FRAMES, MouthBatch, mouth_loss

log = logging.getLogger(__name__)

LESSON = Lesson("actor", steps=400, peak_rate=3e-4, warm_up=50, seed=5)
BATCH = 16
CROP_FRAMES = 150
PIECE_SECONDS = 6.0
LEAST_FRAMES = 100
"""Frames of the shortest piece."""
MEASURED_EVERY = 8
LEAST_SECONDS = 20.0
"""Less film than this is refused."""
LEAST_MANNER_SECONDS = 2.0
"""A shorter stretch says nothing of how somebody moves the head."""
BREATH_SECONDS = 3.0
"""Time in which a breath would be taken, in the film of an actor, that counts as much as what people do."""
SHUT_QUANTILE = 0.05
"""Share of an actor's frames in which the lips are taken to be shut."""
Show = Callable[[str, float, str], None]


@dataclass(frozen=True)
class Adaptation:
    """What came of it.

    Attributes
    ----------
    actor : the shipped encoder with the actor's face head, and their manner
    people : the manner of people in general, for comparison
    seconds : of film that was learnt from
    before, after : mean concordance (correlation that asks for the amplitude too) of lip opening and
        width on the pieces kept for measuring
    remarks : sentences on what was left out or put right
    """

    actor: Actor
    people: MotionStatistics
    seconds: float
    before: tuple[float, float]
    after: tuple[float, float]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class _Piece:
    """Encoded sound (T, C) and phone logits (T, D, P), with the mouth (T, M) that was filmed and its lips
    (T, 2) as the head shows them."""

    hidden: Tensor
    phones: Tensor
    mouth: NDArray[np.float32]
    lips: NDArray[np.float32]


def adapted(
    base: Checkpoint,
    name: str,
    films: Sequence[Path],
    cache: Path,
    *,
    lesson: Lesson = LESSON,
    progress: Show = lambda _stage, _share, _detail: None,
) -> Adaptation:
    """An actor's mouth and manner, learnt from film.

    Parameters
    ----------
    progress : takes ``track`` or ``learn``, its share 0..1, and what is at hand

    Raises
    ------
    FormatError
        Too little of the film can be used; the sentence says why.
    """
    head = shaped_template()
    geometry = unit_geometry(head, base.network.config.mouth)
    footage, remarks = footage_of(films, cache, lambda share, film: progress("track", share, film))
    takes, pieces = _seen(footage, base.network, basis_of(head), geometry)
    seconds = sum(len(piece.mouth) for piece in pieces) / FRAME_RATE
    if seconds < LEAST_SECONDS:
        reasons = " ".join(remarks) or "The films are too short."
        raise FormatError(
            f"Expected at least {LEAST_SECONDS:g} s of film in which the actor's face speaks, found "
            f"{seconds:.1f} s. {reasons}"
        )
    measured = pieces[::MEASURED_EVERY]
    learnt = [piece for place, piece in enumerate(pieces) if place % MEASURED_EVERY]
    network = _learner(base.network, name)
    before = _scores(network, measured, geometry)
    best, weights = sum(before), _head_of(network)
    progress("learn", 0.0, "")

    def keep(step: int) -> None:
        nonlocal best, weights
        progress("learn", step / lesson.steps, "")
        network.eval()
        score = sum(_scores(network, measured, geometry))
        network.train()
        log.info("actor %d: held-out opening + width %.3f", step, score)
        if score > best:
            best, weights = score, _head_of(network)

    # Named by what is learnt from: other film must not go on where the last one stopped.
    state = cache / "states" / _digest(pieces)
    _teach_head(network, learnt, geometry, lesson, state, keep)
    shutil.rmtree(state, ignore_errors=True)
    network.load_state_dict(weights, strict=False)
    after = _scores(network, measured, geometry)
    actor = Actor(network, _manner(takes, pieces, base))
    return Adaptation(actor, base.statistics, seconds, before, after, tuple(remarks))


def _manner(
    takes: Sequence[Animation], pieces: Sequence[_Piece], base: Checkpoint
) -> MotionStatistics:
    manner = statistics_of_actor(takes, base.statistics)
    breath_mm = _breath_mm(pieces, base.network.config.delays[-1], manner.breath_mm)
    return replace(manner, breath_mm=breath_mm, low_vowel_mm=0.0, rounded_mm=0.0)


def _teach_head(
    network: FaceNetwork,
    pieces: Sequence[_Piece],
    geometry: NDArray[np.float64],
    lesson: Lesson,
    state: Path,
    keep: Callable[[int], None],
) -> None:
    """Trains the face head in place; `keep` is told of every step whose state is stored."""
    metres = torch.tensor(geometry, dtype=torch.float32)
    start = network.initial(BATCH).head

    def loss_of(batch: tuple[Tensor, Tensor, MouthBatch]) -> tuple[Tensor, dict[str, float]]:
        hidden, phones, wanted = batch
        mouth, _ = network.animate(hidden, phones, wanted.style, start)
        return mouth_loss(mouth, wanted, metres, network.config.mouth_delays), {}

    groups = [(network.parameters_of(MOVING), 1.0)]
    teach(network, groups, lesson, _drawing(pieces, lesson), loss_of, state, keep)


def _seen(
    footage: Sequence[ActorFilm],
    shipped: FaceNetwork,
    basis: Basis,
    geometry: NDArray[np.float64],
) -> tuple[list[Animation], list[_Piece]]:
    """Takes at `RATE` for the manner, and pieces for the mouth."""
    found: list[Animation] = []
    pieces: list[_Piece] = []
    for filmed in filmed_mouths(footage, basis, geometry):
        film = filmed.film
        found.extend(
            filmed.take.sliced(run.start / film.rate, run.stop / film.rate).resampled(RATE)
            for run in runs_of(film.usable, LEAST_MANNER_SECONDS * film.rate)
        )
        hidden, phones = _encoded(shipped, film.samples, len(filmed.mouth))
        pieces.extend(_cut(_Piece(hidden, phones, filmed.mouth, filmed.lips), filmed.usable))
    return found, pieces


def _digest(pieces: Sequence[_Piece]) -> str:
    """Names what is learnt from."""
    summed = hashlib.sha256()
    for piece in pieces:
        summed.update(piece.mouth.tobytes())
    return summed.hexdigest()[:16]


def _cut(whole: _Piece, usable: NDArray[np.bool_]) -> list[_Piece]:
    """The usable stretches in pieces of `PIECE_SECONDS`; a rest under `LEAST_FRAMES` goes."""
    size = int(PIECE_SECONDS * FRAME_RATE)
    return [
        _Piece(whole.hidden[span], whole.phones[span], whole.mouth[span], whole.lips[span])
        for run in runs_of(usable, LEAST_FRAMES)
        for begin in range(run.start, run.stop - LEAST_FRAMES + 1, size)
        for span in (slice(begin, min(begin + size, run.stop)),)
    ]


@torch.inference_mode()
def _encoded(
    network: FaceNetwork, samples: NDArray[np.float32], count: int
) -> tuple[Tensor, Tensor]:
    """(T, C) and (T, D, P) of a recording, T = `count` frames and the longest delay."""
    mel = features(samples, speech_gain(samples)).mel
    wanted = count + network.config.delays[-1]
    mel = np.concatenate([mel, np.repeat(mel[-1:], max(0, wanted - len(mel)), axis=0)])[:wanted]
    hidden, phones, _ = network.encode(
        torch.from_numpy(mel)[None], network.encoder.initial(1, network.feature_mean)
    )
    return hidden[0].clone(), phones[0].clone()


def _breath_mm(pieces: Sequence[_Piece], delay: int, of_people: float) -> float:
    """Lip opening in the pauses where a breath would be taken; people's where the film has few.

    `delay` is that of the phones, in frames.
    """
    lips = [piece.lips[:-delay, 0].astype(np.float64) for piece in pieces]
    heard = [torch.softmax(piece.phones[delay:, -1], dim=-1).numpy() for piece in pieces]
    share = np.concatenate([breath_share(phones) for phones in heard]).astype(np.float64)
    opening = np.concatenate(lips)
    opening -= np.quantile(opening, SHUT_QUANTILE)
    seen = float(share.sum()) / FRAME_RATE
    filmed = 1e3 * float(share @ opening) / FRAME_RATE
    return round(max(0.0, filmed + BREATH_SECONDS * of_people) / (seen + BREATH_SECONDS), 2)


@torch.inference_mode()
def _opened(
    network: FaceNetwork, hidden: Tensor, phones: Tensor, geometry: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(T - delay, 2) metres of opening and width at the longest delay."""
    style = torch.zeros(1, dtype=torch.long)
    mouth, _ = network.animate(hidden[None], phones[None], style, network.initial(1).head)
    delay = network.config.mouth_delays[-1]
    return mouth[0, delay:, -1].double().numpy() @ geometry


def _learner(shipped: FaceNetwork, actor: str) -> FaceNetwork:
    """A network that begins as the shipped one, and of which the face head alone learns."""
    network = shipped.in_style(0, actor)
    for weight in network.parameters():
        weight.requires_grad_(False)
    for weight in network.parameters_of(MOVING):
        weight.requires_grad_(True)
    return network


def _head_of(network: FaceNetwork) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.tensors_of(MOVING).items()}


def _scores(
    network: FaceNetwork, pieces: Sequence[_Piece], geometry: NDArray[np.float64]
) -> tuple[float, float]:
    """Mean concordance of lip opening and width with the film."""
    scores: list[tuple[float, float]] = []
    for piece in pieces:
        found = _opened(network, piece.hidden, piece.phones, geometry)
        true = piece.lips[: len(found)].astype(np.float64)
        scores.append((concordance(found[:, 0], true[:, 0]), concordance(found[:, 1], true[:, 1])))
    opening, width = np.mean(scores, axis=0)
    return float(opening), float(width)


def _drawing(
    pieces: Sequence[_Piece], lesson: Lesson
) -> Callable[[int], tuple[Tensor, Tensor, MouthBatch]]:
    """Random crops of the pieces by number."""

    def draw(number: int) -> tuple[Tensor, Tensor, MouthBatch]:
        rng = np.random.default_rng([lesson.seed, number])
        hidden: list[Tensor] = []
        phones: list[Tensor] = []
        mouth: list[NDArray[np.float32]] = []
        lips: list[NDArray[np.float32]] = []
        for _ in range(BATCH):
            piece = pieces[int(rng.integers(len(pieces)))]
            first = int(rng.integers(max(1, len(piece.mouth) - CROP_FRAMES + 1)))
            index = np.clip(np.arange(first, first + CROP_FRAMES), 0, len(piece.mouth) - 1)
            hidden.append(piece.hidden[index])
            phones.append(piece.phones[index])
            mouth.append(piece.mouth[index])
            lips.append(piece.lips[index])
        wanted = torch.from_numpy(np.stack(mouth))
        weight = torch.ones_like(wanted)
        weight[:, :WARM_FRAMES] = 0.0
        nobody = torch.zeros(BATCH, dtype=torch.long)
        nothing, moved = torch.empty(0), torch.from_numpy(np.stack(lips))
        batch = MouthBatch(nothing, wanted, weight, moved, nobody, nothing)
        return torch.stack(hidden), torch.stack(phones), batch

    return draw
