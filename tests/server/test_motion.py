"""What is sampled looks like a living person, whatever the blocks, however long the take."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from server.model import noise, randomness
from server.model.blinks import blink_shape
from server.model.config import FRAME_RATE
from server.model.prosody import Voice
from server.model.sampling import UPPER_CHANNELS, Sampler, SamplerState
from server.model.statistics import KNOTS, MotionStatistics
from server.model.weights_file import from_json, to_json

BLOCK = 200


def speaking(minutes: float, seed: int = 0, block: int = BLOCK) -> list[Voice]:
    """Blocks of a made-up voice: four syllables a second, a pause every few seconds."""
    torch.manual_seed(seed)
    frames = int(minutes * 60 * FRAME_RATE / BLOCK) * BLOCK
    time = torch.arange(frames).double() / FRAME_RATE
    speaks = ((time % 4.0) < 3.2).double()
    level = -4.0 + 1.2 * torch.sin(2 * torch.pi * 3.7 * time) + 0.3 * torch.randn(frames)
    level = torch.where(speaks > 0, level, -10.0)
    pitch = (7.0 + 0.2 * torch.sin(2 * torch.pi * 0.7 * time)) * speaks
    columns = (speaks, level, pitch)
    blocks = [column.split(block) for column in columns]
    return [Voice(*parts) for parts in zip(*blocks, strict=True)]


def sampled(
    voices: list[Voice], seed: int, blink_rate: float = 1.0, tile: int = noise.LONG_TILE
) -> torch.Tensor:
    sampler = Sampler(MotionStatistics(), seed, delay=16, blink_rate=blink_rate, tile=tile)
    state = SamplerState()
    return torch.cat([sampler.step(voice, state) for voice in voices])


def column(motion: torch.Tensor, name: str) -> torch.Tensor:
    return motion[:, UPPER_CHANNELS.index(name)]


def test_numbers_are_uniform_and_depend_on_seed_channel_and_counter() -> None:
    counter = torch.arange(20000)

    drawn = randomness.uniform(5, 3, counter)

    assert abs(float(drawn.mean()) - 0.5) < 0.01
    assert abs(float(drawn.std()) - 12**-0.5) < 0.01
    for other in (randomness.uniform(6, 3, counter), randomness.uniform(5, 4, counter)):
        assert abs(float(torch.corrcoef(torch.stack([drawn, other]))[0, 1])) < 0.03


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_every_seed_gives_finite_normal_numbers(seed: int) -> None:
    drawn = randomness.gaussian(seed, 1, torch.arange(20000))

    assert torch.isfinite(drawn).all()
    assert abs(float(drawn.mean())) < 0.03
    assert abs(float(drawn.std()) - 1.0) < 0.03


def test_no_blinks_where_none_are_wanted() -> None:
    assert float(column(sampled(speaking(1.0), 0, blink_rate=0.0), "AU45L").max()) == 0.0


def test_the_head_moves_when_one_speaks_and_is_calm_when_one_is_silent() -> None:
    voices = speaking(2.0)
    silent = [Voice(v.activity * 0, v.level * 0 - 11.0, v.pitch * 0) for v in voices]

    loud, calm = (sampled(part, 3)[:, :3].diff(dim=0).abs().mean() for part in (voices, silent))

    assert float(calm) < 0.45 * float(loud)


def test_intensities_lie_within_zero_and_one() -> None:
    units = sampled(speaking(2.0), 6)[:, 8:]

    assert float(units.min()) >= 0.0
    assert float(units.max()) <= 1.0


def test_shaped_noise_has_unit_variance_and_no_jumps() -> None:
    drawn = noise.shaped_noise(1, torch.arange(4), torch.arange(50000), knot_seconds=0.5)

    assert torch.allclose(drawn.std(dim=0), torch.ones(4).double(), atol=0.07)
    assert float(drawn.diff(dim=0).abs().max()) < 0.4


def test_noise_is_a_function_of_the_absolute_frame() -> None:
    def make(frames: torch.Tensor) -> torch.Tensor:
        return noise.shaped_noise(1, torch.arange(3), frames, 0.5)

    tiles = noise.Tiles(make)

    whole = make(torch.arange(-100, 3000))
    parts = [tiles.rows(first, 25) for first in range(-100, 3000, 25)]
    assert torch.equal(torch.cat(parts), whole)


def test_the_spectrum_of_noise_is_the_one_that_is_fitted() -> None:
    drawn = noise.shaped_noise(3, torch.arange(40), torch.arange(8192), 0.4)

    found = (torch.fft.rfft(drawn, dim=0).abs() ** 2).mean(dim=1) * 2 / len(drawn) / FRAME_RATE
    hertz = torch.fft.rfftfreq(len(drawn), 1.0 / FRAME_RATE).double()
    for low, high in ((0.1, 0.5), (0.5, 1.0), (1.0, 1.5)):
        band = (hertz >= low) & (hertz < high)
        wanted = float(noise.power(hertz[band], 0.4).mean())
        assert float(found[band].mean()) == pytest.approx(wanted, rel=0.25)


def test_blinks_come_as_often_as_a_person_who_speaks_blinks() -> None:
    rates = []
    for seed in range(5):
        shut = column(sampled(speaking(4.0), seed), "AU45L") > 0.5
        rates.append(int((shut[1:] & ~shut[:-1]).sum()) / 4.0)

    assert 12.0 <= sum(rates) / len(rates) <= 20.0
    assert min(rates) > 6.0


def test_a_blink_shuts_the_eye_wholly_and_closes_faster_than_it_opens() -> None:
    lid = blink_shape(torch.arange(0, 40).double(), MotionStatistics().blink_frames)

    shut = torch.nonzero(lid > 0.999).flatten()
    assert len(shut) >= 2
    assert int(shut[0]) < len(lid[lid > 0.0]) - int(shut[-1])
    assert 0.2 <= float((lid > 0.02).sum()) / FRAME_RATE <= 0.45


def test_head_and_brows_never_drift_away_in_an_hour() -> None:
    motion = sampled(speaking(60.0), 4)

    degrees = torch.rad2deg(motion[:, :3])
    assert float(degrees.abs().max()) < 40.0
    assert float(motion[:, 3:6].abs().max()) < 0.05
    for part in (slice(0, 45000), slice(-45000, None)):
        mean, deviation = degrees[part].mean(dim=0), degrees.std(dim=0)
        assert float((mean / deviation).abs().max()) < 0.6
    early, late = (motion[part].std(dim=0) for part in (slice(0, 45000), slice(-45000, None)))
    assert float((late / early.clamp_min(1e-9))[:4].sub(1.0).abs().max()) < 0.3


def test_an_hour_is_sampled_within_seconds() -> None:
    """Counted in frames, not in time: an hour's tiles and blocks are all that is made."""
    made: list[int] = []

    def make(frames: torch.Tensor) -> torch.Tensor:
        made.append(len(frames))
        return frames[:, None].double()

    tiles = noise.Tiles(make)
    for first in range(-16, 180000, 25):
        tiles.rows(first, 25)

    assert sum(made) < 180000 + 3 * noise.LONG_TILE


