"""``animate`` on every recording people send, good and bad: exit code, sentence, and whole files only."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dirfa_blender.core.formats.interchange import read_arkit_json, read_live_link_csv
from dirfa_blender.core.npz_io import read_animation
from server.__main__ import main
from server.take import stages_of
from tests.permissions import permissions_count

RATE = 16000
SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech.flac"


def voice(seconds: float, rate: int = RATE) -> np.ndarray:
    """Something between speech and a siren: a 140 Hz buzz that swells four times a second."""
    time = np.arange(int(seconds * rate)) / rate
    buzz = np.sign(np.sin(2 * np.pi * 140 * time)) * 0.3
    return (buzz * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time))).astype(np.float32)


def wav(samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


def animate(folder: Path, content: bytes | None, *options: str, name: str = "a.wav") -> int:
    source = folder / name
    if content is not None:
        source.write_bytes(content)
    return main(["animate", str(source), "-o", str(folder / "out" / "take.npz"), *options])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").iterdir())


NOISY = np.where(np.arange(RATE) % 100 == 0, np.nan, voice(1.0)).astype(np.float32)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "a.wav, found nothing"),
        (b"This is a text, not a recording.\n" * 50, "found something else in"),
        (b"", "found an empty file"),
        (wav(voice(1.0))[:30], "found something else in"),
        (wav(voice(0.01)), "at least 0.1 s of sound, found 0.010 s"),
        (wav(np.zeros(0, np.float32)), "at least 0.1 s of sound, found 0.000 s"),
    ],
    ids=["missing", "text", "empty", "header only", "10 ms", "no samples"],
)
def test_what_is_no_speech_fails_with_a_sentence_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, expected: str
) -> None:
    code = animate(folder, content)

    told = capsys.readouterr().err
    assert code == 1
    assert expected in told
    assert "a.wav" in told
    assert "Traceback" not in told
    assert written(folder) == []


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (wav(np.clip(voice(1.0) * 20, -1, 1)), 1.0),
        (wav(voice(1.0, 8000), 8000), 1.0),
        (wav(voice(0.7, 192000), 192000), 0.7),
        (wav(voice(1.0), subtype="PCM_24"), 1.0),
        (wav(voice(1.0), subtype="FLOAT"), 1.0),
        (wav(np.tile(voice(1.0, 48000)[:, None], (1, 6)), 48000), 1.0),
        (wav(voice(0.3, 44100), 44100), 0.3),
    ],
    ids=["clipped", "8 kHz", "192 kHz", "24 bit", "float", "6 channels", "0.3 s"],
)
def test_every_kind_of_recording_becomes_a_take_of_its_length(
    folder: Path, content: bytes, seconds: float
) -> None:
    assert animate(folder, content) == 0

    take = read_animation(folder / "out" / "take.npz")
    assert take.duration == pytest.approx(seconds, abs=1 / take.fps)
    assert float(take.source["audio_seconds"]) == pytest.approx(seconds, abs=1e-4)
    assert written(folder) == ["take.npz"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (wav(np.zeros(RATE, np.float32)), "No speech is heard"),
        (wav(NOISY, subtype="FLOAT"), "broken samples"),
    ],
    ids=["silent", "NaN"],
)
def test_doubtful_recordings_work_and_say_what_was_done(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, expected: str
) -> None:
    code = animate(folder, content)

    assert code == 0
    assert expected in capsys.readouterr().err
    assert np.isfinite(read_animation(folder / "out" / "take.npz").au).all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(folder: Path) -> None:
    content = SAMPLE.read_bytes()
    takes: list[bytes] = []
    for seed in ("1", "1", "2"):
        assert animate(folder, content, "--seed", seed, name="speech.flac") == 0
        takes.append((folder / "out" / "take.npz").read_bytes())

    assert takes[0] == takes[1]
    assert takes[0] != takes[2]


def test_the_suffix_chooses_the_format_and_the_rate_is_exact(folder: Path) -> None:
    source = folder / "a.wav"
    source.write_bytes(wav(voice(1.0)))
    for suffix in (".csv", ".json"):
        output = folder / "out" / f"take{suffix}"

        assert main(["animate", str(source), "-o", str(output), "--fps", "29.97"]) == 0

    rows = read_live_link_csv((folder / "out" / "take.csv").read_text(), fps=30000 / 1001)
    frames = read_arkit_json((folder / "out" / "take.json").read_text())
    assert len(rows.track.weights) == len(frames.weights) == 30
    assert frames.fps == pytest.approx(30000 / 1001, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--fps", "0"], "above 0"),
        (["--fps", "-25"], "above 0"),
        (["--fps", "many"], "must be a number"),
        (["--seed", "-1"], "seed must be"),
        (["--head", "nan"], "strength of head"),
        (["-o", "take.avi"], "take.avi"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: str
) -> None:
    code = animate(folder, wav(voice(0.5)), *options)

    assert code == 2
    assert expected in capsys.readouterr().err
    assert written(folder) == []


def test_an_unknown_option_is_exit_code_2(folder: Path) -> None:
    with pytest.raises(SystemExit) as ending:
        animate(folder, wav(voice(0.5)), "--volume", "11")

    assert ending.value.code == 2


def test_a_file_where_the_folder_should_be_is_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, blocked = folder / "a.wav", folder / "blocked"
    source.write_bytes(wav(voice(0.3)))
    blocked.write_bytes(b"")

    code = main(["animate", str(source), "-o", str(blocked / "take.npz")])

    assert code == 1
    assert "blocked" in capsys.readouterr().err


def test_a_read_only_folder_is_a_sentence_before_anything_is_loaded(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").chmod(0o500)

    with permissions_count():
        code = animate(folder, wav(voice(0.3)))

    told = capsys.readouterr().err
    assert code == 1
    assert "out" in told and "Permission denied" in told
    assert "loading" not in told


def test_programs_read_progress_as_json_lines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert animate(folder, wav(voice(1.0)), "--json") == 0
    good = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert animate(folder, b"no sound", "--json") == 1
    bad = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert good[-1]["event"] == "done"
    assert all(event["event"] == "progress" for event in good[:-1])
    assert bad[-1]["event"] == "error"


def test_a_long_recording_is_not_said_to_be_nearly_done_when_it_has_begun(tmp_path: Path) -> None:
    sound = tmp_path / "hour.wav"
    with sound.open("wb") as file:
        file.truncate(115_000_000)
    short = tmp_path / "line.wav"
    short.write_bytes(b"RIFF")

    for path, begun in ((sound, 0.15), (short, 0.6)):
        *before, animating = stages_of(path, 1)
        taken = sum(stage.seconds for stage in before)
        assert taken / (taken + animating.seconds) < begun
