"""``batch`` as a studio meets it: exit codes, restarts, changed lines, bad lines, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dirfa_blender.core.command_line.folder_lock import FolderLock
from dirfa_blender.core.curves import Curve
from dirfa_blender.core.errors import FormatError
from dirfa_blender.core.npz_io import read_animation
from dirfa_blender.core.protocol import AnimateSettings
from server.__main__ import main
from server.audio import read_speech
from server.batch.lines import read_lines, seed_of
from server.engine import Engine
from tests.films import write_film
from tests.permissions import permissions_count


def record(path: Path, seconds: float = 0.4, hertz: float = 140.0) -> Path:
    path.parent.mkdir(exist_ok=True)
    time = np.arange(int(seconds * 16000)) / 16000
    soundfile.write(path, np.sign(np.sin(2 * np.pi * hertz * time)) * 0.3, 16000)
    return path


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    folder = tmp_path / "lines"
    folder.mkdir()
    for number, name in enumerate(("a", "b", "c")):
        record(folder / f"{name}.wav", hertz=120.0 + 20 * number)
    return folder


@pytest.fixture
def batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def call(source: Path, *options: str) -> tuple[int, list[dict[str, object]], str]:
        output = ["-o", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
        code = main(["batch", str(source), *output, "--workers", "1", "--json", *options])
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return call


def states(events: list[dict[str, object]]) -> dict[object, object]:
    return {event["id"]: event["state"] for event in events if event["event"] == "line"}


def test_a_folder_becomes_takes_with_the_bytes_of_animate(
    tmp_path: Path, lines: Path, batch
) -> None:
    code, events, _ = batch(lines)

    take = read_animation(tmp_path / "out" / "b.npz")
    alone = Engine("cpu").animate(read_speech(lines / "b.wav"), AnimateSettings(seed=seed_of("b")))
    assert code == 0
    assert states(events) == {"a": "made", "b": "made", "c": "made"}
    np.testing.assert_array_equal(take.au, alone.au)
    np.testing.assert_array_equal(take.rotation, alone.rotation)
    assert take.source["line"] == "b"
    assert events[-1]["event"] == "done"


def test_only_what_changed_is_made_anew(tmp_path: Path, lines: Path, batch) -> None:
    batch(lines)
    record(lines / "a.wav", hertz=200.0)
    (tmp_path / "out" / "b.npz").write_bytes(b"an accident")

    code, events, _ = batch(lines)

    assert code == 0
    assert states(events) == {"a": "made", "b": "known", "c": "skipped"}
    assert read_animation(tmp_path / "out" / "b.npz").source["line"] == "b"


def test_other_settings_make_a_line_anew_and_the_old_ones_come_from_the_cache(
    lines: Path, batch
) -> None:
    batch(lines)

    other = states(batch(lines, "--head", "0.5")[1])
    back = states(batch(lines)[1])

    assert set(other.values()) == {"made"}
    assert set(back.values()) == {"known"}


def test_without_the_cache_nothing_is_kept(tmp_path: Path, lines: Path, batch) -> None:
    batch(lines, "--no-cache")

    assert not (tmp_path / "cache").exists()
    assert set(states(batch(lines, "--no-cache", "--force")[1]).values()) == {"made"}


def test_a_line_that_fails_does_not_stop_the_rest(lines: Path, batch) -> None:
    (lines / "bad.wav").write_text("no sound")

    code, events, told = batch(lines)

    assert code == 1
    assert states(events) == {"a": "made", "b": "made", "bad": "failed", "c": "made"}
    assert "found something else in" in told or any("something else" in str(e) for e in events)
    assert events[-1]["failed"] == 1


def test_a_manifest_says_everything_about_a_line(tmp_path: Path, lines: Path, batch) -> None:
    manifest = lines / "lines.csv"
    manifest.write_text(
        "id,audio,character,seed,fps,output,head,emotion\n"
        'hi,a.wav,Ann,7,29.97,one/hi.npz,0.5,"happy=0.6,sad=0.2"\n'
        "# a comment\n"
        "yo,b.wav,,,,yo.json,,\n"
    )

    code, _, told = batch(manifest)

    take = read_animation(tmp_path / "out" / "one" / "hi.npz")
    assert code == 0, told
    assert take.fps == pytest.approx(30000 / 1001, rel=1e-12)
    assert (take.source["seed"], take.source["character"]) == ("7", "Ann")
    settings = json.loads(take.source["settings"])
    assert settings["head"] == 0.5
    assert settings["controls"]["emotions"] == {"happy": 0.6, "sad": 0.2}
    assert (tmp_path / "out" / "yo.json").is_file()


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("happy", ("happy", Curve.constant(1.0))),
        ("happy=0:0;1.5:0.8", ("happy", Curve((0.0, 1.5), (0.0, 0.8)))),
        ("sad=0.4", ("sad", Curve.constant(0.4))),
    ],
)
def test_an_emotion_cell_says_what_the_option_says(
    lines: Path, cell: str, wanted: tuple[str, Curve]
) -> None:
    manifest = lines / "lines.csv"
    manifest.write_text(f"id,audio,emotion\nhi,a.wav,{cell}\n")

    (line,) = read_lines(manifest, AnimateSettings(), (".npz",))

    assert line.settings.controls.emotions == (wanted,)


def test_an_emotion_cell_that_means_nothing_is_named_by_its_row(lines: Path) -> None:
    manifest = lines / "lines.csv"
    manifest.write_text("id,audio,emotion\nhi,a.wav,happy=very\n")

    with pytest.raises(
        FormatError, match=r"line 2, column emotion: .*emotion happy must be a number, got 'very'"
    ):
        read_lines(manifest, AnimateSettings(), (".npz",))


def test_every_bad_row_is_named_by_its_line_and_nothing_starts(
    tmp_path: Path, lines: Path, batch
) -> None:
    manifest = lines / "lines.csv"
    manifest.write_text(
        "id,audio,seed,output\n"
        "one,a.wav,soon,\n"
        "two,,1,\n"
        "three,b.wav,1,../up.npz\n"
        "four,c.wav,1,four.npz\n"
        "four,c.wav,1,FOUR.npz\n"
    )

    code, _, told = batch(manifest)

    assert code == 2
    assert "5 problems" in told
    for part in (
        "line 2, column seed: ",
        "line 3, column audio: ",
        "line 4, column output: output must lie inside",
        "line 6, column id: the id 'four'",
        "line 6, column output: the output FOUR.npz is taken by line 5",
    ):
        assert part in told
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such recordings")
def test_recordings_named_as_no_file_elsewhere_give_takes_that_are(tmp_path: Path) -> None:
    for name in ("aux..wav", "who?.wav", "hi.wav"):
        record(tmp_path / name)

    lines = read_lines(tmp_path, AnimateSettings(), (".npz",))
    record(tmp_path / "who_.wav")

    assert {line.id: line.outputs[0] for line in lines} == {
        "aux.": "_aux.npz",
        "hi": "hi.npz",
        "who?": "who_.npz",
    }
    with pytest.raises(FormatError, match=r"who_\.npz is taken by"):
        read_lines(tmp_path, AnimateSettings(), (".npz",))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is Unicode")
def test_a_recording_with_a_name_that_is_not_utf8_is_made_with_the_others(
    tmp_path: Path, lines: Path, batch
) -> None:
    named = Path(os.fsdecode(os.fsencode(lines) + b"/caf\xe9.wav"))
    (lines / "c.wav").rename(named)
    alone = named.with_suffix(".npz")

    code, events, told = batch(lines)
    again = main(["animate", str(named), "-o", str(alone)])

    assert code == again == 0, told
    assert states(events) == {"a": "made", "b": "made", "caf_": "made"}
    assert (tmp_path / "out" / "caf_.npz").exists()
    assert alone.exists()


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(lines: Path, batch) -> None:
    lines.chmod(0)

    with permissions_count():
        code, _, told = batch(lines)
    lines.chmod(0o700)

    assert code == 1
    assert f"The folder {lines} cannot be read: Permission denied" in told


def test_a_folder_of_a_shoot_becomes_one_take_a_line(tmp_path: Path, batch) -> None:
    """Films, films without sound, recordings beside films, names with dots, what systems leave about."""
    folder = tmp_path / "shoot"
    tone = read_speech(record(folder / "b.take.02.wav")).samples
    record(folder / "day 2" / "b.take.02.wav")
    picture = [np.zeros((32, 32, 3), np.uint8)] * 10
    times = [n / 25 for n in range(10)]
    for name in ("a.v1.mov", "b.take.02.mp4"):
        write_film(folder / name, picture, times, tone)
    write_film(folder / "silent.mp4", picture, times)
    (folder / "broken.mkv").write_bytes(b"no film")
    for name in ("._a.v1.mov", "Thumbs.db", "a.v1.csv", "desktop.ini", ".hidden.wav"):
        (folder / name).write_bytes(b"x")

    code, events, _ = batch(folder)

    assert states(events) == {
        "a.v1": "made", "b.take.02": "made", "day 2/b.take.02": "made", "broken": "failed",
    }  # fmt: skip
    assert code == 1
    assert [event["message"] for event in events if event["event"] == "warning"] == [
        "b.take.02.mp4 is left out: a recording of its name lies beside it.",
        "silent.mp4 is left out: it has no sound.",
    ]
    assert (tmp_path / "out" / "a.v1.npz").is_file()


def test_a_folder_of_silent_films_holds_nothing_to_say(tmp_path: Path, batch) -> None:
    write_film(tmp_path / "silent.mp4", [np.zeros((32, 32, 3), np.uint8)] * 3, [0.0, 0.04, 0.08])

    code, _, told = batch(tmp_path)

    assert code == 1
    assert "no film with sound" in told


def test_two_batches_do_not_write_one_folder(tmp_path: Path, lines: Path, batch) -> None:
    with FolderLock(tmp_path / "out"):
        code, _, told = batch(lines)

    assert code == 1
    assert f"{tmp_path / 'out'} is in use by process {os.getpid()}" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_batch_whose_log_has_no_room_makes_its_lines(tmp_path: Path, lines: Path) -> None:
    words = ["batch", str(lines), "-o", str(tmp_path / "out"), "--no-cache", "--json"]

    with Path("/dev/full").open("w") as full:
        code = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=Path(__file__).resolve().parents[3], stdout=full, stderr=full, check=False,
        ).returncode  # fmt: skip

    assert code == 0
    assert len(list((tmp_path / "out").glob("*.npz"))) == 3


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a polite kill is a POSIX thing")
def test_a_polite_kill_ends_the_workers_and_is_said(tmp_path: Path) -> None:
    for number in range(4):
        record(tmp_path / "long" / f"{number}.wav", 40.0)
    words = ["batch", str(tmp_path / "long"), "-o", str(tmp_path / "out")]
    words += ["--workers", "2", "--no-cache", "--json"]
    surroundings = dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[3]))

    with subprocess.Popen(
        [sys.executable, "-P", "-m", "server", *words],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=surroundings,
    ) as batch:  # fmt: skip
        assert batch.stdout is not None
        told = [json.loads(next(batch.stdout))]
        while told[-1]["event"] != "line":
            told.append(json.loads(next(batch.stdout)))
        batch.terminate()
        rest = [json.loads(line) for line in batch.stdout]

    assert batch.returncode == 130
    assert rest[-1]["event"] == "error"
    assert rest[-1]["message"] == "Interrupted; the same command goes on where it stopped."
    assert len(list((tmp_path / "out").glob("*.npz"))) < 4
    assert main([*words[:4], "--workers", "1", "--no-cache"]) == 0


def test_parts_of_a_batch_make_every_line_once(lines: Path, batch) -> None:
    first = states(batch(lines, "--part", "1/2")[1])
    second = states(batch(lines, "--part", "2/2")[1])

    assert (set(first), set(second)) == ({"a", "c"}, {"b"})
    assert set(states(batch(lines)[1]).values()) == {"skipped"}


def test_worker_processes_give_the_same_bytes(tmp_path: Path, lines: Path, batch) -> None:
    batch(lines, "--no-cache")
    alone = {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.npz")}

    code, _, _ = batch(lines, "--no-cache", "--force", "--workers", "2")

    assert code == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.npz")} == alone


def test_a_folder_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, lines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    code = main(["batch", str(lines), "-o", str(tmp_path / "file" / "out")])

    assert code == 1
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("seed", "x", "line 2, column seed: seed must be a whole number, got 'x'"),
        ("head", "strong", "line 2, column head: head must be a number, got 'strong'"),
    ],
)
def test_a_cell_that_is_no_number_is_named_in_the_words_of_the_header(
    tmp_path: Path, column: str, cell: str, message: str
) -> None:
    manifest = tmp_path / "lines.csv"
    manifest.write_text(f"audio,{column}\na.wav,{cell}\n")

    with pytest.raises(FormatError, match=message):
        read_lines(manifest, AnimateSettings(), (".npz",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "fbx"], "formats are npz, csv, json, a2f"),
        (["--workers", "0"], "workers must be 1..256"),
        (["--part", "3/2"], "part must be such as"),
        (["--head", "9"], "strength of head"),
    ],
)
def test_wrong_usage_has_exit_code_2(lines: Path, batch, options: list[str], message: str) -> None:
    code, _, told = batch(lines, *options)

    assert code == 2
    assert message in told


def test_a_farm_is_told_apart_what_another_try_may_mend(tmp_path: Path, lines: Path, batch) -> None:
    manifest = tmp_path / "lines.json"
    rows = [{"id": "a", "audio": "lines/a.wav", "emotion": ""}, {"id": "late", "audio": "late.wav"}]
    codes: dict[str, int] = {}

    codes["not there yet"], _, _ = batch(manifest)
    manifest.write_text(json.dumps([*rows, {"id": "c", "audoi": "c.wav", "emotion": "hapy=1"}]))
    codes["mistakes"], _, told = batch(manifest)
    manifest.write_text(json.dumps(rows))
    codes["a recording is late"], events, _ = batch(manifest)

    assert codes == {"not there yet": 1, "mistakes": 2, "a recording is late": 1}
    assert "column audoi: there is no such column" in told
    assert "column audio: must name a recording" in told
    states = {event["id"]: event["state"] for event in events if event["event"] == "line"}
    assert states == {"a": "made", "late": "failed"}


def test_texts_beside_recordings_are_their_transcripts(lines: Path, batch) -> None:
    (lines / "a.txt").write_text("nobody says these many words in a buzz", "utf-8")
    (lines / "b.txt").write_bytes(b"\xff\xfe\xfa")

    code, _, message = batch(lines, "--texts")
    assert code == 2
    assert "b.txt" in message

    (lines / "b.txt").unlink()
    code, events, _ = batch(lines, "--texts")
    failed = [event for event in events if event.get("state") == "failed"]
    assert code == 1
    assert [event["id"] for event in failed] == ["a"]
    assert "transcript" in str(failed[0]).lower()


def test_every_mistake_of_a_row_is_listed_with_its_column(lines: Path, batch) -> None:
    manifest = lines / "lines.csv"
    manifest.write_text(
        "id,audio,seed,head,blinks,output,settings\n"
        'one,a.wav,soon,9,,no.such,"{""gaze"": -1, ""hed"": 1}"\n'
        "one,,2,,often,,\n"
    )

    code, events, told = batch(manifest)

    assert code == 2 and "8 problems" in told
    places = [(event["where"], event["column"]) for event in events if event["event"] == "problem"]
    assert sorted(places) == [
        ("line 2", "head"), ("line 2", "output"), ("line 2", "seed"), ("line 2", "settings"),
        ("line 2", "settings.gaze"), ("line 3", "audio"), ("line 3", "blinks"), ("line 3", "id"),
    ]  # fmt: skip
    assert {event["file"] for event in events if event["event"] == "problem"} == {str(manifest)}
    assert "Did you mean head?" in told
