"""``talk`` and ``fit`` as a person runs them: real server, real Blender, small pictures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dirfa_blender.core import announcement
from dirfa_blender.core.npz_io import read_animation, read_head

pytest.importorskip("torch", reason="the server's packages are not installed for this Python")
pytest.importorskip("bpy", reason="Blender's module is not installed for this Python")
soundfile = pytest.importorskip("soundfile")

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "speech.flac"
QUICK = ["--engine", "cycles", "--samples", "1", "--size", "48x64", "--device", "cpu"]
WAIT_SECONDS = 240.0


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def surroundings(runtime: Path) -> dict[str, str]:
    return dict(os.environ, PYTHONPATH=str(ROOT), XDG_RUNTIME_DIR=str(runtime))


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    samples, rate = soundfile.read(SAMPLE, frames=16000)
    path = tmp_path / "short.wav"
    soundfile.write(path, samples, rate)  # half a second
    return path


def run(surroundings: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-P", "-m", "dirfa_blender", *arguments],
        cwd=folder, env=surroundings, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False,
    )  # fmt: skip


def begun(surroundings: dict[str, str], folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "dirfa_blender", *arguments],
        cwd=folder, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        # A test run in the background of a shell ignores Ctrl-C, and its children would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def server_pid(runtime: Path, starter: subprocess.Popen[str]) -> int:
    """Number of the server's process, as soon as it announces itself."""
    while starter.poll() is None:
        for path in runtime.rglob("managed-*.json"):
            found = announcement.read(path)
            if found is not None:
                return found.pid
        time.sleep(0.02)
    raise AssertionError(starter.communicate()[1])


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not announcement.is_running(pid):
            return True
        time.sleep(0.05)
    return False


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_talk_writes_film_scene_and_take_and_nothing_else(
    surroundings: dict[str, str], out: Path, speech: Path, runtime: Path
) -> None:
    done = run(
        surroundings, out, "talk", "--audio", str(speech), "--fps", "29.97", "--json", *QUICK
    )

    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert files(out) == ["talk.blend", "talk.mp4", "talk.npz"]
    assert events[-1]["outputs"] == ["talk.npz", "talk.blend", "talk.mp4"]
    shares = [event["progress"] for event in events if event["event"] == "progress"]
    assert shares == sorted(shares)
    assert (out / "talk.mp4").read_bytes()[4:8] == b"ftyp"
    assert read_animation(out / "talk.npz").duration == pytest.approx(0.5, abs=0.02)
    assert not [path for path in runtime.rglob("*") if path.is_file()]


@pytest.mark.parametrize("suffix", [".blend", ".glb"])
def test_fit_writes_the_format_of_the_suffix(
    surroundings: dict[str, str], out: Path, suffix: str
) -> None:
    done = run(surroundings, out, "fit", "-o", f"head{suffix}", "--texture", "512")

    assert done.returncode == 0, done.stderr
    assert files(out) == [f"head{suffix}"]
    data = (out / f"head{suffix}").read_bytes()
    if suffix == ".glb":
        assert data[:4] == b"glTF"
        assert b"jawOpen" in data
    else:
        assert data[:7] == b"BLENDER" or data[:4] == b"\x28\xb5\x2f\xfd"  # plain or zstandard


def test_a_photo_without_a_face_is_exit_code_1_with_the_server_s_sentence(
    surroundings: dict[str, str], out: Path, tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    ramp = np.linspace(40, 200, 300).astype(np.uint8)
    image.fromarray(np.tile(ramp, (300, 1))).save(tmp_path / "sky.png")

    done = run(surroundings, out, "fit", str(tmp_path / "sky.png"))

    assert done.returncode == 1
    assert "No face" in done.stderr
    assert files(out) == []


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["talk", "--fps", "0"], 2, "above 0"),
        (["talk", "--size", "big"], 2, "640x800"),
        (["talk", "--samples", "-1"], 2, "samples"),
        (["talk", "--engine", "luxcore"], 2, "luxcore"),
        (["talk", "-o", "talk.avi"], 2, "talk.avi"),
        (["fit", "-o", "head.obj"], 2, "head.obj"),
        (["talk", "--audio", "nothing.wav"], 1, "nothing.wav"),
        (["talk", "--photo", "nothing.png"], 1, "nothing.png"),
        (
            ["talk", "--audio", "no.wav", "--photo", "no.png"],
            1,
            "no.wav, found nothing and at no.png",
        ),
        (["fit", "nothing.png"], 1, "nothing.png"),
        (["talk", "-o", "blocked/talk.mp4"], 1, "blocked"),
        (["fit", "-o", "blocked/head.npz"], 1, "blocked"),
        (["sing"], 2, "usage"),
        ([], 2, "usage"),
    ],
)
def test_what_cannot_work_says_so_at_once(
    surroundings: dict[str, str], out: Path, arguments: list[str], code: int, expected: str
) -> None:
    (out / "blocked").write_bytes(b"")

    done = run(surroundings, out, *arguments)

    assert done.returncode == code
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert files(out) == ["blocked"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_a_sentence(surroundings: dict[str, str], out: Path) -> None:
    out.chmod(0o500)

    done = run(surroundings, out, "talk")

    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_text_renamed_to_wav_fails_with_the_server_s_sentence(
    surroundings: dict[str, str], out: Path, tmp_path: Path
) -> None:
    fake = tmp_path / "text.wav"
    fake.write_text("This is a text.\n" * 100)

    done = run(surroundings, out, "talk", "--audio", str(fake), *QUICK)

    assert done.returncode == 1
    assert "text.wav" in done.stderr
    assert files(out) == []


def test_a_server_killed_in_mid_job_is_a_sentence_and_the_next_run_works(
    surroundings: dict[str, str], out: Path, runtime: Path
) -> None:
    with begun(surroundings, out, "fit") as process:
        os.kill(server_pid(runtime, process), signal.SIGKILL)
        told = process.communicate(timeout=WAIT_SECONDS)[1]

    assert process.returncode == 1
    assert "inference server" in told
    assert "Traceback" not in told
    assert files(out) == []
    assert run(surroundings, out, "fit", "--texture", "512").returncode == 0
    assert len(read_head(out / "head.npz").shape_names) == 53


def test_talk_killed_leaves_no_process_and_the_next_run_clears_its_files(
    surroundings: dict[str, str], out: Path, runtime: Path, speech: Path
) -> None:
    arguments = ["talk", "--audio", str(speech), "--fps", "4", *QUICK]
    with begun(surroundings, out, *arguments) as process:
        pid = server_pid(runtime, process)
        process.kill()

    assert is_gone(pid)
    assert all(name.startswith(".talk.partial-") for name in files(out))
    assert run(surroundings, out, *arguments).returncode == 0
    assert files(out) == ["talk.blend", "talk.mp4", "talk.npz"]


def test_ctrl_c_ends_cleanly_with_130(
    surroundings: dict[str, str], out: Path, runtime: Path, speech: Path
) -> None:
    with begun(surroundings, out, "talk", "--audio", str(speech), *QUICK) as process:
        pid = server_pid(runtime, process)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]

    assert process.returncode == 130
    assert "Traceback" not in told
    assert is_gone(pid)
    assert files(out) == []
    assert not [path for path in runtime.rglob("*") if path.is_file()]
