"""Direction on the command line: what is written, what is kept to the byte, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dirfa_blender.core.controls import EMOTIONS, Controls, Curve, directed, region_codes
from dirfa_blender.core.head_shapes import shaped_template
from dirfa_blender.core.npz_io import read_animation
from dirfa_blender.core.protocol import AnimateSettings, from_json
from server.__main__ import main
from server.tracking.lips import lips_of

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"


def animate(output: Path, *options: str, audio: Path = SAMPLE) -> int:
    return main(["animate", str(audio), "-o", str(output), *options])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("takes") / "plain.npz"
    assert animate(path, "--seed", "3", "--emotion", "sad=0.3") == 0
    return path


@pytest.fixture(scope="module")
def said_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take of the sample said twice: enough moments of shut lips to judge by."""
    folder = tmp_path_factory.mktemp("twice")
    samples, rate = soundfile.read(SAMPLE)
    soundfile.write(folder / "twice.wav", np.tile(samples, 2), rate)
    assert animate(folder / "twice.npz", "--emotion", "sad=0.3", audio=folder / "twice.wav") == 0
    return folder / "twice.npz"


@pytest.fixture(scope="module")
def lips_before(said_twice: Path) -> np.ndarray:
    """(T,) metres between the lips of that take."""
    return lips_of(read_animation(said_twice), shaped_template()).opening


def test_a_directed_take_says_what_directed_it_and_the_api_makes_the_same(tmp_path: Path) -> None:
    words = ("--emotion", "happy=0:0,1.5:0.8", "--au", "AU15=*0", "--region", "brows=0.5",
             "--articulation", "jaw=0.8,lips=1.2", "--head", "0.5", "--blinks", "0")  # fmt: skip
    assert animate(tmp_path / "a.npz") == 0
    assert animate(tmp_path / "b.npz", *words) == 0

    take = read_animation(tmp_path / "b.npz")
    settings = from_json(AnimateSettings, take.source["settings"])

    assert (settings.head, settings.blinks) == (0.5, 0.0)
    assert settings.controls.emotions == (("happy", Curve((0, 1.5), (0, 0.8))),)
    assert settings.controls.jaw == 0.8
    expected = directed(read_animation(tmp_path / "a.npz"), settings.controls)
    for code in ("AU12L", "AU6L", "AU26", "AU1R"):
        assert np.array_equal(take.channel(code), expected.channel(code)), code


def test_takes_count_seeds_up_and_files_along(tmp_path: Path) -> None:
    assert animate(tmp_path / "line.npz", "--takes", "2", "--seed", "5") == 0

    files = sorted(path.name for path in tmp_path.iterdir())
    seeds = [read_animation(tmp_path / name).source["seed"] for name in files]
    assert files == ["line-1.npz", "line-2.npz"]
    assert seeds == ["5", "6"]


def test_rolling_the_brows_again_touches_the_brows_only(plain: Path, tmp_path: Path) -> None:
    assert animate(tmp_path / "b.npz", "--from", str(plain), "--reroll", "brows") == 0

    kept, found = read_animation(plain), read_animation(tmp_path / "b.npz")
    for code in found.au_names:
        same = found.channel(code).tobytes() == kept.channel(code).tobytes()
        assert same != (code in region_codes("brows")), code
    for name in ("gaze", "rotation", "translation"):
        assert getattr(found, name).tobytes() == getattr(kept, name).tobytes(), name
    assert found.source["seed"] == "4"
    assert json.loads(found.source["retake"])["kept"]["seed"] == "3"


def test_a_locked_stretch_and_unit_keep_their_bytes(plain: Path, tmp_path: Path) -> None:
    assert animate(tmp_path / "c.npz", "--from", str(plain), "--lock", "AU12,1.5-2.5") == 0

    kept, found = read_animation(plain), read_animation(tmp_path / "c.npz")
    inside = (kept.times >= 1.5) & (kept.times < 2.5)
    assert np.array_equal(found.au[inside], kept.au[inside])
    assert np.array_equal(found.channel("AU12L"), kept.channel("AU12L"))
    assert not np.array_equal(found.rotation, kept.rotation)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--emotion", "smug=1"], "An emotion is one of"),
        (["--emotion", "happy=2"], "intensity of happy must be 0..1"),
        (["--au", "AU12=0.2"], "--au AU12 expects"),
        (["--region", "hair=1"], "A region is one of"),
        (["--articulation", "jaw=wide"], "--articulation jaw must be a number"),
        (["--blinks", "-1"], "strength of blinks"),
        (["--takes", "0"], "number of takes must be 1..1000"),
        (["--reroll", "brows"], "got only --reroll or --lock"),
        (["--from", "KEPT"], "got only --from"),
        (["--from", "KEPT", "--lock", "hair"], "A lock is a unit"),
        (["--from", "KEPT", "--reroll", "brows", "--fps", "25"], "must be that of the kept take"),
    ],
)
def test_wrong_direction_is_exit_code_2_with_a_sentence(
    plain: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    expected: str,
) -> None:
    code = animate(tmp_path / "x.npz", *(str(plain) if o == "KEPT" else o for o in options))

    assert code == 2
    assert expected in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_take_that_is_none_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"not a take")

    assert animate(tmp_path / "x.npz", "--from", str(bad), "--reroll", "head") == 1
    assert "bad.npz is not a whole" in capsys.readouterr().err


@pytest.mark.parametrize("name", EMOTIONS)
def test_speech_keeps_its_lips_under_full_emotion(
    said_twice: Path, lips_before: np.ndarray, name: str
) -> None:
    full = Controls(emotions=((name, Curve.constant(1.0)),))
    before = lips_before

    after = lips_of(directed(read_animation(said_twice), full), shaped_template()).opening

    limit = 0.1 * np.quantile(before, 0.95)
    shut = before < 0.5 * limit
    assert np.abs(after - before).mean() < 0.05 * before.mean()
    assert shut.sum() > 20
    assert (after[shut] < limit).all()
