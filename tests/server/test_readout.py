"""The last layer is fitted to film, and other voices keep their mouth."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from server.features import features
from server.model.network import FaceNetwork
from server.training import readout
from server.training.coarticulation import MOUTH
from server.training.readout import refit
from server.training.spoken_mouths import SpokenMouth, levelled
from tests.server.test_distillation import corpus, small_network

GEOMETRY = np.zeros((len(MOUTH), 2))
GEOMETRY[MOUTH.index("AU26"), 0] = 0.014
GEOMETRY[MOUTH.index("AU18"), 1] = -0.023


def network() -> FaceNetwork:
    """Its mouths are above 0, where nothing is cut off."""
    made = small_network(4)
    with torch.no_grad():
        made.mouth.bias.add_(0.5)
    return made


def mouth(network: FaceNetwork, samples: NDArray[np.float32], place: int) -> NDArray[np.float64]:
    """(T, M) of one lookahead, at the times that it belongs to."""
    delays = network.config.mouth_delays
    mel = features(samples, 1.0).mel
    mel = np.concatenate([mel, np.repeat(mel[-1:], network.config.delays[-1], axis=0)])
    with torch.no_grad():
        found = network(torch.from_numpy(mel)[None], torch.tensor([0]), network.initial())[0].mouth
    return found[0, max(0, delays[place]) :, place].double().numpy()


def film(network: FaceNetwork, millimetres: float) -> SpokenMouth:
    """Noise in whose film the lips open by so much more than the network says, once a second."""
    samples = np.random.default_rng(3).normal(0.0, 0.05, 64000).astype(np.float32)
    shown = mouth(network, samples, 3)[:190]
    more = 1e-3 * millimetres * np.maximum(0.0, np.sin(2.0 * np.pi * np.arange(190) / 50.0))
    lips = shown @ GEOMETRY + np.stack([more, np.zeros(190)], axis=1)
    return SpokenMouth(
        "noise",
        samples,
        shown.astype(np.float32),
        np.ones(len(MOUTH), np.float32),
        0,
        held_out=False,
        filmed=lips.astype(np.float32),
    )


def missed(network: FaceNetwork, filmed: SpokenMouth, place: int) -> float:
    """Metres rms by which the opening misses the film."""
    found = mouth(network, filmed.samples, place)
    delay = network.config.mouth_delays[place]
    assert filmed.filmed is not None
    wanted = filmed.filmed[max(0, -delay) :, 0]
    count = min(len(found), len(wanted))
    return float(np.sqrt(np.mean((found[:count] @ GEOMETRY[:, 0] - wanted[:count]) ** 2)))


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_lips_come_nearer_to_film_at_every_lookahead(place: int) -> None:
    before = network()
    filmed, after = film(before, 4.0), copy.deepcopy(before)

    refit(after, [filmed], [corpus()], GEOMETRY)

    assert missed(after, filmed, place) < 0.8 * missed(before, filmed, place)


def test_film_that_says_what_the_network_says_changes_nothing() -> None:
    before = network()
    filmed, after = film(before, 0.0), copy.deepcopy(before)

    refit(after, [filmed], [corpus()], GEOMETRY)

    changed = mouth(after, filmed.samples, 3) - mouth(before, filmed.samples, 3)
    assert np.abs(changed).max() < 1e-3


def test_voices_without_film_hold_their_mouth(monkeypatch: pytest.MonkeyPatch) -> None:
    before, voice = network(), corpus()
    samples = levelled(voice.sound(0))

    def moved(hold: float) -> float:
        monkeypatch.setattr(readout, "HOLD", hold)
        after = copy.deepcopy(before)
        refit(after, [film(before, 4.0)], [voice], GEOMETRY)
        change = (mouth(after, samples, 3) - mouth(before, samples, 3)) @ GEOMETRY
        return float(np.abs(change).max())

    assert moved(100.0) < 0.2 * moved(0.0)
