"""How a set-up speaks on a command line, and what it does about missing system packages.

Steps go to stderr, one line each, rewritten in place on a terminal; with JSON they are lines on stdout.
No bpy, standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import ServerError
from . import system
from .installation import Step

# Seconds between two lines about the same step where nothing can be rewritten.
PLAIN_INTERVAL = 15.0


@dataclass
class Reporter:
    """Shows the steps of a set-up; call it with each `Step`."""

    as_json: bool
    _last: float = 0.0
    _shown: str = ""

    def begin(self, folder: Path) -> None:
        """Announce what is about to happen and how long it may take."""
        self._write(
            {"event": "setup", "folder": str(folder)},
            f"Setting up {folder} (needed once; a few minutes, mostly downloads)",
        )

    def __call__(self, step: Step) -> None:
        if self.as_json:
            self._write({"event": "setup_step", **asdict(step)}, "")
            return
        place = f"[{step.index}/{step.count}] " if step.count else ""
        text = f"  {place}{step.title}"
        if step.is_done:
            self._line(f"{text}: {step.seconds:.0f} s", rewrite=True, end="\n")
        elif sys.stderr.isatty():
            self._line(f"{text} ... {step.detail}", rewrite=True)
        elif text != self._shown or time.monotonic() - self._last > PLAIN_INTERVAL:
            self._shown, self._last = text, time.monotonic()
            self._line(f"{text} ... {step.detail}".rstrip(), end="\n")

    def end(self, seconds: float) -> None:
        """Say that the set-up is complete."""
        self._write({"event": "setup_done", "seconds": seconds}, f"Ready after {seconds:.0f} s.")

    def _write(self, message: dict[str, object], text: str) -> None:
        if self.as_json:
            sys.stdout.write(json.dumps(message) + "\n")
            sys.stdout.flush()
        else:
            self._line(text, end="\n")

    def _line(self, text: str, *, rewrite: bool = False, end: str = "") -> None:
        on_terminal = rewrite and sys.stderr.isatty()
        sys.stderr.write(("\r\x1b[K" if on_terminal else "") + text + end)
        sys.stderr.flush()


def provide_system_packages(python: system.Python, show: Reporter) -> system.Python:
    """The interpreter, with everything it needs from the system; installs it where this is root.

    Raises
    ------
    ServerError
        Something is missing that this user may not install; the sentence holds the line to run.
    """
    missing = system.missing_libraries()
    packages = [library.package for library in missing]
    if not python.has_venv:
        packages.insert(0, f"python3.{python.minor}-venv")
    lacks_egl = not system.is_loadable(system.EGL)
    if not packages and not (lacks_egl and system.is_root() and system.has_apt()):
        if lacks_egl:
            sys.stderr.write(
                "  Without libEGL the engines eevee and workbench cannot render (cycles can). To add it: "
                f"{system.apt_line([system.EGL.package])}\n"
            )
        return python
    if lacks_egl:
        packages.append(system.EGL.package)
    if not system.has_apt():
        names = ", ".join(library.file for library in missing)
        raise ServerError(
            f"This system lacks {names or 'the venv module of ' + str(python.path)}. Install what holds "
            "it with the system's package manager and run the same command again."
        )
    if not system.is_root():
        raise ServerError(
            "These system packages are missing and need an administrator. Run this line, then the same "
            f"command again:\n\n    {system.apt_line(packages)}\n"
        )
    _apt_install(packages, show)
    again = system.probe(python.path)
    left = system.missing_libraries()
    if left or again is None or not again.has_venv:
        names = ", ".join(library.file for library in left) or "venv"
        raise ServerError(f"apt-get installed {', '.join(packages)}, and still {names} is missing.")
    return again


def _apt_install(packages: list[str], show: Reporter) -> None:
    began = time.monotonic()
    title = f"system packages {' '.join(packages)}"
    surroundings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for detail, command in (
        ("apt-get update", ["apt-get", "update", "-q"]),
        ("apt-get install", install),
    ):
        show(Step(0, 0, title, detail, time.monotonic() - began))
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=surroundings,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode and command is install:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise ServerError(
                f"apt-get could not install {' '.join(packages)}: {' '.join(words[-3:])}"
            )
    show(Step(0, 0, title, "", time.monotonic() - began, is_done=True))