def test_head_motion_lies_below_three_hertz() -> None:
    angles = sampled(speaking(3.0), 5)[:, :3]

    power = torch.fft.rfft(angles - angles.mean(dim=0), dim=0).abs() ** 2
    hertz = torch.fft.rfftfreq(len(angles), 1.0 / FRAME_RATE)
    assert float(power[hertz < 3.0].sum() / power.sum()) > 0.95


def test_a_talker_looks_at_the_viewer_most_of_the_time() -> None:
    aim = sampled(speaking(5.0), 7)[:, 6:8]

    away = torch.rad2deg(aim.norm(dim=1)) > 3.0
    assert 0.1 < float(away.double().mean()) < 0.45


def test_takes_of_one_speech_differ_as_much_as_speeches_do() -> None:
    voices = speaking(1.0)
    takes = torch.stack([sampled(voices, seed)[:, :3] for seed in range(6)])

    across = takes.std(dim=0).pow(2).mean().sqrt()
    within = takes.std(dim=1).pow(2).mean().sqrt()
    assert 0.7 < float(across / within) < 1.3


def test_brows_move_together_but_not_alike() -> None:
    motion = sampled(speaking(4.0), 2)
    left, right = column(motion, "AU2L"), column(motion, "AU2R")

    assert 0.6 < float(torch.corrcoef(torch.stack([left, right]))[0, 1]) < 0.999


def test_statistics_come_back_from_json_and_other_fields_are_refused() -> None:
    learnt = replace(MotionStatistics(), nod_degrees=1.25)

    assert from_json(MotionStatistics, to_json(learnt)) == learnt
    assert len(learnt.head_bands) == len(learnt.face_bands) == len(KNOTS)
    with pytest.raises(ValueError, match="other fields"):
        from_json(MotionStatistics, '{"shrugs": 1}')


@pytest.mark.parametrize("block", [1, 2, 7, 50])
def test_any_block_size_gives_the_same_bytes(block: int) -> None:
    whole = sampled(speaking(0.4), 8)

    parts = sampled(speaking(0.4, block=block), 8, tile=noise.LIVE_TILE)

    assert torch.equal(parts, whole)


def test_the_same_seed_gives_the_same_bytes() -> None:
    voices = speaking(0.5)

    assert torch.equal(sampled(voices, 11), sampled(voices, 11))
