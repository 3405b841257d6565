"""The network streams exactly, and what is sampled looks like a living person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from server.model import sampling
from server.model.checkpoint import load_actor, load_checkpoint, save_actor, save_checkpoint
from server.model.config import BLOCK_FRAMES, FRAME_RATE, NetworkConfig
from server.model.network import FaceNetwork
from server.model.sampling import UPPER_CHANNELS, MotionStatistics, Sampler, SamplerState, Voice
from server.model.streaming import FaceStream

SMALL = NetworkConfig(
    features=12,
    phones=5,
    channels=16,
    dilations=(1, 2),
    face_channels=8,
    face_layers=2,
    delays=(0, 2, 6),
    mouth=("AU26", "AU12"),
    styles=("plain", "other"),
)


def small_network() -> FaceNetwork:
    torch.manual_seed(0)
    return FaceNetwork(SMALL).eval()


def speaking(minutes: float, seed: int = 0) -> list[Voice]:
    """Blocks of a made-up voice: four syllables a second, a pause every few seconds."""
    torch.manual_seed(seed)
    frames = int(minutes * 60 * FRAME_RATE / BLOCK_FRAMES) * BLOCK_FRAMES
    time = torch.arange(frames).double() / FRAME_RATE
    speaks = ((time % 4.0) < 3.2).double()
    level = -4.0 + 1.2 * torch.sin(2 * torch.pi * 3.7 * time) + 0.3 * torch.randn(frames)
    level = torch.where(speaks > 0, level, -10.0)
    pitch = (7.0 + 0.2 * torch.sin(2 * torch.pi * 0.7 * time)) * speaks
    columns = (speaks, level, pitch)
    blocks = [column.split(BLOCK_FRAMES) for column in columns]
    return [Voice(*parts) for parts in zip(*blocks, strict=True)]


def sampled(voices: list[Voice], seed: int, blink_rate: float = 1.0) -> torch.Tensor:
    sampler = Sampler(MotionStatistics(), seed, delay=16, activity_lag=10, blink_rate=blink_rate)
    state = SamplerState()
    return torch.cat([sampler.step(voice, state) for voice in voices])


def column(motion: torch.Tensor, name: str) -> torch.Tensor:
    return motion[:, UPPER_CHANNELS.index(name)]


def test_blocks_one_after_another_equal_the_whole() -> None:
    network = small_network()
    features = torch.randn(1, 100, SMALL.features)
    style = torch.tensor([0])

    whole, _ = network(features, style, network.initial())
    state, parts = network.initial(), []
    for block in features.split(25, dim=1):
        output, state = network(block, style, state)
        parts.append(output.mouth)

    assert torch.allclose(torch.cat(parts, dim=1), whole.mouth, atol=1e-5)


def test_the_future_does_not_reach_the_past() -> None:
    network = small_network()
    features = torch.randn(1, 60, SMALL.features)
    changed = features.clone()
    changed[:, 40:] += 1.0
    style = torch.tensor([0])

    first, _ = network(features, style, network.initial())
    second, _ = network(changed, style, network.initial())

    assert torch.equal(first.mouth[:, :40], second.mouth[:, :40])
    assert not torch.equal(first.mouth[:, 40:], second.mouth[:, 40:])


def test_a_stream_lags_by_its_lookahead_and_no_block_is_lost() -> None:
    stream = FaceStream(small_network(), MotionStatistics(), seed=0)

    blocks = [stream.step(torch.randn(25, SMALL.features), torch.zeros(25, 3)) for _ in range(4)]

    firsts = [block.first_frame for block in blocks]
    assert firsts == [index * 25 - stream.lookahead for index in range(4)]
    assert all(len(block.phones) == len(block.upper) == 25 for block in blocks)


@pytest.mark.parametrize(
    ("allowed", "taken"), [(None, 6), (100, 6), (6, 6), (5, 2), (2, 2), (0, 0)]
)
def test_a_stream_takes_the_longest_lookahead_allowed(allowed: int | None, taken: int) -> None:
    stream = FaceStream(small_network(), MotionStatistics(), seed=0, lookahead=allowed)

    assert stream.lookahead == taken


def test_a_shorter_lookahead_gives_its_own_answer_for_the_same_time() -> None:
    network = small_network()
    features = torch.randn(1, 50, SMALL.features)

    output, _ = network(features, torch.tensor([0]), network.initial())

    assert output.mouth.shape == (1, 50, 3, 2)
    assert output.phones.shape == (1, 50, 3, 5)
    stream = FaceStream(network, MotionStatistics(), seed=0, lookahead=2)
    block = stream.step(features[0, :25], torch.zeros(25, 3))
    assert torch.allclose(block.mouth, output.mouth[0, :25, 1], atol=1e-5)


def test_an_actor_has_a_mouth_of_its_own_and_shares_the_ears(tmp_path: Path) -> None:
    base_path, path = tmp_path / "face.safetensors", tmp_path / "anna.safetensors"
    save_checkpoint(base_path, small_network(), MotionStatistics(), {"model_id": "t"})
    base = load_checkpoint(base_path, torch.device("cpu"))
    torch.manual_seed(1)
    actor = FaceNetwork(replace(SMALL, styles=("anna",)))

    save_actor(path, actor, base, {})
    loaded = load_actor(path, base)

    assert loaded.encoder is base.network.encoder
    assert torch.equal(loaded.mouth.weight, actor.mouth.weight)
    assert path.stat().st_size < base_path.stat().st_size


def test_an_actor_of_other_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anna.safetensors"
    bases = []
    for name in ("one", "two"):
        save_checkpoint(tmp_path / name, small_network(), MotionStatistics(), {"model_id": name})
        bases.append(load_checkpoint(tmp_path / name, torch.device("cpu")))
    save_actor(path, FaceNetwork(replace(SMALL, styles=("anna",))), bases[0], {})

    with pytest.raises(ValueError, match="trained on other weights"):
        load_actor(path, bases[1])


def test_a_block_of_another_size_is_refused() -> None:
    stream = FaceStream(small_network(), MotionStatistics(), seed=0)

    with pytest.raises(ValueError, match="25 frames, got 24"):
        stream.step(torch.zeros(24, SMALL.features), torch.zeros(24, 3))


def test_two_streams_share_a_network_without_disturbing_each_other() -> None:
    network = small_network()
    features, prosody = torch.randn(25, SMALL.features), torch.zeros(25, 3)
    alone = FaceStream(network, MotionStatistics(), seed=0)
    first, second = (FaceStream(network, MotionStatistics(), seed=0) for _ in range(2))

    second.step(features + 1.0, prosody)

    assert torch.equal(alone.step(features, prosody).mouth, first.step(features, prosody).mouth)


def test_numbers_are_uniform_and_depend_on_seed_channel_and_counter() -> None:
    counter = torch.arange(20000)

    drawn = sampling.uniform(5, 3, counter)

    assert abs(float(drawn.mean()) - 0.5) < 0.01
    assert abs(float(drawn.std()) - 12**-0.5) < 0.01
    for other in (sampling.uniform(6, 3, counter), sampling.uniform(5, 4, counter)):
        assert abs(float(torch.corrcoef(torch.stack([drawn, other]))[0, 1])) < 0.03


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_every_seed_gives_finite_normal_numbers(seed: int) -> None:
    drawn = sampling.gaussian(seed, 1, torch.arange(20000))

    assert torch.isfinite(drawn).all()
    assert abs(float(drawn.mean())) < 0.03
    assert abs(float(drawn.std()) - 1.0) < 0.03


def test_shaped_noise_has_unit_variance_and_no_jumps() -> None:
    noise = sampling.shaped_noise(1, 2, torch.arange(100000), knot_seconds=0.5)

    assert abs(float(noise.std()) - 1.0) < 0.05
    assert float(noise.diff().abs().max()) < 0.35


def test_noise_is_a_function_of_the_absolute_frame() -> None:
    whole = sampling.shaped_noise(1, 2, torch.arange(1000), 0.5)

    assert torch.equal(sampling.shaped_noise(1, 2, torch.arange(600, 640), 0.5), whole[600:640])


def test_blinks_come_as_often_as_a_person_who_speaks_blinks() -> None:
    rates = []
    for seed in range(5):
        shut = column(sampled(speaking(4.0), seed), "AU45L") > 0.5
        rates.append(int((shut[1:] & ~shut[:-1]).sum()) / 4.0)

    assert 12.0 <= sum(rates) / len(rates) <= 20.0
    assert min(rates) > 6.0


def test_a_blink_shuts_the_eye_wholly_and_closes_faster_than_it_opens() -> None:
    lid = sampling._blink_shape(torch.arange(0, 25).double())

    shut = torch.nonzero(lid > 0.999).flatten()
    assert len(shut) >= 3
    assert int(shut[0]) < len(lid[lid > 0.0]) - int(shut[-1])
    assert 0.25 <= float((lid > 0.02).sum()) / FRAME_RATE <= 0.4


def test_no_blinks_where_none_are_wanted() -> None:
    assert float(column(sampled(speaking(1.0), 0, blink_rate=0.0), "AU45L").max()) == 0.0


def test_the_head_moves_when_one_speaks_and_is_calm_when_one_is_silent() -> None:
    voices = speaking(2.0)
    silent = [Voice(v.activity * 0, v.level * 0 - 11.0, v.pitch * 0) for v in voices]

    loud, calm = (sampled(part, 3)[:, :3].diff(dim=0).abs().mean() for part in (voices, silent))

    assert float(calm) < 0.45 * float(loud)


def test_the_head_never_drifts_away_in_an_hour() -> None:
    motion = sampled(speaking(60.0), 4)

    degrees = torch.rad2deg(motion[:, :3])
    assert float(degrees.abs().max()) < 30.0
    assert float(degrees[-15000:].mean(dim=0).abs().max()) < 3.0
    assert float(motion[:, 3:6].abs().max()) < 0.03


def test_head_motion_lies_below_three_hertz() -> None:
    angles = sampled(speaking(3.0), 5)[:, :3]

    power = torch.fft.rfft(angles - angles.mean(dim=0), dim=0).abs() ** 2
    hertz = torch.fft.rfftfreq(len(angles), 1.0 / FRAME_RATE)
    assert float(power[hertz < 3.0].sum() / power.sum()) > 0.95


def test_intensities_lie_within_zero_and_one() -> None:
    units = sampled(speaking(2.0), 6)[:, 8:]

    assert float(units.min()) >= 0.0
    assert float(units.max()) <= 1.0


def test_two_seeds_move_the_head_differently() -> None:
    first, second = (sampled(speaking(1.0), seed)[:, :3] for seed in (1, 2))

    assert abs(float(torch.corrcoef(torch.stack([first[:, 1], second[:, 1]]))[0, 1])) < 0.7


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    network, statistics = small_network(), replace(MotionStatistics(), nod_degrees=1.25)
    path = tmp_path / "face.safetensors"

    save_checkpoint(path, network, statistics, {"model_id": "test", "languages": "en de"})
    loaded = load_checkpoint(path, torch.device("cpu"))

    assert loaded.network.config == SMALL
    assert loaded.statistics == statistics
    assert loaded.languages == ("en", "de")
    for name, value in network.state_dict().items():
        assert torch.equal(value, loaded.network.state_dict()[name]), name


def test_equal_checkpoints_have_equal_hashes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_checkpoint(tmp_path / name, small_network(), MotionStatistics(), {"model_id": "t"})

    hashes = {load_checkpoint(tmp_path / n, torch.device("cpu")).sha256 for n in ("a", "b")}
    assert len(hashes) == 1


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"\x00" * 100])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "face.safetensors"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="damaged file"):
        load_checkpoint(path, torch.device("cpu"))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found no file"):
        load_checkpoint(tmp_path / "gone.safetensors", torch.device("cpu"))


def test_another_format_is_refused_by_name(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, str(path), {"format": "something"})

    with pytest.raises(ValueError, match="found another format version unknown"):
        load_checkpoint(path, torch.device("cpu"))
