"""The shipped network on a graphics card: it loads, keeps its promises, and agrees with the processor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from server.audio import SAMPLE_RATE, Speech
from server.engine import Engine
from server.features import features
from server.model.checkpoint import SHIPPED, load_checkpoint
from server.model.products import FrameGRU, recurred_frames, recurred_on_card
from server.model.streaming import FaceStream

needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card here")

FRAMES = 400


@pytest.fixture(scope="module")
def sound() -> NDArray[np.float32]:
    """Eight seconds of a made-up voice: pulses through formants that wander, with pauses."""
    rng = np.random.default_rng(4)
    times = np.arange(FRAMES * SAMPLE_RATE // 50) / SAMPLE_RATE
    voice = np.zeros(len(times))
    for harmonic in range(1, 24):
        swell = 0.5 + 0.5 * np.sin(times * rng.uniform(4.0, 20.0) + rng.uniform(0.0, 6.0))
        voice += swell * np.sin(2.0 * np.pi * 120.0 * harmonic * times) / harmonic
    return (0.1 * voice * (np.sin(2.4 * times) > -0.6)).astype(np.float32)


@pytest.fixture(scope="module")
def card() -> Engine:
    return Engine("cuda")


@needs_card
def test_a_stream_gives_the_bytes_of_a_file(sound: NDArray[np.float32]) -> None:
    shipped = load_checkpoint(SHIPPED, torch.device("cuda"))
    heard = features(sound)
    mel, prosody = torch.from_numpy(heard.mel), torch.from_numpy(heard.prosody)

    def mouth(block: int) -> torch.Tensor:
        stream = FaceStream(shipped.network, shipped.statistics, seed=0)
        steps = range(0, FRAMES, block)
        return torch.cat(
            [stream.step(mel[i : i + block], prosody[i : i + block]).mouth for i in steps]
        )

    whole = mouth(FRAMES)
    assert torch.equal(whole, mouth(2))
    assert torch.equal(whole, mouth(80))
    assert float(whole.std()) > 0.01


@needs_card
def test_a_take_is_that_of_the_processor(card: Engine, sound: NDArray[np.float32]) -> None:
    speech = Speech(sound, SAMPLE_RATE, len(sound) / SAMPLE_RATE, "made up")
    here, there = Engine("cpu").animate(speech), card.animate(speech)
    assert card.model_info.device == "cuda"
    assert here.au_names == there.au_names
    np.testing.assert_allclose(here.au, there.au, atol=2e-3)
    np.testing.assert_allclose(here.rotation, there.rotation, atol=1e-4)
    assert np.array_equal(there.au, card.animate(speech).au)


def test_layers_of_a_card_compute_what_those_of_a_processor_do() -> None:
    torch.manual_seed(3)
    frames, state = torch.randn(40, 3, 24), torch.randn(2, 3, 24)
    layers = FrameGRU(24, 2, 0.0)
    with torch.inference_mode():
        for weights, last in zip(layers.all_weights, state, strict=True):
            here, there = (
                recurred_frames(frames, last, weights),
                recurred_on_card(frames, last, weights),
            )
            np.testing.assert_allclose(here.numpy(), there.numpy(), atol=2e-6)
