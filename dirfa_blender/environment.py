"""A Python environment of pinned packages: made once, resumed after a break, updated with the pins.

The pins are `pyproject.toml`'s and stand nowhere else. A marker file written last says which lists are
installed, by hash: no marker, or another hash, and the missing part is installed over what is there. pip
keeps what it fetched, so going on costs little. No bpy, standard library only: this runs before any
package exists, in `dirfa.py` and behind the add-on's "Set up server".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import system
from .core.errors import OutputError, ServerError

BASE = "base"
SERVER_MINORS = (11, 12)
# Python minor version -> the extra that brings a Blender built for it; there is none for 3.12.
BLENDER_EXTRAS = {11: "blender", 13: "blender52"}
# Free space asked for before starting, bytes: what the environment takes, and pip's unpacking beside it.
CPU_SPACE = 4_500_000_000
CUDA_SPACE = 11_000_000_000
BLENDER_SPACE = 1_500_000_000
MARKER = "dirfa.json"

Report = Callable[["Step"], None]


@dataclass(frozen=True)
class Step:
    """One moment of a set-up: which step of how many, what it is busy with, how long it has taken."""

    index: int
    count: int
    title: str
    detail: str = ""
    seconds: float = 0.0
    is_done: bool = False


@dataclass(frozen=True)
class Environment:
    """A virtual environment in `folder` for the project in `root`.

    `groups` are installed together: ``base`` is the project's dependencies and the Blender that fits
    the interpreter, any other name an extra of `pyproject.toml`.
    """

    folder: Path
    root: Path

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def is_ready(self, groups: tuple[str, ...], *, needs_cuda: bool = False) -> bool:
        """Whether every group is installed with today's pins; reads two small files."""
        marker = self.marker()
        if not marker or not self.python.exists():
            return False
        if needs_cuda and marker.get("torch") == "cpu":
            return False
        wanted = requirements(self.root, int(marker.get("minor", 0)))
        found = marker.get("groups", {})
        return all(found.get(group) == _hash(wanted[group]) for group in groups)

    def is_made(self) -> bool:
        """Whether a set-up was ever finished here, with whatever pins."""
        return bool(self.marker())

    def installed_torch(self) -> str | None:
        """``cpu`` or ``default``: which build of torch was chosen; None where there is none."""
        return self.marker().get("torch")

    def marker(self) -> dict[str, Any]:
        """What a finished set-up left behind; empty before."""
        try:
            return json.loads((self.folder / MARKER).read_text("utf-8"))
        except (OSError, ValueError):
            return {}


