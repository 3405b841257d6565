"""Voices get the mouths that several networks agree on, at the right moments, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from server.features import features
from server.model.checkpoint import save_checkpoint
from server.model.config import NetworkConfig
from server.model.network import FaceNetwork
from server.model.statistics import MotionStatistics
from server.training.aligned_speech import AlignedSpeech
from server.training.coarticulation import MOUTH
from server.training.distillation import agreed_speech, of_networks
from server.training.spoken_mouths import STYLES, levelled
from server.training.train import main

SAMPLES = (16000, 24000, 9600)


def small_network(seed: int) -> FaceNetwork:
    torch.manual_seed(seed)
    config = NetworkConfig(
        channels=32, dilations=(1, 2), face_channels=16, mouth=MOUTH, styles=STYLES
    )
    return FaceNetwork(config).eval()


def corpus() -> AlignedSpeech:
    """Three utterances of noise, the middle one held out."""
    rng = np.random.default_rng(5)
    counts = [count // 160 for count in SAMPLES]
    return AlignedSpeech(
        rng.integers(-8000, 8000, sum(SAMPLES)).astype(np.int16),
        rng.integers(0, 40, sum(counts)).astype(np.uint8),
        np.cumsum([0, *SAMPLES]),
        np.cumsum([0, *counts]),
        ("one", "two", "three"),
        np.array([False, True, False]),
    )


def test_a_voice_gets_the_mean_of_its_teachers_mouths_on_time(tmp_path: Path) -> None:
    teachers, speech = [small_network(1), small_network(2)], corpus()
    with torch.no_grad():
        for network in teachers:
            network.mouth.bias.add_(0.5)

    found = agreed_speech(teachers, speech, tmp_path).example(1)

    delay = teachers[0].config.mouth_delays[-1]
    samples = levelled(speech.sound(2))
    mel = features(samples, 1.0).mel
    heard = torch.from_numpy(np.concatenate([mel, np.repeat(mel[-1:], delay, axis=0)]))[None]
    with torch.no_grad():
        mouths = [n(heard, torch.tensor([0]), n.initial())[0].mouth for n in teachers]
    wanted = np.clip(np.mean([m[0, delay:, -1].numpy() for m in mouths], axis=0), 0.0, 1.0)
    assert np.ptp(wanted, axis=0).max() > 0.01
    assert np.abs(found.mouth - wanted).max() < 2e-3
    assert found.name == "three"
    assert STYLES[found.style] == "grid"
    assert np.array_equal(found.samples, samples)
    assert found.phones is not None
    assert np.array_equal(found.phones, speech.phones(2))


def test_teachers_hear_a_corpus_once_and_never_what_is_held_out(tmp_path: Path) -> None:
    teachers, speech = [small_network(1)], corpus()
    draw = of_networks(teachers, [speech, speech], tmp_path)

    drawn = {draw(np.random.default_rng(seed)).name for seed in range(30)}

    assert drawn == {"one", "three"}
    assert len(list(tmp_path.iterdir())) == 1
    agreed_speech([small_network(3)], speech, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_teacher_that_is_none_is_named_before_hours_of_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.safetensors"
    save_checkpoint(alone, small_network(1).in_style(0, "anna"), MotionStatistics(), {})
    words = ("--data", str(tmp_path), "--cache", str(tmp_path / "cache"), "--teachers")

    for path in (alone, tmp_path / "missing.safetensors"):
        assert main([*words, str(path)]) == 1
        assert str(path) in capsys.readouterr().err

    assert not (tmp_path / "cache").exists()
