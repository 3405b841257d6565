"""Accidents of a set-up: a disk that is really full, and two Blenders that begin at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dirfa_blender.core.errors import DirfaError
from dirfa_blender.setup import bundle as bundles
from dirfa_blender.setup import installation, pip_process, setup_lock, system
from dirfa_blender.setup.environment import LOCK, SERVER, Environment
from dirfa_blender.setup.installation import Source
from tests.test_server_setup import bundle, python, root  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
# Of the test's disk: a virtual environment with pip takes about 20 MB.
SMALL, LARGE = "6m", "120m"
SECOND = """
import sys
from pathlib import Path
from dirfa_blender.setup import bundle, installation, system
from dirfa_blender.setup.environment import SERVER, Environment
home = Environment(Path(sys.argv[1]), Path(sys.argv[2]))
python = system.probe(Path(sys.executable))
sys.stdin.readline()
installation.install(home, (SERVER,), python, lambda step: print(step.title, flush=True),
                     source=installation.Source("cpu", bundle=bundle.read(Path(sys.argv[3]))))
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, too small."""
    if not sys.platform.startswith("linux") or not system.is_root():
        pytest.skip("making a small disk needs root on Linux")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this machine mounts nothing")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_full_disk_is_said_and_the_set_up_goes_on_when_there_is_room(
    root: Path,  # noqa: F811
    bundle: bundles.Bundle,  # noqa: F811
    python: system.Python,  # noqa: F811
    disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Environment(disk / "environment", root)
    source = Source("cpu", bundle=bundle)
    # It would be refused before it began: the disk fills up behind the set-up's back.
    monkeypatch.setattr(installation, "_require_space", lambda *_: None)

    with pytest.raises(DirfaError, match=r"No space left|disk of .* is full"):
        installation.install(home, (SERVER,), python, lambda _: None, source=source)

    assert home.condition() == "incomplete"
    assert not setup_lock.is_held(home.folder / LOCK)
    remount = ["mount", "-o", f"remount,size={LARGE}", str(disk)]
    subprocess.run(remount, check=True)
    installation.install(home, (SERVER,), python, lambda _: None, source=source)
    assert home.condition() == "ready"


def test_two_set_ups_at_once_make_one_environment(
    root: Path,  # noqa: F811
    bundle: bundles.Bundle,  # noqa: F811
    tmp_path: Path,
) -> None:
    folder = tmp_path / "environment"
    command = [sys.executable, "-c", SECOND, str(folder), str(root), str(bundle.folder)]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=surroundings,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert Environment(folder, root).condition() == "ready"
    waited = ["waiting for another set-up" in out for out, _ in said]
    built = ["packages in all" in out for out, _ in said]
    assert sorted(waited) == [False, True]
    assert sorted(built) == [False, True]


def test_a_certificate_that_python_does_not_know_is_told_from_a_network_that_is_off(
    tmp_path: Path,
) -> None:
    says = (
        "WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, "
        '"[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain"))\'\n'
        "ERROR: No matching distribution found for filelock"
    )
    pip = [sys.executable, "-c", f"print({says!r}); raise SystemExit(1)", "filelock==3.4.1"]

    with pytest.raises(DirfaError, match="PIP_CERT"):
        pip_process.run(pip, dict(os.environ), tmp_path / "scratch", lambda *_: None)
