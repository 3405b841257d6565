"""What this machine offers: Pythons, shared libraries, a GPU, disk space. No bpy, standard library only.

Blender's module and OpenCV load libraries that belong to the system and no Python package carries; a
missing one is an ImportError deep inside somebody else's code, or, for libEGL, an aborted process. So
they are looked for by loading them, before anything needs them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Library:
    """A shared library, the Debian package that holds it, and who needs it."""

    file: str
    package: str
    needed_by: str


LIBRARIES = (
    Library("libX11.so.6", "libx11-6", "Blender"),
    Library("libXrender.so.1", "libxrender1", "Blender"),
    Library("libXfixes.so.3", "libxfixes3", "Blender"),
    Library("libXi.so.6", "libxi6", "Blender"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "Blender"),
    Library("libSM.so.6", "libsm6", "Blender"),
    Library("libICE.so.6", "libice6", "Blender"),
    Library("libXext.so.6", "libxext6", "Blender"),
    Library("libGL.so.1", "libgl1", "Blender and OpenCV"),
    Library("libgthread-2.0.so.0", "libglib2.0-0", "OpenCV"),
)
EGL = Library("libEGL.so.1", "libegl1", "the engines eevee and workbench")


FULL_BYTES = 30_000_000
# CREATE_NO_WINDOW: a Blender that was started without a console would open one for each program.
NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0


def is_loadable(library: Library) -> bool:
    """Whether the loader finds the library; always true outside Linux, where packages carry all."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        ctypes.CDLL(library.file)
    except OSError:
        return False
    return True


def missing_libraries() -> list[Library]:
    """Libraries without which nothing runs; EGL is not among them."""
    return [library for library in LIBRARIES if not is_loadable(library)]


def missing_server_libraries() -> list[Library]:
    """The part of them that the server loads: OpenCV's."""
    return [library for library in missing_libraries() if "OpenCV" in library.needed_by]


def advice(missing: list[Library]) -> str:
    """What to do about missing libraries, as a sentence."""
    if has_apt():
        return f"Run in a terminal: {apt_line([library.package for library in missing])}"
    return "Install what holds them with the system's package manager."


def has_apt() -> bool:
    """Whether this is a Debian or one of its children."""
    return sys.platform.startswith("linux") and shutil.which("apt-get") is not None


def is_root() -> bool:
    """Whether this process may install system packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def apt_line(packages: list[str]) -> str:
    """The command that installs these packages, for a person to copy."""
    install = "apt-get install -y --no-install-recommends " + " ".join(packages)
    return f"sudo apt-get update && sudo {install}"


def has_nvidia_gpu() -> bool:
    """Whether the driver's own tool lists a GPU."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        answer = subprocess.run(
            [tool, "-L"], capture_output=True, timeout=10, check=False, creationflags=NO_WINDOW
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and b"GPU" in answer.stdout


def free_bytes(folder: Path) -> int:
    """Space left where the folder is or would be."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def is_full(folder: Path) -> bool:
    """Whether a disk has so little left that programs fail on it without saying why."""
    return free_bytes(folder) < FULL_BYTES


@dataclass(frozen=True)
class Python:
    """An interpreter that was run and answered."""

    path: Path
    version: str
    has_venv: bool

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])


def find_python(minors: tuple[int, ...]) -> Python | None:
    """An interpreter of the first of these 3.x versions that this machine has, else None."""
    for minor in minors:
        fallback = None
        for path in _candidates(minor):
            python = probe(path)
            if python is None or python.minor != minor:
                continue
            if python.has_venv:
                return python
            fallback = fallback or python
        if fallback is not None:
            return fallback
    return None


def probe(path: Path) -> Python | None:
    """What the interpreter at a path says of itself; None if it does not run."""
    question = (
        "import sys, importlib.util as u; print(sys.version.split()[0]);"
        "print(int(bool(u.find_spec('venv') and u.find_spec('ensurepip'))))"
    )
    try:
        answer = subprocess.run(
            [str(path), "-I", "-c", question],
            capture_output=True, text=True, timeout=30, check=False, creationflags=NO_WINDOW,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = answer.stdout.split()
    if answer.returncode or len(words) != 2:
        return None
    return Python(path, words[0], words[1] == "1")


def _candidates(minor: int) -> Iterator[Path]:
    """Where an interpreter of this version may lie, likeliest first, without repetition."""
    seen: set[Path] = set()
    name = f"python3.{minor}"
    home = Path.home()
    places: list[Path] = []
    if sys.version_info[:2] == (3, minor) and sys.executable:
        places.append(Path(sys.executable))
    places += [Path(folder) / name for folder in os.get_exec_path()]
    patterns = (
        (home / ".pyenv" / "versions", f"3.{minor}*/bin/{name}"),
        (home / ".local" / "share" / "uv" / "python", f"cpython-3.{minor}*/bin/{name}"),
        (Path("/usr/local/bin"), name),
        (Path("/opt/homebrew/bin"), name),
        (Path("/Library/Frameworks/Python.framework/Versions"), f"3.{minor}/bin/{name}"),
        (home / "AppData" / "Local" / "Programs" / "Python", f"Python3{minor}/python.exe"),
        (Path("C:/Program Files"), f"Python3{minor}/python.exe"),
        (home / "AppData" / "Roaming" / "uv" / "python", f"cpython-3.{minor}*/python.exe"),
    )
    for folder, pattern in patterns:
        with contextlib.suppress(OSError):
            places += sorted(folder.glob(pattern), reverse=True)
    for place in places:
        if place not in seen and _is_file(place):
            seen.add(place)
            yield place


def _is_file(place: Path) -> bool:
    """Whether a file lies there; a folder that this user may not look into holds none."""
    try:
        return place.is_file()
    except OSError:
        return False
