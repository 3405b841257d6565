"""The last layer once more: what it lacks of filmed lips, by least squares.

The lessons weigh units, velocity, closures and curves against each other, so of the last layer, which is
linear, they do not find the weights that come nearest to the lips on film. Those have a closed form (ridge
regression; Hoerl and Kennard 1970), for every lookahead its own. Voices that nobody filmed are asked
beside, and there the mouth is to stay as it is (after learning without forgetting; Li and Hoiem 2016):
one man's film says more about his lips than about a stranger's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from server.features import features
from server.model.network import FaceNetwork

from .aligned_speech import AlignedSpeech
from .mouth_lesson import SHUT_METRES, SHUT_WEIGHT
from .spoken_mouths import STYLES, SpokenMouth, levelled

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

VOICES = 60
"""Utterances of each corpus without film that are asked."""
HOLD = 1.0
"""Weight of what such a voice must not change, beside what film lacks."""
RIDGE = 1e-4


@dataclass(frozen=True)
class _Heard:
    """Frames (T, F) that enter the last layer and the mouth (T, D, M) that leaves it."""

    frames: Floats
    mouth: Floats


@dataclass
class _Sums:
    """Of one lookahead: squares of film (F + 1, F + 1), what it lacks (F + 1, 2), squares of the voices.

    Frames of film weigh as in the mouth's lesson: shut lips most.
    """

    film: Floats
    lacking: Floats
    held: Floats
    weight: float = 0.0
    held_frames: int = 0


def refit(
    network: FaceNetwork,
    filmed: Sequence[SpokenMouth],
    voices: Sequence[AlignedSpeech],
    geometry: Floats,
) -> None:
    """Changes the last layer of a network in place.

    Parameters
    ----------
    filmed : what shows lips; where nothing was filmed the units are the truth
    voices : corpora without film
    geometry : (M, 2) metres of lip opening and width that each unit adds
    """
    network.eval()
    delays = network.config.mouth_delays
    size = network.config.face_channels + 1
    sums = [
        _Sums(np.zeros((size, size)), np.zeros((size, 2)), np.zeros((size, size))) for _ in delays
    ]
    spread = np.zeros((len(geometry), len(geometry)))
    for one in filmed:
        heard = _heard(network, one.samples, one.style)
        lips = one.mouth @ geometry if one.filmed is None else one.filmed
        for place, delay in enumerate(delays):
            _add_film(sums[place], heard, lips.astype(np.float64), place, delay, geometry)
    for samples in _utterances(voices):
        heard = _heard(network, samples, STYLES.index("grid"))
        centred = heard.mouth[:, -1] - heard.mouth[:, -1].mean(axis=0)
        spread += centred.T @ centred
        for each in sums:
            each.held += heard.frames.T @ heard.frames
            each.held_frames += len(heard.frames)
    units = _units_of_lips(spread, geometry)
    for place, each in enumerate(sums):
        square = each.film / each.weight + HOLD * each.held / each.held_frames
        change = np.linalg.solve(square + RIDGE * np.eye(size), each.lacking / each.weight)
        _add_to_layer(network, place, units @ change.T)
    log.info("last layer fitted to %d films", len(filmed))


def _add_film(
    sums: _Sums, heard: _Heard, lips: Floats, place: int, delay: int, geometry: Floats
) -> None:
    """Frames of film against the lips that they answer for, `delay` frames earlier; later, below 0."""
    first, ahead = max(0, delay), max(0, -delay)
    count = min(len(heard.frames) - first, len(lips) - ahead)
    frames, wanted = heard.frames[first : first + count], lips[ahead : ahead + count]
    shown = np.maximum(heard.mouth[first : first + count, place], 0.0) @ geometry
    weighed = frames * (1.0 + SHUT_WEIGHT * np.exp(-np.maximum(wanted[:, :1], 0.0) / SHUT_METRES))
    sums.film += weighed.T @ frames
    sums.lacking += weighed.T @ (wanted - shown)
    sums.weight += float(weighed[:, -1].sum())


def _units_of_lips(spread: Floats, geometry: Floats) -> Floats:
    """(M, 2) units that open, and that widen, the lips by a metre: as they go together in speech.

    `spread` is the (M, M) covariance of the units, up to a factor.
    """
    together = spread @ geometry
    return together @ np.linalg.inv(geometry.T @ together)


def _add_to_layer(network: FaceNetwork, place: int, change: Floats) -> None:
    """Adds (M, F + 1), the last column to the bias, to the rows of one lookahead."""
    count = len(change)
    rows = slice(place * count, (place + 1) * count)
    added = torch.from_numpy(change.astype(np.float32)).to(network.mouth.weight.device)
    with torch.no_grad():
        network.mouth.weight[rows] += added[:, :-1]
        network.mouth.bias[rows] += added[:, -1]


def _utterances(voices: Sequence[AlignedSpeech]) -> Iterator[NDArray[np.float32]]:
    """Some utterances of each corpus that training may hear, spread over it."""
    for corpus in voices:
        index = np.flatnonzero(~corpus.held_out)
        for number in index[:: max(1, len(index) // VOICES)][:VOICES]:
            yield levelled(corpus.sound(int(number)))


@torch.no_grad()
def _heard(network: FaceNetwork, samples: NDArray[np.float32], style: int) -> _Heard:
    """A recording up to the last layer, with silence after it as long as the longest delay."""
    mel = features(samples, 1.0).mel
    mel = np.concatenate([mel, np.repeat(mel[-1:], network.config.delays[-1], axis=0)])
    device = network.feature_mean.device
    state = network.initial()
    hidden, phones, _ = network.encode(torch.from_numpy(mel)[None].to(device), state.encoder)
    talker = torch.tensor([style], device=device)
    frames, _ = network.prepare(hidden, phones, talker, state.head)
    mouth = network.mouth(frames).unflatten(2, (len(network.config.delays), -1))
    return _Heard(_with_one(frames[0]), mouth[0].double().cpu().numpy())


def _with_one(frames: Tensor) -> Floats:
    found = frames.double().cpu().numpy()
    return np.concatenate([found, np.ones((len(found), 1))], axis=1)
