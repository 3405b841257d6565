"""The network streams exactly, and a checkpoint keeps what it was given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from server.model.checkpoint import Actor, load_actor, load_checkpoint, save_actor, save_checkpoint
from server.model.config import NetworkConfig
from server.model.network import CausalLayer, FaceNetwork
from server.model.statistics import MotionStatistics
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


@pytest.mark.parametrize("count", [2, 14, 16, 18, 128])
def test_a_row_does_not_depend_on_how_many_there_are(count: int) -> None:
    network = FaceNetwork(replace(NetworkConfig(), mouth=("AU26", "AU12"))).eval()
    torch.manual_seed(1)
    features, style = torch.randn(1, 256, network.config.features), torch.tensor([0])

    with torch.inference_mode():
        whole, _ = network(features, style, network.initial())
        state, mouths, phones = network.initial(), [], []
        for block in features.split(count, dim=1):
            output, state = network(block, style, state)
            mouths.append(output.mouth)
            phones.append(output.phones)

    assert torch.equal(torch.cat(mouths, dim=1), whole.mouth)
    assert torch.equal(torch.cat(phones, dim=1), whole.phones)


def test_inference_and_training_agree_on_the_layers() -> None:
    network = small_network()
    features, style = torch.randn(3, 50, SMALL.features), torch.tensor([0, 1, 0])

    trained, _ = network(features, style, network.initial(3))
    with torch.inference_mode():
        inferred, _ = network(features, style, network.initial(3))

    assert torch.allclose(inferred.mouth, trained.mouth, atol=1e-5)
    assert torch.allclose(inferred.phones, trained.phones, atol=1e-5)


def test_further_layers_change_nothing_until_they_have_learnt() -> None:
    network = small_network()
    features, style = torch.randn(1, 30, SMALL.features), torch.tensor([0])

    deeper = network.deepened((1, 2, 4)).eval()
    before, _ = network(features, style, network.initial())
    after, _ = deeper(features, style, deeper.initial())
    after.phones.sum().backward()

    assert torch.equal(after.phones, before.phones)
    assert torch.equal(after.mouth, before.mouth)
    added = deeper.encoder.layers[2]
    assert isinstance(added, CausalLayer)
    learns = added.out.weight.grad
    assert learns is not None
    assert bool(learns.any())
    with pytest.raises(ValueError, match="begin with"):
        network.deepened((2, 4, 8))


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

    blocks = [stream.step(torch.randn(24, SMALL.features), torch.zeros(24, 3)) for _ in range(4)]

    firsts = [block.first_frame for block in blocks]
    assert firsts == [index * 24 - stream.lookahead for index in range(4)]
    assert all(len(block.phones) == len(block.upper) == 24 for block in blocks)


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
    block = stream.step(features[0, :24], torch.zeros(24, 3))
    # The mouth is two frames early: the head of the next delay is in time, and waits where it is sooner.
    assert torch.allclose(block.mouth[2:], output.mouth[0, :22, 1], atol=1e-5)
    at_once = FaceStream(network, MotionStatistics(), seed=0, lookahead=0)
    block = at_once.step(features[0, :24], torch.zeros(24, 3))
    assert block.first_frame == 0
    assert torch.allclose(block.mouth, output.mouth[0, :24, 1], atol=1e-5)


def test_an_actor_has_a_mouth_and_a_manner_of_their_own_and_shares_the_ears(tmp_path: Path) -> None:
    base_path, path = tmp_path / "face.safetensors", tmp_path / "anna.safetensors"
    save_checkpoint(base_path, small_network(), MotionStatistics(), {"model_id": "t"})
    base = load_checkpoint(base_path, torch.device("cpu"))
    torch.manual_seed(1)
    actor = FaceNetwork(replace(SMALL, styles=("anna",)))

    calm = replace(MotionStatistics(), nod_degrees=1.5)

    save_actor(path, Actor(actor, calm), base, {})
    loaded = load_actor(path, base)

    assert loaded.network.encoder is base.network.encoder
    assert torch.equal(loaded.network.mouth.weight, actor.mouth.weight)
    assert loaded.statistics == calm
    assert path.stat().st_size < base_path.stat().st_size


def test_an_actor_of_other_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anna.safetensors"
    bases = []
    for name in ("one", "two"):
        save_checkpoint(tmp_path / name, small_network(), MotionStatistics(), {"model_id": name})
        bases.append(load_checkpoint(tmp_path / name, torch.device("cpu")))
    anna = Actor(FaceNetwork(replace(SMALL, styles=("anna",))), MotionStatistics())
    save_actor(path, anna, bases[0], {})

    with pytest.raises(ValueError, match="trained on other weights"):
        load_actor(path, bases[1])


def test_a_block_of_another_size_is_refused() -> None:
    stream = FaceStream(small_network(), MotionStatistics(), seed=0)

    with pytest.raises(ValueError, match="multiple of 2 frames, got 3"):
        stream.step(torch.zeros(3, SMALL.features), torch.zeros(3, 3))


def test_two_streams_share_a_network_without_disturbing_each_other() -> None:
    network = small_network()
    features, prosody = torch.randn(24, SMALL.features), torch.zeros(24, 3)
    alone = FaceStream(network, MotionStatistics(), seed=0)
    first, second = (FaceStream(network, MotionStatistics(), seed=0) for _ in range(2))

    second.step(features + 1.0, prosody)

    assert torch.equal(alone.step(features, prosody).mouth, first.step(features, prosody).mouth)


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


def test_a_checkpoint_from_before_motion_was_learnt_moves_like_the_shipped_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "face.safetensors"
    save_checkpoint(path, small_network(), MotionStatistics(), {"model_id": "test"})
    content = path.read_bytes().replace(rb"\"motion\"", rb"\"mution\"")
    path.write_bytes(content)

    assert load_checkpoint(path, torch.device("cpu")).statistics == MotionStatistics()


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
