"""Making an environment: in steps, resumed after a break, cancelled within a breath. No bpy, stdlib only.

pip does the work, in the environment's own interpreter, and keeps what it fetched, so going on costs
little. It unpacks beside the environment rather than in the system's temporary folder, which is memory
on some machines; the same place tells how much of a download has arrived. This runs before any package
exists, in `dirfa.py` and behind the add-on's "Set Up Server".
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..core.errors import OutputError, ServerError
from . import pip_process, system
from .bundle import Bundle
from .environment import LOCK, Environment, has_group, pins_hash, requirements
from .environment import constraints as additional_constraints
from .setup_lock import held

# Free space asked for before starting, bytes: what the environment takes, and pip's unpacking beside it.
CPU_SPACE = 4_500_000_000
CUDA_SPACE = 11_000_000_000
BLENDER_SPACE = 1_500_000_000
DOWNLOADS = "downloads"
# What each step weighs in the bar: megabytes to fetch and unpack.
VENV_WEIGHT, CPU_WEIGHT, CUDA_WEIGHT, BLENDER_WEIGHT, REST_WEIGHT = (
    20.0,
    230.0,
    3000.0,
    380.0,
    350.0,
)
# A guess from fewer seconds or a smaller share than this is worse than none.
ETA_AFTER_SECONDS, ETA_AFTER_SHARE = 4.0, 0.03

Report = Callable[["Step"], None]
Action = Callable[["_Voice"], "str | None"]


@dataclass(frozen=True)
class Step:
    """One moment of a set-up.

    ``index`` of ``count`` steps is `title`, busy with `detail` for `seconds`; the whole is `share` 0..1
    done and needs `eta_seconds` more, as far as known.
    """

    index: int
    count: int
    title: str
    detail: str = ""
    seconds: float = 0.0
    is_done: bool = False
    share: float = 0.0
    eta_seconds: float | None = None


@dataclass(frozen=True)
class Source:
    """Where packages come from.

    `device`: ``cpu`` or ``cuda`` chooses the build of torch, ``auto`` asks the machine. `proxy` is an
    address such as ``http://proxy:3128``, empty for what the surroundings say. With a `bundle` nothing is
    asked of any network.
    """

    device: str = "auto"
    proxy: str = ""
    bundle: Bundle | None = None

    def surroundings(self) -> dict[str, str]:
        """Environment variables of a program that fetches."""
        found = dict(os.environ)
        if self.proxy:
            found |= dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), self.proxy)
            found |= {
                name.lower(): self.proxy for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
            }
        return found


def install(
    environment: Environment,
    groups: tuple[str, ...],
    python: system.Python,
    report: Report,
    *,
    source: Source | None = None,
) -> None:
    """Bring the environment to these groups; safe to interrupt and to call again.

    Whatever `report` raises ends the set-up within a second; what is finished stays.

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is too full.
    ServerError
        A package could not be installed; the sentence carries pip's own last words.
    """
    source = source or Source()
    wanted = requirements(environment.root, python.minor)
    marker = environment.marker()
    needs_torch = any(_is_torch(entry) for group in groups for entry in wanted[group])
    chosen = _torch_build(source, marker.get("torch")) if needs_torch else None
    _require_space(environment, chosen)
    try:
        environment.folder.mkdir(parents=True, exist_ok=True)
        waiting = Step(0, 0, "waiting for another set-up of this environment")
        with held(environment.folder / LOCK, lambda: report(waiting)):
            if environment.is_ready(groups, needs_cuda=source.device == "cuda"):
                return  # another process did it while we waited
            found: dict[str, str] = marker.get("groups", {})
            done = {g: h for g, h in found.items() if has_group(found, g, wanted)}
            # Pins of other groups are no concern here: each Blender wants another numpy.
            pinned = {group: wanted[group] for group in {*groups, *done}}
            work = _Work(environment, pinned, python, source)
            voice = _Voice(report, work.steps(groups, chosen))
            chosen = voice.run() or chosen
            shutil.rmtree(environment.folder / DOWNLOADS, ignore_errors=True)
            done |= {group: pins_hash(wanted[group]) for group in groups}
            environment.write_marker(
                {"groups": done, "minor": python.minor, "torch": chosen, "python": python.version}
            )
    except PermissionError as error:
        raise OutputError(
            f"The environment cannot be written to {environment.folder} ({error.strerror}). Copy the "
            "project to a folder of yours, or name another place in DIRFA_ENVIRONMENT."
        ) from error
    except OSError as error:
        raise OutputError(
            f"The environment in {environment.folder} could not be made: {error}."
        ) from error


@dataclass
class _Voice:
    """Tells the listener where the set-up stands; steps speak through it."""

    report: Report
    steps: list[tuple[str, float, Action]]
    index: int = 0
    began: float = field(default_factory=time.monotonic)
    step_began: float = 0.0
    share_in_step: float = 0.0

    def run(self) -> str | None:
        """Every step in its turn; the build of torch that was installed, if one was."""
        chosen = None
        for index, (_, _, action) in enumerate(self.steps, 1):
            self.index, self.step_began, self.share_in_step = index, time.monotonic(), 0.0
            self("")
            chosen = action(self) or chosen
            self.share_in_step = 1.0
            self("", is_done=True)
        return chosen

    def __call__(self, detail: str, share: float | None = None, *, is_done: bool = False) -> None:
        # The bar never goes back, whatever a second guess says.
        self.share_in_step = max(
            self.share_in_step, min(share or 0.0, 0.99) if not is_done else 1.0
        )
        weights = [weight for _, weight, _ in self.steps]
        done = sum(weights[: self.index - 1]) + self.share_in_step * weights[self.index - 1]
        whole = done / sum(weights)
        now = time.monotonic()
        elapsed = now - self.began
        eta = None
        if elapsed > ETA_AFTER_SECONDS and whole > ETA_AFTER_SHARE:
            eta = elapsed * (1.0 - whole) / whole
        title = self.steps[self.index - 1][0]
        self.report(
            Step(
                self.index,
                len(self.steps),
                title,
                detail,
                now - self.step_began,
                is_done,
                whole,
                eta,
            )
        )


@dataclass(frozen=True)
class _Work:
    """The actions of one set-up."""

    environment: Environment
    pinned: dict[str, list[str]]
    python: system.Python
    source: Source

    def steps(self, groups: tuple[str, ...], torch: str | None) -> list[tuple[str, float, Action]]:
        """Titles, weights and actions, the large packages first so that a break loses little."""
        names = [entry for group in groups for entry in self.pinned[group]]
        rest = [entry for entry in names if not _is_torch(entry)]
        steps: list[tuple[str, float, Action]] = [
            (f"Environment for Python {self.python.version}", VENV_WEIGHT, self._make_venv)
        ]
        for entry in names:
            if _is_torch(entry) and torch == "cpu":
                title = f"{entry}, CPU build (about 200 MB)"
                steps.append(
                    (title, CPU_WEIGHT, lambda voice, entry=entry: self._torch_cpu(entry, voice))
                )
            elif _is_torch(entry):
                steps.append((f"{entry}, CUDA build (about 3 GB)", CUDA_WEIGHT, self._pip(entry)))
            elif entry.startswith("bpy=="):
                title = f"Blender {entry.partition('==')[2]} as a Python module (about 370 MB)"
                steps.append((title, BLENDER_WEIGHT, self._pip(entry)))
        steps.append((f"{len(rest)} packages in all", REST_WEIGHT, self._pip(*rest)))
        return steps

    def _make_venv(self, voice: _Voice) -> None:
        """A virtual environment whose pip answers; keeps a good one, replaces a torn or foreign one."""
        environment, python = self.environment, self.python
        found = system.probe(environment.python) if environment.has_python() else None
        if found and found.minor == python.minor and _pip_answers(environment):
            drop_torn_packages(environment)
            return
        for entry in environment.folder.iterdir():
            if entry.name != LOCK:
                voice(f"removing the unusable {entry.name}")
                shutil.rmtree(
                    entry
                ) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        voice("")
        # Blender's own Python must not lend its packages to another interpreter.
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        made = subprocess.run(
            [str(python.path), "-m", "venv", str(environment.folder)],
            capture_output=True, text=True, errors="replace", check=False, env=clean,
            creationflags=system.NO_WINDOW,
        )  # fmt: skip
        if made.returncode or not _pip_answers(environment):
            if system.is_full(environment.folder):
                raise OutputError(
                    f"The disk of {environment.folder} is full: make room and run the same again; what "
                    "is finished stays."
                )
            words = (made.stdout + made.stderr).strip().splitlines()
            raise ServerError(
                f"{python.path} could not make a virtual environment in {environment.folder}: "
                f"{words[-1] if words else 'its pip does not run'}"
            )

    def _pip(self, *entries: str) -> Action:
        return lambda voice: self._install(list(entries), voice)

    def _torch_cpu(self, entry: str, voice: _Voice) -> str:
        """The CPU build by its own version label; where no configured index has it, the plain one."""
        try:
            self._install([f"{entry}+cpu"], voice)
        except ServerError:
            voice(
                "no index offers the CPU build by name: installing the default one (up to 3 GB on Linux)"
            )
            self._install([entry], voice)
            return "default"
        return "cpu"

    def _install(self, entries: list[str], voice: _Voice) -> None:
        folder = self.environment.folder
        constraints = folder / "constraints.txt"
        pins = {re.sub(r"\[.*?\]", "", entry) for group in self.pinned.values() for entry in group}
        kept = sorted(pin for pin in pins if not pin.startswith("bpy=="))
        kept += additional_constraints(self.environment.root)
        constraints.write_text("\n".join(kept) + "\n", "utf-8")
        command = [
            str(self.environment.python), "-I", "-m", "pip", "install", "--no-input",
            "--progress-bar", "off", "--disable-pip-version-check", "--no-warn-script-location",
            *("-c", str(constraints)), *self._source_options(), *entries,
        ]  # fmt: skip
        pip_process.run(command, self.source.surroundings(), folder / DOWNLOADS, voice)

    def _source_options(self) -> list[str]:
        bundle = self.source.bundle
        if bundle is not None:
            return ["--no-index", "--find-links", str(bundle.wheels)]
        return ["--proxy", self.source.proxy] if self.source.proxy else []


def drop_torn_packages(environment: Environment) -> None:
    """Forget packages whose installation was cut off, so that pip installs them again.

    pip writes INSTALLER after a package's files; a dist-info without one is a torn package, and a name
    that begins with ``~`` is an old version on its way out.
    """
    for site in environment.site_packages():
        for entry in site.iterdir():
            torn = entry.suffix == ".dist-info" and not (entry / "INSTALLER").exists()
            if torn or entry.name.startswith("~"):
                shutil.rmtree(entry, ignore_errors=True)


def _pip_answers(environment: Environment) -> bool:
    command = [str(environment.python), "-I", "-m", "pip", "--version"]
    done = subprocess.run(command, capture_output=True, check=False, creationflags=system.NO_WINDOW)
    return done.returncode == 0


def _torch_build(source: Source, installed: str | None) -> str:
    """``cpu`` or ``default``; an installed build stays unless a GPU is asked for by name."""
    if source.bundle is not None:
        return source.bundle.torch
    if source.device == "cuda":
        return "default"
    if installed or source.device == "cpu":
        return installed or "cpu"
    return "default" if system.has_nvidia_gpu() else "cpu"


def _require_space(environment: Environment, torch: str | None) -> None:
    needed = {None: BLENDER_SPACE, "cpu": CPU_SPACE, "default": CUDA_SPACE}[torch]
    if environment.is_made():
        needed = BLENDER_SPACE
    free = system.free_bytes(environment.folder)
    # Packages already unpacked by an interrupted set-up count as space.
    if free < needed and not any((site / "torch").exists() for site in environment.site_packages()):
        raise OutputError(
            f"The environment in {environment.folder} needs {needed / 1e9:.1f} GB of free space, the disk "
            f"has {free / 1e9:.1f} GB. Make room, or name another place in DIRFA_ENVIRONMENT."
        )


def _is_torch(entry: str) -> bool:
    return entry.startswith("torch==")
