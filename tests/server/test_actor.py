"""An actor is learnt from film of them, or the reason is said why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.protocol import AnimateSettings
from server.engine import Engine
from server.model.checkpoint import (
    SHIPPED,
    Checkpoint,
    left_out_folder,
    load_actor,
    load_checkpoint,
    save_actor,
)
from server.training.actor_lesson import LESSON, Adaptation, adapted
from server.training.footage import films_in
from server.training.train import main
from tests.server.test_engine import recording

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "usgov"
FILMS = [DATA / "Obama_clip3.mp4", DATA / "obama_weekly_address_450_20s.mp4"]
needs_film = pytest.mark.skipif(not FILMS[0].is_file(), reason="needs the films of the corpora")


@pytest.fixture(scope="module")
def base() -> Checkpoint:
    """The shipped weights with the face head that never saw the actor of these films."""
    shipped = load_checkpoint(SHIPPED, torch.device("cpu"))
    left_out = load_actor(left_out_folder(SHIPPED) / "obama.safetensors", shipped)
    return replace(shipped, network=left_out.network)


@pytest.fixture(scope="module")
def learnt(base: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Adaptation:
    folder = tmp_path_factory.mktemp("actor")
    broken = folder / "broken.mp4"
    broken.write_text("not a film")
    few = replace(LESSON, steps=40)
    return adapted(base, "president", [*FILMS, broken], folder, lesson=few)


@needs_film
def test_film_of_an_actor_brings_the_mouth_nearer_to_theirs(learnt: Adaptation) -> None:
    assert learnt.seconds > 30.0
    assert sum(learnt.after) > sum(learnt.before)


@needs_film
def test_a_broken_film_is_named_and_the_others_are_used(learnt: Adaptation) -> None:
    left_out = [sentence for sentence in learnt.remarks if sentence.startswith("Left out")]
    assert len(left_out) == 1
    assert "broken.mp4" in left_out[0]


@needs_film
def test_an_actor_speaks_with_their_own_mouth_and_manner(
    learnt: Adaptation, base: Checkpoint, tmp_path: Path
) -> None:
    save_actor(tmp_path / "president.safetensors", learnt.actor, base, {})
    engine = Engine("cpu", actors=tmp_path)

    own = engine.animate(recording(2.0), settings_of("president"))
    shipped = engine.animate(recording(2.0), settings_of(""))

    assert engine.actors == ("president",)
    assert (own.au != shipped.au).any()
    assert learnt.actor.statistics != base.statistics
    assert (own.rotation != shipped.rotation).any()


@needs_film
def test_an_actor_breathes_as_the_film_shows(learnt: Adaptation, base: Checkpoint) -> None:
    """The president's lips stand open in pauses by more than people's do."""
    assert learnt.actor.statistics.breath_mm > base.statistics.breath_mm


@needs_film
def test_what_is_known_of_strangers_is_not_added_to_a_mouth_that_was_learnt(
    learnt: Adaptation, base: Checkpoint
) -> None:
    assert learnt.actor.statistics.low_vowel_mm == 0.0 < base.statistics.low_vowel_mm
    assert learnt.actor.statistics.rounded_mm == 0.0 < base.statistics.rounded_mm


def settings_of(actor: str) -> AnimateSettings:
    return AnimateSettings(seed=2, actor=actor)


def test_a_folder_without_film_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no film")

    with pytest.raises(FormatError, match=r"Expected film of the actor .*found none"):
        films_in(tmp_path)


def test_film_that_cannot_be_read_is_refused_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.mp4").write_text("not a film")

    code = main(
        ["--footage", str(tmp_path), "--cache", str(tmp_path / "c"), "-o", str(tmp_path / "o")]
    )

    assert code == 1
    assert "at least 20 s of film" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
