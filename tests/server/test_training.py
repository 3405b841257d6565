"""Training goes on exactly where it stopped, labels are exact, and the baseline is what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dirfa_blender.core.errors import AudioError
from server.model.checkpoint import load_gate, save_gate
from server.model.config import NetworkConfig
from server.model.network import FaceNetwork
from server.phones import PHONE_INDEX, PHONES
from server.tracking.lips import Lips
from server.training import gate_lesson
from server.training.dirfa_network import (
    WINDOW,
    DirfaConfig,
    DirfaNetwork,
    biased_mask,
    load_dirfa,
    save_dirfa,
)
from server.training.loop import NEWEST_SHARE, Lesson, moved, teach
from server.training.mouth_lesson import MouthBatch, mouth_loss
from server.training.phone_lesson import phone_loss
from server.training.prefetch import prefetched
from server.training.sentences import WORDS
from server.training.spoken_mouths import lips_on_head
from server.training.synthesis import HELD_OUT_VARIANTS, SyntheticSpeech, phone_of, speak

LESSON = Lesson("try", steps=120, peak_rate=1e-2, warm_up=5, seed=3)


def learnt(folder: Path, stop_at: int | None = None, device: str = "cpu") -> nn.Module:
    """A small regression with dropout, so that the random state matters too."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.3), nn.Linear(8, 1)).to(device)

    def draw(number: int) -> Tensor:
        if number == stop_at:
            raise KeyboardInterrupt
        return torch.from_numpy(np.random.default_rng([1, number]).normal(size=(4, 3))).float()

    def loss_of(batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        return (network(batch) - batch.sum(dim=1, keepdim=True)).square().mean(), {"x": 1.0}

    teach(network, [(list(network.parameters()), 1.0)], LESSON, draw, loss_of, folder)
    return network


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card here")
def test_a_network_on_a_graphics_card_is_taught_there(tmp_path: Path) -> None:
    network = learnt(tmp_path, device="cuda")

    weights = torch.cat([weight.flatten() for weight in network.parameters()])
    assert weights.is_cuda
    assert bool(weights.isfinite().all())


def test_every_tensor_of_a_batch_is_moved() -> None:
    batch = MouthBatch(*(torch.zeros(2) for _ in range(6)))
    meta = torch.device("meta")

    pair, whole = moved((torch.zeros(1), torch.ones(2)), meta), moved(batch, meta)

    assert [part.device for part in pair] == [meta, meta]
    assert {value.device for value in vars(whole).values()} == {meta}
    with pytest.raises(TypeError, match="made of tensors"):
        moved("words", meta)


def test_losses_can_be_taken_in_half_precision() -> None:
    network = FaceNetwork(NetworkConfig(channels=32, face_channels=16, mouth=("AU26", "AU25")))
    features, start = torch.randn(2, 60, 160), network.initial(2)
    wanted, labels = torch.rand(2, 60, 2), torch.zeros(2, 60, dtype=torch.long)
    style = torch.zeros(2, dtype=torch.long)
    batch = MouthBatch(features, wanted, torch.ones_like(wanted), wanted, style, labels)

    with torch.autocast("cpu", torch.bfloat16):
        hidden, logits, _ = network.encode(features, start.encoder)
        mouth, _ = network.animate(hidden, logits, style, start.head)
        loss = mouth_loss(mouth, batch, torch.eye(2), network.config.mouth_delays)
        loss = loss + phone_loss(logits, labels, network.config.delays)[0]

    assert loss.dtype == torch.float32
    assert bool(loss.isfinite())


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = learnt(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        learnt(tmp_path / "cut", stop_at=110)

    finished = learnt(tmp_path / "cut")

    for name, value in whole.state_dict().items():
        assert torch.equal(value, finished.state_dict()[name]), name


def test_what_is_left_of_a_training_is_the_running_mean_of_its_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Linear(2, 1)
    taught: list[Tensor] = []

    def loss_of(batch: Tensor) -> tuple[Tensor, dict[str, float]]:
        taught.append(network.weight.detach().clone())
        return (network(batch) - batch.sum()).square().mean(), {}

    teach(
        network,
        [(list(network.parameters()), 1.0)],
        replace(LESSON, steps=1200),
        lambda number: torch.full((3, 2), float(number % 7)),
        loss_of,
        tmp_path,
    )

    # The weights after a step are those that the next one begins with; the last are in the mean alone.
    mean = taught[1]
    for count, weights in enumerate(taught[2:], start=1):
        mean = torch.lerp(mean, weights, max(NEWEST_SHARE, 10.0 / (10.0 + count)))
    assert torch.allclose(network.weight, mean, atol=NEWEST_SHARE)
    assert not torch.equal(network.weight, taught[-1])


def test_a_training_leaves_a_log_that_a_program_can_plot(tmp_path: Path) -> None:
    learnt(tmp_path)

    lines = [json.loads(line) for line in (tmp_path / "try.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [100, 120]
    assert lines[1]["loss"] < lines[0]["loss"]


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_come_in_order_however_many_threads_make_them(threads: int) -> None:
    made = list(prefetched(lambda number: number * number, 5, 40, threads))

    assert made == [(number, number * number) for number in range(5, 40)]


@pytest.mark.parametrize(
    ("symbol", "phone"),
    [
        ("p", "P"),
        ("bʲ", "B"),
        ("m̩", "M"),
        ("iː", "IY"),
        ("y", "UW"),
        ("ɑ̃", "AA"),
        ("tʃ", "CH"),
        ("ˈuː", "UW"),
        ("ˌæ", "AE"),
        ("ˈaɪ", "AY"),
    ],
)
def test_a_foreign_sound_takes_the_phone_whose_lips_look_like_it(symbol: str, phone: str) -> None:
    found = phone_of(symbol)

    assert found is not None
    assert PHONES[found] == phone


def test_pauses_are_silence_and_marks_belong_to_the_sound_before() -> None:
    assert phone_of("") == 0
    assert phone_of("(en)") == 0
    assert phone_of("ʲ") is None


def spoken(language: str, seed: int, *, held_out: bool = False) -> SyntheticSpeech:
    try:
        return speak(language, seed, held_out=held_out)
    except AudioError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_synthetic_talker_labels_every_hundredth_second(language: str) -> None:
    said = spoken(language, 3)

    assert abs(len(said.labels) - len(said.samples) / 160) <= 1
    assert len(set(said.labels.tolist())) >= 5
    loud = np.sqrt(np.mean(said.samples[: len(said.labels) * 160].reshape(-1, 160) ** 2, axis=1))
    vowels = np.isin(
        said.labels, [PHONE_INDEX[v] for v in ("AA", "AE", "AH", "EH", "OW", "IY", "EY")]
    )
    assert loud[vowels].mean() > 1.15 * loud[~vowels].mean()


def test_the_same_number_is_the_same_speech_and_measuring_voices_are_kept_apart() -> None:
    first, again = spoken("de", 5), spoken("de", 5)
    kept = {spoken("de", seed, held_out=True).talker.split("+")[1] for seed in range(8)}
    heard = {spoken("de", seed).talker.split("+")[1] for seed in range(30)}

    # espeak-ng itself is not exact: two calls differ by some samples in length.
    assert first.talker == again.talker
    assert abs(len(first.labels) - len(again.labels)) <= 1
    assert kept <= set(HELD_OUT_VARIANTS)
    assert not heard & set(HELD_OUT_VARIANTS)


def test_a_delay_is_scored_against_the_frame_it_speaks_of() -> None:
    delays = (0, 2)
    labels = torch.arange(10)[None] % 3
    logits = torch.full((1, 10, 2, 3), -20.0)
    for place, delay in enumerate(delays):
        for frame in range(delay, 10):
            logits[0, frame, place, labels[0, frame - delay]] = 20.0

    loss, right = phone_loss(logits, labels, delays)

    assert right == 1.0
    # What is left is the label smoothing of the loss itself.
    assert float(loss) < float(phone_loss(logits.roll(1, dims=1), labels, delays)[0]) / 4.0


def test_the_mouth_loss_vanishes_for_the_right_mouth_at_every_delay() -> None:
    delays = (-2, 0, 3)
    mouth = torch.rand(2, 20, 4)
    found = torch.stack([mouth.roll(delay, dims=1) for delay in delays], dim=2)
    nothing, style, metres = torch.empty(0), torch.zeros(2).long(), torch.rand(4, 2) * 0.01
    batch = MouthBatch(nothing, mouth, torch.ones_like(mouth), mouth @ metres, style, nothing)

    assert float(mouth_loss(found, batch, metres, delays)) < 1e-6
    assert float(mouth_loss(found.roll(1, dims=1), batch, metres, delays)) > 0.1


def test_filmed_lips_keep_their_own_motion_at_the_scale_of_the_head() -> None:
    rng = np.random.default_rng(3)
    geometry = np.array([[0.014, 0.0], [0.003, 0.004]])
    mouths = [rng.random((80, 2)).astype(np.float32).repeat(2, axis=0) for _ in range(2)]
    shown = [mouth[::2] @ geometry for mouth in mouths]
    # A larger face, seen from its own rest; for a moment hidden.
    opening, width = ([1.25 * rows[:, k] + 0.03 for rows in shown] for k in range(2))
    opening[0][40:44], width[0][40:44] = np.nan, np.nan

    found = lips_on_head(
        [Lips(*one, 25.0) for one in zip(opening, width, strict=True)], mouths, geometry
    )

    assert found[0].shape == (160, 2)
    assert np.abs(found[0][:78:2] - shown[0][:39]).max() < 1e-3
    assert bool(np.isfinite(found[0]).all())
    assert np.abs(found[1][::2] - shown[1]).max() < 1e-3


def small_dirfa() -> DirfaNetwork:
    torch.manual_seed(2)
    config = DirfaConfig(
        channels=("AU26", "AU12", "yaw"), mouth=("AU26", "AU12"), features=6, width=16
    )
    network = DirfaNetwork(replace(config, heads=2, layers=2)).eval()
    with torch.no_grad():
        network.out.weight.mul_(0.02)
        network.out.bias.zero_()
    return network


def test_the_mask_hides_the_future_and_prefers_the_near_past() -> None:
    mask = biased_mask(queries=60, keys=60, heads=2)

    assert torch.isinf(mask[0].triu(1)[0, 1:]).all()
    assert float(mask[0, 50, 50]) == 0.0
    assert float(mask[0, 50, 10]) < float(mask[0, 50, 40])


def test_the_mask_reaches_a_window_back_and_no_further() -> None:
    mask = biased_mask(queries=1, keys=WINDOW + 5, heads=2)

    assert int(torch.isfinite(mask[0, 0]).sum()) == WINDOW


def test_the_baseline_generates_what_it_was_trained_to_predict() -> None:
    network = small_dirfa()
    features = torch.randn(80, 6)

    motion = network.generate(features, seed=4)

    latent = torch.randn(1, network.config.latent, generator=torch.Generator().manual_seed(4))
    before = torch.cat([torch.zeros(1, 3), motion[:-1]])[None]
    with torch.no_grad():
        predicted = network(network.listen(features[None]), before, latent)[0]
    assert torch.allclose(predicted, motion, atol=1e-4)


def test_the_baseline_depends_on_its_seed_and_on_nothing_else() -> None:
    network, features = small_dirfa(), torch.randn(40, 6)

    first, again, other = (network.generate(features, seed) for seed in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_baseline_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    network = small_dirfa()
    save_dirfa(tmp_path / "dirfa.safetensors", network)

    loaded = load_dirfa(tmp_path / "dirfa.safetensors")

    assert loaded.config == network.config
    assert torch.equal(loaded.out.weight, network.out.weight)


def test_a_gate_taught_twice_is_the_same_and_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    seconds, count = 8, 2
    labels = np.repeat(rng.integers(0, 30, count * seconds * 5), 20).astype(np.uint8)
    for source in gate_lesson.SPOKEN:
        np.savez(
            tmp_path / f"phones_{source}.npz",
            samples=rng.integers(-3000, 3000, count * seconds * 16000).astype(np.int16),
            labels=labels,
            sample_offsets=np.arange(count + 1) * seconds * 16000,
            label_offsets=np.arange(count + 1) * seconds * 100,
            names=np.array(["a", "b"]),
            talkers=np.array(["x", "y"]),
            held_out=np.zeros(count, bool),
        )
    lesson = replace(gate_lesson.LESSON, steps=2)
    made = []
    for run in ("first", "second"):
        folder = tmp_path / run
        folder.mkdir()
        for path in tmp_path.glob("phones_*.npz"):
            (folder / path.name).symlink_to(path)
        torch.manual_seed(0)
        gate = gate_lesson.taught_gate(tmp_path, folder, lesson, clips=5)
        save_gate(folder / "gate.safetensors", gate)
        made.append((folder / "gate.safetensors").read_bytes())

    again = load_gate(tmp_path / "second" / "gate.safetensors", torch.device("cpu"))
    assert made[0] == made[1]
    assert again.state_dict().keys() == gate.state_dict().keys()
    assert all(torch.equal(again.state_dict()[k], v) for k, v in gate.state_dict().items())
