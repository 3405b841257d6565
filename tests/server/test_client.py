"""The client and the server as two processes, with a server that works quickly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dirfa_blender import server_process
from dirfa_blender.client import Client
from dirfa_blender.core import announcement
from dirfa_blender.core.errors import (
    FormatError,
    JobCancelled,
    JobFailed,
    ServerError,
    Unreachable,
)
from dirfa_blender.core.protocol import AnimateSettings, PhotoSettings
from dirfa_blender.server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
QUICK = [sys.executable, "-m", "tests.server.quick_server"]


@pytest.fixture(autouse=True)
def own_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("runtime"))
    try:
        server = ServerProcess(ROOT, command=QUICK)
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    with server as client:
        yield client


@pytest.fixture
def quick() -> Iterator[ServerProcess]:
    server = ServerProcess(ROOT, command=QUICK)
    yield server
    server.stop()


def file(folder: Path, content: bytes, name: str = "a.wav") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        if not announcement.is_running(pid) or b"Z" in _state(pid):
            return True
        time.sleep(0.02)
    return False


def _state(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return b""


def test_a_recording_comes_back_as_a_result(shared: Client, tmp_path: Path) -> None:
    job = shared.animate(file(tmp_path, b"hello"), AnimateSettings(seed=3))

    assert shared.result(job.id) == b"3:hello"
    assert shared.status(job.id).warnings == ("This is a test.",)


def test_a_photo_comes_back_as_a_head(shared: Client, tmp_path: Path) -> None:
    job = shared.fit(file(tmp_path, b"face", "a.png"), PhotoSettings(texture_pixels=1024))

    assert shared.result(job.id) == b"1024:face"


def test_several_photos_arrive_in_their_order(shared: Client, tmp_path: Path) -> None:
    photos = [
        file(tmp_path, data, f"{data.decode()}.png") for data in (b"front", b"left", b"right")
    ]

    job = shared.fit(photos[0], PhotoSettings(texture_pixels=1024), photos[1:])

    assert shared.result(job.id) == b"1024:front+left+right"


def test_landmarks_come_back_by_themselves(shared: Client, tmp_path: Path) -> None:
    job = shared.landmarks(file(tmp_path, b"face", "a.png"))

    assert shared.result(job.id) == b"face"


def test_file_names_of_any_script_arrive_whole(shared: Client, tmp_path: Path) -> None:
    for name in ("grüße ß.wav", "音声.wav", 'quo"te.wav', "a;b=c.wav"):
        job = shared.animate(file(tmp_path, b"bad", name), AnimateSettings())

        with pytest.raises(JobFailed) as failure:
            shared.result(job.id)
        assert name.replace('"', "_") in str(failure.value), name


def test_a_large_file_arrives_whole(shared: Client, tmp_path: Path) -> None:
    content = os.urandom(5_000_000)

    job = shared.animate(file(tmp_path, content), AnimateSettings())

    assert shared.result(job.id) == b"0:" + content


def test_a_cancelled_job_ends_as_cancelled(shared: Client, tmp_path: Path) -> None:
    job = shared.animate(file(tmp_path, b"slow"), AnimateSettings())
    events = shared.events(job.id)
    next(events)

    shared.cancel(job.id)

    assert list(events)[-1].state == "cancelled"


def test_proxies_are_never_asked(shared: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert shared.info().model == "quick"


def test_a_wrong_token_is_a_sentence(shared: Client) -> None:
    with pytest.raises(ServerError, match="token"):
        Client(shared.url, "wrong").info()


def test_a_missing_file_is_a_sentence(shared: Client, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nothing\.wav cannot be read: No such file.*Check"):
        shared.animate(tmp_path / "nothing.wav", AnimateSettings())


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Unreachable, match="does not answer"):
        Client(f"http://127.0.0.1:{port}", "token").info()


def test_a_server_killed_in_mid_job_is_noticed_and_the_next_one_works(
    quick: ServerProcess, tmp_path: Path
) -> None:
    client = quick.start()
    job = client.animate(file(tmp_path, b"slow"), AnimateSettings())
    events = client.events(job.id)
    while next(events).state != "running":
        pass

    os.kill(quick.pid or 0, signal.SIGKILL)

    with pytest.raises(Unreachable, match="ended while it worked"):
        list(events)
    deadline = time.monotonic() + 5.0
    while quick.state != "failed":
        assert time.monotonic() < deadline
    again = quick.start()
    assert again.result(again.animate(file(tmp_path, b"x"), AnimateSettings()).id) == b"0:x"


def test_stopping_leaves_no_process_and_no_file(
    quick: ServerProcess, own_runtime_folder: Path
) -> None:
    quick.start()
    pid = quick.pid or 0

    quick.stop()

    assert gone(pid)
    assert quick.state in ("stopped", "not_installed")
    assert not [path for path in own_runtime_folder.rglob("*") if path.is_file()]


def test_the_server_leaves_when_its_starter_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from dirfa_blender.server_process import ServerProcess\n"
        f"server = ServerProcess(Path({str(ROOT)!r}), command={QUICK!r})\n"
        "server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())

        starter.kill()

    assert gone(pid)


def test_a_server_that_cannot_start_says_its_last_words(own_runtime_folder: Path) -> None:
    code = "import sys; sys.exit('The weights are missing.')"
    server = ServerProcess(ROOT, command=[sys.executable, "-c", code])

    with pytest.raises(ServerError, match=r"did not start: The weights are missing\."):
        server.start()

    server.stop()


def test_starting_can_be_cancelled() -> None:
    server = ServerProcess(ROOT, command=[sys.executable, "-c", "import time; time.sleep(60)"])
    server.launch()

    with pytest.raises(JobCancelled):
        server.wait_ready(lambda: True)

    server.stop()


def test_two_threads_that_want_the_server_start_one(quick: ServerProcess) -> None:
    pids: list[int | None] = []

    def ask() -> None:
        quick.start()
        pids.append(quick.pid)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(pids)) == 1
    assert len(pids) == 3


def test_who_waits_for_a_server_hears_that_it_was_stopped() -> None:
    server = ServerProcess(ROOT, command=[sys.executable, "-c", "import time; time.sleep(60)"])
    server.launch()
    threading.Timer(0.1, server.stop, kwargs={"patience_seconds": 0.0}).start()

    with pytest.raises(JobCancelled):
        server.wait_ready()


def test_files_of_killed_starters_are_removed(own_runtime_folder: Path) -> None:
    folder = announcement.runtime_folder()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    stale = folder / f"{server_process.PREFIX}{dead.pid}-abc.json"
    alive = folder / f"{server_process.PREFIX}{os.getpid()}-abc.json"
    for path in (stale, alive):
        path.write_text("{}")

    server_process.remove_stale_files(folder)

    assert (stale.exists(), alive.exists()) == (False, True)


def test_a_taken_port_is_a_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        run = subprocess.run(
            [*QUICK, "serve", "--port", port, "--announcement", str(tmp_path / "a.json")],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert run.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "a.json").exists()


def test_a_server_that_cannot_tell_its_address_says_so_and_leaves(tmp_path: Path) -> None:
    run = subprocess.run(
        [*QUICK, "serve", "--announcement", str(tmp_path / "gone" / "a.json")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert run.returncode == 1
    assert "address cannot be written to" in run.stderr and "--announcement" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_user_s_own_server_is_found_while_it_lives(own_runtime_folder: Path) -> None:
    with subprocess.Popen([*QUICK, "serve"], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while (client := server_process.running_server()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = client.info()
        path = announcement.runtime_folder() / announcement.DEFAULT_NAME
        mode = path.stat().st_mode & 0o777

        process.send_signal(signal.SIGINT)
        code = process.wait(10)

    assert found.model == "quick"
    assert mode == 0o600
    assert code == 0
    assert server_process.running_server() is None
    assert not path.exists()


def test_one_client_serves_many_threads(shared: Client, tmp_path: Path) -> None:
    path = file(tmp_path, b"hello")
    results: list[bytes] = []

    def work(seed: int) -> None:
        job = shared.animate(path, AnimateSettings(seed=seed))
        results.append(shared.result(job.id))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [f"{seed}:hello".encode() for seed in range(6)]