def requirements(root: Path, minor: int) -> dict[str, list[str]]:
    """Pinned requirements of every group for Python 3.`minor`."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    blender = extras.get(BLENDER_EXTRAS.get(minor, ""), [])
    return {BASE: [*project["dependencies"], *blender], **extras}


def install(
    environment: Environment,
    groups: tuple[str, ...],
    python: system.Python,
    report: Report,
    *,
    device: str = "auto",
) -> None:
    """Bring the environment to these groups; safe to interrupt and to call again.

    Parameters
    ----------
    device : ``cpu`` or ``cuda`` chooses the build of torch, ``auto`` asks the machine

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is too full.
    ServerError
        A package could not be installed; the sentence carries pip's own last words.
    """
    wanted = requirements(environment.root, python.minor)
    marker = environment.marker()
    needs_torch = any(_is_torch(entry) for group in groups for entry in wanted[group])
    chosen = _torch_build(device, marker.get("torch")) if needs_torch else None
    _require_space(environment.folder, chosen)
    try:
        environment.folder.mkdir(parents=True, exist_ok=True)
        with _only_one(environment.folder / "dirfa.lock", report):
            if environment.is_ready(groups, needs_cuda=device == "cuda"):
                return  # another process did it while we waited
            done = {g: h for g, h in marker.get("groups", {}).items() if h == _hash(wanted[g])}
            # Pins of other groups are no concern here: each Blender wants another numpy.
            pinned = {group: wanted[group] for group in {*groups, *done}}
            work = _steps(environment, groups, pinned, python, chosen)
            for index, (title, action) in enumerate(work, 1):
                chosen = _timed(Step(index, len(work), title), action, report) or chosen
            done |= {group: _hash(wanted[group]) for group in groups}
            text = json.dumps(
                {"groups": done, "minor": python.minor, "torch": chosen, "python": python.version}
            )
            draft = environment.folder / (MARKER + ".partial")
            draft.write_text(text, "utf-8")
            draft.replace(environment.folder / MARKER)
    except PermissionError as error:
        raise OutputError(
            f"The environment cannot be written to {environment.folder} ({error.strerror}). Copy the "
            "project to a folder of yours, or name another place in DIRFA_ENVIRONMENT."
        ) from error
    except OSError as error:
        raise OutputError(
            f"The environment in {environment.folder} could not be made: {error}."
        ) from error


Action = Callable[[Callable[[str], None]], "str | None"]


def _steps(
    environment: Environment,
    groups: tuple[str, ...],
    wanted: dict[str, list[str]],
    python: system.Python,
    torch: str | None,
) -> list[tuple[str, Action]]:
    """Titles and actions of a set-up, the large packages first so that a break loses little."""
    names = [entry for group in groups for entry in wanted[group]]
    rest = [entry for entry in names if not _is_torch(entry)]

    def make(say: Callable[[str], None]) -> None:
        _make_venv(environment, python, say)

    def pip(*entries: str) -> Action:
        return lambda say: _pip_install(environment, wanted, list(entries), say)

    steps: list[tuple[str, Action]] = [(f"environment for Python {python.version}", make)]
    for entry in names:
        if _is_torch(entry) and torch == "cpu":
            title = f"{entry}, CPU build (about 200 MB)"
            steps.append(
                (title, lambda say, entry=entry: _torch_cpu(environment, wanted, entry, say))
            )
        elif _is_torch(entry):
            steps.append((f"{entry}, CUDA build (about 3 GB)", pip(entry)))
        elif entry.startswith("bpy=="):
            title = f"Blender {entry.partition('==')[2]} as a Python module (about 370 MB)"
            steps.append((title, pip(entry)))
    steps.append((f"{len(rest)} packages in all", pip(*rest)))
    return steps


def _timed(step: Step, action: Action, report: Report) -> str | None:
    began = time.monotonic()

    def say(detail: str) -> None:
        report(Step(step.index, step.count, step.title, detail, time.monotonic() - began))

    say("")
    result = action(say)
    report(Step(step.index, step.count, step.title, "", time.monotonic() - began, is_done=True))
    return result


def _make_venv(environment: Environment, python: system.Python, say: Callable[[str], None]) -> None:
    """A virtual environment whose pip answers; keeps a good one, replaces a torn or foreign one."""
    found = system.probe(environment.python) if environment.python.exists() else None
    if found and found.minor == python.minor and _pip_answers(environment):
        _drop_torn_packages(environment)
        return
    for entry in environment.folder.iterdir():
        if entry.name != "dirfa.lock":
            say(f"removing the unusable {entry.name}")
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    made = subprocess.run(
        [str(python.path), "-m", "venv", str(environment.folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode or not _pip_answers(environment):
        words = (made.stdout + made.stderr).strip().splitlines()
        raise ServerError(
            f"{python.path} could not make a virtual environment in {environment.folder}: "
            f"{words[-1] if words else 'its pip does not run'}"
        )


def _pip_answers(environment: Environment) -> bool:
    command = [str(environment.python), "-I", "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _drop_torn_packages(environment: Environment) -> None:
    """Forget packages whose installation was cut off, so that pip installs them again.

    pip writes INSTALLER after a package's files; a dist-info without one is a torn package, and a name
    that begins with ``~`` is an old version on its way out.
    """
    for site in environment.folder.glob("[Ll]ib*/**/site-packages"):
        for entry in site.iterdir():
            torn = entry.suffix == ".dist-info" and not (entry / "INSTALLER").exists()
            if torn or entry.name.startswith("~"):
                shutil.rmtree(entry, ignore_errors=True)


def _torch_cpu(
    environment: Environment, wanted: dict[str, list[str]], entry: str, say: Callable[[str], None]
) -> str:
    """The CPU build by its own version label; where no configured index has it, the plain one."""
    try:
        _pip_install(environment, wanted, [f"{entry}+cpu"], say)
    except ServerError:
        say(
            "no index offers the CPU build by name: installing the default one (up to 3 GB on Linux)"
        )
        _pip_install(environment, wanted, [entry], say)
        return "default"
    return "cpu"


def _pip_install(
    environment: Environment,
    wanted: dict[str, list[str]],
    entries: list[str],
    say: Callable[[str], None],
) -> None:
    constraints = environment.folder / "constraints.txt"
    pins = sorted({re.sub(r"\[.*?\]", "", entry) for group in wanted.values() for entry in group})
    minor_pins = [pin for pin in pins if not pin.startswith("bpy==")]
    constraints.write_text("\n".join(minor_pins) + "\n", "utf-8")
    command = [
        str(environment.python), "-I", "-m", "pip", "install", "--no-input", "--progress-bar", "off",
        "--disable-pip-version-check", "--no-warn-script-location", "-c", str(constraints), *entries,
    ]  # fmt: skip
    words: list[str] = []
    # Inherits the lock: a pip that outlives a killed set-up keeps the next one waiting.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        close_fds=False,
    ) as pip:  # fmt: skip
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                line = line.strip()
                if line.startswith(("Downloading", "Installing", "Building", "Using cached")):
                    say(line if len(line) < 70 else line[:67] + "...")
                if line and not line.startswith("WARNING: Location"):
                    words.append(line)
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode:
        last = [word for word in words if word.startswith("ERROR")] or words[-3:]
        raise ServerError(
            f"pip could not install {', '.join(entries[:3])}: {' '.join(last)[-600:]} "
            "Check the network and run the same command again; what is finished stays."
        )


def _torch_build(device: str, installed: str | None) -> str:
    """``cpu`` or ``default``; an installed build stays unless a GPU is asked for by name."""
    if device == "cuda":
        return "default"
    if installed or device == "cpu":
        return installed or "cpu"
    return "default" if system.has_nvidia_gpu() else "cpu"


def _require_space(folder: Path, torch: str | None) -> None:
    needed = {None: BLENDER_SPACE, "cpu": CPU_SPACE, "default": CUDA_SPACE}[torch]
    if (folder / MARKER).exists():
        needed = BLENDER_SPACE
    free = system.free_bytes(folder)
    # Packages already unpacked by an interrupted set-up count as space.
    if free < needed and not any(folder.glob("[Ll]ib*/**/site-packages/torch")):
        raise OutputError(
            f"The environment in {folder} needs {needed / 1e9:.1f} GB of free space, the disk has "
            f"{free / 1e9:.1f} GB. Make room, or name another place in DIRFA_ENVIRONMENT."
        )


def _is_torch(entry: str) -> bool:
    return entry.startswith("torch==")


def _hash(entries: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _only_one(lock: Path, report: Report) -> Generator[None]:
    """Hold the set-up lock; a second set-up waits. The system drops it with its process."""
    with lock.open("a+b") as handle:
        os.set_inheritable(handle.fileno(), True)
        waiting = Step(0, 0, "waiting for another set-up of this environment")
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    report(waiting)
                    time.sleep(1)
        else:
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                report(waiting)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def default_folder(root: Path) -> Path:
    """Where the project's environment lies: DIRFA_ENVIRONMENT, else ``.venv`` in the checkout."""
    chosen = os.environ.get("DIRFA_ENVIRONMENT")
    return Path(chosen).expanduser() if chosen else root / ".venv"


def user_folder() -> Path:
    """Where the environment of an installed add-on lies: among this user's data, outlasting updates."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "dirfa" / "environment"
