"""Free speech on film: everybody is heard, nobody is measured with what learnt from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.protocol import AnimateSettings
from server.engine import Engine
from server.evaluation.bench import OURS, Bench
from server.evaluation.material import Clip
from server.model.checkpoint import SHIPPED, left_out_folder, load_actor, load_checkpoint
from server.tracking.lips import Lips
from server.training.coarticulation import MOUTH
from server.training.corpora import utterances
from server.training.free_film import free_film, free_talkers, of_free_film
from server.training.spoken_mouths import SpokenMouth
from tests.server.test_engine import recording

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_film = pytest.mark.skipif(
    not (DATA / "usgov").is_dir(), reason="needs the films of the corpora"
)


def mouth(talker: str, seconds: float) -> SpokenMouth:
    count = int(50 * seconds)
    known = np.ones(len(MOUTH), np.float32)
    rows = np.zeros((count, len(MOUTH)), np.float32)
    samples = np.zeros(320 * count, np.float32)
    return SpokenMouth("film", samples, rows, known, 0, held_out=False, talker=talker)


def test_a_talker_filmed_four_times_as_long_is_drawn_twice_as_often() -> None:
    source = of_free_film([mouth("a", 30.0), mouth("a", 10.0), mouth("b", 10.0)])
    rng = np.random.default_rng(0)

    drawn = [source(rng) for _ in range(6000)]

    of_b = np.mean([one.talker == "b" for one in drawn])
    long = np.mean([len(one.mouth) == 1500 for one in drawn if one.talker == "a"])
    assert of_b == pytest.approx(1 / 3, abs=0.03)
    assert long == pytest.approx(3 / 4, abs=0.03)


@needs_film
def test_a_talker_can_be_left_out_and_the_sound_comes_with_the_mouth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortest = next(e for e in utterances("usgov", DATA) if e.name == "Obama_clip3")
    entries = [replace(shortest, talker=talker) for talker in ("one", "other")]
    monkeypatch.setattr("server.training.free_film.utterances", lambda *_: entries)

    found = free_film(DATA, tmp_path, shaped_template(), without="other")

    assert free_talkers(DATA) == ["one", "other"]
    assert [one.talker for one in found] == ["one"]
    filmed = found[0].filmed
    assert filmed is not None and np.isfinite(filmed).all()
    assert len(filmed) == len(found[0].mouth)
    assert abs(len(found[0].samples) - 320 * len(filmed)) <= 640
    # Loud is open: with the sound still late by 0.2 s they would hardly go together.
    count = min(len(filmed), len(found[0].samples) // 320)
    loud = np.sqrt(np.mean(found[0].samples[: 320 * count].reshape(-1, 320) ** 2, axis=1))
    assert np.corrcoef(loud, filmed[:count, 0])[0, 1] > 0.2


def test_each_talker_of_free_speech_has_a_head_that_never_saw_them() -> None:
    base = load_checkpoint(SHIPPED, torch.device("cpu"))
    files = sorted(left_out_folder(SHIPPED).glob("*.safetensors"))

    heads = [load_actor(path, base).network for path in files]

    assert [path.stem for path in files] == ["obama", "reagan"]
    first, second = (head.mouth.weight for head in heads)
    assert not torch.equal(first, second)
    assert not torch.equal(first, base.network.mouth.weight)


def test_the_bench_hears_a_talker_with_the_head_that_never_saw_them(tmp_path: Path) -> None:
    engine = Engine("cpu", actors=left_out_folder(SHIPPED))
    bench = Bench({OURS: engine}, tmp_path, tmp_path, quick=True)
    speech = recording(2.0)
    lips = Lips(np.zeros(50), np.zeros(50), 25.0)
    clips = [
        Clip("film", talker, talker, speech.samples, lips, None, None)
        for talker in ("obama", "somebody")
    ]

    takes = [bench.take_of(clip, OURS) for clip in clips]

    left_out = engine.animate(speech, AnimateSettings(actor="obama"))
    shipped = engine.animate(speech, AnimateSettings())
    assert np.array_equal(takes[0].au, left_out.au)
    assert np.array_equal(takes[1].au, shipped.au)
    assert not np.array_equal(left_out.au, shipped.au)
