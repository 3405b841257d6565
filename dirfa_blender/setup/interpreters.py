"""A Python 3.11 or 3.12 for the server: the system's, one from a bundle, or one that uv fetches. No bpy.

Blender 5.2 carries 3.13, for which mediapipe has no build, so its own Python never runs the server. uv is
put into a private environment by pip; its downloads come from a host that some networks block, so a failure
names the two ways around it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..core.errors import OutputError, ServerError
from ..roots import ROOT
from . import pip_process, system
from .environment import SERVER_MINORS, data_folder, requirements
from .installation import Source

TOOL = "uv"
TARGETS = {
    "linux": "linux-x86_64-gnu",
    "windows": "windows-x86_64-none",
    "macos": "macos-aarch64-none",
}
FETCH_SECONDS = 900
WHAT_TO_DO = (
    "Install Python 3.11 or 3.12 on this computer, or choose an offline bundle in the preferences, then "
    "set up again. Blender's own Python stays untouched."
)


def private_folder() -> Path:
    """Where an interpreter of our own lies."""
    return data_folder() / "python"


def tool_folder() -> Path:
    """Where uv lies."""
    return data_folder() / "uv"


def provide(source: Source, say: pip_process.Voice) -> system.Python:
    """An interpreter for the server, found or fetched.

    Raises
    ------
    OutputError
        That of a bundle cannot be copied.
    ServerError
        This computer has none and none can be fetched; the sentence says what to do.
    """
    found = available(source)
    if found is not None:
        return found
    if source.bundle is not None:
        carried = source.bundle.pythons.is_dir() and any(source.bundle.pythons.iterdir())
        what = (
            "that of the offline bundle does not run here"
            if carried
            else ("the offline bundle carries none")
        )
        raise ServerError(
            f"This computer has no Python 3.11 or 3.12, and {what}. Install one and set up again."
        )
    say("fetching a Python of its own", 0.0)
    fetch(private_folder(), SERVER_MINORS[0], None, source, say)
    found = _in_folder(private_folder())
    if found is None:
        raise ServerError(
            "This computer has no Python 3.11 or 3.12, and one could not be fetched: the network is off "
            f"or blocks the place that uv takes it from. {WHAT_TO_DO}"
        )
    return found


def available(source: Source) -> system.Python | None:
    """An interpreter that is here already and can make environments."""
    found = system.find_python(SERVER_MINORS)
    if found is not None and found.has_venv:
        return found
    found = _in_folder(private_folder())
    if found is None and source.bundle is not None and source.bundle.pythons.is_dir():
        _copy_out(source.bundle.pythons)
        found = _in_folder(private_folder())
    return found


def _copy_out(pythons: Path) -> None:
    """Copy a bundle's interpreters to this computer, since the bundle may lie on a stick."""
    try:
        shutil.copytree(pythons, private_folder(), symlinks=True, dirs_exist_ok=True)
        # Sticks and archives forget what may be run.
        for program in private_folder().glob("cpython-*/bin/*"):
            if program.is_file():
                program.chmod(program.stat().st_mode | 0o755)
    except OSError as error:
        raise OutputError(
            f"The Python of the offline bundle cannot be copied to {private_folder()}: {error}. Free some "
            "space or copy the bundle again, then set up again."
        ) from error


def fetch(
    folder: Path, minor: int, platform: str | None, source: Source, say: pip_process.Voice
) -> bool:
    """Let uv put an interpreter into a folder; whether it could."""
    tool = _tool(source, say)
    if tool is None:
        return False
    target = f"3.{minor}" if platform is None else f"cpython-3.{minor}-{TARGETS[platform]}"
    say(f"fetching Python 3.{minor}")
    surroundings = source.surroundings() | {
        "UV_PYTHON_INSTALL_DIR": str(folder),
        "UV_NO_PROGRESS": "1",
    }
    try:
        done = subprocess.run(
            [str(tool), "python", "install", "--no-bin", target],
            env=surroundings, capture_output=True, text=True, errors="replace", check=False,
            timeout=FETCH_SECONDS, creationflags=system.NO_WINDOW,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _tool(source: Source, say: pip_process.Voice) -> Path | None:
    """uv: the one on PATH, or ours, installed with pip by the Python that runs this."""
    found = shutil.which(TOOL)
    if found:
        return Path(found)
    home = tool_folder()
    own = home / ("Scripts/uv.exe" if sys.platform == "win32" else "bin/uv")
    if own.exists():
        return own
    say("fetching uv, which fetches Pythons")
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(home)], capture_output=True, check=False, env=clean,
        creationflags=system.NO_WINDOW,
    )  # fmt: skip
    if made.returncode:
        shutil.rmtree(home, ignore_errors=True)
        return None
    pins = requirements(ROOT, SERVER_MINORS[0])["python"]
    command = [
        str(python), "-I", "-m", "pip", "install", "--no-input", "--progress-bar", "off",
        "--disable-pip-version-check", *(["--proxy", source.proxy] if source.proxy else []), *pins,
    ]  # fmt: skip
    try:
        pip_process.run(command, source.surroundings(), home / "downloads", say)
    except ServerError:
        shutil.rmtree(home, ignore_errors=True)
        return None
    return own if own.exists() else None


def _in_folder(folder: Path) -> system.Python | None:
    """An interpreter that uv put there and that runs."""
    name = "python.exe" if sys.platform == "win32" else "bin/python3"
    for minor in SERVER_MINORS:
        for home in sorted(folder.glob(f"cpython-3.{minor}*"), reverse=True):
            path = home / (name if sys.platform == "win32" else f"{name}.{minor}")
            python = system.probe(path)
            if python is not None and python.has_venv:
                return python
    return None
